/* Keys to commands. A keymap starts as keys.def says; help and hints read the keymap itself. */
#ifndef TUI_CONSOLE_KEYS_KEYMAP_H
#define TUI_CONSOLE_KEYS_KEYMAP_H

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
    TUI_KEY_F1,
};

enum tui_context {
#define TUI_CONTEXT(name, modal, title) TUI_CONTEXT_##name,
#include "keys/contexts.def"
#undef TUI_CONTEXT
    TUI_CONTEXT_COUNT
};

enum tui_command {
#define TUI_KEY(context, command, lower, keys, hint, help) TUI_COMMAND_##command,
#include "keys/keys.def"
#undef TUI_KEY
    TUI_COMMAND_COUNT,
    TUI_COMMAND_NONE = TUI_COMMAND_COUNT
};

#define TUI_KEYS_PER_COMMAND 8

struct tui_binding {
    enum tui_context context;
    uint32_t keys[TUI_KEYS_PER_COMMAND]; /* TUI_KEY_NONE ends the list */
    const char *hint;
    const char *help;
};

struct tui_keymap {
    struct tui_binding bindings[TUI_COMMAND_COUNT]; /* by enum tui_command */
};

/* Fills it from keys.def. */
void tui_keymap_init(struct tui_keymap *keymap);

/* The command of a key: in `context`; unless that is modal then in LIST (if list) and in ANY. */
enum tui_command tui_keymap_find(const struct tui_keymap *keymap, enum tui_context context,
                                 int list, uint32_t key);

/* The name of a key, "Ctrl-L", "PgUp", "?"; reads back with tui_key_parse. */
void tui_key_name(char *ret_text, size_t size, uint32_t key);

/* The key of a name of `len` bytes; TUI_KEY_NONE if there is none. */
uint32_t tui_key_parse(const char *name, size_t len);

/* The keys of a binding, separated by spaces. */
void tui_binding_keys(char *ret_text, size_t size, const struct tui_binding *binding);

/* The heading of a context's keys on the help screen. */
const char *tui_context_title(enum tui_context context);

#endif
