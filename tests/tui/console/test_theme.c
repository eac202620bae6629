/* Themes as eyes see them: contrast, colour blindness, depths; and how one is chosen. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "theme/theme.h"

static const enum tui_depth exact[] = {TUI_DEPTH_256, TUI_DEPTH_TRUE};

/* The colours of a cell as xterm shows them on its black or white background. */
static void shown(const struct tui_theme *theme, enum tui_depth depth, enum tui_role role,
                  bool selected, uint32_t background, uint32_t *ret_fg, uint32_t *ret_bg)
{
    struct tui_ink ink = tui_theme_ink(theme, depth, role, selected);
    uint32_t fg = background == 0 ? 0xe5e5e5 : 0x000000;
    uint32_t bg = background;

    if (ink.fg >= 0)
        fg = depth == TUI_DEPTH_TRUE ? (uint32_t)ink.fg : tui_color_xterm(ink.fg);
    if (ink.bg >= 0)
        bg = depth == TUI_DEPTH_TRUE ? (uint32_t)ink.bg : tui_color_xterm(ink.bg);
    bool swap = (ink.attributes & TUI_ATTRIBUTE_REVERSE) != 0;
    *ret_fg = swap ? bg : fg;
    *ret_bg = swap ? fg : bg;
}

static double least_contrast(const char *name, uint32_t background, bool with_graphs)
{
    struct tui_theme theme;
    double least = 21;

    cr_assert(tui_theme_find(name, &theme));
    for (size_t d = 0; d < 2; d++) {
        for (int role = 0; role < TUI_ROLE_COUNT; role++) {
            for (int selected = 0; selected < 2; selected++) {
                uint32_t fg, bg;
                if (role == TUI_ROLE_SELECTED || (!with_graphs && role >= TUI_ROLE_GRAPH_LOW))
                    continue;
                shown(&theme, exact[d], (enum tui_role)role, selected, background, &fg, &bg);
                double ratio = tui_color_contrast(fg, bg);
                if (ratio < (with_graphs ? 7 : 4.5))
                    printf("%s: role %d, selected %d: %06x on %06x is %.2f:1\n", name, role,
                           selected, fg, bg, ratio);
                least = fmin(least, ratio);
            }
        }
    }
    return least;
}

Test(theme, contrast_is_measured_as_wcag_says)
{
    cr_assert_float_eq(tui_color_contrast(0, 0xffffff), 21, 0.001);
    cr_assert_float_eq(tui_color_contrast(0x777777, 0xffffff), 4.48, 0.01);
    cr_assert_float_eq(tui_color_contrast(0xffffff, 0x0000ff), 8.59, 0.01);
}

Test(theme, high_contrast_keeps_7_to_1_everywhere)
{
    cr_assert_geq(least_contrast("high-contrast", 0, true), 7, "on a black terminal");
    cr_assert_geq(least_contrast("high-contrast", 0xffffff, true), 7, "on a white one");
}

Test(theme, text_of_every_theme_can_be_read_on_its_background)
{
    cr_assert_geq(least_contrast("dark", 0, false), 4.5);
    cr_assert_geq(least_contrast("colour-blind", 0, false), 4.5);
    cr_assert_geq(least_contrast("light", 0xffffff, false), 4.5);
}

/* Machado, Oliveira and Fernandes 2009, severity 1.0, on linear light. */
static const double blindness[3][3][3] = {
    {{0.152286, 1.052583, -0.204868},
     {0.114503, 0.786281, 0.099216},
     {-0.003882, -0.048116, 1.051998}},
    {{0.367322, 0.860646, -0.227968},
     {0.280085, 0.672501, 0.047413},
     {-0.011820, 0.042940, 0.968881}},
    {{1.255528, -0.076749, -0.178779},
     {-0.078411, 0.930809, 0.147602},
     {0.004733, 0.691367, 0.303900}},
};

static uint32_t seen(uint32_t rgb, const double matrix[3][3])
{
    double linear[3];
    uint32_t out = 0;

    for (int i = 0; i < 3; i++) {
        double c = (double)(rgb >> (16 - 8 * i) & 0xff) / 255;
        linear[i] = c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
    }
    for (int i = 0; i < 3; i++) {
        double c = matrix[i][0] * linear[0] + matrix[i][1] * linear[1] + matrix[i][2] * linear[2];
        c = fmin(fmax(c, 0), 1);
        c = c <= 0.0031308 ? 12.92 * c : 1.055 * pow(c, 1 / 2.4) - 0.055;
        out = out << 8 | (uint32_t)lround(c * 255);
    }
    return out;
}

/* The smallest distance between good, warning and bad, for any kind of eyes. */
static double least_distance(const char *name)
{
    static const enum tui_role roles[] = {TUI_ROLE_OK, TUI_ROLE_WARN, TUI_ROLE_BAD};
    struct tui_theme theme;
    double least = 1000;

    cr_assert(tui_theme_find(name, &theme));
    for (size_t d = 0; d < 2; d++) {
        for (int kind = 0; kind < 3; kind++) {
            for (int a = 0; a < 3; a++) {
                uint32_t x = (uint32_t)tui_theme_ink(&theme, exact[d], roles[a], false).fg;
                uint32_t y =
                    (uint32_t)tui_theme_ink(&theme, exact[d], roles[(a + 1) % 3], false).fg;
                if (exact[d] == TUI_DEPTH_256) {
                    x = tui_color_xterm((int)x);
                    y = tui_color_xterm((int)y);
                }
                least = fmin(
                    least, tui_color_distance(seen(x, blindness[kind]), seen(y, blindness[kind])));
            }
        }
    }
    return least;
}

Test(theme, the_colour_blind_theme_keeps_good_warning_and_bad_apart)
{
    cr_assert_geq(least_distance("colour-blind"), 40);
    cr_assert_lt(least_distance("dark"), 40, "a theme that isn't made for it can't pass");
}

Test(theme, meaning_is_never_by_colour_alone)
{
    for (size_t i = 0; tui_theme_names[i]; i++) {
        struct tui_theme theme;
        cr_assert(tui_theme_find(tui_theme_names[i], &theme), "%s", tui_theme_names[i]);
        cr_assert_neq(theme.help[0], 0, "%s says what it is for", theme.name);
        struct tui_ink ok = tui_theme_ink(&theme, TUI_DEPTH_NONE, TUI_ROLE_OK, false);
        struct tui_ink warn = tui_theme_ink(&theme, TUI_DEPTH_NONE, TUI_ROLE_WARN, false);
        struct tui_ink bad = tui_theme_ink(&theme, TUI_DEPTH_NONE, TUI_ROLE_BAD, false);
        cr_assert_eq(ok.fg, TUI_COLOR_DEFAULT);
        cr_assert_neq(ok.attributes, warn.attributes);
        cr_assert_neq(warn.attributes, bad.attributes);
        cr_assert_neq(tui_theme_ink(&theme, TUI_DEPTH_NONE, TUI_ROLE_NORMAL, true).attributes, 0,
                      "the selected row stands out");
    }
}

Test(theme, each_depth_has_numbers_of_its_own)
{
    struct tui_theme theme;
    char error[TUI_THEME_ERROR_SIZE];

    cr_assert(
        tui_theme_parse("own", "[style]\nok = #87d787/bright-green on #101010\n", &theme, error));
    struct tui_ink ink = tui_theme_ink(&theme, TUI_DEPTH_TRUE, TUI_ROLE_OK, false);
    cr_assert_eq(ink.fg, 0x87d787);
    cr_assert_eq(ink.bg, 0x101010);
    cr_assert_eq(tui_theme_ink(&theme, TUI_DEPTH_256, TUI_ROLE_OK, false).fg, 114);
    cr_assert_eq(tui_theme_ink(&theme, TUI_DEPTH_256, TUI_ROLE_OK, false).bg, 233);
    cr_assert_eq(tui_theme_ink(&theme, TUI_DEPTH_16, TUI_ROLE_OK, false).fg, 10);
    ink = tui_theme_ink(&theme, TUI_DEPTH_8, TUI_ROLE_OK, false);
    cr_assert_eq(ink.fg, 2);
    cr_assert_eq(ink.attributes, TUI_ATTRIBUTE_BOLD, "a bright colour is a bold one of eight");
}

Test(theme, an_own_theme_starts_from_another_and_says_what_is_wrong)
{
    struct tui_theme theme, dark;
    char error[TUI_THEME_ERROR_SIZE] = "";

    cr_assert(tui_theme_find("dark", &dark));
    cr_assert(tui_theme_parse("own", "[theme]\nbase = dark\n[style]\nBAD = #ffffff on #aa0000\n",
                              &theme, error));
    cr_assert_str_eq(theme.name, "own");
    cr_assert_eq(theme.styles[TUI_ROLE_OK].fg.rgb, dark.styles[TUI_ROLE_OK].fg.rgb);
    cr_assert_eq(theme.styles[TUI_ROLE_BAD].bg.rgb, 0xaa0000);
    cr_assert_not(tui_theme_parse("own", "[style]\n\nok = pinkish\n", &theme, error));
    cr_assert(strstr(error, "3: ok: 'pinkish' is no style"), "%s", error);
    cr_assert_not(tui_theme_parse("own", "[style]\nokay = #ffffff\n", &theme, error));
    cr_assert(strstr(error, "2: there is no role 'okay'"), "%s", error);
    cr_assert_not(tui_theme_parse("own", "[theme]\nbase = nowhere\n", &theme, error));
    cr_assert_not(tui_theme_parse("own", "[style]\nok = #fff\n", &theme, error));
    cr_assert_not(tui_theme_parse("own", "[style]\nok = #ffffff on\n", &theme, error));
    cr_assert_not(tui_theme_parse("own", "[style]\nok = red blue\n", &theme, error));
}

Test(theme, depth_is_found_by_what_the_terminal_says)
{
    static const struct {
        struct tui_color_hints hints;
        enum tui_depth depth;
    } rows[] = {
        {{.term = "xterm-256color", .colors = 256}, TUI_DEPTH_256},
        {{.term = "xterm-256color", .colors = 256, .colorterm = "truecolor"}, TUI_DEPTH_TRUE},
        {{.term = "xterm-256color", .colors = 256, .colorterm = "24bit"}, TUI_DEPTH_TRUE},
        {{.term = "screen-256color", .colors = 256, .colorterm = "truecolor"}, TUI_DEPTH_256},
        {{.term = "tmux-256color", .colors = 256, .rgb = true}, TUI_DEPTH_TRUE},
        {{.term = "xterm", .colors = 8}, TUI_DEPTH_8},
        {{.term = "xterm-16color", .colors = 16}, TUI_DEPTH_16},
        {{.term = "vt100", .colors = -1}, TUI_DEPTH_NONE},
        {{.term = "dumb", .colors = 256, .colorterm = "truecolor"}, TUI_DEPTH_NONE},
        {{.term = "xterm-256color", .colors = 256, .no_color = "1"}, TUI_DEPTH_NONE},
        {{.term = "xterm-256color", .colors = 256, .no_color = ""}, TUI_DEPTH_256},
    };
    enum tui_depth depth;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_assert(tui_depth_choose("auto", &rows[i].hints, &depth));
        cr_assert_eq(depth, rows[i].depth, "row %zu", i);
    }
    cr_assert(tui_depth_choose("16", &rows[9].hints, &depth));
    cr_assert_eq(depth, TUI_DEPTH_16, "what was asked for goes before NO_COLOR");
    cr_assert_not(tui_depth_choose("512", &rows[0].hints, &depth));
}

Test(theme, the_background_is_taken_from_colorfgbg)
{
    struct tui_color_hints hints = {.colorfgbg = "15;0"};

    cr_assert_eq(tui_background_light(&hints), 0);
    hints.colorfgbg = "0;default;15";
    cr_assert_eq(tui_background_light(&hints), 1);
    hints.colorfgbg = "nonsense";
    cr_assert_eq(tui_background_light(&hints), -1);
    hints.colorfgbg = NULL;
    cr_assert_eq(tui_background_light(&hints), -1);
}
