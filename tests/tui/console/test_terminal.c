/* What goes to the terminal, read back by a terminal emulator; and what comes from it. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <vterm.h>

#include "keys/keymap.h"
#include "terminal/codec/input.h"
#include "terminal/codec/paint.h"
#include "vt_check.h"

static struct tui_paint paint;
static struct tui_canvas canvas;
static struct tui_bytes bytes;
static struct tui_theme theme;
static struct tui_input input;
static VTerm *vterm;
static VTermScreen *screen;
static uint32_t seed;

static uint32_t number(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static void start(int rows, int cols, const char *name, enum tui_depth depth)
{
    cr_assert(tui_canvas_resize(&canvas, rows, cols));
    cr_assert(tui_theme_find(name, &theme));
    tui_paint_style(&paint, &theme, depth);
    vterm = vterm_new(rows, cols);
    vterm_set_utf8(vterm, 1);
    screen = vterm_obtain_screen(vterm);
    vterm_screen_reset(screen, 1);
}

static void setup(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    memset(&paint, 0, sizeof(paint));
    memset(&canvas, 0, sizeof(canvas));
    memset(&bytes, 0, sizeof(bytes));
    seed = 1;
    tui_input_init(&input, 50);
}

static void teardown(void)
{
    if (vterm)
        vterm_free(vterm);
    tui_paint_finish(&paint);
    tui_canvas_finish(&canvas);
    tui_bytes_finish(&bytes);
}

TestSuite(terminal, .init = setup, .fini = teardown);

/* Sends a frame; the bytes it took. */
static size_t show(size_t bytes_max, bool *ret_whole)
{
    size_t at = 0;
    tui_bytes_clear(&bytes);
    *ret_whole = tui_paint_frame(&paint, &canvas, bytes_max, &bytes);
    cr_assert(vt_check(bytes.data ? bytes.data : "", bytes.len, &at), "byte %zu is not allowed",
              at);
    vterm_input_write(vterm, bytes.data ? bytes.data : "", bytes.len);
    return bytes.len;
}

static void show_all(void)
{
    bool whole;
    show(SIZE_MAX, &whole);
    cr_assert(whole);
}

static void same_color(const VTermColor *got, int wanted, enum tui_depth depth, int y, int x)
{
    if (wanted < 0)
        cr_assert(VTERM_COLOR_IS_DEFAULT_FG(got) || VTERM_COLOR_IS_DEFAULT_BG(got), "%d,%d", y, x);
    else if (depth == TUI_DEPTH_TRUE)
        cr_assert(VTERM_COLOR_IS_RGB(got) && got->rgb.red == (wanted >> 16 & 255) &&
                      got->rgb.green == (wanted >> 8 & 255) && got->rgb.blue == (wanted & 255),
                  "%d,%d", y, x);
    else
        cr_assert(VTERM_COLOR_IS_INDEXED(got) && got->indexed.idx == wanted, "%d,%d: %d for %d", y,
                  x, got->indexed.idx, wanted);
}

/* The emulator's screen is the canvas, cell for cell. */
static void compare(void)
{
    for (int y = 0; y < canvas.rows; y++) {
        for (int x = 0; x < canvas.cols; x++) {
            const struct tui_cell *cell = tui_canvas_at(&canvas, y, x);
            const struct tui_ink pixels = {tui_color_pixel(cell->fg, paint.depth),
                                           tui_color_pixel(cell->bg, paint.depth), 0};
            const struct tui_ink *ink = cell->role == TUI_ROLE_PIXELS
                                            ? &pixels
                                            : &paint.inks[cell->selected != 0][cell->role];
            VTermScreenCell got;
            if (cell->ch == 0)
                continue;
            cr_assert(vterm_screen_get_cell(screen, (VTermPos){y, x}, &got));
            wchar_t ch = got.chars[0] == 0 ? L' ' : (wchar_t)got.chars[0];
            cr_assert_eq(ch, cell->ch, "%d,%d shows %x, not %x", y, x, (unsigned int)ch,
                         (unsigned int)cell->ch);
            same_color(&got.bg, ink->bg, paint.depth, y, x);
            cr_assert_eq(got.attrs.reverse, (ink->attributes & TUI_ATTRIBUTE_REVERSE) != 0);
            cr_assert_eq(got.attrs.underline, (ink->attributes & TUI_ATTRIBUTE_UNDERLINE) != 0);
            if (cell->ch == L' ')
                continue;
            same_color(&got.fg, ink->fg, paint.depth, y, x);
            cr_assert_eq(got.attrs.bold, (ink->attributes & TUI_ATTRIBUTE_BOLD) != 0);
        }
    }
}

static void scribble(void)
{
    static const wchar_t odd[] = {0xe9, 0x2500, 0x2588, 0x28ff, 0x25b8, 0x65e5, 0x8a9e, 0x1f600};

    for (int i = 0; i < 40; i++) {
        int y = (int)number((uint32_t)canvas.rows);
        int x = (int)number((uint32_t)canvas.cols);
        wchar_t ch =
            number(3) ? (wchar_t)(number(5) ? 'a' + (int)number(26) : ' ') : odd[number(8)];
        enum tui_role role = (enum tui_role)number(TUI_ROLE_COUNT);
        bool wide = ch > 0x2900;
        for (int n = (int)number(12); n >= 0 && x + wide < canvas.cols; n--, x += 1 + wide) {
            struct tui_cell *old = tui_canvas_at(&canvas, y, x);
            if (old->ch == 0)
                tui_canvas_at(&canvas, y, x - 1)->ch = L'?';
            tui_canvas_put(&canvas, y, x, ch, role);
            if (wide)
                tui_canvas_put(&canvas, y, x + 1, 0, role);
            if (x + 1 + wide < canvas.cols && tui_canvas_at(&canvas, y, x + 1 + wide)->ch == 0)
                tui_canvas_at(&canvas, y, x + 1 + wide)->ch = L'!';
        }
        if (number(4) == 0)
            tui_canvas_select(&canvas, y, 0, canvas.cols);
    }
    if (number(6) == 0)
        tui_canvas_clear(&canvas);
}

static void scribble_and_compare(const char *name, enum tui_depth depth, size_t bytes_max)
{
    start(20, 70, name, depth);
    for (int frame = 0; frame < 60; frame++) {
        bool whole = false;
        scribble();
        for (int part = 0; !whole && part < 200; part++)
            show(bytes_max, &whole);
        cr_assert(whole);
        compare();
    }
}

Test(terminal, what_is_painted_is_what_is_shown)
{
    scribble_and_compare("dark", TUI_DEPTH_256, SIZE_MAX);
}

Test(terminal, a_theme_with_a_background_fills_every_cell)
{
    scribble_and_compare("high-contrast", TUI_DEPTH_TRUE, SIZE_MAX);
}

Test(terminal, sixteen_colours_and_none)
{
    scribble_and_compare("light", TUI_DEPTH_16, SIZE_MAX);
    vterm_free(vterm);
    scribble_and_compare("mono", TUI_DEPTH_NONE, SIZE_MAX);
}

Test(terminal, frames_that_are_cut_come_together_in_the_end)
{
    scribble_and_compare("dark", TUI_DEPTH_256, 100);
}

Test(terminal, a_cut_frame_takes_little_more_than_it_may)
{
    bool whole;
    start(50, 200, "dark", TUI_DEPTH_256);
    for (int y = 0; y < 50; y++)
        tui_canvas_text(&canvas, y, 0, 200, TUI_ROLE_NORMAL,
                        "a row of text that is not short at all");
    cr_assert_leq(show(500, &whole), 600, "one row more at most");
    cr_assert_not(whole);
}

Test(terminal, what_did_not_change_is_not_sent)
{
    bool whole;
    start(50, 200, "dark", TUI_DEPTH_256);
    tui_canvas_text(&canvas, 10, 5, 100, TUI_ROLE_NORMAL, "throughput 1,284 jobs/s");
    show_all();
    cr_assert_eq(show(SIZE_MAX, &whole), 0);
    tui_canvas_text(&canvas, 10, 5, 100, TUI_ROLE_NORMAL, "throughput 1,285 jobs/s");
    cr_assert_leq(show(SIZE_MAX, &whole), 12, "a move and a figure");
    tui_paint_forget(&paint);
    cr_assert_gt(show(SIZE_MAX, &whole), 23, "everything after something else was on the screen");
    compare();
}

Test(terminal, cells_of_any_content_send_nothing_else)
{
    start(20, 70, "dark", TUI_DEPTH_256);
    for (int frame = 0; frame < 50; frame++) {
        bool whole;
        for (int i = 0; i < canvas.rows * canvas.cols; i++)
            canvas.cells[i] = (struct tui_cell){
                .ch = (wchar_t)(number(3) ? number(0x120) - 4 : number(0x7fffffff)),
                .role = (uint8_t)number(256),
                .selected = (uint8_t)number(256)};
        size_t at = 0;
        tui_bytes_clear(&bytes);
        whole = tui_paint_frame(&paint, &canvas, SIZE_MAX, &bytes);
        cr_assert(whole);
        cr_assert(vt_check(bytes.data, bytes.len, &at), "frame %d, byte %zu", frame, at);
    }
}

/* ---- what comes from it ---------------------------------------------------------------------- */

static void feed(const char *text, size_t len, int64_t now_ms)
{
    tui_input_add(&input, text, len, now_ms);
}

static uint32_t next_key(int64_t now_ms)
{
    struct tui_event_input event;
    if (!tui_input_next(&input, now_ms, &event))
        return TUI_KEY_NONE;
    cr_assert_eq(event.kind, TUI_EVENT_KEY);
    return event.key;
}

static const struct {
    const char *bytes;
    uint32_t key;
} known[] = {
    {"a", 'a'},
    {"\r", TUI_KEY_ENTER},
    {"\n", TUI_KEY_ENTER},
    {"\t", TUI_KEY_TAB},
    {"\177", TUI_KEY_BACKSPACE},
    {"\b", TUI_KEY_BACKSPACE},
    {"\x03", 3},
    {"\xc3\xa9", 0xe9},
    {"\xe6\x97\xa5", 0x65e5},
    {"\xf0\x9f\x98\x80", 0x1f600},
    {"\033[A", TUI_KEY_UP},
    {"\033OA", TUI_KEY_UP},
    {"\033[1;5A", TUI_KEY_UP | TUI_KEY_CTRL},
    {"\033[1;2D", TUI_KEY_LEFT | TUI_KEY_SHIFT},
    {"\033[1;3C", TUI_KEY_RIGHT | TUI_KEY_ALT},
    {"\033[5~", TUI_KEY_PAGE_UP},
    {"\033[6;5~", TUI_KEY_PAGE_DOWN | TUI_KEY_CTRL},
    {"\033[H", TUI_KEY_HOME},
    {"\033[1~", TUI_KEY_HOME},
    {"\033[7~", TUI_KEY_HOME},
    {"\033[8~", TUI_KEY_END},
    {"\033[Z", TUI_KEY_SHIFT_TAB},
    {"\033[3~", TUI_KEY_DELETE},
    {"\033OP", TUI_KEY_F1},
    {"\033[11~", TUI_KEY_F1},
    {"\033[[A", TUI_KEY_F1},
    {"\033[15~", TUI_KEY_F1 + 4},
    {"\033[24~", TUI_KEY_F12},
    {"\033x", 'x' | TUI_KEY_ALT},
    {"\033\xc3\xa9", 0xe9 | TUI_KEY_ALT},
    {"\033[97;5u", 1},
    {"\033[120;3u", 'x' | TUI_KEY_ALT},
};

Test(terminal, keys_are_known_however_they_arrive)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        size_t len = strlen(known[i].bytes);
        feed(known[i].bytes, len, 0);
        cr_assert_eq(next_key(0), known[i].key, "row %zu", i);
        cr_assert_eq(input.len, 0, "row %zu", i);
        /* Byte by byte, as over a slow line: nothing is told before it is whole. */
        for (size_t b = 0; b < len; b++) {
            feed(known[i].bytes + b, 1, (int64_t)b * 20);
            uint32_t key = next_key((int64_t)b * 20);
            cr_assert_eq(key, b + 1 == len ? known[i].key : TUI_KEY_NONE, "row %zu, byte %zu", i,
                         b);
        }
    }
}

Test(terminal, a_lone_escape_is_quick_and_a_torn_sequence_is_not_keys)
{
    feed("\033", 1, 1000);
    cr_assert_eq(next_key(1049), TUI_KEY_NONE);
    cr_assert_eq(tui_input_wait_ms(&input, 1049), 1);
    cr_assert_eq(next_key(1050), TUI_KEY_ESC);
    feed("\033\033", 2, 2000);
    cr_assert_eq(next_key(2000), TUI_KEY_ESC, "the second one shows that the first is alone");
    cr_assert_eq(next_key(2050), TUI_KEY_ESC);
    feed("\033[1;", 4, 3000);
    cr_assert_eq(next_key(3400), TUI_KEY_NONE);
    cr_assert_eq(next_key(3500), TUI_KEY_NONE, "the rest never came: nothing, and no digits");
    cr_assert_eq(input.len, 0);
    feed("\033[", 2, 4000);
    cr_assert_eq(next_key(4500), '[' | TUI_KEY_ALT);
    feed("\033[?1;2c\033[>0;1cq", 15, 5000);
    cr_assert_eq(next_key(5000), 'q', "answers that nobody asked for are no keys");
}

Test(terminal, pasted_text_is_no_keys)
{
    static const char text[] = "\033[200~:drain ember-01\r\033[Aq\x03\033[201~";
    struct tui_event_input event;

    for (size_t i = 0; i + 1 < sizeof(text); i++) {
        cr_assert_not(tui_input_next(&input, 100, &event), "an event from inside, at byte %zu", i);
        feed(text + i, 1, 100);
    }
    cr_assert(tui_input_next(&input, 100, &event));
    cr_assert_eq(event.kind, TUI_EVENT_PASTE);
    cr_assert_str_eq(event.text, ":drain ember-01  [Aq ");
    feed("x", 1, 100);
    cr_assert_eq(next_key(100), 'x');
    /* A paste of any length is cut, and one without an end doesn't hold the keys for ever. */
    feed("\033[200~", 6, 200);
    for (int i = 0; i < 2000; i++) {
        feed("0123456789", 10, 200);
        cr_assert_not(tui_input_next(&input, 200, &event));
    }
    cr_assert(tui_input_next(&input, 6000, &event));
    cr_assert_eq(strlen(event.text), TUI_PASTE_MAX);
    feed("q", 1, 6000);
    cr_assert_eq(next_key(6000), 'q');
}

Test(terminal, the_mouse_has_cells)
{
    static const struct {
        const char *bytes;
        struct tui_pointer pointer;
    } rows[] = {
        {"\033[<0;5;3M", {TUI_POINTER_PRESS, 2, 4}},
        {"\033[<0;5;3m", {TUI_POINTER_RELEASE, 2, 4}},
        {"\033[<32;300;3M", {TUI_POINTER_DRAG, 2, 299}},
        {"\033[<64;1;1M", {TUI_POINTER_WHEEL_UP, 0, 0}},
        {"\033[<65;1;1M", {TUI_POINTER_WHEEL_DOWN, 0, 0}},
        {"\033[<2;1;1M", {TUI_POINTER_OTHER, 0, 0}},
    };
    struct tui_event_input event;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        feed(rows[i].bytes, strlen(rows[i].bytes), 0);
        cr_assert(tui_input_next(&input, 0, &event));
        cr_assert_eq(event.kind, TUI_EVENT_POINTER);
        cr_assert_eq(event.pointer.kind, rows[i].pointer.kind, "row %zu", i);
        cr_assert_eq(event.pointer.y, rows[i].pointer.y);
        cr_assert_eq(event.pointer.x, rows[i].pointer.x);
    }
    feed("\033[<0;0;0Mq", 10, 0);
    cr_assert_eq(next_key(0), 'q', "there is no cell before the first");
}

Test(terminal, the_answer_about_the_background_eats_no_key)
{
    struct tui_event_input event;

    feed("a\033]11;rgb:ffff/8080/0000\033\\b", 27, 0);
    cr_assert_eq(next_key(0), 'a');
    cr_assert(tui_input_next(&input, 0, &event));
    cr_assert_eq(event.kind, TUI_EVENT_BACKGROUND);
    cr_assert_eq(event.rgb, 0xff8000);
    cr_assert_eq(next_key(0), 'b');
    feed("\033]11;rgb:1f/1f/1f\ac", 19, 0);
    cr_assert(tui_input_next(&input, 0, &event));
    cr_assert_eq(event.rgb, 0x1f1f1f);
    cr_assert_eq(next_key(0), 'c');
    feed("\033]52;c;Zm9v\a\033P1$r0m\033\\d", 22, 0);
    cr_assert_eq(next_key(0), 'd', "other strings mean nothing");
}

Test(terminal, any_bytes_are_taken)
{
    static const char likely[] = "\033[]OP<;0129M~u\a\\\033[200~";
    struct tui_event_input event;
    int64_t now = 0;

    for (int i = 0; i < 200000; i++) {
        char some[16];
        size_t len = number(sizeof(some)) + 1;
        for (size_t b = 0; b < len; b++)
            some[b] = number(3) ? likely[number(sizeof(likely) - 1)] : (char)number(256);
        if (len > tui_input_room(&input))
            len = tui_input_room(&input);
        feed(some, len, now);
        while (tui_input_next(&input, now, &event)) {
            if (event.kind == TUI_EVENT_POINTER)
                cr_assert(event.pointer.y >= 0 && event.pointer.x >= 0);
        }
        cr_assert_geq(tui_input_room(&input), 1, "it never gets stuck");
        now += number(100) ? 1 : 10000;
    }
}

Test(terminal, pictures_have_colours_of_their_own)
{
    VTermScreenCell cell;
    VTermPos at = {.row = 1, .col = 2};

    start(4, 10, "dark", TUI_DEPTH_TRUE);
    tui_canvas_clear(&canvas);
    tui_canvas_pixels(&canvas, 1, 2, 0x123456, 0xfedcba);
    tui_canvas_pixels(&canvas, 1, 3, 0x123456, 0x000000);
    show_all();
    vterm_screen_get_cell(screen, at, &cell);
    cr_assert_eq(cell.chars[0], 0x2580);
    same_color(&cell.fg, 0x123456, TUI_DEPTH_TRUE, 1, 2);
    same_color(&cell.bg, 0xfedcba, TUI_DEPTH_TRUE, 1, 2);
    tui_paint_style(&paint, &theme, TUI_DEPTH_256);
    show_all();
    vterm_screen_get_cell(screen, at, &cell);
    same_color(&cell.fg, 16 + 6 + 1, TUI_DEPTH_256, 1, 2);
    cr_assert_eq(tui_color_pixel(0xffffff, TUI_DEPTH_256), 231);
    cr_assert_eq(tui_color_pixel(0x808080, TUI_DEPTH_256), 16 + 2 * 43);
}
