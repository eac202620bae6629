/* Operations on one agent after another: drain --all and restart. */
#ifndef TUI_CLI_ROLL_H
#define TUI_CLI_ROLL_H

#include "cli/cli.h"

/* Shows how `op` ("drain", "restart") would go over the arguments, or over all agents with --all;
 * then asks, does it with the very agents that were shown, and follows it. */
enum tui_exit tui_roll(struct tui_cli *cli, const char *op);

#endif
