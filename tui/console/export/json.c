/* The data that a view shows, as numbers; the unit of each stands at the end of its name. */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "export/export.h"

/* "jobs/s" of a count is jobs_per_s, "p95" of a time p95_us, "bytes" of bytes bytes. */
static void key_of(const struct tui_field *field, char *ret_key, size_t size)
{
    static const char *const units[TUI_FIELD_KIND_COUNT] = {
        [TUI_FIELD_SHARE] = "share", [TUI_FIELD_US] = "us",           [TUI_FIELD_MS] = "ms",
        [TUI_FIELD_BYTES] = "bytes", [TUI_FIELD_CELSIUS] = "celsius", [TUI_FIELD_WATT] = "watts",
    };
    const char *unit = units[field->kind];
    size_t used = 0;

    for (const char *at = field->name; *at != 0 && used + 8 < size; at++) {
        if (*at == '/')
            used += (size_t)snprintf(ret_key + used, size - used, "_per_");
        else
            ret_key[used++] = isalnum((unsigned char)*at) ? *at : '_';
    }
    ret_key[used] = 0;
    if (unit && strcmp(ret_key, unit) != 0)
        snprintf(ret_key + used, size - used, "_%s", unit);
}

/* What isn't known is null. */
static void add_number(cJSON *object, const char *name, double number)
{
    if (isnan(number))
        cJSON_AddNullToObject(object, name);
    else
        cJSON_AddNumberToObject(object, name, number);
}

static cJSON *row_of(const struct tui_app *app, const struct tui_view_ops *ops, size_t index)
{
    cJSON *row = cJSON_CreateObject();
    struct tui_value value;
    char key[64];

    for (size_t i = 0; ops->fields[i].name; i++) {
        tui_view_value(ops, app, index, i, &value);
        key_of(&ops->fields[i], key, sizeof(key));
        if (ops->fields[i].kind == TUI_FIELD_TEXT)
            cJSON_AddStringToObject(row, key, value.text ? value.text : "");
        else
            add_number(row, key, value.number);
    }
    return row;
}

static void add_rows(cJSON *root, const struct tui_app *app)
{
    const struct tui_view_ops *ops = tui_views[app->view].ops;
    cJSON *rows;

    if (!ops->count || !ops->fields)
        return;
    cJSON_AddStringToObject(root, "filter", app->lists[app->view].filter);
    rows = cJSON_AddArrayToObject(root, "rows");
    for (size_t i = 0; i < app->row_count; i++)
        cJSON_AddItemToArray(rows, row_of(app, ops, app->rows[i]));
}

static void add_latency(cJSON *root, const struct tui_fleet *fleet)
{
    cJSON *latency = cJSON_AddObjectToObject(root, "latency");

    for (size_t i = 0; i < TUI_SPAN_COUNT; i++) {
        const struct tui_latency *span = &fleet->latency[i];
        bool none = span->count == 0;
        cJSON *object = cJSON_AddObjectToObject(latency, tui_span_names[i]);
        cJSON_AddNumberToObject(object, "count", (double)span->count);
        add_number(object, "p50_us", none ? NAN : (double)span->p50_us);
        add_number(object, "p95_us", none ? NAN : (double)span->p95_us);
        add_number(object, "p99_us", none ? NAN : (double)span->p99_us);
        add_number(object, "max_us", none ? NAN : (double)span->max_us);
    }
}

static void add_alerts(cJSON *root, const struct tui_app *app)
{
    const struct tui_alerts *alerts = &app->model->alerts;
    cJSON *list = cJSON_AddArrayToObject(root, "alerts");

    for (size_t i = 0; i < alerts->count; i++) {
        cJSON *alert = cJSON_CreateObject();
        cJSON_AddStringToObject(alert, "agent", alerts->items[i].agent);
        cJSON_AddStringToObject(alert, "text", alerts->items[i].text);
        cJSON_AddBoolToObject(alert, "bad", alerts->items[i].bad);
        cJSON_AddItemToArray(list, alert);
    }
}

static void add_fleet(cJSON *root, const struct tui_fleet *fleet)
{
    const struct tui_totals *totals = &fleet->totals;
    cJSON *object = cJSON_AddObjectToObject(root, "totals");
    const struct {
        const char *name;
        uint64_t value;
    } values[] = {
        {"agents", totals->agents},     {"agents_ready", totals->agents_ready},
        {"devices", totals->devices},   {"queued", totals->queued},
        {"assigned", totals->assigned}, {"running", totals->running},
        {"done", totals->done},         {"failed", totals->failed},
        {"requeued", totals->requeued}, {"cancelled", totals->cancelled},
        {"expired", totals->expired},
    };

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        cJSON_AddNumberToObject(object, values[i].name, (double)values[i].value);
    add_number(root, "done_per_s", fleet->done_per_s);
    add_number(root, "submitted_per_s", fleet->submitted_per_s);
    add_latency(root, fleet);
}

void tui_export_json(FILE *out, const struct tui_app *app, const struct tui_canvas *canvas,
                     const struct tui_theme *theme)
{
    const struct tui_fleet *fleet = app->model->fleet;
    int64_t age_ms = tui_model_age_ms(app->model, app->now_ms);
    cJSON *root = cJSON_CreateObject();
    char *text;

    (void)canvas;
    (void)theme;
    cJSON_AddStringToObject(root, "view", tui_views[app->view].name);
    cJSON_AddNumberToObject(root, "time_ms", (double)app->clock_ms);
    cJSON_AddStringToObject(root, "coordinator", app->address);
    cJSON_AddStringToObject(root, "cluster", fleet ? fleet->cluster : "");
    cJSON_AddBoolToObject(root, "recording", app->replay.active);
    add_number(root, "age_ms", age_ms < 0 ? NAN : (double)age_ms);
    if (fleet) {
        add_fleet(root, fleet);
        add_alerts(root, app);
    }
    add_rows(root, app);
    text = cJSON_Print(root);
    cJSON_Delete(root);
    if (text)
        fprintf(out, "%s\n", text);
    cJSON_free(text);
}
