/* What several detail panes have. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "views/detail.h"

#define ACTS_MAX 8

void tui_detail_time(const struct tui_app *app, char *ret_text, size_t size, uint64_t time_ms)
{
    uint64_t now = tui_model_clock_ms(app->model, app->now_ms);
    char clock[TUI_FIGURE_SIZE];
    char age[TUI_FIGURE_SIZE];

    tui_figure_clock(clock, sizeof(clock), time_ms);
    if (time_ms == 0 || now < time_ms) {
        snprintf(ret_text, size, "%s", clock);
        return;
    }
    tui_figure_age(age, sizeof(age), now - time_ms);
    snprintf(ret_text, size, "%s, %s ago", clock, age);
}

void tui_detail_events(const struct tui_app *app, struct tui_sheet *sheet, size_t max,
                       bool (*about)(const struct tui_app *app, const struct tui_event *event))
{
    static const struct tui_column columns[] = {
        {.title = "TIME", .width = 8},
        {.title = "", .width = 2},
        {.title = "KIND", .width = 18, .priority = 1},
        {.title = "WHAT HAPPENED", .width = 20, .grow = 1},
    };
    size_t shown = 0;

    tui_sheet_title(sheet, "Events");
    for (size_t i = 0; i < tui_model_event_count(app->model) && shown < max; i++) {
        const struct tui_event *event = tui_model_event(app->model, i);
        enum tui_role role = tui_severity_role(event->severity);
        char text[TUI_NAME_SIZE];
        if (!about(app, event))
            continue;
        if (shown++ == 0)
            tui_sheet_head(sheet, columns, 4);
        tui_event_id(text, event);
        tui_sheet_row(sheet, text);
        tui_sheet_link(sheet, TUI_CONTEXT_EVENT, text);
        tui_figure_clock(text, sizeof(text), event->time_ms);
        tui_sheet_cell(sheet, 0, TUI_ROLE_DIM, "%s", text);
        tui_sheet_cell(sheet, 1, role, "%s", tui_severity_mark(event->severity));
        tui_sheet_cell(sheet, 2, role, "%s", event->kind);
        tui_sheet_cell(sheet, 3, TUI_ROLE_NORMAL, "%s", event->text);
    }
    if (shown == 0)
        tui_sheet_text(sheet, TUI_ROLE_DIM, "none about it in the newest %zu",
                       tui_model_event_count(app->model));
}

void tui_detail_acts(const struct tui_app *app, struct tui_sheet *sheet, const char *target)
{
    const struct tui_act_page *acts = tui_model_acts(app->model);
    size_t shown = 0;

    for (size_t i = 0; acts && i < acts->count && shown < ACTS_MAX; i++) {
        const struct tui_act *act = &acts->acts[i];
        char text[TUI_TEXT_SIZE];
        char label[TUI_FIGURE_SIZE];
        if (!strstr(act->target, target))
            continue;
        if (shown++ == 0)
            tui_sheet_title(sheet, "Who did what");
        tui_figure_clock(label, sizeof(label), act->time_ms);
        tui_detail_time(app, text, sizeof(text), act->time_ms);
        tui_sheet_field(sheet, label, TUI_ROLE_NORMAL, "%s: %s %s%s%s (%s)", act->who, act->what,
                        act->target, act->why[0] ? ", because " : "", act->why,
                        strchr(text, ' ') ? strchr(text, ' ') + 1 : text);
    }
}

/* All of it in one bar: which part is largest is seen before a number is read. */
static void draw_whole(struct tui_sheet *sheet, const double us[TUI_SPAN_COUNT], double sum)
{
    static const enum tui_role roles[TUI_SPAN_COUNT] = {
        [TUI_SPAN_QUEUE] = TUI_ROLE_PART_QUEUE,
        [TUI_SPAN_LOAD] = TUI_ROLE_PART_LOAD,
        [TUI_SPAN_COMPUTE] = TUI_ROLE_PART_COMPUTE,
        [TUI_SPAN_COPY] = TUI_ROLE_PART_COPY,
    };
    static const wchar_t letters[TUI_SPAN_COUNT] = {0, L'q', L'l', L'c', L'i'};
    int y = tui_sheet_line(sheet, "split");
    int cols = sheet->canvas.cols - 4;
    double before = 0;
    bool ascii = sheet->glyphs == TUI_GLYPHS_ASCII;

    for (size_t i = TUI_SPAN_QUEUE; y >= 0 && i < TUI_SPAN_COUNT; i++) {
        if (isnan(us[i]))
            continue;
        int from = (int)lround(before / sum * cols);
        int to = (int)lround((before + us[i]) / sum * cols);
        before += us[i];
        for (int x = from; x < to; x++)
            tui_canvas_put(&sheet->canvas, y, 2 + x, ascii ? letters[i] : L'\u2588', roles[i]);
    }
}

void tui_detail_split(struct tui_sheet *sheet, const double us[TUI_SPAN_COUNT])
{
    static const enum tui_role roles[TUI_SPAN_COUNT] = {TUI_ROLE_NORMAL, TUI_ROLE_PART_QUEUE,
                                                        TUI_ROLE_PART_LOAD, TUI_ROLE_PART_COMPUTE,
                                                        TUI_ROLE_PART_COPY};
    char text[TUI_FIGURE_SIZE];
    double sum = 0;

    for (size_t i = TUI_SPAN_QUEUE; i < TUI_SPAN_COUNT; i++)
        sum += isnan(us[i]) ? 0 : us[i];
    if (!(sum > 0)) {
        tui_sheet_text(sheet, TUI_ROLE_DIM, "nothing is measured yet");
        return;
    }
    draw_whole(sheet, us, sum);
    for (size_t i = TUI_SPAN_QUEUE; i < TUI_SPAN_COUNT; i++) {
        double share = isnan(us[i]) ? NAN : us[i] / sum;
        char label[TUI_WORD_SIZE];
        snprintf(label, sizeof(label), "  %s", tui_span_names[i]);
        tui_figure_us(text, sizeof(text), us[i]);
        tui_sheet_bar(sheet, label, share, roles[i], "%8s  %3.0f%%", text,
                      isnan(share) ? 0 : share * 100);
    }
    tui_figure_us(text, sizeof(text), us[TUI_SPAN_TOTAL]);
    tui_sheet_bar(sheet, "  total", NAN, TUI_ROLE_NORMAL, "%s", text);
}
