#include "model/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/hist.h"

/* A series for the cluster: 5 minutes of samples, an hour in steps of 4 s. */
#define FINE_SLOTS (5 * TUI_SLOTS_PER_MINUTE)
#define COARSE_SLOTS 16
#define COARSE_COUNT (TUI_HISTORY_SLOTS / COARSE_SLOTS)

/* One of several caches or models: an hour in steps of 8 s, and as many samples or fewer. */
#define PART_SLOTS 32
#define PART_COUNT (TUI_HISTORY_SLOTS / PART_SLOTS)
#define MODEL_FINE_SLOTS (2 * TUI_SLOTS_PER_MINUTE)

#define HISTS (TUI_HISTORY_SLOTS / TUI_HIST_SLOTS)
#define HIST_STRIDE (TUI_WINDOW_SLOTS / TUI_HIST_SLOTS) /* of histograms that don't overlap */

#define HELD_SLOTS 4 /* a value stands for the time before it as long as it isn't called old */
#define BACK_SLOTS 8 /* further back than arrivals jitter */

/* All of them, or none. */
static bool init_all(struct tui_series **all, size_t count, size_t fine_count)
{
    for (size_t i = 0; i < count; i++) {
        if (tui_series_init(all[i], fine_count, PART_COUNT, PART_SLOTS))
            continue;
        while (i > 0)
            tui_series_finish(all[--i]);
        return false;
    }
    return true;
}

static void finish_model(struct tui_model_track *model)
{
    tui_series_finish(&model->done_per_s);
    tui_series_finish(&model->p50_us);
    tui_series_finish(&model->p95_us);
    tui_series_finish(&model->p99_us);
}

bool tui_history_init(struct tui_history *ret_history)
{
    *ret_history =
        (struct tui_history){.agents.limit = TUI_AGENTS_MAX, .models.limit = TUI_SERVED_MAX};
    ret_history->hists = calloc(HISTS, sizeof(*ret_history->hists));
    if (!ret_history->hists)
        return false;
    for (size_t i = 0; i < TUI_METRIC_COUNT; i++) {
        if (!tui_series_init(&ret_history->metrics[i], FINE_SLOTS, COARSE_COUNT, COARSE_SLOTS)) {
            tui_history_finish(ret_history);
            return false;
        }
    }
    return true;
}

void tui_history_finish(struct tui_history *history)
{
    for (size_t i = 0; i < TUI_METRIC_COUNT; i++)
        tui_series_finish(&history->metrics[i]);
    for (size_t i = 0; i < history->cache_count; i++) {
        tui_series_finish(&history->caches[i].hit_rate);
        tui_series_finish(&history->caches[i].lookups_per_s);
        tui_series_finish(&history->caches[i].evictions_per_s);
        tui_series_finish(&history->caches[i].bytes);
    }
    for (size_t i = 0; i < history->tracked_count; i++)
        finish_model(&history->models_tracked[i]);
    tui_pulses_finish(&history->agents);
    tui_pulses_finish(&history->models);
    free(history->hists);
    *history = (struct tui_history){0};
}

void tui_history_split(const struct tui_fleet *fleet, double ret_mean_us[TUI_SPAN_COUNT])
{
    double jobs = 0;

    for (size_t s = 0; s < TUI_SPAN_COUNT; s++)
        ret_mean_us[s] = 0;
    for (size_t i = 0; i < fleet->model_count; i++) {
        const struct tui_served *model = &fleet->models[i];
        double count = (double)model->total.count;
        jobs += count;
        for (size_t s = TUI_SPAN_QUEUE; s < TUI_SPAN_COUNT && count > 0; s++)
            ret_mean_us[s] += isnan(model->mean_us[s]) ? 0 : model->mean_us[s] * count;
    }
    for (size_t s = TUI_SPAN_QUEUE; s < TUI_SPAN_COUNT; s++) {
        ret_mean_us[s] = jobs > 0 ? ret_mean_us[s] / jobs : NAN;
        ret_mean_us[TUI_SPAN_TOTAL] += ret_mean_us[s];
    }
}

static double metric_of(const struct tui_history *history, const struct tui_fleet *fleet,
                        enum tui_metric metric, uint64_t slots)
{
    const struct tui_latency *total = &fleet->latency[TUI_SPAN_TOTAL];
    double split[TUI_SPAN_COUNT];
    /* A percentile of nothing is not 0 us. */
    bool measured = total->count > 0;

    switch (metric) {
    case TUI_METRIC_DONE:
        return fleet->done_per_s;
    case TUI_METRIC_SUBMITTED:
        return fleet->submitted_per_s;
    case TUI_METRIC_FAILED:
        if (history->next == 0 || fleet->epoch != history->epoch ||
            fleet->totals.failed < history->failed)
            return NAN;
        return (double)(fleet->totals.failed - history->failed) * 1000 /
               (double)(slots * TUI_SAMPLE_MS);
    case TUI_METRIC_QUEUED:
        return (double)fleet->totals.queued;
    case TUI_METRIC_IN_FLIGHT:
        return (double)(fleet->totals.assigned + fleet->totals.running);
    case TUI_METRIC_P50:
        return measured ? (double)total->p50_us : NAN;
    case TUI_METRIC_P95:
        return measured ? (double)total->p95_us : NAN;
    case TUI_METRIC_P99:
        return measured ? (double)total->p99_us : NAN;
    case TUI_METRIC_WITHIN:
        return fleet->slo_p99_us > 0 ? tui_hist_within(&fleet->hist, fleet->slo_p99_us) : NAN;
    case TUI_METRIC_QUEUE:
    case TUI_METRIC_LOAD:
    case TUI_METRIC_COMPUTE:
    case TUI_METRIC_COPY:
        tui_history_split(fleet, split);
        return split[TUI_SPAN_QUEUE + (metric - TUI_METRIC_QUEUE)];
    case TUI_METRIC_COUNT:
        break;
    }
    return NAN;
}

/* The same value for each of the slots [from, to]. */
static void put(struct tui_series *series, uint64_t from, uint64_t to, double value)
{
    for (uint64_t slot = from; slot <= to; slot++)
        tui_series_put(series, slot, value);
}

/* A cache keeps its place whatever order the coordinator names them in. */
static struct tui_cache_track *cache_of(struct tui_history *history, const char *name)
{
    for (size_t i = 0; i < history->cache_count; i++) {
        if (strcmp(history->caches[i].name, name) == 0)
            return &history->caches[i];
    }
    if (history->cache_count == TUI_CACHES_MAX)
        return NULL;
    struct tui_cache_track *cache = &history->caches[history->cache_count];
    *cache = (struct tui_cache_track){0};
    struct tui_series *all[] = {&cache->hit_rate, &cache->lookups_per_s, &cache->evictions_per_s,
                                &cache->bytes};
    if (!init_all(all, sizeof(all) / sizeof(all[0]), FINE_SLOTS))
        return NULL;
    snprintf(cache->name, sizeof(cache->name), "%s", name);
    history->cache_count++;
    return cache;
}

/* The oldest sample that is not older than the window; NULL if there is none. */
static const struct tui_cache_sample *window_start(const struct tui_cache_track *cache,
                                                   uint64_t slot)
{
    size_t kept = cache->samples < TUI_WINDOW_SLOTS ? cache->samples : TUI_WINDOW_SLOTS;

    for (size_t i = kept; i > 0; i--) {
        const struct tui_cache_sample *sample =
            &cache->window[(cache->samples - i) % TUI_WINDOW_SLOTS];
        if (sample->slot + TUI_WINDOW_SLOTS >= slot)
            return sample;
    }
    return NULL;
}

static void fold_cache(struct tui_cache_track *cache, const struct tui_cache *now, uint64_t from,
                       uint64_t slot)
{
    const struct tui_cache_sample *last =
        cache->samples > 0 ? &cache->window[(cache->samples - 1) % TUI_WINDOW_SLOTS] : NULL;

    /* Counters that fall belong to another process: begin again. */
    if (last && (now->hits < last->hits || now->misses < last->misses))
        cache->samples = 0;
    const struct tui_cache_sample *start = window_start(cache, slot);
    if (start) {
        double hits = (double)(now->hits - start->hits);
        double lookups = hits + (double)(now->misses - start->misses);
        double seconds = (double)((slot - start->slot) * TUI_SAMPLE_MS) / 1000;
        put(&cache->lookups_per_s, from, slot, lookups / seconds);
        put(&cache->hit_rate, from, slot, lookups > 0 ? hits / lookups : NAN);
        double evictions = now->evictions - start->evictions;
        put(&cache->evictions_per_s, from, slot, evictions >= 0 ? evictions / seconds : NAN);
    }
    put(&cache->bytes, from, slot, now->bytes);
    cache->window[cache->samples % TUI_WINDOW_SLOTS] =
        (struct tui_cache_sample){slot, now->hits, now->misses, now->evictions};
    cache->samples++;
}

const struct tui_model_track *tui_history_model(const struct tui_history *history, const char *id)
{
    for (size_t i = 0; i < history->tracked_count; i++) {
        if (strcmp(history->models_tracked[i].id, id) == 0)
            return &history->models_tracked[i];
    }
    return NULL;
}

static struct tui_model_track *find_track(struct tui_history *history, const char *id)
{
    const struct tui_model_track *found = tui_history_model(history, id);

    return found ? &history->models_tracked[found - history->models_tracked] : NULL;
}

/* The place of a model that jobs end for: its own, a free one, or that of the model that has been
 * idle for longest, if that is ten minutes; NULL if there is none. */
static struct tui_model_track *track(struct tui_history *history, const char *id, uint64_t slot)
{
    struct tui_model_track *found = find_track(history, id);
    struct tui_model_track *idle = NULL;

    if (found)
        return found;
    if (history->tracked_count < TUI_TRACKED_MODELS_MAX)
        idle = &history->models_tracked[history->tracked_count++];
    for (size_t i = 0; i < history->tracked_count && !idle; i++) {
        struct tui_model_track *other = &history->models_tracked[i];
        if (other->done_per_s.next + 10 * TUI_SLOTS_PER_MINUTE < slot) {
            idle = other;
            finish_model(idle);
        }
    }
    if (!idle)
        return NULL;
    *idle = (struct tui_model_track){0};
    snprintf(idle->id, sizeof(idle->id), "%s", id);
    struct tui_series *all[] = {&idle->done_per_s, &idle->p50_us, &idle->p95_us, &idle->p99_us};
    if (!init_all(all, sizeof(all) / sizeof(all[0]), MODEL_FINE_SLOTS)) {
        *idle = history->models_tracked[--history->tracked_count];
        return NULL;
    }
    return idle;
}

static void fold_models(struct tui_history *history, const struct tui_fleet *fleet, uint64_t from,
                        uint64_t slot)
{
    for (size_t i = 0; i < fleet->model_count; i++) {
        const struct tui_served *model = &fleet->models[i];
        bool measured = model->total.count > 0;
        struct tui_vital vital = {.per_s = model->done_per_s,
                                  .p95_us = measured ? (double)model->total.p95_us : NAN,
                                  .failed = model->failed};
        tui_pulses_fold(&history->models, slot, model->id, &vital);
        struct tui_model_track *to =
            measured ? track(history, model->id, slot) : find_track(history, model->id);
        if (!to)
            continue;
        put(&to->done_per_s, from, slot, model->done_per_s);
        put(&to->p50_us, from, slot, measured ? (double)model->total.p50_us : NAN);
        put(&to->p95_us, from, slot, measured ? (double)model->total.p95_us : NAN);
        put(&to->p99_us, from, slot, measured ? (double)model->total.p99_us : NAN);
    }
}

static void fold_agents(struct tui_history *history, const struct tui_fleet *fleet, uint64_t slot)
{
    for (size_t i = 0; i < fleet->agent_count; i++) {
        const struct tui_agent *agent = &fleet->agents[i];
        struct tui_vital vital = {.per_s = agent->done_per_s,
                                  .p95_us = agent->p95_us > 0 ? (double)agent->p95_us : NAN,
                                  .failed = agent->failed};
        for (size_t d = 0; d < agent->device_count; d++)
            vital.restarts += agent->devices[d].restarts;
        tui_pulses_fold(&history->agents, slot, agent->name, &vital);
    }
}

static const struct tui_hist_sample *hist_at(const struct tui_history *history, uint64_t number)
{
    const struct tui_hist_sample *sample = &history->hists[number % HISTS];

    return sample->number == number && sample->hist.count > 0 ? sample : NULL;
}

bool tui_history_hist(const struct tui_history *history, uint64_t from, uint64_t count,
                      struct tui_hist *ret_hist)
{
    uint64_t end = from + count < history->next ? from + count : history->next;
    uint64_t first = from / TUI_HIST_SLOTS;
    bool found = false;

    *ret_hist = (struct tui_hist){0};
    if (end <= from)
        return false;
    uint64_t number = (end - 1) / TUI_HIST_SLOTS;
    for (uint64_t left = HISTS; left > 0 && number >= first; left--) {
        const struct tui_hist_sample *sample = hist_at(history, number);
        uint64_t step = sample ? HIST_STRIDE : 1;
        if (sample) {
            tui_hist_add(ret_hist, &sample->hist);
            found = true;
        }
        if (number < step)
            break;
        number -= step;
    }
    return found;
}

uint64_t tui_slot_of(int64_t at_ms)
{
    return at_ms > 0 ? (uint64_t)at_ms / TUI_SAMPLE_MS : 0;
}

void tui_history_fold(struct tui_history *history, const struct tui_fleet *fleet, int64_t at_ms,
                      bool lost)
{
    uint64_t now = tui_slot_of(at_ms);
    uint64_t slot = now;

    if (history->next > 0 && slot + BACK_SLOTS < history->next) {
        tui_history_finish(history);
        tui_history_init(history);
    }
    if (!history->hists)
        return; /* no memory for another one */
    /* Two that arrive in one slot are neighbours in time: the later one gets the next slot. */
    if (slot < history->next)
        slot = history->next;
    if (slot > now + 1)
        return;
    if (history->next == 0)
        history->first = slot;
    bool held = history->next > 0 && !lost && slot - history->next < HELD_SLOTS;
    uint64_t from = held ? history->next : slot;
    uint64_t slots = history->next > 0 ? slot + 1 - history->next : 1;
    for (size_t i = 0; i < TUI_METRIC_COUNT; i++) {
        double value = metric_of(history, fleet, (enum tui_metric)i, slots);
        put(&history->metrics[i], from, slot, value);
    }
    for (size_t i = 0; i < fleet->cache_count; i++) {
        struct tui_cache_track *cache = cache_of(history, fleet->caches[i].name);
        if (cache)
            fold_cache(cache, &fleet->caches[i], from, slot);
    }
    fold_models(history, fleet, from, slot);
    fold_agents(history, fleet, slot);
    history->hists[slot / TUI_HIST_SLOTS % HISTS] =
        (struct tui_hist_sample){slot / TUI_HIST_SLOTS, fleet->hist};
    history->failed = fleet->totals.failed;
    history->epoch = fleet->epoch;
    history->next = slot + 1;
}

double tui_history_now(const struct tui_history *history, enum tui_metric metric)
{
    return tui_series_newest(&history->metrics[metric], history->next, 1);
}
