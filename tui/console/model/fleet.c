#include "model/fleet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const tui_span_names[TUI_SPAN_COUNT] = {"total", "queue", "load", "compute", "copy"};

void tui_fleet_destroy(struct tui_fleet *fleet)
{
    if (!fleet)
        return;
    free(fleet->agents);
    free(fleet->operations);
    free(fleet->devices);
    free(fleet->models);
    free(fleet->batches);
    free(fleet);
}

const struct tui_agent *tui_fleet_agent(const struct tui_fleet *fleet, const char *name)
{
    for (size_t i = 0; fleet && i < fleet->agent_count; i++) {
        if (strcmp(fleet->agents[i].name, name) == 0)
            return &fleet->agents[i];
    }
    return NULL;
}

const struct tui_operation *tui_fleet_operation(const struct tui_fleet *fleet, uint64_t id)
{
    for (size_t i = 0; fleet && i < fleet->operation_count; i++) {
        if (fleet->operations[i].id == id)
            return &fleet->operations[i];
    }
    return NULL;
}

double tui_agent_busy(const struct tui_agent *agent)
{
    double sum = 0;
    size_t known = 0;

    for (size_t i = 0; i < agent->device_count; i++) {
        if (!isnan(agent->devices[i].busy)) {
            sum += fmin(agent->devices[i].busy, 1);
            known++;
        }
    }
    return known > 0 ? sum / (double)known : NAN;
}
