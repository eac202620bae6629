/* The console in plain lines, with every command of the table typed as one. */
#ifndef TUI_CLI_LINEAR_H
#define TUI_CLI_LINEAR_H

#include "cli/cli.h"
#include "console/console.h"

enum tui_exit tui_linear(struct tui_cli *cli, const struct tui_console_options *console);

#endif
