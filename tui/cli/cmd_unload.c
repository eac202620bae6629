#include "cli/model_verb.h"

static enum tui_exit run(struct tui_cli *cli)
{
    return tui_model_verb_there(cli, "unload", "unloaded");
}

const struct tui_command tui_command_unload = {
    .options = tui_unload_options,
    .args_min = 1,
    .args_max = 1,
    .examples = "  stoker unload digits --agent ember-03\n",
    .run = run,
};
