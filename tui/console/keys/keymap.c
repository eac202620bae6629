#include "keys/keymap.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <ini.h>

/* Made from keys/sets/ when it is built; NULL ends the names. */
extern const char *const tui_keyset_names[], *const tui_keyset_texts[];

struct row {
    enum tui_context context;
    const char *name, *keys, *hint, *help;
};

static const struct row rows[TUI_COMMAND_COUNT] = {
#define TUI_KEY(context, command, lower, keys, hint, help) \
    [TUI_COMMAND_##command] = {TUI_CONTEXT_##context, #lower, keys, hint, help},
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

/* One key or two: "g", "PgUp", "gg", "Ctrl-X,Ctrl-C". */
static bool parse_stroke(const char *name, size_t len, uint32_t *ret_first, uint32_t *ret_key)
{
    const char *comma = len > 1 ? memchr(name + 1, ',', len - 1) : NULL;

    *ret_first = TUI_KEY_NONE;
    *ret_key = tui_key_parse(name, len);
    if (*ret_key != TUI_KEY_NONE)
        return true;
    size_t first = comma ? (size_t)(comma - name) : 1;
    size_t second = comma ? first + 1 : 1;
    if (len <= second || (!comma && len != 2))
        return false;
    *ret_first = tui_key_parse(name, first);
    *ret_key = tui_key_parse(name + second, len - second);
    return *ret_first != TUI_KEY_NONE && *ret_key != TUI_KEY_NONE;
}

static bool parse_keys(const char *keys, struct tui_binding *binding,
                       char ret_error[TUI_KEYMAP_ERROR_SIZE])
{
    size_t count = 0;
    size_t len;

    memset(binding->keys, 0, sizeof(binding->keys));
    memset(binding->first, 0, sizeof(binding->first));
    if (strcmp(keys, "none") == 0)
        return true;
    for (const char *at = keys + strspn(keys, " "); *at != 0; at += len, at += strspn(at, " ")) {
        len = strcspn(at, " ");
        if (count == TUI_KEYS_PER_COMMAND) {
            snprintf(ret_error, TUI_KEYMAP_ERROR_SIZE, "a command has at most %d keys",
                     TUI_KEYS_PER_COMMAND);
            return false;
        }
        if (!parse_stroke(at, len, &binding->first[count], &binding->keys[count])) {
            snprintf(ret_error, TUI_KEYMAP_ERROR_SIZE,
                     "there is no key '%.*s'; keys are x, Ctrl-X, Alt-x, F5, PgUp, Space, and two "
                     "after one another gg or Ctrl-X,Ctrl-C",
                     (int)(len < 40 ? len : 40), at);
            return false;
        }
        count++;
    }
    return true;
}

void tui_keymap_init(struct tui_keymap *keymap)
{
    char error[TUI_KEYMAP_ERROR_SIZE];

    memset(keymap, 0, sizeof(*keymap));
    for (size_t i = 0; i < TUI_COMMAND_COUNT; i++) {
        struct tui_binding *binding = &keymap->bindings[i];
        binding->context = rows[i].context;
        binding->hint = rows[i].hint;
        binding->help = rows[i].help;
        parse_keys(rows[i].keys, binding, error);
    }
}

bool tui_keymap_bind(struct tui_keymap *keymap, const char *command, const char *keys,
                     char ret_error[TUI_KEYMAP_ERROR_SIZE])
{
    for (size_t i = 0; i < TUI_COMMAND_COUNT; i++) {
        struct tui_binding changed = keymap->bindings[i];
        if (strcasecmp(rows[i].name, command) != 0)
            continue;
        if (!parse_keys(keys, &changed, ret_error))
            return false;
        keymap->bindings[i] = changed;
        return true;
    }
    snprintf(ret_error, TUI_KEYMAP_ERROR_SIZE,
             "no command is named '%.40s'; `stoker console --sample` lists them", command);
    return false;
}

static int on_set_row(void *user, const char *section, const char *command, const char *keys)
{
    char error[TUI_KEYMAP_ERROR_SIZE];

    (void)section;
    return tui_keymap_bind(user, command, keys, error);
}

bool tui_keymap_set(struct tui_keymap *keymap, const char *name)
{
    tui_keymap_init(keymap);
    if (strcmp(name, "default") == 0)
        return true;
    for (size_t i = 0; tui_keyset_names[i]; i++) {
        if (strcmp(tui_keyset_names[i], name) == 0)
            return ini_parse_string(tui_keyset_texts[i], on_set_row, keymap) == 0;
    }
    return false;
}

/* Whether both contexts can be meant by one key press. */
static bool meet(enum tui_context a, enum tui_context b)
{
    bool shared = a == TUI_CONTEXT_LIST || a == TUI_CONTEXT_ANY || b == TUI_CONTEXT_LIST ||
                  b == TUI_CONTEXT_ANY;

    return a == b || (shared && !contexts[a].modal && !contexts[b].modal);
}

static bool collide(const struct tui_binding *a, size_t k, const struct tui_binding *b, size_t l)
{
    if (a->first[k] == b->first[l])
        return a->keys[k] == b->keys[l];
    /* A key that begins a pair can't be a command of its own. */
    return (a->first[k] == TUI_KEY_NONE && a->keys[k] == b->first[l]) ||
           (b->first[l] == TUI_KEY_NONE && b->keys[l] == a->first[k]);
}

static void stroke_name(char *ret_text, size_t size, const struct tui_binding *binding, size_t k)
{
    char first[32] = "";
    char key[32];

    tui_key_name(key, sizeof(key), binding->keys[k]);
    if (binding->first[k] != TUI_KEY_NONE)
        tui_key_name(first, sizeof(first), binding->first[k]);
    snprintf(ret_text, size, "%s%s%s", first, strlen(first) > 1 || (first[0] && key[1]) ? "," : "",
             key);
}

bool tui_keymap_conflict(const struct tui_keymap *keymap, char ret_error[TUI_KEYMAP_ERROR_SIZE])
{
    for (int i = 0; i < TUI_COMMAND_COUNT; i++) {
        for (int j = i + 1; j < TUI_COMMAND_COUNT; j++) {
            const struct tui_binding *a = &keymap->bindings[i];
            const struct tui_binding *b = &keymap->bindings[j];
            for (size_t n = 0; n < TUI_KEYS_PER_COMMAND * TUI_KEYS_PER_COMMAND; n++) {
                size_t k = n / TUI_KEYS_PER_COMMAND;
                size_t l = n % TUI_KEYS_PER_COMMAND;
                char name[64];
                if (!meet(a->context, b->context) || a->keys[k] == TUI_KEY_NONE ||
                    b->keys[l] == TUI_KEY_NONE || !collide(a, k, b, l))
                    continue;
                stroke_name(name, sizeof(name), a, k);
                snprintf(ret_error, TUI_KEYMAP_ERROR_SIZE,
                         "%s is both %s and %s; give one of them another key", name, rows[i].name,
                         rows[j].name);
                return true;
            }
        }
    }
    return false;
}

/* TUI_COMMAND_PREFIX if the key is the first of two here. */
static enum tui_command find_in(const struct tui_keymap *keymap, enum tui_context context,
                                uint32_t first, uint32_t key)
{
    enum tui_command found = TUI_COMMAND_NONE;

    for (int i = 0; i < TUI_COMMAND_COUNT; i++) {
        const struct tui_binding *binding = &keymap->bindings[i];
        if (binding->context != context)
            continue;
        for (size_t k = 0; k < TUI_KEYS_PER_COMMAND && binding->keys[k] != TUI_KEY_NONE; k++) {
            if (binding->first[k] == first && binding->keys[k] == key)
                return (enum tui_command)i;
            if (first == TUI_KEY_NONE && binding->first[k] == key)
                found = TUI_COMMAND_PREFIX;
        }
    }
    return found;
}

enum tui_command tui_keymap_find(struct tui_keymap *keymap, enum tui_context context, int list,
                                 uint32_t key)
{
    uint32_t first = keymap->pending;
    enum tui_command command = find_in(keymap, context, first, key);

    keymap->pending = TUI_KEY_NONE;
    if (command == TUI_COMMAND_NONE && list && !contexts[context].modal)
        command = find_in(keymap, TUI_CONTEXT_LIST, first, key);
    if (command == TUI_COMMAND_NONE && !contexts[context].modal)
        command = find_in(keymap, TUI_CONTEXT_ANY, first, key);
    if (command == TUI_COMMAND_PREFIX)
        keymap->pending = key;
    /* Esc after the first of two takes that back, and is nothing else. */
    if (command == TUI_COMMAND_NONE && first != TUI_KEY_NONE && key == TUI_KEY_ESC)
        command = TUI_COMMAND_PREFIX;
    return command;
}

bool tui_keymap_has(const struct tui_keymap *keymap, enum tui_context context, uint32_t key)
{
    return find_in(keymap, context, TUI_KEY_NONE, key) != TUI_COMMAND_NONE;
}

bool tui_keymap_uses(const struct tui_keymap *keymap, uint32_t key)
{
    for (size_t i = 0; i < TUI_COMMAND_COUNT; i++) {
        for (size_t k = 0; k < TUI_KEYS_PER_COMMAND; k++) {
            if (keymap->bindings[i].keys[k] == key || keymap->bindings[i].first[k] == key)
                return true;
        }
    }
    return false;
}

void tui_binding_key(char *ret_text, size_t size, const struct tui_binding *binding)
{
    ret_text[0] = 0;
    if (binding->keys[0] != TUI_KEY_NONE)
        stroke_name(ret_text, size, binding, 0);
}

void tui_binding_keys(char *ret_text, size_t size, const struct tui_binding *binding)
{
    size_t used = 0;

    ret_text[0] = 0;
    for (size_t k = 0; k < TUI_KEYS_PER_COMMAND && binding->keys[k] != TUI_KEY_NONE; k++) {
        char name[64];
        stroke_name(name, sizeof(name), binding, k);
        int n = snprintf(ret_text + used, size - used, "%s%s", k > 0 ? " " : "", name);
        if (n < 0 || (size_t)n >= size - used)
            return;
        used += (size_t)n;
    }
}

const char *tui_command_name(enum tui_command command)
{
    return rows[command].name;
}

const char *tui_context_title(enum tui_context context)
{
    return contexts[context].title;
}
