#include "model/series.h"

#include <math.h>
#include <stdlib.h>

static const struct tui_bucket nothing = {NAN, NAN, NAN, 0};

bool tui_series_init(struct tui_series *ret_series, size_t fine_count, size_t coarse_count,
                     size_t coarse_slots)
{
    struct tui_series series = {
        .fine_count = fine_count, .coarse_count = coarse_count, .coarse_slots = coarse_slots};

    if (fine_count > 0)
        series.fine = calloc(fine_count, sizeof(*series.fine));
    series.coarse = calloc(coarse_count, sizeof(*series.coarse));
    if (!series.coarse || (fine_count > 0 && !series.fine)) {
        tui_series_finish(&series);
        return false;
    }
    *ret_series = series;
    return true;
}

void tui_series_finish(struct tui_series *series)
{
    free(series->fine);
    free(series->coarse);
    *series = (struct tui_series){0};
}

static void merge(struct tui_bucket *into, const struct tui_bucket *more)
{
    if (more->count == 0)
        return;
    if (into->count == 0) {
        *into = *more;
        return;
    }
    uint32_t count = into->count + more->count;
    into->min = fminf(into->min, more->min);
    into->max = fmaxf(into->max, more->max);
    into->mean += (more->mean - into->mean) * ((float)more->count / (float)count);
    into->count = count;
}

/* Empties what the rings hold of an hour ago in the places between the newest slot and `slot`. */
static void skip_to(struct tui_series *series, uint64_t slot)
{
    uint64_t from =
        slot - series->next > series->fine_count ? slot - series->fine_count : series->next;
    for (uint64_t i = from; i <= slot && series->fine_count > 0; i++)
        series->fine[i % series->fine_count] = NAN;

    uint64_t last = slot / series->coarse_slots;
    uint64_t bucket = (series->next - 1) / series->coarse_slots + 1;
    if (last - bucket > series->coarse_count && last > bucket)
        bucket = last - series->coarse_count;
    for (; bucket <= last; bucket++)
        series->coarse[bucket % series->coarse_count] = nothing;
}

void tui_series_put(struct tui_series *series, uint64_t slot, double value)
{
    struct tui_bucket one = {(float)value, (float)value, (float)value, 1};

    if (isnan(value) || slot < series->next)
        return;
    if (series->next == 0)
        series->first = slot;
    else
        skip_to(series, slot);
    series->next = slot + 1;
    series->newest = (float)value;
    if (series->fine_count > 0)
        series->fine[slot % series->fine_count] = (float)value;
    merge(&series->coarse[slot / series->coarse_slots % series->coarse_count], &one);
}

/* From the single samples; they are all kept. */
static struct tui_bucket over_fine(const struct tui_series *series, uint64_t from, uint64_t end)
{
    struct tui_bucket sum = nothing;

    for (uint64_t i = from; i < end; i++) {
        float v = series->fine[i % series->fine_count];
        struct tui_bucket one = {v, v, v, 1};
        if (!isnan(v))
            merge(&sum, &one);
    }
    return sum;
}

struct tui_bucket tui_series_over(const struct tui_series *series, uint64_t from, uint64_t count)
{
    uint64_t end = from + count < series->next && from + count > from ? from + count : series->next;
    struct tui_bucket sum = nothing;

    if (from < series->first)
        from = series->first;
    if (series->next == 0 || from >= end)
        return nothing;
    if (series->next - from <= series->fine_count)
        return over_fine(series, from, end);
    uint64_t newest = (series->next - 1) / series->coarse_slots;
    uint64_t oldest = newest >= series->coarse_count ? newest - series->coarse_count + 1 : 0;
    uint64_t bucket = from / series->coarse_slots;
    for (bucket = bucket < oldest ? oldest : bucket; bucket * series->coarse_slots < end; bucket++)
        merge(&sum, &series->coarse[bucket % series->coarse_count]);
    return sum;
}

double tui_series_newest(const struct tui_series *series, uint64_t end, uint64_t slots)
{
    if (series->next == 0 || series->next + slots <= end)
        return NAN;
    return (double)series->newest;
}
