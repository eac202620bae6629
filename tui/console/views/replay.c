/* The bar of a recording: what time it is there, and where that is. */
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "views/chrome.h"

/* "12:31" of "1:43:10" */
static void span_text(char *ret_text, size_t size, int64_t ms)
{
    long long s = (long long)(ms / 1000);

    if (s >= 3600)
        snprintf(ret_text, size, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(ret_text, size, "%lld:%02lld", s / 60, s % 60);
}

static void speed_text(char *ret_text, size_t size, unsigned int percent)
{
    snprintf(ret_text, size, percent < 100 ? "0.%ux" : "%ux",
             percent < 100 ? percent % 10 == 0 ? percent / 10 : percent : percent / 100);
}

static void draw_line(const struct tui_app *app, struct tui_canvas *canvas, int y, int x, int cols)
{
    const struct tui_replay *replay = &app->replay;
    bool ascii = app->glyphs == TUI_GLYPHS_ASCII;
    int64_t whole_ms = replay->last_ms - replay->first_ms;
    int at = whole_ms > 0 ? (int)((replay->at_ms - replay->first_ms) * (cols - 1) / whole_ms) : 0;

    for (int i = 0; i < cols; i++) {
        wchar_t ch = ascii ? L'-' : L'\u2500';
        enum tui_role role = i <= at ? TUI_ROLE_GRAPH_LOW : TUI_ROLE_DIM;
        if (i < at)
            ch = ascii ? L'=' : L'\u2501';
        for (int b = i * TUI_REPLAY_BUCKETS / cols; b < (i + 1) * TUI_REPLAY_BUCKETS / cols; b++) {
            if (replay->marks[b]) {
                ch = L'!';
                role = TUI_ROLE_WARN;
            }
        }
        if (i == at) {
            ch = ascii ? L'O' : L'\u25cf';
            role = TUI_ROLE_STRONG;
        }
        tui_canvas_put(canvas, y, x + i, ch, role);
    }
}

void tui_replay_draw(const struct tui_app *app, struct tui_canvas *canvas, int y)
{
    const struct tui_replay *replay = &app->replay;
    char clock[TUI_FIGURE_SIZE];
    char at[32];
    char whole[32];
    char speed[16];
    char right[80];
    int x = 1;

    tui_figure_clock(clock, sizeof(clock), (uint64_t)replay->at_wall_ms);
    span_text(at, sizeof(at), replay->at_ms - replay->first_ms);
    span_text(whole, sizeof(whole), replay->last_ms - replay->first_ms);
    speed_text(speed, sizeof(speed), tui_replay_percents[replay->speed]);
    snprintf(right, sizeof(right), "%s of %s", at, whole);
    int end = canvas->cols - 1 - (int)strlen(right);
    x += tui_canvas_text(canvas, y, x, end - x, TUI_ROLE_WARN,
                         replay->seeking   ? "seeking"
                         : replay->playing ? "replay "
                                           : "paused ") +
         1;
    x += tui_canvas_print(canvas, y, x, end - x, TUI_ROLE_STRONG, "%s", clock) + 1;
    x += tui_canvas_print(canvas, y, x, end - x, TUI_ROLE_NORMAL, "%s", speed) + 1;
    tui_canvas_text(canvas, y, end, canvas->cols - 1 - end, TUI_ROLE_NORMAL, right);
    if (end - 1 - x > 8)
        draw_line(app, canvas, y, x, end - 1 - x);
}
