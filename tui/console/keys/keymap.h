/* Keys to commands. A keymap starts as keys.def says; help and hints read the keymap itself. */
#ifndef TUI_CONSOLE_KEYS_KEYMAP_H
#define TUI_CONSOLE_KEYS_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/key.h"

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
    TUI_COMMAND_NONE = TUI_COMMAND_COUNT,
    TUI_COMMAND_PREFIX /* the first key of two: the next one says which command it is */
};

#define TUI_KEYS_PER_COMMAND 8
#define TUI_KEYMAP_ERROR_SIZE 200

struct tui_binding {
    enum tui_context context;
    uint32_t keys[TUI_KEYS_PER_COMMAND];  /* TUI_KEY_NONE ends the list */
    uint32_t first[TUI_KEYS_PER_COMMAND]; /* the key before it, for one of two; or TUI_KEY_NONE */
    const char *hint;
    const char *help;
};

struct tui_keymap {
    struct tui_binding bindings[TUI_COMMAND_COUNT]; /* by enum tui_command */
    uint32_t pending;                               /* the first key of two, or TUI_KEY_NONE */
};

/* Fills it from keys.def. */
void tui_keymap_init(struct tui_keymap *keymap);

/* Fills it from keys.def, then as a set of keys/sets/ changes that. False for no such set. */
bool tui_keymap_set(struct tui_keymap *keymap, const char *name);

/*
 * Gives a command (its lower-case name in keys.def) other keys: names separated by spaces, where
 * "gg" or "Ctrl-X,Ctrl-C" are two after one another and "none" is no key. False, unchanged, when
 * there is no such command or key; ret_error says what would be right.
 */
bool tui_keymap_bind(struct tui_keymap *keymap, const char *command, const char *keys,
                     char ret_error[TUI_KEYMAP_ERROR_SIZE]);

/* Whether a key means two things where both can be meant; ret_error says which. */
bool tui_keymap_conflict(const struct tui_keymap *keymap, char ret_error[TUI_KEYMAP_ERROR_SIZE]);

/*
 * The command of a key: in `context`; unless that is modal then in LIST (if list) and in ANY. Of
 * two keys the first is kept and gives TUI_COMMAND_PREFIX.
 */
enum tui_command tui_keymap_find(struct tui_keymap *keymap, enum tui_context context, int list,
                                 uint32_t key);

/* Whether the context has a command of its own for the key, or for a pair that it begins. */
bool tui_keymap_has(const struct tui_keymap *keymap, enum tui_context context, uint32_t key);

/* Whether any command has the key, alone or in a pair. */
bool tui_keymap_uses(const struct tui_keymap *keymap, uint32_t key);

/* The first of a binding's keys, or pair of keys; "" if it has none. */
void tui_binding_key(char *ret_text, size_t size, const struct tui_binding *binding);

/* The keys of a binding, separated by spaces. */
void tui_binding_keys(char *ret_text, size_t size, const struct tui_binding *binding);

/* What a configuration file calls a command. */
const char *tui_command_name(enum tui_command command);

/* The heading of a context's keys on the help screen. */
const char *tui_context_title(enum tui_context context);

#endif
