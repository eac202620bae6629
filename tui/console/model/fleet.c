#include "model/fleet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const tui_span_names[TUI_SPAN_COUNT] = {"total", "queue", "load", "compute", "copy"};

void tui_fleet_destroy(struct tui_fleet *fleet)
{
    if (!fleet)
        return;
    for (size_t i = 0; i < fleet->agent_count; i++)
        free(fleet->agents[i].lists);
    free(fleet->agents);
    free(fleet->operations);
    free(fleet->models);
    free(fleet->residents);
    free(fleet);
}

void tui_agent_settle(struct tui_agent *agent)
{
    for (size_t i = 0; i < agent->resident_count; i++)
        agent->residents[i].agent = agent->name;
}

static void swap_agents(struct tui_agent *a, struct tui_agent *b)
{
    struct tui_agent kept = *a;

    *a = *b;
    *b = kept;
    tui_agent_settle(a);
    tui_agent_settle(b);
}

void tui_fleet_complete(struct tui_fleet *part, struct tui_fleet *before)
{
    size_t at = 0;

    for (size_t i = 0; i < part->agent_count; i++) {
        struct tui_agent *agent = &part->agents[i];
        /* Both have the coordinator's order, so the next one is near the last one. */
        for (size_t looked = 0; looked < before->agent_count; looked++, at++) {
            struct tui_agent *old = &before->agents[at % before->agent_count];
            if (strcmp(old->name, agent->name) == 0) {
                swap_agents(old, agent);
                break;
            }
        }
    }
    struct tui_agent *agents = before->agents;
    size_t count = before->agent_count;
    before->agents = part->agents;
    before->agent_count = part->agent_count;
    part->agents = agents;
    part->agent_count = count;
}

static int compare_ids(const void *a, const void *b)
{
    const struct tui_served *const *x = a;
    const struct tui_served *const *y = b;

    return strcmp((*x)->id, (*y)->id);
}

static struct tui_served *find_sorted(struct tui_served *const *sorted, size_t count,
                                      const char *id)
{
    size_t from = 0;
    size_t to = count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = strcmp(id, sorted[middle]->id);
        if (order == 0)
            return sorted[middle];
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return NULL;
}

/* A counting sort: how many each model has, where its part of the pool begins, and then each
 * resident into the part of its model. */
static void fill_residents(struct tui_fleet *fleet, struct tui_served *const *sorted,
                           struct tui_served **models)
{
    size_t at = 0;
    size_t next = 0;

    for (size_t i = 0; i < fleet->agent_count; i++) {
        const struct tui_agent *agent = &fleet->agents[i];
        for (size_t r = 0; r < agent->resident_count; r++, at++) {
            models[at] = find_sorted(sorted, fleet->model_count, agent->residents[r].model);
            if (models[at])
                models[at]->resident_count++;
        }
    }
    for (size_t i = 0; i < fleet->model_count; i++) {
        fleet->models[i].residents = &fleet->residents[next];
        next += fleet->models[i].resident_count;
        fleet->models[i].resident_count = 0;
    }
    at = 0;
    for (size_t i = 0; i < fleet->agent_count; i++) {
        const struct tui_agent *agent = &fleet->agents[i];
        for (size_t r = 0; r < agent->resident_count; r++, at++) {
            struct tui_served *model = models[at];
            if (model)
                fleet->residents[(size_t)(model->residents - fleet->residents) +
                                 model->resident_count++] = &agent->residents[r];
        }
    }
}

bool tui_fleet_link_models(struct tui_fleet *fleet)
{
    struct tui_served **sorted = calloc(fleet->model_count + 1, sizeof(struct tui_served *));
    struct tui_served **models = NULL;
    size_t count = 0;

    for (size_t i = 0; i < fleet->agent_count; i++)
        count += fleet->agents[i].resident_count;
    for (size_t i = 0; i < fleet->model_count; i++)
        fleet->models[i].resident_count = 0;
    free(fleet->residents);
    fleet->residents = calloc(count + 1, sizeof(*fleet->residents));
    models = calloc(count + 1, sizeof(struct tui_served *));
    bool ok = sorted && models && fleet->residents;
    if (ok) {
        for (size_t i = 0; i < fleet->model_count; i++)
            sorted[i] = &fleet->models[i];
        qsort(sorted, fleet->model_count, sizeof(struct tui_served *), compare_ids);
        fill_residents(fleet, sorted, models);
    }
    free(sorted);
    free(models);
    return ok;
}

const struct tui_served *tui_fleet_model(const struct tui_fleet *fleet, const char *id)
{
    for (size_t i = 0; fleet && i < fleet->model_count; i++) {
        if (strcmp(fleet->models[i].id, id) == 0)
            return &fleet->models[i];
    }
    return NULL;
}

uint64_t tui_hist_upper_us(size_t i)
{
    if (i >= TUI_HIST_BUCKETS - 1)
        return UINT64_MAX;
    return (uint64_t)(i % 2 == 0 ? 8 : 12) << (i / 2);
}

size_t tui_hist_bucket(uint64_t us)
{
    size_t i = 0;

    while (us > tui_hist_upper_us(i))
        i++;
    return i;
}

const struct tui_agent *tui_fleet_agent(const struct tui_fleet *fleet, const char *name)
{
    for (size_t i = 0; fleet && i < fleet->agent_count; i++) {
        if (strcmp(fleet->agents[i].name, name) == 0)
            return &fleet->agents[i];
    }
    return NULL;
}

const char *tui_agent_version(const struct tui_agent *agent)
{
    const char *name_end = strrchr(agent->version, ' ');

    return name_end ? name_end + 1 : agent->version;
}

bool tui_agent_is_skewed(const struct tui_agent *agent, const struct tui_fleet *fleet)
{
    const char *version = tui_agent_version(agent);

    return version[0] != 0 && strcmp(version, fleet->version) != 0;
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
