/* Text that others chose, and numbers, as they stand on the screen. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "app/app.h"
#include "model/figure.h"
#include "terminal/codec/paint.h"
#include "text/text.h"
#include "views/chrome.h"
#include "vt_check.h"

static struct tui_canvas canvas;

static void setup(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    canvas = (struct tui_canvas){0};
    cr_assert(tui_canvas_resize(&canvas, 16, 60));
}

static void teardown(void)
{
    tui_canvas_finish(&canvas);
}

TestSuite(text, .init = setup, .fini = teardown);

static size_t encode(uint32_t cp, char ret_text[5])
{
    size_t bytes = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

    memset(ret_text, 0, 5);
    for (size_t i = bytes - 1; i > 0; i--) {
        ret_text[i] = (char)(0x80 | (cp & 0x3f));
        cp >>= 6;
    }
    ret_text[0] = bytes == 1 ? (char)cp : (char)((0xf00 >> bytes & 0xff) | cp);
    return bytes;
}

Test(text, what_is_written_as_utf_8_is_read_as_the_same)
{
    for (uint32_t cp = 1; cp <= 0x10ffff; cp++) {
        char bytes[5] = "";
        const char *at = bytes;
        if (cp >= 0xd800 && cp < 0xe000)
            continue;
        size_t n = tui_text_put(bytes, cp);
        cr_assert_eq(tui_text_next(&at), cp, "U+%04X", cp);
        cr_assert_eq(at, bytes + n, "U+%04X", cp);
    }
}

Test(text, every_code_point_takes_one_column_or_two_and_none_that_moves_is_left)
{
    for (uint32_t cp = 1; cp < 0x110000; cp++) {
        char text[5];
        char clean[16];
        size_t at;
        encode(cp, text);
        tui_text_clean(clean, sizeof(clean), text);
        int width = tui_canvas_width(&canvas, clean);
        cr_assert(width >= 1 && width <= (cp >= 0xd800 && cp < 0xe000 ? 3 : 2), "U+%04X: %d", cp,
                  width);
        cr_assert(vt_check(clean, strlen(clean), &at), "U+%04X", cp);
    }
}

Test(text, what_hides_or_moves_its_neighbours_is_shown_as_a_mark)
{
    static const struct {
        const char *text, *shown;
    } rows[] = {
        {"\u202eevil\u202c", "?evil?"},    /* right to left */
        {"\u2066a\u2069", "?a?"},          /* isolates */
        {"a\u200bb\u200d\ufeff", "a?b??"}, /* nothing wide */
        {"e\u0301", "e?"},                 /* combining */
        {"\u2764\ufe0f", "\u2764?"},       /* variation selector */
        {"\x1b[31m", "?[31m"},             /* control */
        {"\xc2\x9b"
         "31m",
         "?31m"},                               /* C1 */
        {"\xff\xc0\xaf\xed\xa0\x80", "??????"}, /* ill-formed */
        {"a\tb\nc", "a?b?c"},
    };
    char clean[64];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tui_text_clean(clean, sizeof(clean), rows[i].text);
        cr_assert_str_eq(clean, rows[i].shown, "row %zu: %s", i, clean);
    }
}

Test(text, wide_characters_and_emoji_keep_the_columns_behind_them_in_place)
{
    struct tui_paint paint = {0};
    struct tui_bytes out = {0};
    struct tui_theme theme;

    cr_assert_eq(tui_canvas_width(&canvas, "\u65e5\u672c"), 4);
    cr_assert_eq(tui_canvas_width(&canvas, "\U0001f600"), 2);
    canvas.ascii = true;
    cr_assert_eq(tui_canvas_width(&canvas, "\u65e5\u672c"), 2, "in ASCII each is one mark");
    canvas.ascii = false;
    /* A terminal may see another width: the next column is addressed, not hoped for. */
    cr_assert(tui_theme_find("mono", &theme));
    tui_paint_style(&paint, &theme, TUI_DEPTH_NONE);
    tui_canvas_text(&canvas, 2, 0, 20, TUI_ROLE_NORMAL, "\U0001f600x");
    cr_assert(tui_paint_frame(&paint, &canvas, SIZE_MAX, &out));
    tui_bytes_add(&out, "", 1);
    cr_assert(strstr(out.data, "\xf0\x9f\x98\x80\033[3Gx"), "a move between the two");
    tui_bytes_finish(&out);
    tui_paint_finish(&paint);
}

Test(text, names_of_ten_megabytes_stay_in_their_cells)
{
    static const char before[] = "{\"totals\":{},\"agents\":[{\"name\":\"";
    static const char after[] = "\",\"state\":\"ready\"}]}";
    size_t size = 10 << 20;
    char *text = malloc(sizeof(before) + size + sizeof(after));
    struct tui_app *app = tui_app_create();
    struct tui_paint paint = {0};
    struct tui_bytes out = {0};
    struct tui_theme theme;
    size_t at;

    cr_assert(text && app);
    memcpy(text, before, sizeof(before) - 1);
    for (size_t i = 0; i < size; i++)
        text[sizeof(before) - 1 + i] = "\xe2\x80\xae[2J;\xff"[i % 8];
    memcpy(text + sizeof(before) - 1 + size, after, sizeof(after));
    app->now_ms = 1000;
    tui_app_update(app, tui_update_parse(TUI_UPDATE_FLEET, text, strlen(text), 1000));
    tui_app_key(app, '2');
    tui_chrome_draw(app, &canvas);
    cr_assert(tui_theme_find("dark", &theme));
    tui_paint_style(&paint, &theme, TUI_DEPTH_256);
    cr_assert(tui_paint_frame(&paint, &canvas, SIZE_MAX, &out));
    cr_assert(vt_check(out.data, out.len, &at), "byte %zu", at);
    cr_assert_leq(out.len, 16 * 60 * 4, "a screen's worth");
    free(text);
    tui_bytes_finish(&out);
    tui_paint_finish(&paint);
    tui_app_destroy(app);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static const char *count_text(double value)
{
    static char text[TUI_FIGURE_SIZE];
    tui_figure_count(text, sizeof(text), (uint64_t)value);
    return text;
}

static const char *us_text(double value)
{
    static char text[TUI_FIGURE_SIZE];
    tui_figure_us(text, sizeof(text), value);
    return text;
}

static const char *age_text(double value)
{
    static char text[TUI_FIGURE_SIZE];
    tui_figure_age(text, sizeof(text), (uint64_t)value);
    return text;
}

static const char *bytes_text(double value)
{
    static char text[TUI_FIGURE_SIZE];
    tui_figure_bytes(text, sizeof(text), (uint64_t)value);
    return text;
}

static const char *percent_text(double value)
{
    static char text[TUI_FIGURE_SIZE];
    tui_figure_percent(text, sizeof(text), value);
    return text;
}

static const char *rate_text(double value)
{
    static char text[TUI_FIGURE_SIZE];
    tui_figure_rate(text, sizeof(text), value);
    return text;
}

static const struct {
    const char *(*figure)(double value);
    double value;
    const char *text;
} figures[] = {
    {count_text, 0, "0"},
    {count_text, 999, "999"},
    {count_text, 1000, "1,000"},
    {count_text, 9999, "9,999"},
    {count_text, 10000, "10.0k"},
    {count_text, 99949, "99.9k"},
    {count_text, 99950, "100k"},
    {count_text, 999499, "999k"},
    {count_text, 999500, "1.0M"},
    {count_text, 999400000, "999.4M"},
    {count_text, 7.1e9, "7.1G"},
    {rate_text, 0.04, "0"},
    {rate_text, 0.05, "0.1"},
    {rate_text, 99.94, "99.9"},
    {rate_text, 99.95, "100"},
    {rate_text, 1284.2, "1,284"},
    {us_text, 0, "0 us"},
    {us_text, 999.4, "999 us"},
    {us_text, 999.5, "1.0 ms"},
    {us_text, 9949, "9.9 ms"},
    {us_text, 9950, "10 ms"},
    {us_text, 999.4e3, "999 ms"},
    {us_text, 999.5e3, "1.0 s"},
    {us_text, 119e6, "119 s"},
    {us_text, 120e6, "2 min"},
    {age_text, 0, "0.0s"},
    {age_text, 9999, "9.9s"},
    {age_text, 10000, "10s"},
    {age_text, 119999, "119s"},
    {age_text, 120000, "2m"},
    {age_text, 7199999, "119m"},
    {age_text, 7200000, "2h"},
    {age_text, 172800000, "2d"},
    {bytes_text, 1023, "1023 B"},
    {bytes_text, 1024, "1.0 KiB"},
    {bytes_text, 1023.4 * 1024, "1023 KiB"},
    {bytes_text, 1023.6 * 1024, "1.0 MiB"},
    {bytes_text, 15.2 * (1 << 30), "15 GiB"},
    {percent_text, 0, "0%"},
    {percent_text, 0.996, "99%"},
    {percent_text, 1, "100%"},
};

static void check_figures(void)
{
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        cr_expect_str_eq(figures[i].figure(figures[i].value), figures[i].text,
                         "row %zu: %s, not %s", i, figures[i].figure(figures[i].value),
                         figures[i].text);
    cr_expect_str_eq(us_text(NAN), "-");
    cr_expect_str_eq(rate_text(NAN), "-");
    cr_expect_str_eq(percent_text(NAN), "-");
}

Test(text, a_figure_changes_its_unit_without_a_jump)
{
    check_figures();
}

Test(text, numbers_are_the_same_in_every_locale)
{
    static const char *const commas[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "C.UTF-8"};

    for (size_t i = 0; i < sizeof(commas) / sizeof(commas[0]); i++) {
        /* As main() does: the characters are the locale's, numbers never. */
        setlocale(LC_ALL, commas[i]);
        setlocale(LC_NUMERIC, "C");
        check_figures();
    }
}
