#include "views/dialog.h"

#include <stdio.h>
#include <string.h>

#include "app/overlay.h"
#include "theme/zone.h"
#include "views/dialog_plan.h"
#include "views/grid.h"

#define DIALOG_COLS 100
#define FIELD_X 12 /* where the fields' values begin */

/* Where its parts are. The text scrolls; what is below it is always there. */
struct layout {
    struct tui_rect frame, text;
    int fields_y, buttons_y;
    int lines; /* of the text */
};

static void write_outcome(const struct tui_app *app, struct tui_pen *pen, size_t index, int width)
{
    static const struct {
        const char *word;
        enum tui_role role;
    } words[] = {
        [TUI_OUTCOME_WAITING] = {"...", TUI_ROLE_DIM},
        [TUI_OUTCOME_DONE] = {"done", TUI_ROLE_OK},
        [TUI_OUTCOME_REFUSED] = {"refused", TUI_ROLE_BAD},
        [TUI_OUTCOME_UNSENT] = {"not sent", TUI_ROLE_WARN},
    };
    const char *why = app->action.results[index].text;
    enum tui_outcome outcome = app->action.results[index].outcome;

    tui_pen_print(pen, words[outcome].role, "  %-*s  %s%s%s", width,
                  app->action.order.targets.ids[index], words[outcome].word, why[0] ? ": " : "",
                  why);
}

/* How the target is now, and how it was when that was last looked at. */
static void write_target(const struct tui_app *app, struct tui_pen *pen, size_t index, int width)
{
    const struct tui_order *order = &app->dialog.order;
    const struct tui_target_now *seen = &order->seen[index];
    const char *id = order->targets.ids[index];
    struct tui_target_now now;

    tui_target_look(app->model, order->targets.kind, id, &now);
    if (now.gone && order->targets.kind == TUI_TARGET_AGENT)
        tui_pen_print(pen, TUI_ROLE_BAD, "  %-*s  is not in the cluster any more", width, id);
    else if (now.gone)
        tui_pen_print(pen, TUI_ROLE_BAD, "  %-*s  has ended", width, id);
    else if (tui_target_differs(seen, &now))
        tui_pen_print(pen, TUI_ROLE_BAD, "  %-*s  another one has this name now", width, id);
    else if (strcmp(now.state, seen->state) != 0 && seen->state[0] != 0)
        tui_pen_print(pen, TUI_ROLE_WARN, "  %-*s  %s; it was %s", width, id, now.state,
                      seen->state);
    else
        tui_pen_print(pen, TUI_ROLE_STRONG, "  %-*s  %s", width, id, now.state);
}

/* Every target by its name: what is not here is not acted on. */
static void write_targets(const struct tui_app *app, struct tui_pen *pen)
{
    const struct tui_dialog *dialog = &app->dialog;
    const struct tui_targets *targets =
        dialog->report ? &app->action.order.targets : &dialog->order.targets;
    int width = 8;

    for (size_t i = 0; i < targets->count; i++) {
        int len = (int)strlen(targets->ids[i]);
        width = len > width ? len : width;
    }
    for (size_t i = 0; i < targets->count; i++) {
        int y = pen->line - pen->skip;
        if (!pen->canvas || y < 0 || y >= pen->rect.rows)
            pen->line++; /* nobody sees it: a thousand of them need not be looked up */
        else if (dialog->report)
            write_outcome(app, pen, i, width);
        else
            write_target(app, pen, i, width);
    }
}

static void write_told(const struct tui_dialog *dialog, struct tui_pen *pen)
{
    const struct tui_refusal *refusal;
    bool plan = strcmp(tui_verb_rows[dialog->order.verb].shows, "plan") == 0;

    switch (dialog->told) {
    case TUI_TOLD_NOTHING:
        break;
    case TUI_TOLD_WAITING:
        tui_pen_field(pen, plan ? "plan" : "now", TUI_ROLE_WARN,
                      "asking the coordinator, which has not answered yet");
        break;
    case TUI_TOLD_REFUSAL:
        refusal = dialog->answer ? &dialog->answer->refusal : NULL;
        tui_pen_field(pen, "refused", TUI_ROLE_BAD, "%s",
                      refusal && refusal->message[0] ? refusal->message
                                                     : "the coordinator gave no plan");
        if (refusal && refusal->hint[0] != 0)
            tui_pen_field(pen, "", TUI_ROLE_NORMAL, "%s", refusal->hint);
        break;
    case TUI_TOLD_ANSWER:
        tui_dialog_plan_head(pen, dialog->answer);
        break;
    }
    if (plan && dialog->edited)
        tui_pen_field(pen, "plan", TUI_ROLE_WARN, "is asked for again when you leave the field");
}

static void write_help(const struct tui_app *app, struct tui_pen *pen)
{
    const struct tui_order *order = &app->dialog.order;
    const struct tui_verb_row *row = &tui_verb_rows[order->verb];
    char usage[TUI_TEXT_SIZE];

    tui_verb_usage(usage, sizeof(usage), order->verb);
    tui_pen_field(pen, "command", TUI_ROLE_STRONG, ":%s", usage);
    tui_pen_field(pen, "what", TUI_ROLE_NORMAL, "%s.", row->help);
    tui_pen_field(pen, "effect", TUI_ROLE_NORMAL, "%s", row->effect);
    for (int i = 0; i < TUI_ARGUMENT_COUNT; i++) {
        if (tui_order_takes(order, (enum tui_argument)i))
            tui_pen_field(pen, tui_argument_rows[i].word, TUI_ROLE_NORMAL, "%s.",
                          tui_argument_rows[i].help);
    }
    tui_pen_field(pen, "sure", TUI_ROLE_NORMAL,
                  "Nothing is sent until the button with the action's name is pressed, and then "
                  "for exactly the targets that are named. Whoever is gone, or another one by "
                  "then, is not acted on. Who, when and why go to the audit log.");
}

static void write_text(const struct tui_app *app, struct tui_pen *pen)
{
    const struct tui_dialog *dialog = &app->dialog;

    if (dialog->help) {
        write_help(app, pen);
        return;
    }
    if (dialog->report) {
        write_targets(app, pen);
        return;
    }
    /* What it comes to is in sight before a thousand names are. */
    if (dialog->order.targets.count == 1)
        write_targets(app, pen);
    write_told(dialog, pen);
    tui_pen_field(pen, "effect", TUI_ROLE_NORMAL, "%s", tui_verb_rows[dialog->order.verb].effect);
    if (dialog->order.targets.count > 1)
        write_targets(app, pen);
    if (dialog->told == TUI_TOLD_ANSWER)
        tui_dialog_plan_rows(pen, dialog->answer);
}

static int count_fields(const struct tui_app *app)
{
    int count = 0;

    for (int i = 0; i <= TUI_FOCUS_TYPED; i++)
        count += tui_dialog_has(app, i);
    return count;
}

static struct layout lay_out(const struct tui_app *app, const struct tui_canvas *canvas)
{
    struct layout l = {.frame.cols =
                           canvas->cols - 4 < DIALOG_COLS ? canvas->cols - 4 : DIALOG_COLS};
    struct tui_pen pen = {.rect = {.cols = l.frame.cols - 4}};
    int fields = count_fields(app);
    int fixed = fields + 4; /* the frame, the title, the buttons */

    write_text(app, &pen);
    l.lines = pen.line;
    /* A blank line above the fields, and one above the buttons, where there is room. */
    int gap = l.lines + fixed + 2 <= canvas->rows - 2 ? 1 : 0;
    l.frame.rows = l.lines + fixed + (fields > 0 ? 2 : 1) * gap;
    if (l.frame.rows > canvas->rows - 2)
        l.frame.rows = canvas->rows - 2;
    l.frame.y = (canvas->rows - l.frame.rows) / 2;
    l.frame.x = (canvas->cols - l.frame.cols) / 2;
    l.buttons_y = l.frame.y + l.frame.rows - 2;
    l.fields_y = l.buttons_y - gap - fields;
    l.text = (struct tui_rect){l.frame.y + 2, l.frame.x + 2, 0, l.frame.cols - 4};
    l.text.rows = l.fields_y - (fields > 0 ? gap : 0) - l.text.y;
    if (l.text.rows < 1)
        l.text.rows = 1;
    return l;
}

size_t tui_dialog_last(const struct tui_app *app, const struct tui_canvas *canvas)
{
    struct layout l = lay_out(app, canvas);

    return l.lines > l.text.rows ? (size_t)(l.lines - l.text.rows) : 0;
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

static void draw_field(const struct tui_app *app, struct tui_canvas *canvas, const struct layout *l,
                       int y, int focus)
{
    const struct tui_dialog *dialog = &app->dialog;
    bool typed = focus == TUI_FOCUS_TYPED;
    bool here = dialog->focus == focus;
    int cols = l->text.cols - FIELD_X;
    int x = l->text.x + FIELD_X;
    const char *value = typed ? dialog->typed : dialog->order.values[focus];
    const char *hint = typed ? "" : tui_argument_rows[focus].help;

    tui_canvas_text(canvas, y, l->text.x, FIELD_X - 1, here ? TUI_ROLE_KEY : TUI_ROLE_DIM,
                    typed ? "confirm" : tui_argument_rows[focus].word);
    if (here)
        tui_canvas_select(canvas, y, x, cols);
    if (value[0] == 0 && !here)
        tui_canvas_text(canvas, y, x, cols, TUI_ROLE_DIM, hint);
    if (here)
        value = tui_canvas_tail(canvas, value, cols - 1);
    int used = tui_canvas_text(canvas, y, x, cols - 1, TUI_ROLE_STRONG, value);
    if (here)
        tui_canvas_put(canvas, y, x + used, L'_', TUI_ROLE_STRONG);
    if (typed && !here && value[0] == 0) {
        char word[TUI_TYPED_SIZE];
        tui_dialog_word(app, word);
        tui_canvas_print(canvas, y, x, cols, TUI_ROLE_WARN, "type %s here", word);
    }
}

static void draw_fields(const struct tui_app *app, struct tui_canvas *canvas,
                        const struct layout *l)
{
    int y = l->fields_y;

    for (int i = 0; i <= TUI_FOCUS_TYPED; i++) {
        if (tui_dialog_has(app, i))
            draw_field(app, canvas, l, y++, i);
    }
}

/* The button names the target: two dialogs that look alike can't be confirmed by habit. */
static void draw_buttons(const struct tui_app *app, struct tui_canvas *canvas,
                         const struct layout *l, const char *what)
{
    const struct tui_dialog *dialog = &app->dialog;
    bool cancel = dialog->focus == TUI_FOCUS_CANCEL;
    bool confirm = dialog->focus == TUI_FOCUS_CONFIRM;
    const char *word = dialog->report ? "Close" : dialog->help ? "Back" : "Cancel";
    int right = l->frame.x + l->frame.cols - 2;
    int y = l->buttons_y;
    int x = l->frame.x + 2;
    int start = x;

    x += tui_canvas_print(canvas, y, x, right - x, TUI_ROLE_STRONG, cancel ? "[ %s ]" : "  %s  ",
                          word);
    if (cancel)
        tui_canvas_select(canvas, y, start, x - start);
    tui_zone_add(canvas, (struct tui_rect){y, start, 1, x - start}, TUI_ZONE_COMMAND,
                 TUI_COMMAND_DIALOG_ABORT, NULL);
    x += 2;
    if (!tui_dialog_has(app, TUI_FOCUS_CONFIRM))
        return;
    start = x;
    x += tui_canvas_print(canvas, y, x, right - x,
                          dialog->told == TUI_TOLD_WAITING ? TUI_ROLE_DIM : TUI_ROLE_BAD,
                          confirm ? "[ %s ]" : "  %s  ", what);
    if (confirm)
        tui_canvas_select(canvas, y, start, x - start);
    /* The first click chooses it, as Tab does, and the next one presses it, as Enter does. */
    tui_zone_add(canvas, (struct tui_rect){y, start, 1, x - start}, TUI_ZONE_COMMAND,
                 confirm ? TUI_COMMAND_DIALOG_ACCEPT : TUI_COMMAND_DIALOG_SWITCH, NULL);
}

void tui_overlay_field_draw(const struct tui_app *app, struct tui_canvas *canvas)
{
    (void)app, (void)canvas; /* the dialog draws the field that has the keys */
}

void tui_overlay_dialog_draw(const struct tui_app *app, struct tui_canvas *canvas)
{
    const struct tui_dialog *dialog = &app->dialog;
    struct layout l = lay_out(app, canvas);
    int last = l.lines > l.text.rows ? l.lines - l.text.rows : 0;
    struct tui_pen pen = {.canvas = canvas, .rect = l.text};
    char what[TUI_TEXT_SIZE];

    pen.skip = (int)dialog->top < last ? (int)dialog->top : last;
    tui_order_describe(what, sizeof(what), &dialog->order);
    draw_frame(app, canvas, l.frame);
    tui_canvas_print(canvas, l.frame.y + 1, l.text.x, l.text.cols, TUI_ROLE_TITLE,
                     dialog->report ? "%s" : "%s?", what);
    write_text(app, &pen);
    if (last > 0)
        tui_canvas_print(canvas, l.frame.y + 1, l.frame.x + l.frame.cols - 20, 18, TUI_ROLE_KEY,
                         "%d-%d of %d", pen.skip + 1, pen.skip + l.text.rows, l.lines);
    draw_fields(app, canvas, &l);
    draw_buttons(app, canvas, &l, what);
}
