#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/alert.h"
#include "views/table.h"
#include "views/work.h"

#define COPY_SHARE_HIGH 0.3

enum field {
    DEVICE,
    STATE,
    NAME,
    FAMILY,
    DRIVER,
    LOAD,
    MEMORY,
    COPY,
    KERNELS,
    TEMPERATURE,
    POWER,
    JOBS,
    BATCHES,
    RESTARTS,
    UNITS,
    NOTE,
};

static const struct tui_field fields[] = {
    [DEVICE] = {"device", TUI_FIELD_TEXT, false},
    [STATE] = {"state", TUI_FIELD_TEXT, false},
    [NAME] = {"name", TUI_FIELD_TEXT, false},
    [FAMILY] = {"family", TUI_FIELD_TEXT, false},
    [DRIVER] = {"driver", TUI_FIELD_TEXT, false},
    [LOAD] = {"load", TUI_FIELD_SHARE, false},
    [MEMORY] = {"memory", TUI_FIELD_SHARE, false},
    [COPY] = {"copy", TUI_FIELD_SHARE, false},
    [KERNELS] = {"kernels/s", TUI_FIELD_COUNT, false},
    [TEMPERATURE] = {"temperature", TUI_FIELD_CELSIUS, false},
    [POWER] = {"power", TUI_FIELD_WATT, false},
    [JOBS] = {"jobs", TUI_FIELD_COUNT, false},
    [BATCHES] = {"batches", TUI_FIELD_COUNT, false},
    [RESTARTS] = {"restarts", TUI_FIELD_COUNT, false},
    [UNITS] = {"units", TUI_FIELD_COUNT, false},
    [NOTE] = {"note", TUI_FIELD_TEXT, false},
    {NULL, TUI_FIELD_TEXT, false},
};

static const struct tui_column columns[] = {
    {.title = "DEVICE", .field = DEVICE, .width = 12, .fit = 28},
    {.title = "STATE", .field = STATE, .width = 8, .fit = 10},
    {.title = "NAME", .field = NAME, .width = 12, .fit = 32, .priority = 3},
    {.title = "LOAD", .field = LOAD, .width = 11, .grow = 2, .priority = 1, .bar = 4},
    {.title = "MEMORY", .field = MEMORY, .width = 17, .grow = 1, .priority = 2, .bar = 10},
    {.title = "TEMP", .field = TEMPERATURE, .width = 5, .priority = 1, .right = true},
    {.title = "POWER", .field = POWER, .width = 6, .priority = 4, .right = true},
    {.title = "KERN/S", .field = KERNELS, .width = 7, .priority = 5, .right = true},
    {.title = "COPY", .field = COPY, .width = 5, .priority = 5, .right = true},
    {.title = "JOBS", .field = JOBS, .width = 6, .priority = 7, .right = true},
    {.title = "BATCHES", .field = BATCHES, .width = 8, .priority = 8, .right = true},
    {.title = "RESTARTS", .field = RESTARTS, .width = 9, .priority = 6, .right = true},
    {.title = "DRIVER", .field = DRIVER, .width = 8, .fit = 20, .priority = 9},
    {.title = "NOTE", .field = NOTE, .width = 10, .grow = 4, .priority = 3},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const struct tui_agent *agent_at(const struct tui_app *app, size_t index)
{
    return &app->model->fleet->agents[app->work->flat.rows[index].outer];
}

static const struct tui_device *device_at(const struct tui_app *app, size_t index)
{
    return &agent_at(app, index)->devices[app->work->flat.rows[index].inner];
}

static size_t count(const struct tui_app *app)
{
    const struct tui_fleet *fleet = app->model->fleet;
    struct tui_flat *flat = &app->work->flat;

    tui_flat_clear(flat);
    for (size_t i = 0; fleet && i < fleet->agent_count; i++) {
        for (size_t k = 0; k < fleet->agents[i].device_count; k++)
            tui_flat_add(flat, i, k);
    }
    return flat->count;
}

/* "ember-03/0": the agent's name and the device's number there. */
static void id(const struct tui_app *app, size_t index, char ret_id[TUI_NAME_SIZE])
{
    tui_device_id(ret_id, agent_at(app, index), device_at(app, index));
}

/* What an agent said last is not what its devices do now. */
static bool away(const struct tui_app *app, size_t index)
{
    return strcmp(agent_at(app, index)->state, "lost") == 0;
}

static double memory(const struct tui_device *device)
{
    return device->memory_bytes > 0
               ? (double)device->memory_used_bytes / (double)device->memory_bytes
               : NAN;
}

static void note(const struct tui_app *app, size_t index, char *ret_text, size_t size)
{
    const struct tui_agent *agent = agent_at(app, index);
    const struct tui_device *device = device_at(app, index);

    if (device->reason[0] != 0)
        snprintf(ret_text, size, "%s", device->reason);
    else if (strcmp(agent->state, "ready") != 0)
        snprintf(ret_text, size, "agent %s%s%s", agent->state, agent->reason[0] ? ": " : "",
                 agent->reason);
    else
        ret_text[0] = 0;
}

static void text_value(const struct tui_app *app, size_t index, enum field field,
                       struct tui_value *ret_value)
{
    const struct tui_device *device = device_at(app, index);

    switch (field) {
    case DEVICE:
        id(app, index, ret_value->room);
        ret_value->text = ret_value->room;
        break;
    case STATE:
        ret_value->text = device->state;
        ret_value->number = tui_state_rank(device->state);
        break;
    case NAME:
        ret_value->text = device->name;
        break;
    case FAMILY:
        ret_value->text = device->family;
        break;
    case DRIVER:
        ret_value->text = device->driver;
        break;
    case NOTE:
        note(app, index, ret_value->room, TUI_VALUE_SIZE);
        ret_value->text = ret_value->room;
        break;
    default:
        break;
    }
}

static double number_value(const struct tui_app *app, size_t index, enum field field)
{
    const struct tui_device *device = device_at(app, index);
    bool gone = away(app, index);

    switch (field) {
    case LOAD:
        return gone ? NAN : device->busy;
    case MEMORY:
        return gone ? NAN : memory(device);
    case COPY:
        return gone ? NAN : device->copy;
    case KERNELS:
        return gone ? NAN : round(device->kernels_per_s);
    case TEMPERATURE:
        return gone ? NAN : device->temperature_c;
    case POWER:
        return gone ? NAN : device->power_w;
    case JOBS:
        return (double)device->jobs;
    case BATCHES:
        return (double)device->batches;
    case RESTARTS:
        return (double)device->restarts;
    case UNITS:
        return device->compute_units > 0 ? (double)device->compute_units : NAN;
    default:
        return NAN;
    }
}

static void value(const struct tui_app *app, size_t index, size_t field,
                  struct tui_value *ret_value)
{
    if (fields[field].kind == TUI_FIELD_TEXT)
        text_value(app, index, (enum field)field, ret_value);
    else
        ret_value->number = number_value(app, index, (enum field)field);
}

/* "3.1/8.0G" beside the bar: a share of 2 GiB and one of 48 GiB don't hold the same model. */
static void adorn_memory(const struct tui_device *device, struct tui_shown *shown)
{
    double unit = 1024.0 * 1024 * 1024;
    double used = (double)device->memory_used_bytes / unit;
    double total = (double)device->memory_bytes / unit;

    if (isnan(shown->share))
        return;
    snprintf(shown->text, sizeof(shown->text), total < 100 ? "%.1f/%.1fG" : "%.0f/%.0fG", used,
             total);
    if (shown->share > 0.95)
        shown->role = TUI_ROLE_WARN;
}

static void adorn(const struct tui_app *app, size_t index, size_t column, struct tui_shown *shown)
{
    const struct tui_device *device = device_at(app, index);

    switch ((enum field)columns[column].field) {
    case DEVICE:
        shown->role = TUI_ROLE_STRONG;
        break;
    case STATE:
        shown->role = tui_state_role(device->state);
        break;
    case MEMORY:
        adorn_memory(device, shown);
        break;
    case TEMPERATURE:
        if (device->temperature_c >= TUI_ALERT_HOT_C)
            shown->role = TUI_ROLE_WARN;
        break;
    case COPY:
        if (device->copy >= COPY_SHARE_HIGH)
            shown->role = TUI_ROLE_WARN;
        break;
    case RESTARTS:
        shown->role = device->restarts > 0 ? TUI_ROLE_WARN : TUI_ROLE_DIM;
        break;
    case DRIVER:
        shown->role = TUI_ROLE_DIM;
        break;
    case NOTE:
        shown->role = TUI_ROLE_WARN;
        break;
    default:
        break;
    }
    if (away(app, index) && columns[column].right)
        shown->role = TUI_ROLE_DIM;
}

static int page(const struct tui_app *app, struct tui_rect body)
{
    (void)app;
    return tui_table_page(body);
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    static const struct tui_tally tally = {"device", "devices", STATE};
    static const struct tui_table table = {.columns = columns,
                                           .count = COLUMNS,
                                           .adorn = adorn,
                                           .empty = "no agent has told of a device"};

    tui_table_draw(&table, app, canvas, tui_table_title(app, canvas, body, &tally, NULL));
}

const struct tui_view_ops tui_view_devices = {
    .count = count,
    .id = id,
    .fields = fields,
    .value = value,
    .page = page,
    .draw = draw,
};
