#include <unistd.h>

#include "cli/cli.h"
#include "console/console.h"

static const struct tui_option options[] = {
    {"at", "TIME",
     "begin at 17:21:30, \"2026-11-21 17:21:30\", +90s, start or end, and wait there"},
    {"speed", "SPEED", "0.25, 0.5, 1, 2, 4, 8, 16, 32 or 64 (default 1)"},
    {"config", "FILE", "as for stoker console, like the rest"},
#define TUI_SETTING(field, key, type, argument, def, help) {key, argument, help},
#include "console/config/settings.def"
#undef TUI_SETTING
    {NULL, NULL, NULL},
};

static enum tui_exit run(struct tui_cli *cli)
{
    struct tui_console_options console = {
        .address = "",
        .replay = cli->args[0],
        .replay_at = tui_option_value(cli, "at"),
        .replay_speed = tui_option_value(cli, "speed"),
        .config = tui_option_value(cli, "config"),
#define TUI_SETTING(field, key, type, argument, def, help) \
    .settings[TUI_SETTING_##field] = tui_option_value(cli, key),
#include "console/config/settings.def"
#undef TUI_SETTING
    };
    int status;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        tui_complain("--once prints a view of it", "the console needs a terminal");
        return TUI_EXIT_USAGE;
    }
    status = tui_console_run(&console);
    return status == 0 ? TUI_EXIT_OK : status == 2 ? TUI_EXIT_INPUT : TUI_EXIT_INTERNAL;
}

const struct tui_command tui_command_replay = {
    .options = options,
    .args_min = 1,
    .args_max = 1,
    .examples = "  stoker replay incident.rec\n"
                "  stoker replay --at 17:21:30 --speed 4 incident.rec\n",
    .run = run,
};
