#include "cli/model_verb.h"

static enum tui_exit run(struct tui_cli *cli)
{
    return tui_model_verb(cli, "unpin", "not pinned any more");
}

const struct tui_command tui_command_unpin = {
    .options = tui_pin_options,
    .args_min = 1,
    .args_max = 1,
    .examples = "  stoker unpin digits\n",
    .run = run,
};
