#include "cli/model_verb.h"

static enum tui_exit run(struct tui_cli *cli)
{
    return tui_model_verb(cli, "pin", "pinned");
}

const struct tui_command tui_command_pin = {
    .options = tui_pin_options,
    .args_min = 1,
    .args_max = 1,
    .examples = "  stoker pin digits --agent ember-03\n",
    .run = run,
};
