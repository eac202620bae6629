#include "cli/model_verb.h"

static const struct tui_option options[] = {
    {"agent", "AGENT", "from which"},
    {"version", "N", "of the model; the newest without it"},
    {"reason", "TEXT", "why; kept in the audit log"},
    {NULL, NULL, NULL},
};

static enum tui_exit run(struct tui_cli *cli)
{
    if (tui_option_value(cli, "agent") == NULL) {
        tui_complain("name one with --agent", "unload needs an agent");
        return TUI_EXIT_USAGE;
    }
    return tui_model_verb(cli, "unload", "unloaded");
}

const struct tui_command tui_command_unload = {
    .options = options,
    .args_min = 1,
    .args_max = 1,
    .examples = "  stoker unload digits --agent ember-03\n",
    .run = run,
};
