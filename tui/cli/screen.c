#include "cli/screen.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void tui_console_line(const struct tui_cli *cli, int first, char ret_line[TUI_CONSOLE_LINE_SIZE])
{
    size_t used = 0;

    ret_line[0] = '\0';
    for (int i = first; i < cli->n_args && used < TUI_CONSOLE_LINE_SIZE; i++)
        used += (size_t)snprintf(ret_line + used, TUI_CONSOLE_LINE_SIZE - used, "%s%s",
                                 i > first ? " " : "", cli->args[i]);
}

bool tui_console_may_open(const struct tui_cli *cli, bool once, bool has_line)
{
    static const char *const of_once[] = {"format", "size", "after"};

    if (once)
        return true;
    for (size_t i = 0; i < sizeof(of_once) / sizeof(of_once[0]); i++) {
        if (tui_option_value(cli, of_once[i]) != NULL) {
            tui_complain("give that, too", "--%s is for --once", of_once[i]);
            return false;
        }
    }
    if (has_line) {
        tui_complain("--view opens the console there", "what to print is for --once");
        return false;
    }
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        return true;
    tui_complain("--linear and --once need none", "the console needs a terminal");
    return false;
}

enum tui_exit tui_console_exit(int status)
{
    switch (status) {
    case 0:
        return TUI_EXIT_OK;
    case 2:
        return TUI_EXIT_USAGE;
    case 3:
        return TUI_EXIT_UNREACHABLE;
    default:
        return TUI_EXIT_INTERNAL;
    }
}
