#include "terminal/codec/paint.h"

#include <string.h>
#include <wchar.h>

#include "text/text.h"

/* So many cells that did not change are written again sooner than skipped: it takes fewer bytes. */
#define BRIDGE_CELLS 4

static const struct tui_ink plain = {TUI_COLOR_DEFAULT, TUI_COLOR_DEFAULT, 0};

void tui_paint_finish(struct tui_paint *paint)
{
    tui_canvas_finish(&paint->shown);
}

void tui_paint_style(struct tui_paint *paint, const struct tui_theme *theme, enum tui_depth depth)
{
    paint->depth = depth;
    for (int role = 0; role < TUI_ROLE_COUNT; role++) {
        paint->inks[0][role] = tui_theme_ink(theme, depth, (enum tui_role)role, false);
        paint->inks[1][role] = tui_theme_ink(theme, depth, (enum tui_role)role, true);
    }
    paint->unknown = true;
}

void tui_paint_forget(struct tui_paint *paint)
{
    paint->unknown = true;
}

static bool same_ink(const struct tui_ink *a, const struct tui_ink *b)
{
    return a->fg == b->fg && a->bg == b->bg && a->attributes == b->attributes;
}

static void add_color(const struct tui_paint *paint, struct tui_bytes *out, int color, bool back)
{
    unsigned int n = (unsigned int)color;
    int base = back ? 40 : 30;

    if (color < 0)
        tui_bytes_print(out, "%d;", base + 9);
    else if (paint->depth == TUI_DEPTH_TRUE)
        tui_bytes_print(out, "%d;2;%u;%u;%u;", base + 8, n >> 16 & 255, n >> 8 & 255, n & 255);
    else if (paint->depth == TUI_DEPTH_256)
        tui_bytes_print(out, "%d;5;%u;", base + 8, n & 255);
    else if (n >= 8)
        tui_bytes_print(out, "%u;", (unsigned int)base + 60 + (n & 7));
    else
        tui_bytes_print(out, "%u;", (unsigned int)base + n);
}

static void set_pen(struct tui_paint *paint, struct tui_bytes *out, const struct tui_ink *ink)
{
    static const struct {
        uint8_t attribute;
        const char *code;
    } codes[] = {{TUI_ATTRIBUTE_BOLD, "1;"},
                 {TUI_ATTRIBUTE_DIM, "2;"},
                 {TUI_ATTRIBUTE_UNDERLINE, "4;"},
                 {TUI_ATTRIBUTE_REVERSE, "7;"}};
    struct tui_ink *pen = &paint->pen;

    if (same_ink(pen, ink))
        return;
    tui_bytes_text(out, "\033[");
    if (pen->attributes != ink->attributes) {
        /* The codes that end single attributes are not the same everywhere; 0 is. */
        tui_bytes_text(out, "0;");
        *pen = plain;
        for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
            if (ink->attributes & codes[i].attribute)
                tui_bytes_text(out, codes[i].code);
        }
    }
    if (pen->fg != ink->fg)
        add_color(paint, out, ink->fg, false);
    if (pen->bg != ink->bg)
        add_color(paint, out, ink->bg, true);
    if (!out->failed)
        out->data[out->len - 1] = 'm';
    *pen = *ink;
}

static void move_to(struct tui_paint *paint, struct tui_bytes *out, int y, int x)
{
    if (paint->y == y && paint->x == x)
        return;
    if (paint->y == y && paint->x >= 0 && x > paint->x && x - paint->x < 10)
        tui_bytes_print(out, "\033[%dC", x - paint->x);
    else if (paint->y == y)
        tui_bytes_print(out, "\033[%dG", x + 1);
    else if (x == 0)
        tui_bytes_print(out, "\033[%dH", y + 1);
    else
        tui_bytes_print(out, "\033[%d;%dH", y + 1, x + 1);
    paint->y = y;
    paint->x = x;
}

/* The character as bytes that can't be anything but one character. */
static size_t encode(wchar_t ch, char ret_text[4])
{
    uint32_t cp = (uint32_t)ch;

    if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
        cp = '?';
    return tui_text_put(ret_text, cp);
}

static struct tui_ink ink_of(const struct tui_paint *paint, const struct tui_cell *cell)
{
    if (cell->role == TUI_ROLE_PIXELS)
        return (struct tui_ink){tui_color_pixel(cell->fg, paint->depth),
                                tui_color_pixel(cell->bg, paint->depth), 0};
    return paint->inks[cell->selected != 0][cell->role < TUI_ROLE_COUNT ? cell->role : 0];
}

static bool is_blank(const struct tui_paint *paint, const struct tui_cell *cell)
{
    return cell->ch == L' ' && (ink_of(paint, cell).attributes &
                                (TUI_ATTRIBUTE_REVERSE | TUI_ATTRIBUTE_UNDERLINE)) == 0;
}

/* Whether two cells look the same: of a blank only the background is seen. */
static bool looks_same(const struct tui_paint *paint, const struct tui_cell *a,
                       const struct tui_cell *b)
{
    if (memcmp(a, b, sizeof(*a)) == 0)
        return true;
    if (is_blank(paint, a) && is_blank(paint, b))
        return ink_of(paint, a).bg == ink_of(paint, b).bg;
    struct tui_ink ink = ink_of(paint, a);
    struct tui_ink other = ink_of(paint, b);
    return a->ch == b->ch && same_ink(&ink, &other);
}

/* The ink of a cell, or the present one where the difference would not be seen. */
static struct tui_ink ink_needed(const struct tui_paint *paint, const struct tui_cell *cell)
{
    struct tui_ink ink = ink_of(paint, cell);

    if (is_blank(paint, cell) && ink.bg == paint->pen.bg &&
        (paint->pen.attributes & (TUI_ATTRIBUTE_REVERSE | TUI_ATTRIBUTE_UNDERLINE)) == 0)
        return paint->pen;
    return ink;
}

/* Rules, blocks and braille take one column everywhere; of the rest beyond ASCII nobody knows. */
static bool is_sure(wchar_t ch)
{
    return ch < 0x7f || (ch >= 0x2500 && ch < 0x25a0) || (ch >= 0x2800 && ch < 0x2900);
}

static void put_cell(struct tui_paint *paint, struct tui_bytes *out, int y, int x,
                     const struct tui_cell *cell, bool wide)
{
    struct tui_ink ink = ink_needed(paint, cell);
    char text[4];

    set_pen(paint, out, &ink);
    move_to(paint, out, y, x);
    if (wide) {
        /* Terminals differ in what is wide: both columns are theirs, and the cursor is anywhere. */
        tui_bytes_text(out, "  ");
        paint->x = -1;
        move_to(paint, out, y, x);
    }
    tui_bytes_add(out, text, encode(cell->ch, text));
    /* At the right edge it waits to wrap, and after an odd character it may be anywhere. */
    paint->x = wide || !is_sure(cell->ch) || x + 1 >= paint->shown.cols ? -1 : x + 1;
}

/* Comes to column x of its row by writing the few plain cells before it again, if that's possible.
 */
static void bridge(struct tui_paint *paint, const struct tui_cell *row, int y, int x,
                   struct tui_bytes *out)
{
    char text[BRIDGE_CELLS];
    int from = paint->x;

    if (paint->y != y || from < 0 || x - from > BRIDGE_CELLS)
        return;
    for (int i = from; i < x; i++) {
        struct tui_ink ink = ink_needed(paint, &row[i]);
        if (row[i].ch < 0x20 || row[i].ch > 0x7e || !same_ink(&ink, &paint->pen))
            return;
        text[i - from] = (char)row[i].ch;
    }
    if (x > from) {
        tui_bytes_add(out, text, (size_t)(x - from));
        paint->x = x;
    }
}

/* The column from which on the row is blank on the terminal's own background. */
static int blank_from(const struct tui_paint *paint, const struct tui_cell *row, int cols)
{
    while (cols > 0 && is_blank(paint, &row[cols - 1]) &&
           ink_of(paint, &row[cols - 1]).bg == TUI_COLOR_DEFAULT)
        cols--;
    return cols;
}

static void paint_row(struct tui_paint *paint, const struct tui_cell *now, int y,
                      struct tui_bytes *out)
{
    int cols = paint->shown.cols;
    struct tui_cell *before = &paint->shown.cells[y * cols];
    int end = blank_from(paint, now, cols);

    for (int x = 0; x < end; x++) {
        struct tui_cell cell = now[x];
        bool wide = cell.ch != 0 && x + 1 < cols && now[x + 1].ch == 0;
        /* A right half without its left one would be nothing at all. */
        if (cell.ch == 0 && (x == 0 || now[x - 1].ch == 0))
            cell.ch = L' ';
        if (cell.ch == 0 || (looks_same(paint, &cell, &before[x]) &&
                             (!wide || looks_same(paint, &now[x + 1], &before[x + 1]))))
            continue;
        bridge(paint, now, y, x, out);
        put_cell(paint, out, y, x, &cell, wide);
    }
    if (blank_from(paint, before, cols) > end) {
        set_pen(paint, out, &plain);
        move_to(paint, out, y, end);
        tui_bytes_text(out, "\033[K");
    }
    memcpy(before, now, (size_t)cols * sizeof(*now));
}

/* The terminal is blank and plain afterwards, and so is what is known of it. */
static bool start_anew(struct tui_paint *paint, const struct tui_canvas *canvas,
                       struct tui_bytes *out)
{
    struct tui_cell blank = {.ch = L' ', .role = TUI_ROLE_COUNT};

    if (!tui_canvas_resize(&paint->shown, canvas->rows, canvas->cols))
        return false;
    /* No cell of a canvas has this role: with a background of the theme's each one is painted. */
    if (paint->inks[0][TUI_ROLE_NORMAL].bg != TUI_COLOR_DEFAULT) {
        blank.ch = L'\0';
        for (int i = 0; i < canvas->rows * canvas->cols; i++)
            paint->shown.cells[i] = blank;
    }
    tui_bytes_text(out, "\033[0m\033[H\033[2J");
    paint->pen = plain;
    paint->y = paint->x = 0;
    paint->next_row = 0;
    paint->unknown = false;
    return true;
}

bool tui_paint_frame(struct tui_paint *paint, const struct tui_canvas *canvas, size_t bytes_max,
                     struct tui_bytes *out)
{
    size_t row_bytes = (size_t)canvas->cols * sizeof(struct tui_cell);

    if ((paint->unknown || paint->shown.rows != canvas->rows ||
         paint->shown.cols != canvas->cols) &&
        !start_anew(paint, canvas, out))
        return false;
    int first = paint->next_row;
    for (int i = 0; i < canvas->rows; i++) {
        int y = (first + i) % canvas->rows;
        const struct tui_cell *now = &canvas->cells[y * canvas->cols];
        if (memcmp(now, &paint->shown.cells[y * canvas->cols], row_bytes) == 0)
            continue;
        if (out->len >= bytes_max) {
            paint->next_row = y;
            return false;
        }
        paint_row(paint, now, y, out);
    }
    paint->next_row = 0;
    return true;
}
