#include "cli/cli.h"
#include "cli/linear.h"
#include "cli/screen.h"
#include "cli/size.h"
#include "console/blackbox.h"
#include "console/config/sample.h"
#include "console/console.h"

static const struct tui_option options[] = {
    {"read-only", NULL, "refuse every action that changes something"},
    {"once", NULL, "print a view and leave: the overview, or LINE as after ':'"},
    {"format", "NAME", "of --once: text (default), ansi, html, svg, or json: the view's data"},
    {"size", "COLSxROWS", "of --once (default 100x30)"},
    {"after", "SPAN", "of --once: listen for so long first, so that graphs have a past"},
    {"record", "FILE", "record what comes in and what is done, for stoker replay"},
    {"record-max", "BYTES", "of the recording, the newest: 64M, 2G (default 1G)"},
    {"linear", NULL,
     "plain lines instead of a screen: for screen readers, logs, and no terminal at all"},
    {"sample", NULL, "print a configuration file with everything that can be in it"},
    {"config", "FILE", "settings; else console.ini in $XDG_CONFIG_HOME/stoker, if it is there"},
#define TUI_SETTING(field, key, type, argument, def, help) {key, argument, help},
#include "console/config/settings.def"
#undef TUI_SETTING
    {NULL, NULL, NULL},
};

static enum tui_exit run(struct tui_cli *cli)
{
    char line[TUI_CONSOLE_LINE_SIZE];
    struct tui_console_options console = {
        .address = cli->address,
        .record = tui_option_value(cli, "record"),
        .once = tui_option_value(cli, "once") != NULL,
        .line = cli->n_args > 0 ? line : NULL,
        .format = tui_option_value(cli, "format"),
        .size = tui_option_value(cli, "size"),
        .timeout_ms = cli->timeout_ms,
        .read_only = tui_option_value(cli, "read-only") != NULL,
        .config = tui_option_value(cli, "config"),
#define TUI_SETTING(field, key, type, argument, def, help) \
    .settings[TUI_SETTING_##field] = tui_option_value(cli, key),
#include "console/config/settings.def"
#undef TUI_SETTING
    };

    if (tui_option_value(cli, "sample")) {
        tui_sample_print(stdout);
        return TUI_EXIT_OK;
    }
    if (tui_option_value(cli, "linear")) {
        if (!tui_tls_open(cli))
            return TUI_EXIT_USAGE;
        console.tls = cli->tls;
        return tui_linear(cli, &console);
    }
    tui_console_line(cli, 0, line);
    if (!tui_console_may_open(cli, console.once, cli->n_args > 0))
        return TUI_EXIT_USAGE;
    if (!tui_option_bytes(cli, "record-max", TUI_BLACKBOX_BYTES_MIN, &console.record_bytes_max) ||
        !tui_option_duration(cli, "after", &console.after_ms) || !tui_tls_open(cli))
        return TUI_EXIT_USAGE;
    console.tls = cli->tls;
    return tui_console_exit(tui_console_run(&console));
}

const struct tui_command tui_command_console = {
    .options = options,
    .args_max = -1,
    .examples = "  stoker\n  stoker console --read-only --coordinator tcp://10.0.0.5:7411\n"
                "  stoker console --record maintenance.rec\n"
                "  stoker console --once\n"
                "  stoker console --once agents 'load>80%' --format json\n",
    .run = run,
};
