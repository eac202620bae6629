#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/size.h"
#include "console/blackbox.h"

static const struct tui_option options[] = {
    {"record-max", "BYTES", "keep at most so much, the newest: 64M, 2G (default 1G)"},
    {"for", "SPAN", "end by itself after 30s, 10m, 1h"},
    {"quiet", NULL, "no line of progress"},
    {NULL, NULL, NULL},
};

static bool ended(void *user)
{
    (void)user;
    return tui_interrupted();
}

static enum tui_exit run(struct tui_cli *cli)
{
    struct tui_blackbox_options box = {
        .address = cli->address,
        .path = cli->args[0],
        .quiet = tui_option_value(cli, "quiet") != NULL || !isatty(STDERR_FILENO),
        .ended = ended,
    };

    if (!tui_option_bytes(cli, "record-max", TUI_BLACKBOX_BYTES_MIN, &box.bytes_max) ||
        !tui_option_duration(cli, "for", &box.span_ms) || !tui_tls_open(cli))
        return TUI_EXIT_USAGE;
    box.tls = cli->tls;
    tui_interrupt_catch();
    switch (tui_blackbox_run(&box)) {
    case TUI_BLACKBOX_OK:
        return TUI_EXIT_OK;
    case TUI_BLACKBOX_FILE:
        return TUI_EXIT_INPUT;
    case TUI_BLACKBOX_SILENT:
        return TUI_EXIT_UNREACHABLE;
    }
    return TUI_EXIT_INTERNAL;
}

const struct tui_command tui_command_record = {
    .options = options,
    .args_min = 1,
    .args_max = 1,
    .examples = "  stoker record incident.rec\n"
                "  stoker record --for 10m --record-max 64M tonight.rec\n",
    .run = run,
};
