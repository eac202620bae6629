/*
 * Themes: how each role looks, at every depth of colour. The ones that come with the console are
 * the files of theme/themes/, read by the same code as an operator's own.
 */
#ifndef TUI_CONSOLE_THEME_THEME_H
#define TUI_CONSOLE_THEME_THEME_H

#include "theme/canvas.h"
#include "theme/color.h"

enum tui_attribute {
    TUI_ATTRIBUTE_BOLD = 1,
    TUI_ATTRIBUTE_DIM = 2,
    TUI_ATTRIBUTE_UNDERLINE = 4,
    TUI_ATTRIBUTE_REVERSE = 8,
};

#define TUI_THEME_NAME_SIZE 32
#define TUI_THEME_ERROR_SIZE 256

struct tui_style {
    struct tui_color fg, bg;
    uint8_t attributes; /* of enum tui_attribute */
};

struct tui_theme {
    char name[TUI_THEME_NAME_SIZE];
    char help[96];
    struct tui_style styles[TUI_ROLE_COUNT];
    uint8_t plain[TUI_ROLE_COUNT]; /* attributes where no colours are to be had */
};

/* How a cell is shown: numbers as tui_color_at gives them. */
struct tui_ink {
    int fg, bg;
    uint8_t attributes;
};

/* The names of the themes that come with the console, in order of their names; NULL ends them. */
extern const char *const tui_theme_names[];

/* One of those. False if there is none of that name. */
bool tui_theme_find(const char *name, struct tui_theme *ret_theme);

/*
 * Reads a theme: [theme] with help and base (a theme to start from; none: every role as its
 * fallback), [style] with ROLE = [FG] [on BG] [bold] [dim] [underline] [reverse]. On failure false,
 * ret_theme is untouched and ret_error says LINE: what is wrong and what would be right.
 */
bool tui_theme_parse(const char *name, const char *text, struct tui_theme *ret_theme,
                     char ret_error[TUI_THEME_ERROR_SIZE]);

/* Reads the style of one role. */
bool tui_style_parse(const char *text, struct tui_style *ret_style);

/* The role of a name such as "graph-low"; TUI_ROLE_COUNT if there is none. */
enum tui_role tui_role_find(const char *name);

/*
 * How a role is shown. Where the depth has no background for the selected row, reverse marks it;
 * without colours every theme is shown by mono's attributes.
 */
struct tui_ink tui_theme_ink(const struct tui_theme *theme, enum tui_depth depth,
                             enum tui_role role, bool selected);

/* What is known about the terminal's colours. NULL: not set. */
struct tui_color_hints {
    const char *no_color, *colorterm, *term, *colorfgbg; /* the environment's variables */
    int colors;                                          /* terminfo's, negative: none */
    bool rgb;                                            /* terminfo says that it has direct ones */
};

/* "auto" or NULL: by the hints. "true", "256", "16", "8", "none". False for another name. */
bool tui_depth_choose(const char *name, const struct tui_color_hints *hints,
                      enum tui_depth *ret_depth);

/* What COLORFGBG says of the background: 1 light, 0 dark, -1 nothing. */
int tui_background_light(const struct tui_color_hints *hints);

#endif
