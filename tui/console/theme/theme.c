#include "theme/theme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <ini.h>

/* Made from theme/themes/ when it is built, in the order of tui_theme_names. */
extern const char *const tui_theme_texts[];

static const struct {
    const char *name;
    enum tui_role fallback;
} roles[TUI_ROLE_COUNT] = {
#define TUI_ROLE(name, lower, fallback, help) [TUI_ROLE_##name] = {#lower, TUI_ROLE_##fallback},
#include "theme/roles.def"
#undef TUI_ROLE
};

static const struct {
    const char *word;
    uint8_t attribute;
} attributes[] = {{"bold", TUI_ATTRIBUTE_BOLD},
                  {"dim", TUI_ATTRIBUTE_DIM},
                  {"underline", TUI_ATTRIBUTE_UNDERLINE},
                  {"reverse", TUI_ATTRIBUTE_REVERSE}};

enum tui_role tui_role_find(const char *name)
{
    for (int i = 0; i < TUI_ROLE_COUNT; i++) {
        if (strcasecmp(roles[i].name, name) == 0)
            return (enum tui_role)i;
    }
    return TUI_ROLE_COUNT;
}

static uint8_t parse_attribute(const char *word, size_t len)
{
    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
        if (strlen(attributes[i].word) == len && memcmp(attributes[i].word, word, len) == 0)
            return attributes[i].attribute;
    }
    return 0;
}

/* FG, "on" and BG come in this order, attributes anywhere. */
bool tui_style_parse(const char *text, struct tui_style *ret_style)
{
    enum { BEFORE_FG, BEFORE_ON, BEFORE_BG, DONE } stage = BEFORE_FG;
    struct tui_style style = {0};
    size_t len;

    for (text += strspn(text, " "); *text != 0; text += len, text += strspn(text, " ")) {
        len = strcspn(text, " ");
        uint8_t attribute = parse_attribute(text, len);
        style.attributes |= attribute;
        if (attribute != 0)
            continue;
        if (stage <= BEFORE_ON && len == 2 && memcmp(text, "on", 2) == 0)
            stage = BEFORE_BG;
        else if (stage == BEFORE_FG && tui_color_parse(text, len, &style.fg))
            stage = BEFORE_ON;
        else if (stage == BEFORE_BG && tui_color_parse(text, len, &style.bg))
            stage = DONE;
        else
            return false;
    }
    if (stage == BEFORE_BG)
        return false;
    *ret_style = style;
    return true;
}

struct parse {
    struct tui_theme theme;
    bool given[TUI_ROLE_COUNT];
    char *error;
};

static int on_value(void *user, const char *section, const char *key, const char *value)
{
    struct parse *parse = user;

    if (strcmp(section, "theme") == 0 && strcmp(key, "help") == 0) {
        snprintf(parse->theme.help, sizeof(parse->theme.help), "%s", value);
        return 1;
    }
    if (strcmp(section, "theme") == 0 && strcmp(key, "base") == 0) {
        char name[TUI_THEME_NAME_SIZE];
        memcpy(name, parse->theme.name, sizeof(name));
        if (!tui_theme_find(value, &parse->theme)) {
            snprintf(parse->error, TUI_THEME_ERROR_SIZE, "no theme is named '%.60s'", value);
            return 0;
        }
        memcpy(parse->theme.name, name, sizeof(name));
        memset(parse->given, 1, sizeof(parse->given));
        return 1;
    }
    if (strcmp(section, "style") != 0) {
        snprintf(parse->error, TUI_THEME_ERROR_SIZE,
                 "[%.60s] %.60s: a theme has [theme] help and base, and [style] with its roles",
                 section, key);
        return 0;
    }
    enum tui_role role = tui_role_find(key);
    if (role == TUI_ROLE_COUNT) {
        snprintf(parse->error, TUI_THEME_ERROR_SIZE,
                 "there is no role '%.60s'; `stoker console --sample` lists them", key);
        return 0;
    }
    if (!tui_style_parse(value, &parse->theme.styles[role])) {
        snprintf(parse->error, TUI_THEME_ERROR_SIZE,
                 "%.60s: '%.80s' is no style; one is written as: #87d7ff/cyan on #000000 bold", key,
                 value);
        return 0;
    }
    parse->given[role] = true;
    return 1;
}

/* Without colours every theme looks like mono, or two meanings could look the same. */
static void fill_plain(struct tui_theme *theme)
{
    struct tui_theme mono;

    if (strcmp(theme->name, "mono") == 0) {
        for (size_t i = 0; i < TUI_ROLE_COUNT; i++)
            theme->plain[i] = theme->styles[i].attributes;
    } else if (tui_theme_find("mono", &mono)) {
        memcpy(theme->plain, mono.plain, sizeof(theme->plain));
    }
}

bool tui_theme_parse(const char *name, const char *text, struct tui_theme *ret_theme,
                     char ret_error[TUI_THEME_ERROR_SIZE])
{
    char why[TUI_THEME_ERROR_SIZE] = "neither a [section], a NAME = VALUE nor a ; comment";
    struct parse parse = {.error = why};

    snprintf(parse.theme.name, sizeof(parse.theme.name), "%s", name);
    int line = ini_parse_string(text, on_value, &parse);
    if (line != 0) {
        snprintf(ret_error, TUI_THEME_ERROR_SIZE, "%d: %.*s", line, TUI_THEME_ERROR_SIZE - 16, why);
        return false;
    }
    /* A role's fallback stands above it, so it is complete when its turn comes. */
    for (int i = 1; i < TUI_ROLE_COUNT; i++) {
        if (!parse.given[i])
            parse.theme.styles[i] = parse.theme.styles[roles[i].fallback];
    }
    fill_plain(&parse.theme);
    *ret_theme = parse.theme;
    return true;
}

bool tui_theme_find(const char *name, struct tui_theme *ret_theme)
{
    char error[TUI_THEME_ERROR_SIZE];

    for (size_t i = 0; tui_theme_names[i]; i++) {
        if (strcmp(tui_theme_names[i], name) == 0)
            return tui_theme_parse(name, tui_theme_texts[i], ret_theme, error);
    }
    return false;
}

struct tui_ink tui_theme_ink(const struct tui_theme *theme, enum tui_depth depth,
                             enum tui_role role, bool selected)
{
    const struct tui_style *style = &theme->styles[role];
    const struct tui_style *normal = &theme->styles[TUI_ROLE_NORMAL];
    const struct tui_style *row = &theme->styles[TUI_ROLE_SELECTED];
    struct tui_ink ink = {tui_color_at(style->fg.set ? &style->fg : &normal->fg, depth),
                          tui_color_at(style->bg.set ? &style->bg : &normal->bg, depth),
                          style->attributes};

    if (depth == TUI_DEPTH_NONE)
        ink.attributes = theme->plain[role];
    /* Eight colours and the bold ones of them are sixteen, nearly. */
    if (depth == TUI_DEPTH_8 && style->fg.set && style->fg.ansi >= 8 &&
        (style->attributes & TUI_ATTRIBUTE_REVERSE) == 0)
        ink.attributes |= TUI_ATTRIBUTE_BOLD;
    if (!selected)
        return ink;
    if (depth < TUI_DEPTH_256 || !row->bg.set) {
        ink.attributes ^= TUI_ATTRIBUTE_REVERSE;
        return ink;
    }
    ink.attributes |= row->attributes & (uint8_t)~TUI_ATTRIBUTE_REVERSE;
    /* What has a background of its own, or is reversed, keeps saying what it says. */
    if (!style->bg.set && (style->attributes & TUI_ATTRIBUTE_REVERSE) == 0)
        ink.bg = tui_color_at(&row->bg, depth);
    return ink;
}

static enum tui_depth detect_depth(const struct tui_color_hints *hints)
{
    const char *colorterm = hints->colorterm ? hints->colorterm : "";
    const char *term = hints->term ? hints->term : "";

    if ((hints->no_color && hints->no_color[0] != 0) || strcmp(term, "dumb") == 0)
        return TUI_DEPTH_NONE;
    /* GNU screen knows no direct colours, whatever the terminal round it says. */
    bool inside_screen = strncmp(term, "screen", 6) == 0;
    if (hints->rgb || strstr(term, "-direct") ||
        (!inside_screen &&
         (strcmp(colorterm, "truecolor") == 0 || strcmp(colorterm, "24bit") == 0)))
        return TUI_DEPTH_TRUE;
    if (hints->colors >= 256 || strstr(term, "256color"))
        return TUI_DEPTH_256;
    if (hints->colors >= 16)
        return TUI_DEPTH_16;
    return hints->colors >= 8 ? TUI_DEPTH_8 : TUI_DEPTH_NONE;
}

bool tui_depth_choose(const char *name, const struct tui_color_hints *hints,
                      enum tui_depth *ret_depth)
{
    static const char *const names[] = {"none", "8", "16", "256", "true"};

    if (!name || strcmp(name, "auto") == 0) {
        *ret_depth = detect_depth(hints);
        return true;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            *ret_depth = (enum tui_depth)i;
            return true;
        }
    }
    return false;
}

int tui_background_light(const struct tui_color_hints *hints)
{
    const char *last = hints->colorfgbg ? strrchr(hints->colorfgbg, ';') : NULL;

    if (!last || last[1] == 0)
        return -1;
    char *end;
    long number = strtol(last + 1, &end, 10);
    if (*end != 0 || number < 0 || number > 15)
        return -1;
    return number == 7 || number >= 9;
}
