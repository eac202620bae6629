#include "cli/agent_verb.h"

static enum tui_exit run(struct tui_cli *cli)
{
    return tui_agent_verb(cli, "uncordon", "uncordoned");
}

const struct tui_command tui_command_uncordon = {
    .args_min = 1,
    .args_max = 1,
    .examples = "  stoker uncordon ember-03\n",
    .run = run,
};
