/*
 * The last hour of the cluster, folded from snapshots. Its size has a bound, whatever the
 * cluster's is. Times are slots of TUI_SAMPLE_MS of the clock that the snapshots arrived by.
 */
#ifndef TUI_CONSOLE_MODEL_HISTORY_H
#define TUI_CONSOLE_MODEL_HISTORY_H

#include "model/fleet.h"
#include "model/pulse.h"
#include "model/series.h"

/* What has a graph of its own, for the whole cluster. */
enum tui_metric {
    TUI_METRIC_DONE, /* a second */
    TUI_METRIC_SUBMITTED,
    TUI_METRIC_FAILED,
    TUI_METRIC_QUEUED,
    TUI_METRIC_IN_FLIGHT,
    TUI_METRIC_P50, /* of the total latency in us; no sample where nothing ended */
    TUI_METRIC_P95,
    TUI_METRIC_P99,
    TUI_METRIC_WITHIN, /* the share of jobs within the SLO, 0 to 1; no sample without an SLO */
    TUI_METRIC_QUEUE,  /* where the mean job's time goes, us; no sample where nothing ended */
    TUI_METRIC_LOAD,
    TUI_METRIC_COMPUTE,
    TUI_METRIC_COPY,
    TUI_METRIC_COUNT
};

/* A histogram covers the 10 s before it was taken; one is kept for each so many slots. */
#define TUI_HIST_SLOTS 20

struct tui_cache_sample {
    uint64_t slot, hits, misses;
    double evictions; /* NAN: not known */
};

struct tui_cache_track {
    char name[TUI_WORD_SIZE];
    struct tui_cache_sample window[TUI_WINDOW_SLOTS]; /* a ring */
    size_t samples;                                   /* ever put; 0 begins again */
    struct tui_series hit_rate; /* 0 to 1 over the window; no sample without traffic in it */
    struct tui_series lookups_per_s, evictions_per_s, bytes;
};

struct tui_model_track {
    char id[TUI_NAME_SIZE];
    struct tui_series done_per_s, p50_us, p95_us, p99_us;
};

struct tui_hist_sample {
    uint64_t number; /* its slot / TUI_HIST_SLOTS; what the place held before has another */
    struct tui_hist hist;
};

struct tui_history {
    uint64_t first, next; /* of the slots: the first, and one past the newest; 0: none yet */
    struct tui_series metrics[TUI_METRIC_COUNT];
    struct tui_cache_track caches[TUI_CACHES_MAX];
    size_t cache_count;
    struct tui_model_track models_tracked[TUI_TRACKED_MODELS_MAX];
    size_t tracked_count;
    struct tui_hist_sample *hists;    /* a ring by number */
    struct tui_pulses agents, models; /* the last two minutes of each */
    uint64_t failed, epoch;           /* of the newest snapshot */
};

/* False, and finished, when memory ran out. */
bool tui_history_init(struct tui_history *ret_history);
void tui_history_finish(struct tui_history *history);

/*
 * Takes a snapshot's values in. `lost` says that snapshots are known to be missing before it; only
 * without, and within a second, does a value stand for the time since the one before: silence is a
 * gap. A clock that was turned back (a rewound replay) begins anew.
 */
void tui_history_fold(struct tui_history *history, const struct tui_fleet *fleet, int64_t at_ms,
                      bool lost);

uint64_t tui_slot_of(int64_t at_ms);

/* The tracked model of that id (NAME:VERSION), or NULL. */
const struct tui_model_track *tui_history_model(const struct tui_history *history, const char *id);

/*
 * All durations that were measured in the slots [from, from + count), of which at least the last is
 * taken to be 10 s long; overlapping histograms are counted once. False where there is none.
 */
bool tui_history_hist(const struct tui_history *history, uint64_t from, uint64_t count,
                      struct tui_hist *ret_hist);

/* The means of queue, load, compute and copy of all models' jobs in the last 10 s; NAN where
 * nothing ended. By enum tui_span; the total is the sum. */
void tui_history_split(const struct tui_fleet *fleet, double ret_mean_us[TUI_SPAN_COUNT]);

/* The newest value, or NAN where the newest snapshot had none. */
double tui_history_now(const struct tui_history *history, enum tui_metric metric);

#endif
