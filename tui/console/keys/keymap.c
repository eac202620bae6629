#include "keys/keymap.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct row {
    enum tui_context context;
    const char *keys, *hint, *help;
};

static const struct row rows[TUI_COMMAND_COUNT] = {
#define TUI_KEY(context, command, lower, keys, hint, help) \
    [TUI_COMMAND_##command] = {TUI_CONTEXT_##context, keys, hint, help},
#include "keys/keys.def"
#undef TUI_KEY
};

static const struct {
    bool modal;
    const char *title;
} contexts[TUI_CONTEXT_COUNT] = {
#define TUI_CONTEXT(name, modal, title) [TUI_CONTEXT_##name] = {modal, title},
#include "keys/contexts.def"
#undef TUI_CONTEXT
};

static const struct {
    const char *name;
    uint32_t key;
} names[] = {
    {"Up", TUI_KEY_UP},         {"Down", TUI_KEY_DOWN},
    {"Left", TUI_KEY_LEFT},     {"Right", TUI_KEY_RIGHT},
    {"PgUp", TUI_KEY_PAGE_UP},  {"PgDn", TUI_KEY_PAGE_DOWN},
    {"Home", TUI_KEY_HOME},     {"End", TUI_KEY_END},
    {"Enter", TUI_KEY_ENTER},   {"Esc", TUI_KEY_ESC},
    {"Tab", TUI_KEY_TAB},       {"Shift-Tab", TUI_KEY_SHIFT_TAB},
    {"Delete", TUI_KEY_DELETE}, {"Backspace", TUI_KEY_BACKSPACE},
    {"F1", TUI_KEY_F1},         {"Space", ' '},
};

uint32_t tui_key_parse(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0)
            return names[i].key;
    }
    if (len == 6 && memcmp(name, "Ctrl-", 5) == 0 && name[5] >= 'A' && name[5] <= 'Z')
        return (uint32_t)(name[5] - '@');
    if (len == 1 && name[0] > ' ' && name[0] < 0x7f)
        return (uint32_t)name[0];
    return TUI_KEY_NONE;
}

void tui_key_name(char *ret_text, size_t size, uint32_t key)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].key == key) {
            snprintf(ret_text, size, "%s", names[i].name);
            return;
        }
    }
    if (key >= 1 && key <= 26)
        snprintf(ret_text, size, "Ctrl-%c", (int)('@' + key));
    else if (key > ' ' && key < 0x7f)
        snprintf(ret_text, size, "%c", (int)key);
    else
        snprintf(ret_text, size, "?");
}

void tui_keymap_init(struct tui_keymap *keymap)
{
    memset(keymap, 0, sizeof(*keymap));
    for (size_t i = 0; i < TUI_COMMAND_COUNT; i++) {
        struct tui_binding *binding = &keymap->bindings[i];
        const char *at = rows[i].keys;
        binding->context = rows[i].context;
        binding->hint = rows[i].hint;
        binding->help = rows[i].help;
        for (size_t k = 0; k < TUI_KEYS_PER_COMMAND && *at != 0; k++) {
            size_t len = strcspn(at, " ");
            binding->keys[k] = tui_key_parse(at, len);
            at += len + (at[len] == ' ');
        }
    }
}

static enum tui_command find_in(const struct tui_keymap *keymap, enum tui_context context,
                                uint32_t key)
{
    for (int i = 0; i < TUI_COMMAND_COUNT; i++) {
        const struct tui_binding *binding = &keymap->bindings[i];
        if (binding->context != context)
            continue;
        for (size_t k = 0; k < TUI_KEYS_PER_COMMAND && binding->keys[k] != TUI_KEY_NONE; k++) {
            if (binding->keys[k] == key)
                return (enum tui_command)i;
        }
    }
    return TUI_COMMAND_NONE;
}

enum tui_command tui_keymap_find(const struct tui_keymap *keymap, enum tui_context context,
                                 int list, uint32_t key)
{
    enum tui_command command = find_in(keymap, context, key);

    if (command != TUI_COMMAND_NONE || contexts[context].modal)
        return command;
    if (list)
        command = find_in(keymap, TUI_CONTEXT_LIST, key);
    if (command == TUI_COMMAND_NONE)
        command = find_in(keymap, TUI_CONTEXT_ANY, key);
    return command;
}

void tui_binding_keys(char *ret_text, size_t size, const struct tui_binding *binding)
{
    size_t used = 0;

    ret_text[0] = 0;
    for (size_t k = 0; k < TUI_KEYS_PER_COMMAND && binding->keys[k] != TUI_KEY_NONE; k++) {
        char name[16];
        tui_key_name(name, sizeof(name), binding->keys[k]);
        int n = snprintf(ret_text + used, size - used, "%s%s", k > 0 ? " " : "", name);
        if (n < 0 || (size_t)n >= size - used)
            return;
        used += (size_t)n;
    }
}

const char *tui_context_title(enum tui_context context)
{
    return contexts[context].title;
}
