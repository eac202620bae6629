#include "cli/model_verb.h"

static const struct tui_option options[] = {
    {"agent", "AGENT", "on which"},
    {"version", "N", "of the model; the newest without it"},
    {"reason", "TEXT", "why; kept in the audit log"},
    {NULL, NULL, NULL},
};

static enum tui_exit run(struct tui_cli *cli)
{
    if (tui_option_value(cli, "agent") == NULL) {
        tui_complain("name one with --agent", "load needs an agent");
        return TUI_EXIT_USAGE;
    }
    return tui_model_verb(cli, "load", "being loaded");
}

const struct tui_command tui_command_load = {
    .options = options,
    .args_min = 1,
    .args_max = 1,
    .examples = "  stoker load digits --agent ember-03\n",
    .run = run,
};
