/* The last hour, against the same kept without a bound; and what is a sample, and what a gap. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "model/history.h"

#define HOURS 3
#define ALL (HOURS * TUI_HISTORY_SLOTS)

static uint64_t random_state = 20261121;

static unsigned int roll(unsigned int below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned int)(random_state >> 33) % below;
}

static struct tui_bucket brute(const float *all, uint64_t from, uint64_t to)
{
    struct tui_bucket sum = {NAN, NAN, NAN, 0};
    double total = 0;

    for (uint64_t i = from; i < to; i++) {
        if (isnan(all[i]))
            continue;
        sum.min = fminf(sum.min, all[i]);
        sum.max = fmaxf(sum.max, all[i]);
        total += (double)all[i];
        sum.count++;
    }
    sum.mean = (float)(total / sum.count);
    return sum;
}

static void assert_same(const struct tui_series *series, const float *all, uint64_t from,
                        uint64_t to)
{
    struct tui_bucket is = tui_series_over(series, from, to - from);
    struct tui_bucket should = brute(all, from, to);

    cr_assert_eq(is.count, should.count, "[%zu, %zu): %u samples, not %u", (size_t)from, (size_t)to,
                 is.count, should.count);
    if (is.count == 0)
        return;
    cr_assert_eq(is.min, should.min);
    cr_assert_eq(is.max, should.max);
    cr_assert_float_eq((double)is.mean, (double)should.mean, 1e-2);
}

/* Samples and silences of every length, looked at as they come. */
Test(history, a_series_is_what_brute_force_says)
{
    const size_t fine = 1200;
    const size_t slots = 8;
    const size_t buckets = TUI_HISTORY_SLOTS / slots;
    float *all = malloc(ALL * sizeof(*all));
    struct tui_series series;

    cr_assert(tui_series_init(&series, fine, buckets, slots));
    for (uint64_t i = 0; i < ALL; i++)
        all[i] = NAN;
    for (uint64_t slot = 5; slot < ALL; slot++) {
        if (roll(500) == 0)
            slot += roll(20) == 0 ? roll(ALL / 2) : roll(100);
        if (slot >= ALL)
            break;
        all[slot] = (float)roll(1000);
        tui_series_put(&series, slot, (double)all[slot]);
        if (roll(100) != 0)
            continue;
        uint64_t back = roll((unsigned int)(fine < slot ? fine : slot)) + 1;
        uint64_t from = slot + 1 - back;
        assert_same(&series, all, from, from + roll((unsigned int)back) + 1);
        /* Older ones are kept by the bucket. */
        back = (1 + roll((unsigned int)buckets - 1)) * slots;
        from = slot > back ? (slot - back) / slots * slots : 0;
        assert_same(&series, all, from, from + (1 + roll(60)) * slots);
        assert_same(&series, all, from, slot + 1);
    }
    tui_series_finish(&series);
    free(all);
}

Test(history, what_is_older_than_the_rings_is_gone_not_new)
{
    struct tui_series series;

    cr_assert(tui_series_init(&series, 10, 10, 8));
    for (uint64_t slot = 0; slot < 20; slot++)
        tui_series_put(&series, slot, 7);
    tui_series_put(&series, 1000, 1);
    cr_assert_eq(tui_series_over(&series, 0, 900).count, 0);
    cr_assert_eq(tui_series_over(&series, 0, 2000).count, 1);
    cr_assert_float_eq((double)tui_series_over(&series, 0, 2000).max, 1, 1e-9);
    cr_assert(isnan(tui_series_newest(&series, 1011, 10)), "it is 10 slots old");
    cr_assert_float_eq(tui_series_newest(&series, 1001, 1), 1, 1e-9);
    tui_series_finish(&series);
}

static struct tui_history history;
static struct tui_fleet fleet;

static void setup(void)
{
    cr_assert(tui_history_init(&history));
    fleet = (struct tui_fleet){.epoch = 1, .done_per_s = 100, .submitted_per_s = NAN};
}

static void teardown(void)
{
    tui_history_finish(&history);
}

TestSuite(fold, .init = setup, .fini = teardown);

static unsigned int samples(enum tui_metric metric, uint64_t from, uint64_t count)
{
    return tui_series_over(&history.metrics[metric], from, count).count;
}

Test(fold, slow_polls_have_no_gaps_and_silence_has)
{
    for (int64_t at = 1000; at <= 11000; at += 500)
        tui_history_fold(&history, &fleet, at, false);
    cr_assert_eq(samples(TUI_METRIC_DONE, 4, 41), 41, "twice a second fills every slot");
    tui_history_fold(&history, &fleet, 21000, false);
    cr_assert_eq(samples(TUI_METRIC_DONE, 45, 39), 0, "10 s of silence are 10 s of nothing");
    cr_assert_eq(samples(TUI_METRIC_DONE, 84, 1), 1);
    tui_history_fold(&history, &fleet, 21500, true);
    cr_assert_eq(samples(TUI_METRIC_DONE, 85, 1), 0, "what is known to be lost is not made up");
}

Test(fold, jitter_neither_drops_nor_invents)
{
    const int64_t arrivals[] = {1000, 1249, 1500, 1501, 2010, 2240};

    for (size_t i = 0; i < sizeof(arrivals) / sizeof(arrivals[0]); i++) {
        fleet.done_per_s = (double)i;
        tui_history_fold(&history, &fleet, arrivals[i], false);
        cr_assert_float_eq(tui_history_now(&history, TUI_METRIC_DONE), (double)i, 1e-9);
    }
    cr_assert_eq(history.next, 10);
    cr_assert_eq(samples(TUI_METRIC_DONE, 4, 6), 6);
}

Test(fold, a_clock_that_runs_back_begins_anew)
{
    tui_history_fold(&history, &fleet, 600000, false);
    tui_history_fold(&history, &fleet, 300000, false);
    cr_assert_eq(history.next, 1201);
    cr_assert_eq(samples(TUI_METRIC_DONE, 0, 3000), 1);
}

Test(fold, nothing_measured_is_not_zero)
{
    tui_history_fold(&history, &fleet, 1000, false);
    cr_assert(isnan(tui_history_now(&history, TUI_METRIC_P99)));
    fleet.latency[TUI_SPAN_TOTAL] = (struct tui_latency){.count = 1, .p99_us = 0};
    tui_history_fold(&history, &fleet, 1250, false);
    cr_assert_float_eq(tui_history_now(&history, TUI_METRIC_P99), 0, 1e-9);
    cr_assert(isnan(tui_history_now(&history, TUI_METRIC_SUBMITTED)));
}

Test(fold, failures_are_counted_from_one_snapshot_to_the_next)
{
    fleet.totals.failed = 50;
    tui_history_fold(&history, &fleet, 1000, false);
    cr_assert(isnan(tui_history_now(&history, TUI_METRIC_FAILED)), "50 in how much time?");
    fleet.totals.failed = 51;
    tui_history_fold(&history, &fleet, 1250, false);
    cr_assert_float_eq(tui_history_now(&history, TUI_METRIC_FAILED), 4, 1e-6);
    fleet.totals.failed = 0;
    tui_history_fold(&history, &fleet, 1500, false);
    cr_assert(isnan(tui_history_now(&history, TUI_METRIC_FAILED)), "another coordinator's count");
}

static void fold_cache(uint64_t hits, uint64_t misses, int64_t at_ms)
{
    fleet.cache_count = 1;
    fleet.caches[0] = (struct tui_cache){.name = "model", .hits = hits, .misses = misses};
    tui_history_fold(&history, &fleet, at_ms, false);
}

static double hit_rate(void)
{
    return tui_series_newest(&history.caches[0].hit_rate, history.next, 1);
}

Test(fold, a_rate_of_hits_is_of_the_window_not_of_all_time)
{
    fold_cache(900, 100, 1000);
    cr_assert(isnan(hit_rate()), "nothing is known from one sample");
    fold_cache(990, 110, 1250);
    cr_assert_float_eq(hit_rate(), 0.9, 1e-6);
    cr_assert_float_eq(tui_series_newest(&history.caches[0].lookups_per_s, history.next, 1), 400,
                       1e-3);
    /* A restarted coordinator counts from zero: no negative, no 100 percent. */
    fold_cache(45, 5, 1500);
    cr_assert(isnan(hit_rate()));
    for (int64_t at = 1750; at <= 31500; at += 250)
        fold_cache(45, 5 + (uint64_t)at, at);
    cr_assert_float_eq(hit_rate(), 0, 1e-6, "hits of half a minute ago are over");
    cr_assert_float_eq(tui_series_newest(&history.caches[0].lookups_per_s, history.next, 1), 1000,
                       1e-3);
}

Test(fold, caches_keep_their_places_and_a_bound)
{
    fold_cache(1, 1, 1000);
    for (int i = 0; i < 2 * TUI_CACHES_MAX; i++) {
        snprintf(fleet.caches[0].name, sizeof(fleet.caches[0].name), "cache%d", i);
        tui_history_fold(&history, &fleet, 1250 + i * 250, false);
    }
    cr_assert_eq(history.cache_count, TUI_CACHES_MAX);
    cr_assert_str_eq(history.caches[0].name, "model");
}
