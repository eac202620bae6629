#include <unistd.h>

#include "cli/cli.h"
#include "cli/size.h"
#include "console/blackbox.h"
#include "console/console.h"

static const struct tui_option options[] = {
    {"read-only", NULL, "refuse every action that changes something"},
    {"record", "FILE", "record what comes in and what is done, for stoker replay"},
    {"record-max", "BYTES", "of the recording, the newest: 64M, 2G (default 1G)"},
    {"config", "FILE", "settings; else console.ini in $XDG_CONFIG_HOME/stoker, if it is there"},
#define TUI_SETTING(field, key, type, argument, def, help) {key, argument, help},
#include "console/config/settings.def"
#undef TUI_SETTING
    {NULL, NULL, NULL},
};

static enum tui_exit run(struct tui_cli *cli)
{
    struct tui_console_options console = {
        .address = cli->address,
        .record = tui_option_value(cli, "record"),
        .read_only = tui_option_value(cli, "read-only") != NULL,
        .config = tui_option_value(cli, "config"),
#define TUI_SETTING(field, key, type, argument, def, help) \
    .settings[TUI_SETTING_##field] = tui_option_value(cli, key),
#include "console/config/settings.def"
#undef TUI_SETTING
    };

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        tui_complain("stoker status shows the same numbers", "the console needs a terminal");
        return TUI_EXIT_USAGE;
    }
    if (!tui_option_bytes(cli, "record-max", TUI_BLACKBOX_BYTES_MIN, &console.record_bytes_max) ||
        !tui_tls_open(cli))
        return TUI_EXIT_USAGE;
    console.tls = cli->tls;
    return tui_console_run(&console) == 0 ? TUI_EXIT_OK : TUI_EXIT_INTERNAL;
}

const struct tui_command tui_command_console = {
    .options = options,
    .examples = "  stoker\n  stoker console --read-only --coordinator tcp://10.0.0.5:7411\n"
                "  stoker console --record maintenance.rec\n",
    .run = run,
};
