/* Commands that change one thing about a model: pin, unpin, load, unload. */
#ifndef TUI_CLI_MODEL_VERB_H
#define TUI_CLI_MODEL_VERB_H

#include "cli/cli.h"

/* Of pin and unpin, where --agent may be missing; of unload, where it may not. */
extern const struct tui_option tui_pin_options[];
extern const struct tui_option tui_unload_options[];

/* The request of all of them: the model, and the options --agent, --version and --reason. NULL: one
 * of them is wrong, and that has been said. */
cJSON *tui_model_request(struct tui_cli *cli);
/* Sends `op` for the model that the first argument names, with the options --agent, --version and
 * --reason, and prints "MODEL is DONE on AGENT" or the reply. */
enum tui_exit tui_model_verb(struct tui_cli *cli, const char *op, const char *done);
/* The same for one agent, which has to be named. */
enum tui_exit tui_model_verb_there(struct tui_cli *cli, const char *op, const char *done);

#endif
