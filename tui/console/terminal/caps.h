/* What terminfo says of the terminal. The only user of curses, of which it takes that half. */
#ifndef TUI_CONSOLE_TERMINAL_CAPS_H
#define TUI_CONSOLE_TERMINAL_CAPS_H

#include "terminal/codec/input.h"
#include "theme/theme.h"

#define TUI_CAPS_TEXT_SIZE 256

struct tui_caps {
    char enter[TUI_CAPS_TEXT_SIZE]; /* to a screen of our own, without cursor */
    char leave[TUI_CAPS_TEXT_SIZE]; /* and back; safe to send more than once */
    struct tui_color_hints colors;  /* with the environment */
    bool asks_background;           /* it is of a kind that answers what its background is */
};

/*
 * Reads what TERM names, and the keys where they are not what most terminals send. On failure
 * false, and ret_error says why.
 */
bool tui_caps_read(struct tui_caps *ret_caps, struct tui_input *input, const char **ret_error);

#endif
