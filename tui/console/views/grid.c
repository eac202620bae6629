#include "views/grid.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "text/text.h"

#define LABEL_COLS 14

void tui_grid_layout(struct tui_grid *ret_table, const struct tui_column *columns, size_t count,
                     int x, int cols)
{
    int used = 0;
    int grow = 0;

    ret_table->columns = columns;
    ret_table->count = count < TUI_COLUMNS_MAX ? count : TUI_COLUMNS_MAX;
    for (size_t i = 0; i < ret_table->count; i++) {
        ret_table->width[i] = columns[i].width;
        used += columns[i].width + 1;
    }
    while (used - 1 > cols) {
        size_t worst = 0;
        for (size_t i = 1; i < ret_table->count; i++) {
            if (ret_table->width[i] > 0 && columns[i].priority > columns[worst].priority)
                worst = i;
            else if (ret_table->width[worst] == 0)
                worst = i;
        }
        if (columns[worst].priority == 0 || ret_table->width[worst] == 0)
            break;
        used -= ret_table->width[worst] + 1;
        ret_table->width[worst] = 0;
    }
    for (size_t i = 0; i < ret_table->count; i++)
        grow += ret_table->width[i] > 0 ? columns[i].grow : 0;
    int spare = cols - (used - 1);
    for (size_t i = 0; i < ret_table->count; i++) {
        if (ret_table->width[i] == 0)
            continue;
        if (spare > 0 && grow > 0)
            ret_table->width[i] += spare * columns[i].grow / grow;
        ret_table->x[i] = x;
        x += ret_table->width[i] + 1;
    }
}

void tui_grid_cell(const struct tui_grid *table, struct tui_canvas *canvas, int y, size_t column,
                   enum tui_role role, const char *text)
{
    if (table->width[column] == 0)
        return;
    if (table->columns[column].right)
        tui_canvas_right(canvas, y, table->x[column], table->width[column], role, text);
    else
        tui_canvas_text(canvas, y, table->x[column], table->width[column], role, text);
}

void tui_grid_head(const struct tui_grid *table, const struct tui_app *app,
                   struct tui_canvas *canvas, int y, const char *sorted)
{
    const struct tui_view_ops *ops = tui_views[app->view].ops;
    bool ascii = app->glyphs == TUI_GLYPHS_ASCII;
    const char *down = ascii ? "v" : "\u25be";
    const char *up = ascii ? "^" : "\u25b4";
    const char *mark = tui_list_descending(&app->lists[app->view], ops) ? down : up;

    for (size_t i = 0; i < table->count; i++) {
        char title[32];
        bool by = sorted && strncasecmp(table->columns[i].title, sorted, strlen(sorted)) == 0;
        snprintf(title, sizeof(title), "%s%s", table->columns[i].title, by ? mark : "");
        tui_grid_cell(table, canvas, y, i, TUI_ROLE_TITLE, title);
    }
}

void tui_grid_row(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect, int y,
                  size_t row)
{
    const struct tui_list *list = &app->lists[app->view];

    if (tui_app_marked(app, row))
        tui_canvas_put(canvas, y, rect.x + 1, L'*', TUI_ROLE_KEY);
    if (list->gone || list->at != row)
        return;
    tui_canvas_put(canvas, y, rect.x, tui_glyphs_pointer(app->glyphs), TUI_ROLE_STRONG);
    tui_canvas_select(canvas, y, rect.x, rect.cols);
}

void tui_grid_empty(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect,
                    const char *text)
{
    const char *filter = app->lists[app->view].filter;

    if (filter[0] != 0)
        tui_canvas_print(canvas, rect.y + 1, rect.x + 2, rect.cols - 2, TUI_ROLE_DIM,
                         "nothing matches the filter '%s'; Esc clears it", filter);
    else
        tui_canvas_text(canvas, rect.y + 1, rect.x + 2, rect.cols - 2, TUI_ROLE_DIM, text);
}

static void pen_text(struct tui_pen *pen, int x, enum tui_role role, const char *text)
{
    int y = pen->line - pen->skip;

    if (pen->canvas && y >= 0 && y < pen->rect.rows)
        tui_canvas_text(pen->canvas, pen->rect.y + y, pen->rect.x + x, pen->rect.cols - x, role,
                        text);
}

void tui_pen_print(struct tui_pen *pen, enum tui_role role, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    pen_text(pen, 0, role, text);
    pen->line++;
}

/* The bytes of `text` that fill `cols` columns: up to the last space, or all that fit. */
static size_t wrap_at(const char *text, int cols)
{
    const char *at = text;
    const char *space = NULL;

    for (int used = 0; used < cols; used++) {
        const char *before = at;
        uint32_t cp = tui_text_next(&at);
        if (cp == 0)
            return (size_t)(at - text);
        if (cp == ' ')
            space = before;
    }
    if (*at == 0 || *at == ' ')
        return (size_t)(at - text);
    return (size_t)((space ? space : at) - text);
}

void tui_pen_field(struct tui_pen *pen, const char *label, enum tui_role role, const char *format,
                   ...)
{
    char text[512];
    char part[512];
    const char *at = text;
    int cols = pen->rect.cols - LABEL_COLS;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (cols < 8)
        cols = 8;
    pen_text(pen, 0, TUI_ROLE_DIM, label);
    do {
        size_t bytes = wrap_at(at, cols);
        snprintf(part, sizeof(part), "%.*s", (int)bytes, at);
        pen_text(pen, LABEL_COLS, role, part);
        pen->line++;
        at += bytes;
        at += strspn(at, " ");
    } while (*at != 0);
}

enum tui_role tui_state_role(const char *state)
{
    static const struct {
        const char *state;
        enum tui_role role;
    } roles[] = {
        {"ready", TUI_ROLE_OK},       {"done", TUI_ROLE_OK},       {"running", TUI_ROLE_STRONG},
        {"suspect", TUI_ROLE_WARN},   {"draining", TUI_ROLE_WARN}, {"cordoned", TUI_ROLE_WARN},
        {"lost", TUI_ROLE_BAD},       {"failed", TUI_ROLE_BAD},    {"expired", TUI_ROLE_BAD},
        {"cancelled", TUI_ROLE_WARN}, {"drained", TUI_ROLE_WARN},  {"tuning", TUI_ROLE_WARN},
    };

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(roles[i].state, state) == 0)
            return roles[i].role;
    }
    return TUI_ROLE_NORMAL;
}

enum tui_role tui_severity_role(const char *severity)
{
    if (strcmp(severity, "error") == 0 || strcmp(severity, "critical") == 0)
        return TUI_ROLE_BAD;
    if (strcmp(severity, "warning") == 0)
        return TUI_ROLE_WARN;
    return TUI_ROLE_NORMAL;
}

void tui_event_draw(struct tui_canvas *canvas, int y, int x, int cols,
                    const struct tui_event *event)
{
    enum tui_role role = tui_severity_role(event->severity);
    char clock[TUI_FIGURE_SIZE];
    int used;

    tui_figure_clock(clock, sizeof(clock), event->time_ms);
    used = tui_canvas_text(canvas, y, x, cols, TUI_ROLE_DIM, clock) + 1;
    /* The mark says in monochrome what the colour says. */
    used += tui_canvas_text(canvas, y, x + used, cols - used, role,
                            role == TUI_ROLE_BAD    ? "!!"
                            : role == TUI_ROLE_WARN ? "! "
                                                    : "  ");
    used += 1 + tui_canvas_text(canvas, y, x + used, cols - used, role, event->kind);
    if (event->agent[0] != 0)
        used +=
            1 + tui_canvas_text(canvas, y, x + used, cols - used, TUI_ROLE_STRONG, event->agent);
    if (event->job != 0)
        used += 1 + tui_canvas_print(canvas, y, x + used, cols - used, TUI_ROLE_NORMAL, "job %llu",
                                     (unsigned long long)event->job);
    tui_canvas_text(canvas, y, x + used, cols - used, TUI_ROLE_NORMAL, event->text);
}

void tui_operation_summary(char *ret_text, size_t size, const struct tui_operation *operation)
{
    const struct tui_blocker *last = NULL;
    char running[TUI_FIGURE_SIZE];
    int used;

    if (strcmp(operation->kind, "drain") != 0) {
        used = operation->parts == 0 ? 0
                                     : snprintf(ret_text, size, "%llu of %llu%s",
                                                (unsigned long long)operation->parts_done,
                                                (unsigned long long)operation->parts,
                                                operation->text[0] != 0 ? "; " : "");
        snprintf(ret_text + used, size - (size_t)used, "%s", operation->text);
        return;
    }
    if (operation->safe_to_remove) {
        snprintf(ret_text, size, "SAFE TO REMOVE");
        return;
    }
    if (strcmp(operation->state, "done") == 0) {
        snprintf(ret_text, size, "not safe to remove: %s", operation->text);
        return;
    }
    used =
        snprintf(ret_text, size, "%llu left, %llu requeued; not safe to remove",
                 (unsigned long long)operation->remaining, (unsigned long long)operation->requeued);
    /* The one that will take longest decides when the operation ends. */
    for (size_t i = 0; i < operation->blocker_count; i++) {
        const struct tui_blocker *b = &operation->blockers[i];
        if (!last || b->expected_ms > last->expected_ms)
            last = b;
    }
    if (!last || used < 0 || (size_t)used >= size)
        return;
    tui_figure_age(running, sizeof(running), last->running_ms);
    snprintf(ret_text + used, size - (size_t)used, "; held by job %llu (%s, runs for %s)",
             (unsigned long long)last->job, last->model, running);
}
