#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/overlay.h"
#include "model/figure.h"
#include "views/grid.h"

#define DIALOG_COLS 64
#define DIALOG_MOVES 4

static const char *const effects[TUI_VERB_COUNT] = {
    [TUI_VERB_CORDON] = "It gets no new work. What it has runs to its end.",
    [TUI_VERB_UNCORDON] = "It gets work again.",
    [TUI_VERB_DRAIN] = "Queued jobs move away at once, running ones at the deadline.",
    [TUI_VERB_CANCEL] = "The job ends as cancelled; its result, if any, is dropped.",
    [TUI_VERB_STOP] = "The operation ends where it stands. What has moved stays moved.",
};

static void write_plan(const struct tui_dialog *dialog, struct tui_pen *pen)
{
    const struct tui_answer *plan = &dialog->answer;
    char expected[TUI_FIGURE_SIZE];

    switch (dialog->plan) {
    case TUI_PLAN_NONE:
        return;
    case TUI_PLAN_WAITING:
        tui_pen_field(pen, "plan", TUI_ROLE_WARN, "asking the coordinator...");
        return;
    case TUI_PLAN_FAILED:
        tui_pen_field(pen, "plan", TUI_ROLE_BAD, "%s",
                      plan->refusal.message[0] ? plan->refusal.message
                                               : "the coordinator gave none");
        if (plan->refusal.hint[0] != 0)
            tui_pen_field(pen, "", TUI_ROLE_NORMAL, "%s", plan->refusal.hint);
        return;
    case TUI_PLAN_SHOWN:
        break;
    }
    tui_figure_age(expected, sizeof(expected), plan->expected_ms);
    tui_pen_field(pen, "plan", TUI_ROLE_STRONG,
                  "%zu jobs move, %" PRIu64 " left to finish, about %s", plan->moves_total,
                  plan->operation.remaining, expected);
    for (size_t i = 0; i < plan->warning_count; i++)
        tui_pen_field(pen, i == 0 ? "warning" : "", TUI_ROLE_BAD, "%s", plan->warnings[i]);
    for (size_t i = 0; i < plan->move_count && i < DIALOG_MOVES; i++)
        tui_pen_field(pen, "", TUI_ROLE_NORMAL, "job %" PRIu64 " (%s, %s)", plan->moves[i].job,
                      plan->moves[i].model, plan->moves[i].state);
    if (plan->moves_total > DIALOG_MOVES)
        tui_pen_field(pen, "", TUI_ROLE_DIM, "and %zu more", plan->moves_total - DIALOG_MOVES);
    for (size_t i = 0; i < plan->operation.blocker_count && i < DIALOG_MOVES; i++)
        tui_pen_field(pen, i == 0 ? "held by" : "", TUI_ROLE_WARN, "job %" PRIu64 " (%s)",
                      plan->operation.blockers[i].job, plan->operation.blockers[i].model);
}

static void write_body(const struct tui_app *app, struct tui_pen *pen)
{
    const struct tui_dialog *dialog = &app->dialog;
    const struct tui_request *request = &dialog->request;
    const struct tui_agent *agent = tui_fleet_agent(app->model->fleet, request->agent);
    char deadline[TUI_FIGURE_SIZE];

    if (request->agent[0] != 0 && !agent)
        tui_pen_field(pen, "now", TUI_ROLE_BAD, "%s is not in the cluster any more",
                      request->agent);
    else if (agent && strcmp(agent->state, dialog->state) != 0)
        tui_pen_field(pen, "now", TUI_ROLE_WARN, "%s; it was %s when this opened", agent->state,
                      dialog->state);
    else if (dialog->state[0] != 0)
        tui_pen_field(pen, "now", TUI_ROLE_NORMAL, "%s", dialog->state);
    tui_pen_field(pen, "effect", TUI_ROLE_NORMAL, "%s", effects[request->verb]);
    if (request->verb == TUI_VERB_DRAIN) {
        tui_figure_age(deadline, sizeof(deadline), request->deadline_ms);
        tui_pen_field(pen, "deadline", TUI_ROLE_NORMAL, "%s", deadline);
    }
    if (request->reason[0] != 0)
        tui_pen_field(pen, "reason", TUI_ROLE_NORMAL, "%s", request->reason);
    write_plan(dialog, pen);
}

static void draw_frame(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect r)
{
    bool ascii = app->glyphs == TUI_GLYPHS_ASCII;
    wchar_t side = ascii ? L'|' : L'\u2502';
    int bottom = r.y + r.rows - 1;
    int right = r.x + r.cols - 1;

    tui_canvas_fill(canvas, r, TUI_ROLE_NORMAL);
    tui_glyphs_rule(canvas, app->glyphs, r.y, r.x, r.cols);
    tui_glyphs_rule(canvas, app->glyphs, bottom, r.x, r.cols);
    for (int y = r.y + 1; y < bottom; y++) {
        tui_canvas_put(canvas, y, r.x, side, TUI_ROLE_DIM);
        tui_canvas_put(canvas, y, right, side, TUI_ROLE_DIM);
    }
    tui_canvas_put(canvas, r.y, r.x, ascii ? L'+' : L'\u250c', TUI_ROLE_DIM);
    tui_canvas_put(canvas, r.y, right, ascii ? L'+' : L'\u2510', TUI_ROLE_DIM);
    tui_canvas_put(canvas, bottom, r.x, ascii ? L'+' : L'\u2514', TUI_ROLE_DIM);
    tui_canvas_put(canvas, bottom, right, ascii ? L'+' : L'\u2518', TUI_ROLE_DIM);
}

/* The button names the target: two dialogs that look alike can't be confirmed by habit. */
static void draw_buttons(const struct tui_app *app, struct tui_canvas *canvas, int y,
                         struct tui_rect r, const char *what)
{
    const struct tui_dialog *dialog = &app->dialog;
    bool ready = dialog->plan == TUI_PLAN_NONE || dialog->plan == TUI_PLAN_SHOWN;
    int x = r.x + 2;
    int start = x;

    x += tui_canvas_text(canvas, y, x, 14, TUI_ROLE_STRONG,
                         dialog->confirm ? "  Cancel  " : "[ Cancel ]");
    if (!dialog->confirm)
        tui_canvas_select(canvas, y, start, x - start);
    x += 2;
    if (dialog->plan == TUI_PLAN_FAILED)
        return;
    start = x;
    x += tui_canvas_print(canvas, y, x, r.x + r.cols - 2 - x, ready ? TUI_ROLE_BAD : TUI_ROLE_DIM,
                          dialog->confirm ? "[ %s ]" : "  %s  ", what);
    if (dialog->confirm)
        tui_canvas_select(canvas, y, start, x - start);
}

void tui_overlay_dialog_draw(const struct tui_app *app, struct tui_canvas *canvas)
{
    struct tui_rect r = {.cols = canvas->cols - 4 < DIALOG_COLS ? canvas->cols - 4 : DIALOG_COLS};
    struct tui_pen pen = {.rect = {.cols = r.cols - 4}};
    char what[TUI_NAME_SIZE + 32];

    tui_request_describe(what, sizeof(what), &app->dialog.request);
    write_body(app, &pen);
    r.rows = pen.line + 5;
    if (r.rows > canvas->rows - 2)
        r.rows = canvas->rows - 2;
    r.y = (canvas->rows - r.rows) / 2;
    r.x = (canvas->cols - r.cols) / 2;
    draw_frame(app, canvas, r);
    tui_canvas_print(canvas, r.y + 1, r.x + 2, r.cols - 4, TUI_ROLE_TITLE, "%s?", what);
    pen.canvas = canvas;
    pen.rect = (struct tui_rect){r.y + 2, r.x + 2, r.rows - 5, r.cols - 4};
    pen.line = 0;
    write_body(app, &pen);
    draw_buttons(app, canvas, r.y + r.rows - 2, r, what);
}
