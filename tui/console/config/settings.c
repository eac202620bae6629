#include "config/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "text/duration.h"
#include "text/text.h"

#define SPAN_MS_MAX 86400000
#define RATE_MIN 300
#define RATE_MAX 100000000
#define FILE_MAX 65536

enum type { WORD, SPAN, RATE, SWITCH };

static const struct row {
    const char *key, *def, *help;
    enum type type;
    size_t offset;
} rows[TUI_SETTING_COUNT] = {
#define TUI_SETTING(field, key, type, argument, def, help) \
    {key, def, help, type, offsetof(struct tui_settings, field)},
#include "console/config/settings.def"
#undef TUI_SETTING
};

void tui_problems_add(struct tui_problems *problems, const char *format, ...)
{
    char text[TUI_PROBLEM_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    /* The last one is always there: it is the one that ended it. */
    size_t at = problems->count < TUI_PROBLEMS_MAX ? problems->count : TUI_PROBLEMS_MAX - 1;
    tui_text_clean(problems->texts[at], TUI_PROBLEM_SIZE, text);
    problems->count++;
}

void tui_problems_print(const struct tui_problems *problems)
{
    for (size_t i = 0; i < problems->count && i < TUI_PROBLEMS_MAX; i++)
        fprintf(stderr, "stoker: %s\n", problems->texts[i]);
}

static bool read_span(const char *text, unsigned int *ret_ms)
{
    int64_t ms = 0;

    if (strcmp(text, "0") != 0 && (!tui_duration_parse(text, &ms) || ms > SPAN_MS_MAX))
        return false;
    *ret_ms = (unsigned int)ms;
    return true;
}

static bool read_rate(const char *text, unsigned int *ret_rate)
{
    char *end;

    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    unsigned long unit = *end == 'k' || *end == 'K' ? 1000 : *end == 'M' ? 1000000 : 1;
    if (unit > 1)
        end++;
    if (*end != 0 || errno != 0 || value > RATE_MAX / unit ||
        (value != 0 && value * unit < RATE_MIN))
        return false;
    *ret_rate = (unsigned int)(value * unit);
    return true;
}

static bool read_switch(const char *text, bool *ret_on)
{
    static const char *const on[] = {"on", "yes", "true", "1"};
    static const char *const off[] = {"off", "no", "false", "0"};

    for (size_t i = 0; i < 4; i++) {
        if (strcmp(text, on[i]) == 0 || strcmp(text, off[i]) == 0) {
            *ret_on = strcmp(text, on[i]) == 0;
            return true;
        }
    }
    return false;
}

/* NULL, or what a value has to look like. */
static const char *set(struct tui_settings *settings, const struct row *row, const char *text)
{
    void *field = (char *)settings + row->offset;

    switch (row->type) {
    case WORD:
        if (text[0] == 0 || strlen(text) >= TUI_SETTING_SIZE)
            return "it is a word of up to 63 characters";
        snprintf(field, TUI_SETTING_SIZE, "%s", text);
        return NULL;
    case SPAN:
        return read_span(text, field) ? NULL : "it is a span such as 500ms, 2s or 10m";
    case RATE:
        return read_rate(text, field) ? NULL
                                      : "it is bytes a second such as 8k, at least 300, or 0 for "
                                        "no limit";
    case SWITCH:
        return read_switch(text, field) ? NULL : "it is on or off";
    }
    return "it has no type";
}

struct load {
    struct tui_settings *settings;
    struct tui_keymap *keymap;
    struct tui_problems *problems;
    const char *path;
    const char *at; /* of the file's text */
    int line;
    bool keys; /* the second reading: [keys] only, for the key set has to be known first */
};

static char *read_line(char *buffer, int size, void *stream)
{
    struct load *load = stream;
    size_t len = strcspn(load->at, "\n");

    if (*load->at == 0)
        return NULL;
    load->line++;
    if (len >= (size_t)size - 1 && !load->keys)
        tui_problems_add(load->problems, "%s:%d: the line is longer than %d characters", load->path,
                         load->line, size - 2);
    snprintf(buffer, (size_t)size, "%.*s\n", (int)(len < (size_t)size - 2 ? len : (size_t)size - 2),
             load->at);
    load->at += len + (load->at[len] == '\n');
    return buffer;
}

static void on_key(struct load *load, const char *command, const char *keys)
{
    char why[TUI_KEYMAP_ERROR_SIZE];

    if (!tui_keymap_bind(load->keymap, command, keys, why))
        tui_problems_add(load->problems, "%s:%d: [keys] %.60s: %s", load->path, load->line, command,
                         why);
}

static int on_value(void *user, const char *section, const char *key, const char *value)
{
    struct load *load = user;
    bool keys = strcmp(section, "keys") == 0;

    if (keys && load->keys)
        on_key(load, key, value);
    if (keys || load->keys)
        return 1;
    if (strcmp(section, "console") != 0) {
        tui_problems_add(load->problems,
                         "%s:%d: there is no section [%.60s]; there are [console] and "
                         "[keys]",
                         load->path, load->line, section);
        return 1;
    }
    for (size_t i = 0; i < TUI_SETTING_COUNT; i++) {
        if (strcmp(rows[i].key, key) != 0)
            continue;
        const char *wrong = set(load->settings, &rows[i], value);
        if (wrong)
            tui_problems_add(load->problems, "%s:%d: %s: '%.60s' is not allowed; %s", load->path,
                             load->line, key, value, wrong);
        return 1;
    }
    tui_problems_add(load->problems,
                     "%s:%d: there is no setting '%.60s'; `stoker console --help` "
                     "lists them",
                     load->path, load->line, key);
    return 1;
}

/* The whole file, which the caller frees; NULL with errno set. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = file ? calloc(1, FILE_MAX + 1) : NULL;

    if (text && fread(text, 1, FILE_MAX, file) == 0 && ferror(file)) {
        int error = errno;
        free(text);
        text = NULL;
        errno = error;
    }
    if (file)
        fclose(file);
    return text;
}

static void parse(struct load *load, const char *text, bool keys)
{
    load->at = text;
    load->line = 0;
    load->keys = keys;
    int bad = ini_parse_stream(read_line, load, on_value, load);
    if (bad > 0 && !keys)
        tui_problems_add(load->problems,
                         "%s:%d: neither a [section], a NAME = VALUE nor a ; comment", load->path,
                         bad);
}

static void find_folder(char *ret_folder, size_t size)
{
    const char *xdg = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");

    ret_folder[0] = 0;
    if (xdg && xdg[0] == '/')
        snprintf(ret_folder, size, "%s/stoker", xdg);
    else if (home && home[0] == '/')
        snprintf(ret_folder, size, "%s/.config/stoker", home);
}

/* Of keys that mean two things the first is named: the others go with it as a rule. */
static void report_conflicts(const struct tui_keymap *keymap, const char *path,
                             struct tui_problems *problems)
{
    char why[TUI_KEYMAP_ERROR_SIZE];

    if (tui_keymap_conflict(keymap, why))
        tui_problems_add(problems, "%s: [keys]: %s", path, why);
}

static bool take_options(struct load *load, const char *const options[TUI_SETTING_COUNT])
{
    for (size_t i = 0; i < TUI_SETTING_COUNT; i++) {
        const char *wrong =
            options && options[i] ? set(load->settings, &rows[i], options[i]) : NULL;
        if (wrong) {
            tui_problems_add(load->problems, "--%s: '%.60s' is not allowed; %s", rows[i].key,
                             options[i], wrong);
            return false;
        }
    }
    return true;
}

bool tui_settings_load(const char *path, const char *const options[TUI_SETTING_COUNT],
                       struct tui_settings *ret_settings, struct tui_keymap *ret_keymap,
                       struct tui_problems *ret_problems)
{
    char found[1100] = "";
    struct load load = {.settings = ret_settings, .keymap = ret_keymap, .problems = ret_problems};

    memset(ret_settings, 0, sizeof(*ret_settings));
    memset(ret_problems, 0, sizeof(*ret_problems));
    for (size_t i = 0; i < TUI_SETTING_COUNT; i++)
        set(ret_settings, &rows[i], rows[i].def);
    find_folder(ret_settings->folder, sizeof(ret_settings->folder));
    if (ret_settings->folder[0] != 0)
        snprintf(found, sizeof(found), "%s/console.ini", ret_settings->folder);
    load.path = path ? path : found;
    char *text = load.path[0] != 0 ? read_file(load.path) : NULL;
    if (!text && (path || (load.path[0] != 0 && errno != ENOENT && errno != ENOTDIR)))
        tui_problems_add(ret_problems, "%s: %s", load.path, strerror(errno));
    if (text)
        parse(&load, text, false);
    bool taken = take_options(&load, options) && (text || !path);
    if (!tui_keymap_set(ret_keymap, ret_settings->keys)) {
        tui_problems_add(ret_problems,
                         "keys: there is no set '%s'; there are default, vi and emacs",
                         ret_settings->keys);
        tui_keymap_set(ret_keymap, "default");
    }
    if (text)
        parse(&load, text, true);
    report_conflicts(ret_keymap, load.path, ret_problems);
    free(text);
    return taken;
}

bool tui_settings_theme(const char *folder, const char *name, struct tui_theme *ret_theme,
                        struct tui_problems *problems)
{
    struct tui_color_hints hints = {.colorfgbg = getenv("COLORFGBG")};
    char path[1200];
    char why[TUI_THEME_ERROR_SIZE];
    bool good = false;

    if (strcmp(name, "auto") == 0)
        return tui_theme_find(tui_background_light(&hints) == 1 ? "light" : "dark", ret_theme);
    snprintf(path, sizeof(path), "%s/themes/%s.ini", folder, name);
    char *text = folder[0] != 0 && !strchr(name, '/') ? read_file(path) : NULL;
    if (text && !(good = tui_theme_parse(name, text, ret_theme, why)))
        tui_problems_add(problems, "%s:%s", path, why);
    else if (!text && !(good = tui_theme_find(name, ret_theme)))
        tui_problems_add(problems,
                         "theme: there is no '%s'; there are auto, dark, light, high-contrast, "
                         "colour-blind and mono, and your own in %s/themes/",
                         name, folder);
    free(text);
    return good || (tui_theme_find("dark", ret_theme) && false);
}
