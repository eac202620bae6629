#include "cli/roll.h"

static const struct tui_option options[] = {
    {"all", NULL, "every agent that is connected"},
    {"keep", "PERCENT", "so much of the capacity goes on taking work (default 50)"},
    {"deadline", "SPAN", "running jobs of an agent are given back after so long (default 60s)"},
    {"back", "SPAN", "an agent that is not back after so long ends it (default 2m)"},
    {"reason", "TEXT", "why; kept in the audit log and shown to everybody"},
    {"plan", NULL, "say how it would go and change nothing"},
    {"force", NULL, "even if something has no other home meanwhile"},
    {"yes", NULL, "don't ask"},
    {"detach", NULL, "start it and return; stoker operations ID --watch follows it"},
    {NULL, NULL, NULL},
};

static enum tui_exit run(struct tui_cli *cli)
{
    return tui_roll(cli, "restart");
}

const struct tui_command tui_command_restart = {
    .options = options,
    .args_max = -1,
    .examples = "  stoker restart ember-03 ember-04\n"
                "  stoker restart --all --plan\n"
                "  stoker restart --all --keep 80 --reason 'new version' --yes\n",
    .run = run,
};
