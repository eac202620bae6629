#include "cli/model_verb.h"

static const struct tui_option options[] = {
    {"agent", "AGENT", "only there; without it on every agent that has the model"},
    {"version", "N", "of the model; the newest without it"},
    {"reason", "TEXT", "why; kept in the audit log"},
    {NULL, NULL, NULL},
};

static enum tui_exit run(struct tui_cli *cli)
{
    return tui_model_verb(cli, "unpin", "not pinned any more");
}

const struct tui_command tui_command_unpin = {
    .options = options,
    .args_min = 1,
    .args_max = 1,
    .examples = "  stoker unpin digits\n",
    .run = run,
};
