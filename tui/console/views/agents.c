#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "views/grid.h"

enum column { NAME, STATE, DEVICE, LOAD, RATE, P95, FLIGHT, MODELS, SEEN, COLUMNS };

static const struct tui_column columns[COLUMNS] = {
    [NAME] = {"AGENT", 10, 2, 0, false},     [STATE] = {"STATE", 9, 0, 0, false},
    [DEVICE] = {"DEVICE", 12, 3, 4, false},  [LOAD] = {"LOAD", 10, 2, 1, false},
    [RATE] = {"JOBS/S", 6, 0, 1, true},      [P95] = {"P95", 6, 0, 2, true},
    [FLIGHT] = {"RUN+QUEUE", 9, 0, 6, true}, [MODELS] = {"MODELS", 12, 3, 5, false},
    [SEEN] = {"SEEN", 5, 0, 1, true},
};

enum field {
    F_AGENT,
    F_STATE,
    F_LOAD,
    F_RATE,
    F_P95,
    F_DEVICE,
    F_RUNNING,
    F_QUEUED,
    F_MODELS,
    F_SEEN,
    F_MEMORY,
    F_REASON
};

static const struct tui_field fields[] = {
    [F_AGENT] = {"agent", TUI_FIELD_TEXT, false},
    [F_STATE] = {"state", TUI_FIELD_TEXT, false},
    [F_LOAD] = {"load", TUI_FIELD_SHARE, false},
    [F_RATE] = {"jobs/s", TUI_FIELD_COUNT, false},
    [F_P95] = {"p95", TUI_FIELD_US, false},
    [F_DEVICE] = {"device", TUI_FIELD_TEXT, false},
    [F_RUNNING] = {"running", TUI_FIELD_COUNT, false},
    [F_QUEUED] = {"queued", TUI_FIELD_COUNT, false},
    [F_MODELS] = {"models", TUI_FIELD_TEXT, false},
    [F_SEEN] = {"seen", TUI_FIELD_MS, false},
    [F_MEMORY] = {"memory", TUI_FIELD_BYTES, false},
    [F_REASON] = {"reason", TUI_FIELD_TEXT, false},
    {NULL, TUI_FIELD_TEXT, false},
};

static size_t agent_count(const struct tui_app *app)
{
    return app->model->fleet ? app->model->fleet->agent_count : 0;
}

static int page(const struct tui_app *app, struct tui_rect body)
{
    (void)app;
    return body.rows - 1;
}

static void device_text(const struct tui_agent *agent, char *ret_text, size_t size)
{
    bool trouble = false;

    if (agent->device_count == 0) {
        snprintf(ret_text, size, "none");
        return;
    }
    for (size_t i = 0; i < agent->device_count; i++)
        trouble = trouble || (strcmp(agent->devices[i].state, "ready") != 0);
    if (agent->device_count == 1)
        snprintf(ret_text, size, "%s%s", trouble ? "! " : "", agent->devices[0].name);
    else
        snprintf(ret_text, size, "%s%zux %s", trouble ? "! " : "", agent->device_count,
                 agent->devices[0].name);
}

static void models_text(const struct tui_agent *agent, char *ret_text, size_t size)
{
    if (agent->model_count == 0)
        snprintf(ret_text, size, "-");
    else if (agent->model_count == 1)
        snprintf(ret_text, size, "%s", agent->models[0]);
    else
        snprintf(ret_text, size, "%s +%zu", agent->models[0], agent->model_count - 1);
}

static void id(const struct tui_app *app, size_t index, char ret_id[TUI_NAME_SIZE])
{
    snprintf(ret_id, TUI_NAME_SIZE, "%s", app->model->fleet->agents[index].name);
}

static int state_rank(const char *state)
{
    static const char *const order[] = {"lost",    "suspect",  "draining",
                                        "drained", "cordoned", "connecting"};

    for (int i = 0; i < (int)(sizeof(order) / sizeof(order[0])); i++) {
        if (strcmp(order[i], state) == 0)
            return i;
    }
    return 99;
}

/* A lost agent's last load is not its load. */
static double load(const struct tui_agent *agent)
{
    return strcmp(agent->state, "lost") == 0 ? NAN : tui_agent_busy(agent);
}

static void value(const struct tui_app *app, size_t index, size_t field,
                  struct tui_value *ret_value)
{
    const struct tui_agent *agent = &app->model->fleet->agents[index];
    size_t used = 0;

    ret_value->room[0] = 0;
    switch ((enum field)field) {
    case F_AGENT:
        ret_value->text = agent->name;
        break;
    case F_STATE:
        ret_value->text = agent->state;
        ret_value->number = state_rank(agent->state);
        break;
    case F_LOAD:
        ret_value->number = load(agent);
        break;
    case F_RATE:
        ret_value->number = agent->done_per_s;
        break;
    case F_P95:
        ret_value->number = agent->p95_us > 0 ? (double)agent->p95_us : NAN;
        break;
    case F_DEVICE:
        for (size_t i = 0; i < agent->device_count && used < TUI_VALUE_SIZE; i++)
            used += (size_t)snprintf(ret_value->room + used, TUI_VALUE_SIZE - used, "%s%s",
                                     i > 0 ? ", " : "", agent->devices[i].name);
        ret_value->text = ret_value->room;
        break;
    case F_RUNNING:
        ret_value->number = (double)agent->running;
        break;
    case F_QUEUED:
        ret_value->number = (double)agent->assigned;
        break;
    case F_MODELS:
        for (size_t i = 0; i < agent->model_count && used < TUI_VALUE_SIZE; i++)
            used += (size_t)snprintf(ret_value->room + used, TUI_VALUE_SIZE - used, "%s%s",
                                     i > 0 ? ", " : "", agent->models[i]);
        ret_value->text = ret_value->room;
        break;
    case F_SEEN:
        ret_value->number = (double)agent->seen_ms_ago;
        break;
    case F_MEMORY:
        ret_value->number = (double)agent->rss_bytes;
        break;
    case F_REASON:
        ret_value->text = agent->reason;
        break;
    }
}

static void draw_agent(const struct tui_app *app, struct tui_canvas *canvas,
                       const struct tui_grid *table, int y, const struct tui_agent *agent)
{
    enum tui_role state = tui_state_role(agent->state);
    double busy = load(agent);
    int64_t age = tui_model_age_ms(app->model, app->now_ms);
    uint64_t seen = agent->seen_ms_ago + (age > TUI_STALE_MS ? (uint64_t)age : 0);
    char text[TUI_NAME_SIZE + 32];

    tui_grid_cell(table, canvas, y, NAME, TUI_ROLE_STRONG, agent->name);
    tui_grid_cell(table, canvas, y, STATE, state, agent->state);
    device_text(agent, text, sizeof(text));
    tui_grid_cell(table, canvas, y, DEVICE, text[0] == '!' ? TUI_ROLE_WARN : TUI_ROLE_NORMAL, text);
    if (table->width[LOAD] > 0) {
        int bar = table->width[LOAD] - 5;
        tui_glyphs_bar(canvas, app->glyphs, y, table->x[LOAD], bar, TUI_ROLE_GRAPH_LOW, busy);
        tui_figure_percent(text, sizeof(text), busy);
        tui_canvas_right(canvas, y, table->x[LOAD] + bar, 5, TUI_ROLE_NORMAL, text);
    }
    tui_figure_rate(text, sizeof(text), agent->done_per_s);
    tui_grid_cell(table, canvas, y, RATE, TUI_ROLE_NORMAL, text);
    tui_figure_us(text, sizeof(text), agent->p95_us > 0 ? (double)agent->p95_us : NAN);
    tui_grid_cell(table, canvas, y, P95, TUI_ROLE_NORMAL, text);
    snprintf(text, sizeof(text), "%llu+%llu", (unsigned long long)agent->running,
             (unsigned long long)agent->assigned);
    tui_grid_cell(table, canvas, y, FLIGHT, TUI_ROLE_NORMAL, text);
    /* Why an agent is not ready is worth more than what it has loaded. */
    if (agent->reason[0] != 0 && strcmp(agent->state, "ready") != 0) {
        tui_grid_cell(table, canvas, y, MODELS, state, agent->reason);
    } else {
        models_text(agent, text, sizeof(text));
        tui_grid_cell(table, canvas, y, MODELS, TUI_ROLE_NORMAL, text);
    }
    tui_figure_age(text, sizeof(text), seen);
    tui_grid_cell(table, canvas, y, SEEN, seen > 2000 ? TUI_ROLE_WARN : TUI_ROLE_DIM, text);
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    const struct tui_list *list = &app->lists[TUI_VIEW_AGENTS];
    struct tui_rect rect = {body.y + 1, 0, body.rows - 1, body.cols};
    struct tui_grid table;

    tui_grid_layout(&table, columns, COLUMNS, 2, body.cols - 3);
    tui_grid_head(&table, app, canvas, body.y, fields[list->sort].name);
    for (int i = 0; i < rect.rows && list->top + (size_t)i < app->row_count; i++) {
        size_t row = list->top + (size_t)i;
        draw_agent(app, canvas, &table, rect.y + i, &app->model->fleet->agents[app->rows[row]]);
        tui_grid_row(app, canvas, rect, rect.y + i, row);
    }
    if (app->row_count == 0)
        tui_grid_empty(app, canvas, rect, "no agent has joined; start one with `stokerd agent`");
}

const struct tui_view_ops tui_view_agents = {
    .count = agent_count,
    .id = id,
    .fields = fields,
    .value = value,
    .page = page,
    .draw = draw,
};
