/* What the operator has set: the configuration file, then options. Each row is in settings.def. */
#ifndef TUI_CONSOLE_CONFIG_SETTINGS_H
#define TUI_CONSOLE_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "console/config/setting.h"
#include "keys/keymap.h"
#include "theme/theme.h"

#define TUI_SETTING_SIZE 64
#define TUI_PROBLEMS_MAX 8
#define TUI_PROBLEM_SIZE 400

struct tui_settings {
#define TUI_SETTING_WORD(field) char field[TUI_SETTING_SIZE];
#define TUI_SETTING_SPAN(field) unsigned int field; /* ms */
#define TUI_SETTING_RATE(field) unsigned int field; /* bytes/s */
#define TUI_SETTING_SWITCH(field) bool field;
#define TUI_SETTING(field, key, type, argument, def, help) TUI_SETTING_##type(field)
#include "console/config/settings.def"
#undef TUI_SETTING
#undef TUI_SETTING_WORD
#undef TUI_SETTING_SPAN
#undef TUI_SETTING_RATE
#undef TUI_SETTING_SWITCH
    char folder[1024]; /* where the file is, or would be; "" where there is no home */
};

/* What is wrong with a file: each says where, what, and what would be right. */
struct tui_problems {
    char texts[TUI_PROBLEMS_MAX][TUI_PROBLEM_SIZE];
    size_t count; /* of all, also of those that are not kept */
};

void tui_problems_add(struct tui_problems *problems, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* On standard error. */
void tui_problems_print(const struct tui_problems *problems);

/*
 * Reads `path`, or where it is NULL $XDG_CONFIG_HOME/stoker/console.ini, which need not be there.
 * `options` has a text for each setting that was given on the command line, NULL for the others; it
 * goes before the file. The keymap is set by the key set and then by [keys]. A line that is wrong
 * is reported and the rest taken. False if `path` can't be read or an option is wrong: the last
 * problem says so.
 */
bool tui_settings_load(const char *path, const char *const options[TUI_SETTING_COUNT],
                       struct tui_settings *ret_settings, struct tui_keymap *ret_keymap,
                       struct tui_problems *ret_problems);

/*
 * The theme of a name: the operator's own file themes/NAME.ini in `folder`, or one that comes with
 * the console. "auto" is light or dark by COLORFGBG. False after a problem; the theme is dark then.
 */
bool tui_settings_theme(const char *folder, const char *name, struct tui_theme *ret_theme,
                        struct tui_problems *problems);

#endif
