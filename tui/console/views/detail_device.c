#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "views/detail.h"
#include "views/work.h"

#define EVENTS_MAX 12

/* The device of the pane and its agent; false while it isn't there. */
static bool find(const struct tui_app *app, const struct tui_agent **ret_agent,
                 const struct tui_device **ret_device)
{
    const struct tui_fleet *fleet = app->model->fleet;
    char id[TUI_NAME_SIZE];

    for (size_t i = 0; i < fleet->agent_count; i++) {
        for (size_t k = 0; k < fleet->agents[i].device_count; k++) {
            tui_device_id(id, &fleet->agents[i], &fleet->agents[i].devices[k]);
            if (strcmp(id, app->detail_id) != 0)
                continue;
            *ret_agent = &fleet->agents[i];
            *ret_device = &fleet->agents[i].devices[k];
            return true;
        }
    }
    return false;
}

static void write_use(struct tui_sheet *sheet, const struct tui_device *device)
{
    char text[TUI_FIGURE_SIZE];
    char total[TUI_FIGURE_SIZE];

    tui_figure_percent(text, sizeof(text), device->busy);
    tui_sheet_bar(sheet, "load", device->busy, TUI_ROLE_GRAPH_LOW, "%s busy", text);
    tui_figure_bytes(text, sizeof(text), device->memory_used_bytes);
    tui_figure_bytes(total, sizeof(total), device->memory_bytes);
    if (device->memory_bytes > 0)
        tui_sheet_bar(sheet, "memory",
                      (double)device->memory_used_bytes / (double)device->memory_bytes,
                      TUI_ROLE_GRAPH_MID, "%s of %s", text, total);
    tui_figure_percent(text, sizeof(text), device->copy);
    if (!isnan(device->copy))
        tui_sheet_bar(sheet, "copies", device->copy, TUI_ROLE_PART_COPY, "%s of its time", text);
    if (!isnan(device->kernels_per_s)) {
        tui_figure_rate(text, sizeof(text), device->kernels_per_s);
        tui_sheet_field(sheet, "kernels", TUI_ROLE_NORMAL, "%s launches/s", text);
    }
    if (!isnan(device->temperature_c))
        tui_sheet_field(sheet, "temperature", TUI_ROLE_NORMAL, "%.0f C", device->temperature_c);
    if (!isnan(device->power_w))
        tui_sheet_field(sheet, "power", TUI_ROLE_NORMAL, "%.1f W", device->power_w);
}

static void write_device(struct tui_sheet *sheet, const struct tui_agent *agent,
                         const struct tui_device *device)
{
    tui_sheet_field(sheet, "state", tui_state_role(device->state), "%s%s%s", device->state,
                    device->reason[0] ? ": " : "", device->reason);
    tui_sheet_field(sheet, "agent", tui_state_role(agent->state), "%s, %s", agent->name,
                    agent->state);
    tui_sheet_link(sheet, TUI_CONTEXT_AGENT, agent->name);
    write_use(sheet, device);
    tui_sheet_field(sheet, "work", TUI_ROLE_NORMAL, "%llu jobs in %llu batches, %.1f a batch",
                    (unsigned long long)device->jobs, (unsigned long long)device->batches,
                    device->batches > 0 ? (double)device->jobs / (double)device->batches : 0);
    tui_sheet_field(sheet, "executor", device->restarts > 0 ? TUI_ROLE_WARN : TUI_ROLE_NORMAL,
                    "restarted %llu times", (unsigned long long)device->restarts);
    tui_sheet_field(sheet, "hardware", TUI_ROLE_NORMAL, "%s, %s, %u compute units%s%s",
                    device->name, device->family, device->compute_units,
                    device->fp16 ? ", fp16" : "", device->fp64 ? ", fp64" : "");
    tui_sheet_field(sheet, "driver", TUI_ROLE_DIM, "%s; id %s", device->driver, device->id);
}

static void write_models(struct tui_sheet *sheet, const struct tui_agent *agent,
                         const struct tui_device *device)
{
    size_t shown = 0;

    tui_sheet_title(sheet, "Models on it");
    for (size_t i = 0; i < agent->resident_count; i++) {
        const struct tui_resident *resident = &agent->residents[i];
        char bytes[TUI_FIGURE_SIZE];
        if (resident->device != device->index)
            continue;
        shown++;
        tui_figure_bytes(bytes, sizeof(bytes), resident->bytes);
        tui_sheet_field(sheet, resident->model, tui_state_role(resident->state), "%s, %s%s",
                        resident->state, bytes, resident->pinned ? ", pinned" : "");
        tui_sheet_link(sheet, TUI_CONTEXT_MODEL, resident->model);
    }
    if (shown == 0)
        tui_sheet_text(sheet, TUI_ROLE_DIM, "none");
}

/* Events name devices in their text only. */
static bool about(const struct tui_app *app, const struct tui_event *event)
{
    const struct tui_agent *agent;
    const struct tui_device *device;
    char name[TUI_WORD_SIZE];

    if (!find(app, &agent, &device) || strcmp(event->agent, agent->name) != 0)
        return false;
    snprintf(name, sizeof(name), "device %u", device->index);
    const char *at = strstr(event->text, name);
    return at && !(at[strlen(name)] >= '0' && at[strlen(name)] <= '9');
}

static void write(const struct tui_app *app, struct tui_sheet *sheet)
{
    const struct tui_agent *agent;
    const struct tui_device *device;

    tui_sheet_title(sheet, "Device %s", app->detail_id);
    if (!find(app, &agent, &device)) {
        tui_sheet_field(sheet, "state", TUI_ROLE_BAD, "is not in the cluster now");
        return;
    }
    write_device(sheet, agent, device);
    write_models(sheet, agent, device);
    tui_detail_events(app, sheet, EVENTS_MAX, about);
}

const struct tui_detail tui_detail_device = {write, NULL};
