#include "cli/cli.h"
#include "cli/screen.h"
#include "console/console.h"

static const struct tui_option options[] = {
    {"at", "TIME",
     "begin at 17:21:30, \"2026-11-21 17:21:30\", +90s, start or end, and wait there"},
    {"once", NULL, "print a view and leave: the overview, or LINE as after ':'"},
    {"format", "NAME", "of --once: text (default), ansi, html, svg, or json: the view's data"},
    {"size", "COLSxROWS", "of --once (default 100x30)"},
    {"speed", "SPEED", "0.25, 0.5, 1, 2, 4, 8, 16, 32 or 64 (default 1)"},
    {"config", "FILE", "as for stoker console, like the rest"},
#define TUI_SETTING(field, key, type, argument, def, help) {key, argument, help},
#include "console/config/settings.def"
#undef TUI_SETTING
    {NULL, NULL, NULL},
};

static enum tui_exit run(struct tui_cli *cli)
{
    char line[TUI_CONSOLE_LINE_SIZE];
    struct tui_console_options console = {
        .address = "",
        .once = tui_option_value(cli, "once") != NULL,
        .line = cli->n_args > 1 ? line : NULL,
        .format = tui_option_value(cli, "format"),
        .size = tui_option_value(cli, "size"),
        .timeout_ms = cli->timeout_ms,
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

    tui_console_line(cli, 1, line);
    if (!tui_console_may_open(cli, console.once, cli->n_args > 1))
        return TUI_EXIT_USAGE;
    status = tui_console_run(&console);
    return status == 2 ? TUI_EXIT_INPUT : tui_console_exit(status);
}

const struct tui_command tui_command_replay = {
    .options = options,
    .args_min = 1,
    .args_max = -1,
    .examples = "  stoker replay incident.rec\n"
                "  stoker replay --at 17:21:30 --speed 4 incident.rec\n"
                "  stoker replay --once --at 17:21:30 incident.rec agents --format json\n",
    .run = run,
};
