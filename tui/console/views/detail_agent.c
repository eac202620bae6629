#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "views/detail.h"
#include "views/work.h"

#define EVENTS_MAX 12

static void write_link(const struct tui_app *app, struct tui_sheet *sheet,
                       const struct tui_agent *agent)
{
    const char *coordinator = app->model->fleet->version;
    bool skewed = tui_agent_is_skewed(agent, app->model->fleet);
    char seen[TUI_FIGURE_SIZE];
    char rtt[TUI_FIGURE_SIZE];
    char since[TUI_TEXT_SIZE];

    tui_figure_age(seen, sizeof(seen), agent->seen_ms_ago);
    tui_figure_us(rtt, sizeof(rtt), agent->rtt_us > 0 ? (double)agent->rtt_us : NAN);
    tui_detail_time(app, since, sizeof(since), agent->connected_ms);
    /* Of one that has been lost since, only when it was heard is known. */
    if (agent->address[0] == 0)
        tui_sheet_field(sheet, "link", TUI_ROLE_WARN, "none; it was seen %s ago", seen);
    else
        tui_sheet_field(sheet, "link", agent->seen_ms_ago > 2000 ? TUI_ROLE_WARN : TUI_ROLE_NORMAL,
                        "%s, seen %s ago, round trip %s", agent->address, seen, rtt);
    tui_sheet_field(sheet, "joined", TUI_ROLE_NORMAL, "%s", since);
    if (agent->version[0] == 0)
        return;
    tui_sheet_field(sheet, "version", skewed ? TUI_ROLE_WARN : TUI_ROLE_NORMAL, "%s%s%s%s",
                    tui_agent_version(agent), skewed ? "; the coordinator is " : "",
                    skewed ? coordinator : "", skewed ? ": they differ" : "");
}

static void write_work(struct tui_sheet *sheet, const struct tui_agent *agent)
{
    char rate[TUI_FIGURE_SIZE];
    char p50[TUI_FIGURE_SIZE];
    char p95[TUI_FIGURE_SIZE];
    char rss[TUI_FIGURE_SIZE];

    tui_figure_rate(rate, sizeof(rate), agent->done_per_s);
    tui_figure_us(p50, sizeof(p50), agent->p50_us > 0 ? (double)agent->p50_us : NAN);
    tui_figure_us(p95, sizeof(p95), agent->p95_us > 0 ? (double)agent->p95_us : NAN);
    tui_figure_bytes(rss, sizeof(rss), agent->rss_bytes);
    tui_sheet_field(sheet, "throughput", TUI_ROLE_STRONG, "%s jobs/s, p50 %s, p95 %s", rate, p50,
                    p95);
    tui_sheet_field(sheet, "jobs", TUI_ROLE_NORMAL,
                    "%llu running, %llu sent and not begun (%llu wait there); room for %llu",
                    (unsigned long long)agent->running, (unsigned long long)agent->assigned,
                    (unsigned long long)agent->queued, (unsigned long long)agent->credit);
    tui_sheet_field(sheet, "since start", agent->failed > 0 ? TUI_ROLE_WARN : TUI_ROLE_NORMAL,
                    "%llu done, %llu failed, %llu requeued", (unsigned long long)agent->done,
                    (unsigned long long)agent->failed, (unsigned long long)agent->requeued);
    if (agent->rss_bytes > 0)
        tui_sheet_field(sheet, "process", TUI_ROLE_DIM, "%s of memory, %.0f%% of a core", rss,
                        isnan(agent->cpu) ? 0 : agent->cpu * 100);
}

static void write_error(const struct tui_app *app, struct tui_sheet *sheet,
                        const struct tui_agent *agent)
{
    char when[TUI_TEXT_SIZE];

    if (agent->error_ms == 0)
        return;
    tui_detail_time(app, when, sizeof(when), agent->error_ms);
    tui_sheet_field(sheet, "last error", TUI_ROLE_WARN, "%s: %s", when, agent->error);
}

static void write_operations(const struct tui_app *app, struct tui_sheet *sheet,
                             const struct tui_agent *agent)
{
    const struct tui_fleet *fleet = app->model->fleet;

    for (size_t i = 0; i < fleet->operation_count; i++) {
        const struct tui_operation *operation = &fleet->operations[i];
        bool running = strcmp(operation->state, "running") == 0;
        char text[TUI_TEXT_SIZE];
        char id[TUI_FIGURE_SIZE];
        if (strcmp(operation->target, agent->name) != 0)
            continue;
        tui_operation_summary(text, sizeof(text), operation);
        snprintf(id, sizeof(id), "%llu", (unsigned long long)operation->id);
        tui_sheet_field(sheet, operation->kind, running ? TUI_ROLE_WARN : TUI_ROLE_DIM,
                        "operation %s, %s: %s", id, operation->state, text);
        tui_sheet_link(sheet, TUI_CONTEXT_OPERATION, id);
    }
}

static void write_devices(struct tui_sheet *sheet, const struct tui_agent *agent)
{
    static const struct tui_column columns[] = {
        {.title = "DEVICE", .width = 6},
        {.title = "STATE", .width = 9},
        {.title = "NAME", .width = 14, .grow = 2},
        {.title = "LOAD", .width = 12, .grow = 1, .bar = 4},
        {.title = "MEMORY", .width = 9, .priority = 1, .right = true},
        {.title = "OF", .width = 9, .priority = 1, .right = true},
        {.title = "TEMP", .width = 5, .priority = 2, .right = true},
        {.title = "POWER", .width = 6, .priority = 3, .right = true},
        {.title = "RESTARTS", .width = 8, .priority = 2, .right = true},
    };
    char text[TUI_NAME_SIZE];

    tui_sheet_title(sheet, "Devices");
    if (agent->device_count == 0) {
        tui_sheet_text(sheet, TUI_ROLE_WARN, "it has told of none");
        return;
    }
    tui_sheet_head(sheet, columns, sizeof(columns) / sizeof(columns[0]));
    for (size_t i = 0; i < agent->device_count; i++) {
        const struct tui_device *device = &agent->devices[i];
        tui_device_id(text, agent, device);
        tui_sheet_row(sheet, text);
        tui_sheet_link(sheet, TUI_CONTEXT_DEVICE, text);
        tui_sheet_cell(sheet, 0, TUI_ROLE_STRONG, "%u", device->index);
        tui_sheet_cell(sheet, 1, tui_state_role(device->state), "%s", device->state);
        tui_sheet_cell(sheet, 2, TUI_ROLE_NORMAL, "%s", device->name);
        tui_figure_percent(text, sizeof(text), device->busy);
        tui_sheet_cell_bar(sheet, 3, device->busy, text);
        tui_figure_bytes(text, sizeof(text), device->memory_used_bytes);
        tui_sheet_cell(sheet, 4, TUI_ROLE_NORMAL, "%s", text);
        tui_figure_bytes(text, sizeof(text), device->memory_bytes);
        tui_sheet_cell(sheet, 5, TUI_ROLE_DIM, "%s", text);
        if (!isnan(device->temperature_c))
            tui_sheet_cell(sheet, 6, TUI_ROLE_NORMAL, "%.0f C", device->temperature_c);
        if (!isnan(device->power_w))
            tui_sheet_cell(sheet, 7, TUI_ROLE_NORMAL, "%.0f W", device->power_w);
        tui_sheet_cell(sheet, 8, device->restarts > 0 ? TUI_ROLE_WARN : TUI_ROLE_DIM, "%llu",
                       (unsigned long long)device->restarts);
    }
}

/* How many rows at once the device has found to be the best for the model; NULL: not measured. */
static const struct tui_batch *batch_of(const struct tui_agent *agent,
                                        const struct tui_resident *resident)
{
    for (size_t i = 0; i < agent->batch_count; i++) {
        if (agent->batches[i].device == resident->device &&
            strcmp(agent->batches[i].model, resident->model) == 0)
            return &agent->batches[i];
    }
    return NULL;
}

static void write_model(struct tui_sheet *sheet, const struct tui_agent *agent,
                        const struct tui_resident *resident)
{
    const struct tui_batch *batch = batch_of(agent, resident);
    char text[TUI_FIGURE_SIZE];

    tui_sheet_row(sheet, resident->model);
    tui_sheet_link(sheet, TUI_CONTEXT_MODEL, resident->model);
    tui_sheet_cell(sheet, 0, TUI_ROLE_STRONG, "%s", resident->model);
    tui_sheet_cell(sheet, 1, tui_state_role(resident->state), "%s", resident->state);
    if (resident->device != TUI_NO_DEVICE)
        tui_sheet_cell(sheet, 2, TUI_ROLE_NORMAL, "%u", resident->device);
    tui_figure_bytes(text, sizeof(text), resident->bytes);
    tui_sheet_cell(sheet, 3, TUI_ROLE_NORMAL, "%s", text);
    tui_figure_us(text, sizeof(text), resident->load_ms * 1000);
    tui_sheet_cell(sheet, 4, TUI_ROLE_NORMAL, "%s", text);
    tui_sheet_cell(sheet, 5, TUI_ROLE_STRONG, "%s", resident->pinned ? "pinned" : "");
    if (!batch)
        return;
    tui_figure_rate(text, sizeof(text), batch->rows_per_s);
    tui_sheet_cell(sheet, 6, TUI_ROLE_NORMAL, "%llu rows, %s rows/s",
                   (unsigned long long)batch->rows, text);
}

static void write_models(struct tui_sheet *sheet, const struct tui_agent *agent)
{
    static const struct tui_column columns[] = {
        {.title = "MODEL", .width = 14, .grow = 2},
        {.title = "STATE", .width = 9},
        {.title = "DEVICE", .width = 6, .right = true},
        {.title = "MEMORY", .width = 9, .right = true},
        {.title = "LOADED IN", .width = 9, .priority = 2, .right = true},
        {.title = "PIN", .width = 6, .priority = 1},
        {.title = "BEST BATCH", .width = 22, .grow = 1, .priority = 3},
    };

    tui_sheet_title(sheet, "Models");
    if (agent->resident_count == 0) {
        tui_sheet_text(sheet, TUI_ROLE_DIM, "it has none");
        return;
    }
    tui_sheet_head(sheet, columns, sizeof(columns) / sizeof(columns[0]));
    for (size_t i = 0; i < agent->resident_count; i++)
        write_model(sheet, agent, &agent->residents[i]);
}

static bool about(const struct tui_app *app, const struct tui_event *event)
{
    return strcmp(event->agent, app->detail_id) == 0;
}

static void write(const struct tui_app *app, struct tui_sheet *sheet)
{
    const struct tui_agent *agent = tui_fleet_agent(app->model->fleet, app->detail_id);

    tui_sheet_title(sheet, "Agent %s", app->detail_id);
    if (!agent) {
        tui_sheet_field(sheet, "state", TUI_ROLE_BAD, "is not in the cluster now");
    } else {
        tui_sheet_field(sheet, "state", tui_state_role(agent->state), "%s%s%s", agent->state,
                        agent->reason[0] ? ": " : "", agent->reason);
        write_operations(app, sheet, agent);
        write_error(app, sheet, agent);
        write_work(sheet, agent);
        write_link(app, sheet, agent);
        write_devices(sheet, agent);
        write_models(sheet, agent);
    }
    tui_detail_events(app, sheet, EVENTS_MAX, about);
    tui_detail_acts(app, sheet, app->detail_id);
}

static void want(const struct tui_app *app, struct tui_want *ret_want)
{
    ret_want->polls[TUI_POLL_AUDIT] = true;
    tui_want_text(ret_want->audit.target, sizeof(ret_want->audit.target), app->detail_id);
}

const struct tui_detail tui_detail_agent = {write, want};
