/* The submit form: fields, the file picker, what the file in focus is, how far a submission is. */
#include <stdio.h>
#include <string.h>

#include "app/overlay.h"
#include "model/figure.h"
#include "text/text.h"
#include "views/grid.h"
#include "views/picture.h"

#define LABEL_COLS 11
#define PICTURE_COLS_MIN 72 /* of the screen: below, the picker has it all */
#define SLOW_MS 1000

static const char *const priorities[TUI_PRIORITY_MAX + 1] = {"0, most urgent", "1", "2, usual",
                                                             "3, least urgent"};

static int value_cols(int cols)
{
    return cols - LABEL_COLS - 3;
}

/* A field's label and value; the one in focus is marked. */
static void draw_field(const struct tui_app *app, struct tui_canvas *canvas, int y, int cols,
                       enum tui_form_field field, const char *label, const char *value)
{
    bool here = app->form.field == field;

    if (here)
        tui_canvas_put(canvas, y, 1, tui_glyphs_pointer(app->glyphs), TUI_ROLE_KEY);
    tui_canvas_text(canvas, y, 3, LABEL_COLS - 1, here ? TUI_ROLE_TITLE : TUI_ROLE_DIM, label);
    tui_canvas_text(canvas, y, 3 + LABEL_COLS, value_cols(cols),
                    here ? TUI_ROLE_STRONG : TUI_ROLE_NORMAL, value);
}

static void draw_typed(const struct tui_app *app, struct tui_canvas *canvas, int y, int cols,
                       enum tui_form_field field, const char *label, const char *when_empty)
{
    char shown[TUI_FORM_TEXT_SIZE + 2];
    char clean[TUI_FORM_TEXT_SIZE];
    bool here = app->form.field == field;

    tui_text_clean(clean, sizeof(clean), app->form.text[field]);
    snprintf(shown, sizeof(shown), "%s%s", clean, here ? "_" : "");
    if (clean[0] == 0)
        snprintf(shown, sizeof(shown), "%s%s", here ? "_ " : "", when_empty);
    draw_field(app, canvas, y, cols, field, label,
               here ? tui_canvas_tail(canvas, shown, value_cols(cols)) : shown);
}

static void draw_model(const struct tui_app *app, struct tui_canvas *canvas, int y, int cols)
{
    const struct tui_form *form = &app->form;
    const struct tui_served *model = tui_fleet_model(app->model->fleet, form->model);
    char text[2 * TUI_NAME_SIZE + TUI_FORM_TEXT_SIZE];
    char typed[TUI_FORM_TEXT_SIZE];

    tui_text_clean(typed, sizeof(typed), form->text[TUI_FORM_MODEL]);
    if (model)
        snprintf(text, sizeof(text), "< %s >  on %zu %s%s%s", form->model, model->resident_count,
                 model->resident_count == 1 ? "device" : "devices", typed[0] ? "   /" : "", typed);
    else if (typed[0] != 0)
        snprintf(text, sizeof(text), "no model's name contains '%s'", typed);
    else
        snprintf(text, sizeof(text), "no model is served yet");
    draw_field(app, canvas, y, cols, TUI_FORM_MODEL, "Model", text);
}

static void draw_entry(const struct tui_app *app, struct tui_canvas *canvas, int y, int cols,
                       size_t index)
{
    const struct tui_form *form = &app->form;
    const struct tui_folder_entry *entry = tui_form_entry(form, index);
    bool marked = tui_form_is_marked(form, entry);
    char name[TUI_FILE_NAME_SIZE];
    char size[TUI_FIGURE_SIZE] = "";
    int x = 3 + LABEL_COLS;

    tui_text_clean(name, sizeof(name), entry->name);
    if (!entry->folder)
        tui_figure_bytes(size, sizeof(size), entry->bytes);
    tui_canvas_text(canvas, y, x, 2, TUI_ROLE_OK, marked ? "+" : " ");
    tui_canvas_print(canvas, y, x + 2, cols - x - 13,
                     entry->folder ? TUI_ROLE_TITLE
                     : marked      ? TUI_ROLE_STRONG
                                   : TUI_ROLE_NORMAL,
                     "%s%s", name, entry->folder ? "/" : "");
    tui_canvas_right(canvas, y, cols - 10, 10, TUI_ROLE_DIM, size);
    if (index == form->at && form->field == TUI_FORM_FILES)
        tui_canvas_select(canvas, y, x, cols - x);
}

static void draw_folder_line(const struct tui_app *app, struct tui_canvas *canvas, int y, int cols)
{
    const struct tui_form *form = &app->form;
    int64_t waited = app->now_ms - form->folder_at_ms;
    char path[TUI_TEXT_SIZE];
    char typed[TUI_FORM_TEXT_SIZE];
    char text[2 * TUI_TEXT_SIZE + TUI_FORM_TEXT_SIZE];

    tui_text_clean(path, sizeof(path), form->folder ? form->folder->path : "");
    tui_text_clean(typed, sizeof(typed), form->text[TUI_FORM_FILES]);
    if (form->folder_token != 0 && waited > SLOW_MS)
        snprintf(text, sizeof(text), "%s  waiting for the disk for %lld s", path,
                 (long long)(waited / 1000));
    else if (form->folder_error[0] != 0)
        snprintf(text, sizeof(text), "can't go there: %s", form->folder_error);
    else
        snprintf(text, sizeof(text), "%s%s%s%s", path, typed[0] ? "  /" : "", typed,
                 form->field == TUI_FORM_FILES && typed[0] ? "_" : "");
    /* Where somebody is, and what is typed, are at the end of a long path. */
    draw_field(app, canvas, y, cols, TUI_FORM_FILES, "Files",
               tui_canvas_tail(canvas, text, value_cols(cols)));
}

static void draw_picker(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    const struct tui_form *form = &app->form;
    size_t page = (size_t)rect.rows - 1;
    size_t top = form->at < page ? 0 : form->at - page + 1;

    draw_folder_line(app, canvas, rect.y, rect.cols);
    for (size_t i = 0; i < page && top + i < form->match_count; i++)
        draw_entry(app, canvas, rect.y + 1 + (int)i, rect.cols, top + i);
    if (form->match_count == 0 && form->folder)
        tui_canvas_text(canvas, rect.y + 1, 5 + LABEL_COLS, rect.cols - LABEL_COLS - 5,
                        TUI_ROLE_DIM, "no file here matches");
}

static void draw_preview(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    const struct tui_form *form = &app->form;
    const struct tui_preview *preview = form->preview;
    struct tui_rect inside = {rect.y + 1, rect.x, rect.rows - 1, rect.cols};

    if (!form->preview_path)
        return;
    tui_canvas_text(canvas, rect.y, rect.x, rect.cols, TUI_ROLE_DIM,
                    preview ? preview->text : "reading...");
    if (preview) {
        struct tui_picture picture = {preview->width, preview->height, preview->pixels};
        tui_picture_draw(canvas, inside, app->glyphs, app->pixels, &picture);
    }
}

static void draw_progress(const struct tui_app *app, struct tui_canvas *canvas, int y, int cols)
{
    const struct tui_form *form = &app->form;
    const struct tui_submitted *s = &form->submitted;

    if (s->total == 0)
        return;
    if (form->submit_token != 0) {
        tui_canvas_print(canvas, y, 3, cols - 24, TUI_ROLE_STRONG, "sending to %s: %zu of %zu",
                         form->submit_model, s->sent + s->failed, s->total);
        tui_glyphs_bar(canvas, app->glyphs, y, cols - 18, 16, TUI_ROLE_OK,
                       (double)(s->sent + s->failed) / (double)s->total);
    } else if (s->failed > 0) {
        tui_canvas_print(canvas, y, 3, cols - 4, TUI_ROLE_BAD, "%zu sent, %zu not: %s", s->sent,
                         s->failed, s->error);
    }
}

static void draw_buttons(const struct tui_app *app, struct tui_canvas *canvas, int y, int cols)
{
    const struct tui_form *form = &app->form;
    const char *obstacle = tui_form_obstacle(form);
    size_t files = tui_form_file_count(form);
    int x = 3;
    int start;

    start = x;
    x += tui_canvas_text(canvas, y, x, cols - x, TUI_ROLE_NORMAL, "[ Cancel ]");
    if (form->field == TUI_FORM_CANCEL)
        tui_canvas_select(canvas, y, start, x - start);
    start = x += 2;
    x += tui_canvas_print(canvas, y, x, cols - x - 1, obstacle ? TUI_ROLE_DIM : TUI_ROLE_OK,
                          "[ Submit %zu %s to %s ]", files, files == 1 ? "file" : "files",
                          form->model[0] ? form->model : "-");
    if (form->field == TUI_FORM_SUBMIT)
        tui_canvas_select(canvas, y, start, x - start);
    if (obstacle)
        tui_canvas_text(canvas, y, x + 2, cols - x - 3, TUI_ROLE_DIM, obstacle);
}

void tui_overlay_form_draw(const struct tui_app *app, struct tui_canvas *canvas)
{
    const struct tui_form *form = &app->form;
    struct tui_rect body = {2, 0, canvas->rows - 4, canvas->cols};
    bool beside = canvas->cols >= PICTURE_COLS_MIN;
    int left = beside ? canvas->cols * 3 / 5 : canvas->cols - 1;
    int y = body.y;

    tui_canvas_fill(canvas, body, TUI_ROLE_NORMAL);
    tui_canvas_text(canvas, y++, 1, canvas->cols - 2, TUI_ROLE_TITLE, "Submit files as jobs");
    draw_model(app, canvas, y++, canvas->cols);
    struct tui_rect picker = {y, 0, TUI_FORM_ROWS(body.rows) + 1, left};
    draw_picker(app, canvas, picker);
    if (beside)
        draw_preview(app, canvas,
                     (struct tui_rect){y, left + 2, picker.rows, canvas->cols - left - 3});
    y += picker.rows;
    draw_field(app, canvas, y++, canvas->cols, TUI_FORM_PRIORITY, "Priority",
               priorities[form->priority]);
    draw_typed(app, canvas, y++, canvas->cols, TUI_FORM_DEADLINE, "Deadline", "none");
    draw_typed(app, canvas, y++, canvas->cols, TUI_FORM_TENANT, "Tenant", "default");
    draw_progress(app, canvas, y++, canvas->cols);
    draw_buttons(app, canvas, y, canvas->cols);
}
