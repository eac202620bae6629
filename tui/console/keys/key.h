/* Keys as numbers and by name. */
#ifndef TUI_CONSOLE_KEYS_KEY_H
#define TUI_CONSOLE_KEYS_KEY_H

#include <stddef.h>
#include <stdint.h>

/* A key is a Unicode code point (controls included) or one of these. */
enum tui_key {
    TUI_KEY_NONE = 0,
    TUI_KEY_TAB = 9,
    TUI_KEY_ENTER = 13,
    TUI_KEY_ESC = 27,
    TUI_KEY_BACKSPACE = 127,
    TUI_KEY_UP = 0x110000,
    TUI_KEY_DOWN,
    TUI_KEY_LEFT,
    TUI_KEY_RIGHT,
    TUI_KEY_PAGE_UP,
    TUI_KEY_PAGE_DOWN,
    TUI_KEY_HOME,
    TUI_KEY_END,
    TUI_KEY_SHIFT_TAB,
    TUI_KEY_DELETE,
    TUI_KEY_INSERT,
    TUI_KEY_F1, /* and those after it, to F12 */
    TUI_KEY_F12 = TUI_KEY_F1 + 11,
    /* Held with a key; a character has Shift in itself, and Ctrl with a letter is 1 to 26. */
    TUI_KEY_SHIFT = 1 << 24,
    TUI_KEY_ALT = 1 << 25,
    TUI_KEY_CTRL = 1 << 26,
    TUI_KEY_MODIFIERS = TUI_KEY_SHIFT | TUI_KEY_ALT | TUI_KEY_CTRL,
};

/* The name of a key, "Ctrl-L", "PgUp", "Alt-x", "?"; reads back with tui_key_parse. */
void tui_key_name(char *ret_text, size_t size, uint32_t key);

/* The key of a name of `len` bytes; TUI_KEY_NONE if there is none. */
uint32_t tui_key_parse(const char *name, size_t len);

#endif
