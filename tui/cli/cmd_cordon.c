#include "cli/agent_verb.h"

static const struct tui_option options[] = {
    {"reason", "TEXT", "why; kept in the audit log and shown to everybody"},
    {NULL, NULL, NULL},
};

static enum tui_exit run(struct tui_cli *cli)
{
    return tui_agent_verb(cli, "cordon", "cordoned");
}

const struct tui_command tui_command_cordon = {
    .options = options,
    .args_min = 1,
    .args_max = 1,
    .examples = "  stoker cordon ember-03 --reason 'fan is loud'\n",
    .run = run,
};
