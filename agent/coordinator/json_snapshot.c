// The snapshot of docs/control.md, and its deltas.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/io.h"
#include "agent/core/placement/coord_explain.h"

static void add_text(cJSON *object, const char *name, const char *text)
{
    cJSON_AddStringToObject(object, name, text != NULL ? text : "");
}

// What isn't known is left out.
static void add_number(cJSON *object, const char *name, double value)
{
    if (!isnan(value))
        cJSON_AddNumberToObject(object, name, value);
}

static void add_percentiles(cJSON *object, const char *name, const struct agent_hist *hist)
{
    cJSON *json = cJSON_AddObjectToObject(object, name);
    add_number(json, "count", (double)hist->count);
    add_number(json, "p50", (double)agent_hist_percentile(hist, 50));
    add_number(json, "p95", (double)agent_hist_percentile(hist, 95));
    add_number(json, "p99", (double)agent_hist_percentile(hist, 99));
    add_number(json, "max", (double)hist->max);
}

static void add_bucket(void *user, uint64_t end_us, uint64_t count)
{
    const double pair[] = {(double)end_us, (double)count};
    cJSON_AddItemToArray(user, cJSON_CreateDoubleArray(pair, 2));
}

static void add_latencies(struct agent_coordinator *c, cJSON *snapshot, int64_t now)
{
    cJSON *latency = cJSON_AddObjectToObject(snapshot, "latency_us");
    struct agent_hist hist;
    for (size_t i = 0; i < IO_SPANS; i++) {
        agent_window_merge(&c->stats.spans[i], now, &hist);
        add_percentiles(latency, agent_io_span_names[i], &hist);
        if (i == IO_SPAN_TOTAL)
            agent_hist_outline(&hist, add_bucket,
                               cJSON_AddArrayToObject(snapshot, "latency_histogram"));
    }
    if (c->settings.slo_p99_ms > 0)
        add_number(cJSON_AddObjectToObject(snapshot, "slo"), "latency_p99_us",
                   (double)c->settings.slo_p99_ms * 1000);
}

static void add_model_figures(cJSON *json, struct io_model_stats *stats, int64_t now)
{
    struct agent_hist hist;
    agent_window_merge(&stats->total, now, &hist);
    add_number(json, "done", (double)stats->done);
    add_number(json, "failed", (double)stats->failed);
    add_number(json, "done_per_s", agent_rate_per_s(&stats->done_rate, now));
    add_percentiles(json, "latency_us", &hist);
    cJSON *mean = cJSON_AddObjectToObject(json, "mean_us");
    for (size_t i = 0; i < IO_SPANS; i++)
        add_number(mean, agent_io_span_names[i], agent_mean_of(&stats->means[i], now));
}

static void add_models(struct agent_coordinator *c, cJSON *snapshot, int64_t now)
{
    cJSON *list = cJSON_AddArrayToObject(snapshot, "models");
    const struct agent_model *model;
    for (size_t i = 0; (model = agent_model_set_at(c->models, i)) != NULL; i++) {
        struct io_model_stats *stats = agent_io_model_stats(c, model->hash);
        struct agent_model_load load = {0};
        bool known = agent_coord_model_load(c->core, model->hash, &load);
        cJSON *json = cJSON_CreateObject();
        add_text(json, "name", model->name);
        add_number(json, "version", model->version);
        add_number(json, "bytes", (double)model->bytes);
        if (known) {
            add_number(json, "queued", load.queued);
            add_number(json, "running", load.held);
            add_number(json, "hits", (double)load.hits);
            add_number(json, "misses", (double)load.misses);
            add_number(json, "load_ms", load.load_us > 0 ? (double)load.load_us / 1000 : NAN);
        }
        if (stats != NULL)
            add_model_figures(json, stats, now);
        cJSON_AddItemToArray(list, json);
    }
}

static void add_totals(cJSON *snapshot, const struct agent_totals *totals, size_t devices)
{
    cJSON *json = cJSON_AddObjectToObject(snapshot, "totals");
    add_number(json, "agents", totals->agents);
    add_number(json, "agents_ready", totals->agents_ready);
    add_number(json, "devices", (double)devices);
    add_number(json, "queued", totals->queued);
    add_number(json, "assigned", totals->assigned);
    add_number(json, "running", totals->running);
    add_number(json, "kept", totals->kept);
    add_number(json, "submitted", (double)totals->submitted);
    add_number(json, "done", (double)totals->done);
    add_number(json, "failed", (double)totals->failed);
    add_number(json, "cancelled", (double)totals->cancelled);
    add_number(json, "expired", (double)totals->expired);
    add_number(json, "requeued", (double)totals->requeued);
    add_number(json, "stale", (double)totals->stale);
    add_number(json, "input_bytes", (double)totals->input_bytes);
    add_number(json, "output_bytes", (double)totals->output_bytes);
}

static cJSON *add_cache(cJSON *caches, const char *name, double hits, double misses)
{
    cJSON *cache = cJSON_AddObjectToObject(caches, name);
    add_number(cache, "hits", hits);
    add_number(cache, "misses", misses);
    return cache;
}

static size_t add_caches(const struct agent_coordinator *c, cJSON *snapshot)
{
    struct io_told_counts sum = {0};
    size_t devices = 0;
    for (size_t i = 0; i < c->n_links; i++) {
        const struct io_link *link = c->link_list[i];
        if (link->told == NULL)
            continue;
        sum.model_hits += link->told->counts.model_hits;
        sum.model_misses += link->told->counts.model_misses;
        sum.program_hits += link->told->counts.program_hits;
        sum.models += link->told->counts.models;
        sum.program_misses += link->told->counts.program_misses;
        if (link->welcomed && !link->closing)
            devices += link->told->devices;
    }
    struct agent_caches core;
    agent_coord_caches(c->core, &core);
    cJSON *caches = cJSON_AddObjectToObject(snapshot, "caches");
    cJSON *model = add_cache(caches, "model", sum.model_hits, sum.model_misses);
    add_number(model, "evictions", (double)core.model_evictions);
    add_number(model, "bytes", (double)core.model_bytes);
    add_number(model, "entries", sum.models);
    add_number(model, "prefetches", (double)core.prefetches);
    add_number(model, "prefetch_hits", (double)core.prefetch_hits);
    add_cache(caches, "sticky", (double)core.sticky.hits, (double)core.sticky.misses);
    add_cache(caches, "program", sum.program_hits, sum.program_misses);
    add_cache(caches, "capability", (double)core.capability.hits, (double)core.capability.misses);
    struct agent_response_stats responses = agent_response_cache_stats(c->responses);
    cJSON *response =
        add_cache(caches, "response", (double)responses.hits, (double)responses.misses);
    add_number(response, "evictions", (double)responses.evictions);
    add_number(response, "bytes", (double)responses.bytes);
    add_number(response, "entries", (double)responses.entries);
    return devices;
}

static void add_ledger(struct agent_coordinator *c, cJSON *snapshot,
                       const struct agent_totals *totals)
{
    struct agent_ledger_stats stats;
    agent_ledger_stats(c->ledger, &stats);
    cJSON *ledger = cJSON_AddObjectToObject(snapshot, "ledger");
    bool none = agent_ledger_durability(c->ledger) == AGENT_DURABILITY_NONE;
    const char *state = totals->ledger_ok ? "ok" : totals->ledger_damaged ? "damaged" : "failed";
    add_text(ledger, "state", none ? "none" : state);
    add_text(ledger, "error", totals->ledger_error);
    add_number(ledger, "commits", (double)stats.commits);
    add_number(ledger, "bytes", (double)stats.bytes);
}

static void add_agents(struct agent_coordinator *c, cJSON *snapshot)
{
    cJSON *agents = cJSON_AddArrayToObject(snapshot, "agents");
    struct agent_agent_view agent;
    for (uint32_t i = 0; agent_coord_agent_at(c->core, i, &agent); i++)
        cJSON_AddItemToArray(agents, agent_io_json_agent(c, &agent));
}

static void add_operations(struct agent_coordinator *c, cJSON *snapshot)
{
    cJSON *operations = cJSON_AddArrayToObject(snapshot, "operations");
    struct agent_operation_view operation;
    // What runs, and the last few that have ended.
    for (uint32_t i = 0; agent_coord_operation_at(c->core, i, &operation); i++) {
        if (i < 16 || !operation.finished)
            cJSON_AddItemToArray(operations, agent_io_json_operation(c, &operation));
    }
}

cJSON *agent_io_json_snapshot(struct agent_coordinator *c, bool everything)
{
    int64_t now = agent_io_now_us(c);
    struct agent_totals totals;
    agent_coord_totals(c->core, &totals);
    cJSON *json = cJSON_CreateObject();
    add_number(json, "time_ms", agent_io_ms(now));
    add_number(json, "epoch", (double)c->epoch);
    add_number(json, "event_seq", (double)c->event_seq);
    add_text(json, "cluster", c->options.cluster);
    add_text(json, "version", STOKER_VERSION);
    add_number(json, "uptime_ms", agent_io_ms(now - c->started_us));
    add_text(json, "strategy", totals.strategy);
    add_text(json, "state", totals.stopping ? "stopping" : "running");
    add_ledger(c, json, &totals);
    add_totals(json, &totals, add_caches(c, json));
    cJSON *rates = cJSON_AddObjectToObject(json, "rates");
    add_number(rates, "submitted_per_s", agent_rate_per_s(&c->stats.submitted, now));
    add_number(rates, "done_per_s", agent_rate_per_s(&c->stats.done, now));
    add_latencies(c, json, now);
    if (!everything)
        return json;
    add_models(c, json, now);
    add_agents(c, json);
    add_operations(c, json);
    return json;
}

// ---- deltas

static bool reserve_told(struct io_deltas *deltas, size_t agents)
{
    if (agents <= deltas->room)
        return true;
    uint64_t *grown = realloc(deltas->told, 2 * agents * sizeof *grown);
    if (grown == NULL)
        return false;
    memset(grown + deltas->room, 0, (2 * agents - deltas->room) * sizeof *grown);
    deltas->told = grown;
    deltas->room = 2 * agents;
    return true;
}

// Of what an operator hears at once. A reason isn't: some count seconds.
static uint64_t state_of(struct agent_coordinator *c, const struct agent_agent_view *agent)
{
    const struct io_link *link = agent->connected ? agent_io_link(c, agent->link) : NULL;
    uint64_t hash = link != NULL && link->told != NULL ? link->told->counts.states : 0;
    hash = agent_io_hash(hash, agent->name, strlen(agent->name));
    return agent_io_hash(hash, agent->state, strlen(agent->state));
}

// Each twice a second, as long as that is not too much for one delta.
static uint32_t turn_of(uint32_t agents)
{
    uint32_t half = (agents + 1) / 2;
    return agents <= IO_DELTA_ALL ? agents : half < IO_DELTA_AGENTS ? half : IO_DELTA_AGENTS;
}

static void add_changed(struct agent_coordinator *c, cJSON *delta, uint32_t agents)
{
    cJSON *list = cJSON_AddArrayToObject(delta, "agents");
    struct io_deltas *deltas = &c->deltas;
    struct agent_agent_view agent;
    if (!reserve_told(deltas, agents))
        return;
    uint32_t from = deltas->next < agents ? deltas->next : 0;
    uint32_t to = from + turn_of(agents);
    for (uint32_t i = 0; i < agents && agent_coord_agent_at(c->core, i, &agent); i++) {
        uint64_t state = state_of(c, &agent);
        if ((i < from || i >= to) && deltas->told[i] == state)
            continue;
        deltas->told[i] = state;
        cJSON_AddItemToArray(list, agent_io_json_agent(c, &agent));
    }
    deltas->next = to;
}

cJSON *agent_io_json_delta(struct agent_coordinator *c)
{
    cJSON *json = agent_io_json_snapshot(c, false);
    struct agent_totals totals;
    agent_coord_totals(c->core, &totals);
    add_models(c, json, agent_io_now_us(c));
    add_changed(c, json, totals.agents);
    add_operations(c, json);
    return json;
}

void agent_io_deltas_free(struct agent_coordinator *c)
{
    free(c->deltas.told);
}
