/* What the commands that open the console share. */
#ifndef TUI_CLI_SCREEN_H
#define TUI_CLI_SCREEN_H

#include "cli/cli.h"

enum { TUI_CONSOLE_LINE_SIZE = 512 };

/* The arguments from `first` on as one line, cut to its size. */
void tui_console_line(const struct tui_cli *cli, int first, char ret_line[TUI_CONSOLE_LINE_SIZE]);

/* Whether there is a terminal, or none is needed, and the other options and the line (if there is
 * one) suit that; false after a line on standard error. */
bool tui_console_may_open(const struct tui_cli *cli, bool once, bool has_line);

/* The exit code for what tui_console_run returned. */
enum tui_exit tui_console_exit(int status);

#endif
