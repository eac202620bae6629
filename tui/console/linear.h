/*
 * The console without a screen: plain lines, for screen readers, logs and terminals that can't move
 * their cursor. What changes is said when it does, a summary now and then, and each line of input
 * is a command.
 */
#ifndef TUI_CONSOLE_LINEAR_H
#define TUI_CONSOLE_LINEAR_H

#include <stdbool.h>

#include "console/console.h"

struct tui_linear_commands {
    /* Runs a line that was typed; it prints to standard output. False: the operator is done. */
    bool (*run)(void *user, char *line);
    void *user;
};

/*
 * Runs until the end of input, or until a command says so; Ctrl-C ends the process as usual. Where
 * input is at its end from the start it prints one summary. Returns as tui_console_run does, and 1
 * if the coordinator never answered.
 */
int tui_linear_run(const struct tui_console_options *opts,
                   const struct tui_linear_commands *commands);

#endif
