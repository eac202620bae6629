#include "keys/key.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t key;
} names[] = {
    {"Up", TUI_KEY_UP},
    {"Down", TUI_KEY_DOWN},
    {"Left", TUI_KEY_LEFT},
    {"Right", TUI_KEY_RIGHT},
    {"PgUp", TUI_KEY_PAGE_UP},
    {"PgDn", TUI_KEY_PAGE_DOWN},
    {"Home", TUI_KEY_HOME},
    {"End", TUI_KEY_END},
    {"Enter", TUI_KEY_ENTER},
    {"Esc", TUI_KEY_ESC},
    {"Tab", TUI_KEY_TAB},
    {"Shift-Tab", TUI_KEY_SHIFT_TAB},
    {"Delete", TUI_KEY_DELETE},
    {"Backspace", TUI_KEY_BACKSPACE},
    {"Space", ' '},
    {"Insert", TUI_KEY_INSERT},
};

static const struct {
    const char *name;
    uint32_t bit;
} modifiers[] = {{"Ctrl-", TUI_KEY_CTRL}, {"Alt-", TUI_KEY_ALT}, {"Shift-", TUI_KEY_SHIFT}};
#define MODIFIERS (sizeof(modifiers) / sizeof(modifiers[0]))

static uint32_t parse_function(const char *name, size_t len)
{
    uint32_t number = 0;

    if (len < 2 || len > 3 || name[0] != 'F')
        return TUI_KEY_NONE;
    for (size_t i = 1; i < len; i++) {
        if (name[i] < '0' || name[i] > '9')
            return TUI_KEY_NONE;
        number = number * 10 + (uint32_t)(name[i] - '0');
    }
    return number >= 1 && number <= 12 ? TUI_KEY_F1 + number - 1 : TUI_KEY_NONE;
}

/* A key without modifiers. */
static uint32_t parse_plain(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0)
            return names[i].key;
    }
    if (len == 1 && name[0] > ' ' && name[0] < 0x7f)
        return (uint32_t)name[0];
    return parse_function(name, len);
}

uint32_t tui_key_parse(const char *name, size_t len)
{
    uint32_t held = 0;
    uint32_t key = parse_plain(name, len);

    while (key == TUI_KEY_NONE) {
        size_t i = 0;
        while (i < MODIFIERS && (len <= strlen(modifiers[i].name) ||
                                 memcmp(name, modifiers[i].name, strlen(modifiers[i].name)) != 0))
            i++;
        if (i == MODIFIERS)
            return TUI_KEY_NONE;
        held |= modifiers[i].bit;
        len -= strlen(modifiers[i].name);
        name += strlen(modifiers[i].name);
        key = parse_plain(name, len);
    }
    bool letter = (key | 32) >= 'a' && (key | 32) <= 'z' && key < 0x80;
    if (held & TUI_KEY_CTRL && letter)
        return (key & 31) | (held & TUI_KEY_ALT);
    /* Of other characters no terminal tells what was held with them, but for Alt. */
    if (key < TUI_KEY_UP && held & (TUI_KEY_CTRL | TUI_KEY_SHIFT))
        return TUI_KEY_NONE;
    return key | held;
}

static void name_plain(char *ret_text, size_t size, uint32_t key)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].key == key) {
            snprintf(ret_text, size, "%s", names[i].name);
            return;
        }
    }
    if (key >= TUI_KEY_F1 && key <= TUI_KEY_F12)
        snprintf(ret_text, size, "F%u", (unsigned int)(key - TUI_KEY_F1 + 1));
    else if (key >= 1 && key <= 26)
        snprintf(ret_text, size, "Ctrl-%c", (int)('@' + key));
    else if (key > ' ' && key < 0x7f)
        snprintf(ret_text, size, "%c", (int)key);
    else
        snprintf(ret_text, size, "?");
}

void tui_key_name(char *ret_text, size_t size, uint32_t key)
{
    uint32_t held = key & TUI_KEY_MODIFIERS;
    char plain[16];

    name_plain(plain, sizeof(plain), key & ~(uint32_t)TUI_KEY_MODIFIERS);
    snprintf(ret_text, size, "%s%s%s%s", held & TUI_KEY_CTRL ? "Ctrl-" : "",
             held & TUI_KEY_ALT ? "Alt-" : "", held & TUI_KEY_SHIFT ? "Shift-" : "", plain);
}
