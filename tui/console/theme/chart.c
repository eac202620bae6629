#include "theme/chart.h"

#include <math.h>
#include <string.h>

#include "text/text.h"

#define HEAT_SHADES 6

static wchar_t spark_of(enum tui_glyphs glyphs, double value, double max)
{
    static const char ascii[] = "_.:-=+*#";

    if (isnan(value))
        return L' ';
    int level = max > 0 ? (int)ceil(fmin(fmax(value / max, 0), 1) * 8) : 0;
    level = level < 1 ? 1 : level;
    return glyphs == TUI_GLYPHS_ASCII ? (wchar_t)ascii[level - 1] : (wchar_t)(0x2580 + level);
}

void tui_spark_draw(struct tui_canvas *canvas, int y, int x, int cols, enum tui_glyphs glyphs,
                    enum tui_role role, const float *values, double max)
{
    for (int i = 0; i < cols; i++)
        tui_canvas_put(canvas, y, x + i, spark_of(glyphs, (double)values[i], max), role);
}

/* Appends a character as UTF-8, if it fits. */
static char *append(char *at, const char *end, wchar_t ch)
{
    char bytes[4];
    size_t n = tui_text_put(bytes, (uint32_t)ch);

    if (n < (size_t)(end - at)) {
        memcpy(at, bytes, n);
        at += n;
    }
    *at = 0;
    return at;
}

void tui_spark_text(char *ret_text, size_t size, enum tui_glyphs glyphs, const float *values,
                    size_t count, double max)
{
    char *at = ret_text;

    *at = 0;
    for (size_t i = 0; i < count; i++)
        at = append(at, ret_text + size, spark_of(glyphs, (double)values[i], max));
}

double tui_spark_sample(const struct tui_series *series, const struct tui_timeline *time,
                        float *ret_values)
{
    double max = NAN;

    for (int col = 0; col < time->cols; col++) {
        uint64_t from;
        uint64_t count = tui_timeline_slots(time, col, 0, 1, &from);
        struct tui_bucket bucket = {.count = 0};
        if (count > 0)
            bucket = tui_series_over(series, from, count);
        ret_values[col] = bucket.count > 0 ? bucket.max : NAN;
        max = fmax(max, (double)ret_values[col]);
    }
    return max;
}

static wchar_t heat_shade(enum tui_glyphs glyphs, int shade)
{
    static const wchar_t blocks[HEAT_SHADES] = {L'\u00b7', L':',      L'\u2591',
                                                L'\u2592', L'\u2593', L'\u2588'};
    static const wchar_t ascii[HEAT_SHADES] = {L'.', L':', L'-', L'+', L'%', L'@'};

    return glyphs == TUI_GLYPHS_ASCII ? ascii[shade] : blocks[shade];
}

static enum tui_role heat_role(int shade)
{
    static const enum tui_role roles[HEAT_SHADES] = {TUI_ROLE_HEAT_1, TUI_ROLE_HEAT_2,
                                                     TUI_ROLE_HEAT_3, TUI_ROLE_HEAT_4,
                                                     TUI_ROLE_HEAT_5, TUI_ROLE_HEAT_6};

    return roles[shade];
}

void tui_heat_draw(struct tui_canvas *canvas, struct tui_rect rect, enum tui_glyphs glyphs,
                   const float *values, double max)
{
    for (int row = 0; row < rect.rows; row++) {
        double v = (double)values[row];
        if (!(v > 0) || !(max > 0))
            continue;
        int shade = (int)floor(sqrt(fmin(v / max, 1)) * HEAT_SHADES);
        shade = shade >= HEAT_SHADES ? HEAT_SHADES - 1 : shade;
        for (int col = 0; col < rect.cols; col++)
            tui_canvas_put(canvas, rect.y + rect.rows - 1 - row, rect.x + col,
                           heat_shade(glyphs, shade), heat_role(shade));
    }
}

int tui_heat_legend(struct tui_canvas *canvas, int y, int x, int cols, enum tui_glyphs glyphs)
{
    int used = 0;

    for (int shade = 0; shade < HEAT_SHADES && used < cols; shade++)
        tui_canvas_put(canvas, y, x + used++, heat_shade(glyphs, shade), heat_role(shade));
    return used;
}

wchar_t tui_stack_shade(enum tui_glyphs glyphs, size_t part)
{
    static const wchar_t blocks[] = {L'\u2591', L'\u2593', L'\u2588', L'\u2592'};
    static const wchar_t ascii[] = {L'.', L'%', L'#', L'='};

    return glyphs == TUI_GLYPHS_ASCII ? ascii[part % 4] : blocks[part % 4];
}

static double part_value(const struct tui_part *part)
{
    return part->value > 0 ? part->value : 0;
}

/* The columns of each part. */
static void divide(int cols, const struct tui_part *parts, size_t count,
                   int ret_cols[TUI_PARTS_MAX])
{
    double left = 0;
    size_t parts_left = 0;

    for (size_t i = 0; i < count; i++) {
        left += part_value(&parts[i]);
        parts_left += part_value(&parts[i]) > 0;
        ret_cols[i] = 0;
    }
    /* Each takes its share of what is left, and leaves one column for each that follows. */
    for (size_t i = 0; i < count && cols > 0; i++) {
        double value = part_value(&parts[i]);
        if (!(value > 0))
            continue;
        parts_left--;
        int width = (int)lround(value / left * cols);
        int most = cols - (int)parts_left;
        width = width > most ? most : width;
        ret_cols[i] = width < 1 ? 1 : width;
        left -= value;
        cols -= ret_cols[i];
    }
}

void tui_stack_draw(struct tui_canvas *canvas, int y, int x, int cols, enum tui_glyphs glyphs,
                    const struct tui_part *parts, size_t count)
{
    int widths[TUI_PARTS_MAX];

    divide(cols, parts, count, widths);
    for (size_t i = 0; i < count; i++) {
        for (int c = 0; c < widths[i]; c++)
            tui_canvas_put(canvas, y, x++, tui_stack_shade(glyphs, i), parts[i].role);
    }
}

void tui_stack_text(char *ret_text, size_t size, int cols, enum tui_glyphs glyphs,
                    const struct tui_part *parts, size_t count)
{
    int widths[TUI_PARTS_MAX];
    char *at = ret_text;

    *at = 0;
    divide(cols, parts, count, widths);
    for (size_t i = 0; i < count; i++) {
        for (int c = 0; c < widths[i]; c++)
            at = append(at, ret_text + size, tui_stack_shade(glyphs, i));
    }
}
