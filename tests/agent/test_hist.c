#include <math.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "agent/coordinator/window.h"
#include "agent/core/base/hist.h"

// The same numbers each time, 31 bits.
static uint32_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

Test(hist, percentiles_are_within_a_32nd_of_the_sorted_values)
{
    static uint64_t values[20000];
    static struct agent_hist hist;
    size_t n = sizeof values / sizeof values[0];
    uint64_t state = 7;
    for (size_t i = 0; i < n; i++) {
        values[i] = (uint64_t)exp(draw(&state) / 2147483648.0 * 20); // 1 us to 8 minutes
        agent_hist_add(&hist, values[i]);
    }
    qsort(values, n, sizeof values[0], compare);
    static const double percents[] = {0, 1, 10, 50, 90, 95, 99, 99.9, 100};
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        size_t rank = (size_t)ceil(percents[i] / 100 * (double)n);
        uint64_t exact = values[rank == 0 ? 0 : rank - 1];
        uint64_t got = agent_hist_percentile(&hist, percents[i]);
        cr_assert_geq(got, exact, "p%g: %lu < %lu", percents[i], got, exact);
        cr_assert_leq((double)got, (double)exact * (1 + 1.0 / 32) + 1, "p%g: %lu, exactly %lu",
                      percents[i], got, exact);
    }
}

Test(hist, merging_is_the_same_as_adding_everything_to_one)
{
    static struct agent_hist a, b, all;
    uint64_t state = 3;
    for (int i = 0; i < 5000; i++) {
        uint64_t value = (uint64_t)draw(&state) << (i % 4);
        agent_hist_add(i % 2 ? &a : &b, value);
        agent_hist_add(&all, value);
    }
    agent_hist_merge(&a, &b);
    cr_assert_arr_eq(&a, &all, sizeof a);
}

Test(hist, takes_any_value_and_an_empty_one_is_zero)
{
    static struct agent_hist hist;
    cr_assert_eq(agent_hist_percentile(&hist, 99), 0);
    agent_hist_add(&hist, UINT64_MAX);
    agent_hist_add(&hist, 0);
    cr_assert_eq(agent_hist_percentile(&hist, 100), UINT64_MAX);
    cr_assert_eq(agent_hist_percentile(&hist, 1), 0);
}

Test(window, forgets_what_is_older_than_its_slots)
{
    static struct agent_window window;
    static struct agent_hist hist;
    static struct agent_rate rate;
    int64_t start = INT64_C(1700000000) * 1000000;
    for (int i = 0; i < 30; i++) {
        agent_window_add(&window, start + i * INT64_C(1000000), (uint64_t)i);
        agent_rate_add(&rate, start + i * INT64_C(1000000), 5);
    }
    int64_t now = start + 29 * INT64_C(1000000);
    agent_window_merge(&window, now, &hist);
    cr_assert_eq(hist.count, AGENT_WINDOW_SLOTS);
    cr_assert_float_eq(agent_rate_per_s(&rate, now), 5, 1e-9);
    agent_window_merge(&window, now + 60 * INT64_C(1000000), &hist);
    cr_assert_eq(hist.count, 0);
    cr_assert_float_eq(agent_rate_per_s(&rate, now + 60 * INT64_C(1000000)), 0, 1e-9);
}

Test(window, young_rates_count_the_time_there_was)
{
    static struct agent_rate rate;
    int64_t start = INT64_C(1700000000) * 1000000 + 250000;
    for (int i = 0; i < 400; i++)
        agent_rate_add(&rate, start + i * INT64_C(10000), 1);
    cr_assert_float_eq(agent_rate_per_s(&rate, start + INT64_C(4000000)), 100, 1);
}

struct outline {
    uint64_t count, last_us;
    uint32_t buckets;
};

static void take_bucket(void *user, uint64_t end_us, uint64_t count)
{
    struct outline *outline = user;
    cr_assert_gt(end_us, outline->last_us);
    cr_assert_gt(count, 0);
    outline->last_us = end_us;
    outline->count += count;
    outline->buckets++;
}

Test(hist, an_outline_has_every_value_in_a_bucket_that_ends_behind_it)
{
    static struct agent_hist hist;
    struct outline outline = {0};
    agent_hist_add(&hist, 0);
    agent_hist_add(&hist, 7);
    agent_hist_add(&hist, 8);
    agent_hist_add(&hist, 47);
    agent_hist_add(&hist, 48);
    agent_hist_outline(&hist, take_bucket, &outline);
    cr_assert_eq(outline.count, 5);
    cr_assert_eq(outline.buckets, 4, "0 and 7 | 8 | 47 | 48");
    cr_assert_eq(outline.last_us, 64);
    agent_hist_add(&hist, UINT64_MAX);
    outline = (struct outline){0};
    agent_hist_outline(&hist, take_bucket, &outline);
    cr_assert_eq(outline.count, 6);
}

Test(window, means_are_of_the_window)
{
    static struct agent_mean mean;
    int64_t start = INT64_C(1700000000) * 1000000;
    cr_assert(isnan(agent_mean_of(&mean, start)));
    agent_mean_add(&mean, start, 1000);
    agent_mean_add(&mean, start + 1000000, 10);
    agent_mean_add(&mean, start + 2000000, 20);
    cr_assert_float_eq(agent_mean_of(&mean, start + 2000000), 1030.0 / 3, 1e-9);
    cr_assert_float_eq(agent_mean_of(&mean, start + 11500000), 15, 1e-9);
    cr_assert(isnan(agent_mean_of(&mean, start + INT64_C(60000000))));
}
