/* Commands that change one thing about a model: pin, unpin. */
#ifndef TUI_CLI_MODEL_VERB_H
#define TUI_CLI_MODEL_VERB_H

#include "cli/cli.h"

/* Sends `op` for the model that the first argument names, with the options --agent, --version and
 * --reason, and prints "MODEL is DONE on AGENT" or the reply. */
enum tui_exit tui_model_verb(struct tui_cli *cli, const char *op, const char *done);

#endif
