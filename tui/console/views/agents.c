#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "views/table.h"

enum field {
    AGENT,
    STATE,
    LOAD,
    RATE,
    P95,
    MEMORY,
    RUNNING,
    QUEUED,
    MODELS,
    PINNED,
    DEVICE,
    NOTE,
    RTT,
    VERSION,
    SEEN,
    DONE,
    FAILED,
    REQUEUED,
    RSS,
    CPU,
};

static const struct tui_field fields[] = {
    [AGENT] = {"agent", TUI_FIELD_TEXT, false},
    [STATE] = {"state", TUI_FIELD_TEXT, false},
    [LOAD] = {"load", TUI_FIELD_SHARE, false},
    [RATE] = {"jobs/s", TUI_FIELD_COUNT, false},
    [P95] = {"p95", TUI_FIELD_US, false},
    [MEMORY] = {"memory", TUI_FIELD_SHARE, false},
    [RUNNING] = {"running", TUI_FIELD_COUNT, false},
    [QUEUED] = {"queued", TUI_FIELD_COUNT, false},
    [MODELS] = {"models", TUI_FIELD_TEXT, false},
    [PINNED] = {"pinned", TUI_FIELD_COUNT, false},
    [DEVICE] = {"device", TUI_FIELD_TEXT, false},
    [NOTE] = {"note", TUI_FIELD_TEXT, false},
    [RTT] = {"rtt", TUI_FIELD_US, false},
    [VERSION] = {"version", TUI_FIELD_TEXT, false},
    [SEEN] = {"seen", TUI_FIELD_MS, false},
    [DONE] = {"done", TUI_FIELD_COUNT, false},
    [FAILED] = {"failed", TUI_FIELD_COUNT, false},
    [REQUEUED] = {"requeued", TUI_FIELD_COUNT, false},
    [RSS] = {"rss", TUI_FIELD_BYTES, false},
    [CPU] = {"cpu", TUI_FIELD_SHARE, false},
    {NULL, TUI_FIELD_TEXT, false},
};

static const struct tui_column columns[] = {
    {.title = "AGENT", .field = AGENT, .width = 10, .fit = 24},
    {.title = "STATE", .field = STATE, .width = 8, .fit = 10},
    {.title = "LOAD", .field = LOAD, .width = 11, .grow = 2, .priority = 1, .bar = 4},
    {.title = "MEMORY", .field = MEMORY, .width = 10, .grow = 1, .priority = 5, .bar = 4},
    {.title = "JOBS/S", .field = RATE, .width = 7, .priority = 1, .right = true},
    {.title = "P95", .field = P95, .width = 7, .priority = 2, .right = true},
    {.title = "RUN", .field = RUNNING, .width = 4, .priority = 6, .right = true},
    {.title = "QUEUE", .field = QUEUED, .width = 6, .priority = 6, .right = true},
    {.title = "MODELS", .field = MODELS, .width = 12, .fit = 20, .priority = 4},
    {.title = "DEVICE", .field = DEVICE, .width = 12, .fit = 24, .priority = 7},
    {.title = "NOTE", .field = NOTE, .width = 14, .grow = 5, .priority = 2},
    {.title = "RTT", .field = RTT, .width = 7, .priority = 9, .right = true},
    {.title = "VERSION", .field = VERSION, .width = 8, .fit = 12, .priority = 8},
    {.title = "SEEN", .field = SEEN, .width = 6, .priority = 1, .right = true},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const struct tui_agent *agent_at(const struct tui_app *app, size_t index)
{
    return &app->model->fleet->agents[index];
}

static size_t count(const struct tui_app *app)
{
    return app->model->fleet ? app->model->fleet->agent_count : 0;
}

static void id(const struct tui_app *app, size_t index, char ret_id[TUI_NAME_SIZE])
{
    memcpy(ret_id, agent_at(app, index)->name, TUI_NAME_SIZE);
}

/* What it said last is not what it does now. */
static bool away(const struct tui_agent *agent)
{
    return strcmp(agent->state, "lost") == 0;
}

static double memory(const struct tui_agent *agent)
{
    uint64_t used = 0;
    uint64_t total = 0;

    for (size_t i = 0; i < agent->device_count; i++) {
        used += agent->devices[i].memory_used_bytes;
        total += agent->devices[i].memory_bytes;
    }
    return total > 0 && !away(agent) ? (double)used / (double)total : NAN;
}

/* The snapshot's own age comes on top where that is old. */
static double seen(const struct tui_app *app, const struct tui_agent *agent)
{
    int64_t age = tui_model_age_ms(app->model, app->now_ms);

    return (double)agent->seen_ms_ago + (age > TUI_STALE_MS ? (double)age : 0);
}

/* The drain of it that runs now, or NULL. */
static const struct tui_operation *drain_of(const struct tui_fleet *fleet,
                                            const struct tui_agent *agent)
{
    for (size_t i = 0; i < fleet->operation_count; i++) {
        const struct tui_operation *operation = &fleet->operations[i];
        if (strcmp(operation->kind, "drain") == 0 && strcmp(operation->target, agent->name) == 0 &&
            strcmp(operation->state, "running") == 0)
            return operation;
    }
    return NULL;
}

/* What the operator would ask about it first: what its drain waits for, why it is not ready, what
 * is wrong with a device, what went wrong last. */
static void note(const struct tui_app *app, const struct tui_agent *agent, char *ret_text,
                 size_t size)
{
    const struct tui_operation *drain = drain_of(app->model->fleet, agent);
    char age[TUI_FIGURE_SIZE];

    ret_text[0] = 0;
    if (drain) {
        tui_operation_summary(ret_text, size, drain);
        return;
    }
    if (strcmp(agent->state, "ready") != 0 && agent->reason[0] != 0) {
        snprintf(ret_text, size, "%s", agent->reason);
        return;
    }
    for (size_t i = 0; i < agent->device_count; i++) {
        const struct tui_device *device = &agent->devices[i];
        if (strcmp(device->state, "ready") != 0) {
            snprintf(ret_text, size, "device %u %s%s%s", device->index, device->state,
                     device->reason[0] ? ": " : "", device->reason);
            return;
        }
    }
    if (agent->error_ms == 0)
        return;
    tui_figure_age(age, sizeof(age),
                   app->clock_ms > agent->error_ms ? app->clock_ms - agent->error_ms : 0);
    snprintf(ret_text, size, "%s ago: %s", age, agent->error);
}

static void devices_text(const struct tui_agent *agent, struct tui_value *ret_value)
{
    size_t used = 0;

    for (size_t i = 0; i < agent->device_count && used < TUI_VALUE_SIZE; i++)
        used += (size_t)snprintf(ret_value->room + used, TUI_VALUE_SIZE - used, "%s%s",
                                 i > 0 ? ", " : "", agent->devices[i].name);
    ret_value->text = ret_value->room;
}

static void models_text(const struct tui_agent *agent, struct tui_value *ret_value)
{
    size_t used = 0;

    for (size_t i = 0; i < agent->model_count && used < TUI_VALUE_SIZE; i++)
        used += (size_t)snprintf(ret_value->room + used, TUI_VALUE_SIZE - used, "%s%s",
                                 i > 0 ? ", " : "", agent->models[i]);
    ret_value->text = ret_value->room;
}

static void text_value(const struct tui_app *app, const struct tui_agent *agent, enum field field,
                       struct tui_value *ret_value)
{
    ret_value->room[0] = 0;
    switch (field) {
    case AGENT:
        ret_value->text = agent->name;
        break;
    case STATE:
        ret_value->text = agent->state;
        ret_value->number = tui_state_rank(agent->state);
        break;
    case MODELS:
        models_text(agent, ret_value);
        break;
    case DEVICE:
        devices_text(agent, ret_value);
        break;
    case NOTE:
        note(app, agent, ret_value->room, TUI_VALUE_SIZE);
        ret_value->text = ret_value->room;
        break;
    case VERSION:
        ret_value->text = tui_agent_version(agent);
        break;
    default:
        break;
    }
}

static double number_value(const struct tui_app *app, const struct tui_agent *agent,
                           enum field field)
{
    switch (field) {
    case LOAD:
        return away(agent) ? NAN : tui_agent_busy(agent);
    case MEMORY:
        return memory(agent);
    case RATE:
        return agent->done_per_s;
    case P95:
        return agent->p95_us > 0 ? (double)agent->p95_us : NAN;
    case RUNNING:
        return (double)agent->running;
    case QUEUED:
        return (double)agent->assigned;
    case PINNED:
        return (double)agent->pinned;
    case RTT:
        return agent->rtt_us > 0 ? (double)agent->rtt_us : NAN;
    case SEEN:
        return seen(app, agent);
    case DONE:
        return (double)agent->done;
    case FAILED:
        return (double)agent->failed;
    case REQUEUED:
        return (double)agent->requeued;
    case RSS:
        return (double)agent->rss_bytes;
    case CPU:
        return agent->cpu;
    default:
        return NAN;
    }
}

static void value(const struct tui_app *app, size_t index, size_t field,
                  struct tui_value *ret_value)
{
    if (fields[field].kind == TUI_FIELD_TEXT)
        text_value(app, agent_at(app, index), (enum field)field, ret_value);
    else
        ret_value->number = number_value(app, agent_at(app, index), (enum field)field);
}

/* Several of the same kind are said once, and how many they are. */
static void adorn_device(const struct tui_agent *agent, struct tui_shown *shown)
{
    size_t same = 0;

    if (agent->device_count == 0)
        snprintf(shown->text, sizeof(shown->text), "none");
    for (size_t i = 0; i < agent->device_count; i++) {
        if (strcmp(agent->devices[i].state, "ready") != 0)
            shown->role = TUI_ROLE_WARN;
        same += strcmp(agent->devices[i].name, agent->devices[0].name) == 0;
    }
    if (same > 1 && same == agent->device_count)
        snprintf(shown->text, sizeof(shown->text), "%zux %s", same, agent->devices[0].name);
}

static void adorn(const struct tui_app *app, size_t index, size_t column, struct tui_shown *shown)
{
    const struct tui_agent *agent = agent_at(app, index);
    enum field field = (enum field)columns[column].field;
    bool old = seen(app, agent) > 2000;

    switch (field) {
    case AGENT:
        shown->role = TUI_ROLE_STRONG;
        return;
    case STATE:
        shown->role = tui_state_role(agent->state);
        return;
    case DEVICE:
        adorn_device(agent, shown);
        break;
    case MODELS:
        if (agent->model_count > 1)
            snprintf(shown->text, sizeof(shown->text), "%s +%zu", agent->models[0],
                     agent->model_count - 1);
        break;
    case NOTE:
        shown->role =
            strcmp(agent->state, "ready") == 0 ? TUI_ROLE_WARN : tui_state_role(agent->state);
        return;
    case VERSION:
        if (tui_agent_is_skewed(agent, app->model->fleet))
            shown->role = TUI_ROLE_WARN;
        break;
    case SEEN:
        shown->role = old ? TUI_ROLE_WARN : TUI_ROLE_DIM;
        return;
    default:
        break;
    }
    /* Its last words, not its present state. */
    if (old)
        shown->role = TUI_ROLE_DIM;
}

static const struct tui_table table = {
    .columns = columns,
    .count = COLUMNS,
    .adorn = adorn,
    .empty = "no agent has joined; start one with `stokerd agent`",
};

static const struct tui_tally tally = {"agent", "agents", STATE};

static int page(const struct tui_app *app, struct tui_rect body)
{
    (void)app;
    return tui_table_page(body);
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    tui_table_draw(&table, app, canvas, tui_table_title(app, canvas, body, &tally, NULL));
}

const struct tui_view_ops tui_view_agents = {
    .count = count,
    .id = id,
    .fields = fields,
    .value = value,
    .page = page,
    .draw = draw,
};
