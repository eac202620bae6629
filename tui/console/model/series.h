/*
 * A value over the last hour, bounded: single samples for the newest minutes, and for the whole
 * time buckets of several samples that keep the least, the greatest and the mean. Time is counted
 * in slots of TUI_SAMPLE_MS since some fixed moment. A slot without a sample is "no data", which
 * is not the same as zero.
 */
#ifndef TUI_CONSOLE_MODEL_SERIES_H
#define TUI_CONSOLE_MODEL_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/limits.h"

/* What is known of a stretch of time. Without samples the values are NAN. */
struct tui_bucket {
    float min, max, mean;
    uint32_t count; /* samples */
};

struct tui_series {
    uint64_t first, next; /* of the slots ever put: the first, and one past the newest */
    size_t fine_count;    /* the newest slots, each by itself; 0: no such ring */
    size_t coarse_count, coarse_slots; /* buckets, and the slots of each */
    float newest;
    float *fine;
    struct tui_bucket *coarse;
};

/*
 * Empty, for `fine_count` single slots and `coarse_count` buckets of `coarse_slots`; false when
 * memory ran out. Pages are touched only as samples come.
 */
bool tui_series_init(struct tui_series *ret_series, size_t fine_count, size_t coarse_count,
                     size_t coarse_slots);
void tui_series_finish(struct tui_series *series);

/* The slots' samples are put in order; one for a slot that has passed is dropped, and so is NAN. */
void tui_series_put(struct tui_series *series, uint64_t slot, double value);

/*
 * What is kept of [from, from + count). Where single samples are not kept any longer, buckets that
 * reach over an end of the range count whole.
 */
struct tui_bucket tui_series_over(const struct tui_series *series, uint64_t from, uint64_t count);

/* The newest sample if it is one of the last `slots` slots before `end`, or NAN. */
double tui_series_newest(const struct tui_series *series, uint64_t end, uint64_t slots);

#endif
