#include "model/history.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A series for the cluster: 5 minutes of samples, an hour in steps of 2 s. */
#define FINE_SLOTS (5 * TUI_SLOTS_PER_MINUTE)
#define COARSE_SLOTS 8
#define COARSE_COUNT (TUI_HISTORY_SLOTS / COARSE_SLOTS)

/* One of several caches: as many samples, an hour in steps of 8 s. */
#define CACHE_SLOTS 32
#define CACHE_COUNT (TUI_HISTORY_SLOTS / CACHE_SLOTS)

#define HELD_SLOTS 4 /* a value stands for the time before it as long as it isn't called old */
#define BACK_SLOTS 8 /* further back than arrivals jitter */

bool tui_history_init(struct tui_history *ret_history)
{
    *ret_history = (struct tui_history){0};
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
    }
    *history = (struct tui_history){0};
}

static double metric_of(const struct tui_history *history, const struct tui_fleet *fleet,
                        enum tui_metric metric, uint64_t slots)
{
    const struct tui_latency *total = &fleet->latency[TUI_SPAN_TOTAL];
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
    if (!tui_series_init(&cache->hit_rate, FINE_SLOTS, CACHE_COUNT, CACHE_SLOTS))
        return NULL;
    if (!tui_series_init(&cache->lookups_per_s, FINE_SLOTS, CACHE_COUNT, CACHE_SLOTS)) {
        tui_series_finish(&cache->hit_rate);
        return NULL;
    }
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
    }
    cache->window[cache->samples % TUI_WINDOW_SLOTS] =
        (struct tui_cache_sample){slot, now->hits, now->misses};
    cache->samples++;
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
        if (!tui_history_init(history))
            return;
    }
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
    history->failed = fleet->totals.failed;
    history->epoch = fleet->epoch;
    history->next = slot + 1;
}

double tui_history_now(const struct tui_history *history, enum tui_metric metric)
{
    return tui_series_newest(&history->metrics[metric], history->next, 1);
}
