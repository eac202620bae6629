#include "cli/cli.h"
#include "cli/screen.h"
#include "console/console.h"

static const struct tui_option options[] = {
    {"anywhere", NULL, "also on a cluster that is not the demo of ./bootstrap.sh run"},
    {"step", "NUMBER", "go on at a step"},
    {NULL, NULL, NULL},
};

static enum tui_exit run(struct tui_cli *cli)
{
    struct tui_console_options console = {
        .address = cli->address,
        .tour_anywhere = tui_option_value(cli, "anywhere") != NULL,
    };
    int64_t step = 1;

    if (!tui_option_number(cli, "step", 1, 99, &step) || !tui_console_may_open(cli, false, false) ||
        !tui_tls_open(cli))
        return TUI_EXIT_USAGE;
    console.tour_step = (unsigned int)step;
    console.tls = cli->tls;
    return tui_console_exit(tui_console_run(&console));
}

const struct tui_command tui_command_tour = {
    .options = options,
    .examples = "  ./bootstrap.sh run      # in another terminal: the demo cluster\n"
                "  stoker tour\n"
                "  stoker tour --step 5\n",
    .run = run,
};
