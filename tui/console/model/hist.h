/* What a histogram of durations says. Between the bounds of a bucket durations are taken to lie
 * evenly on a logarithmic scale. */
#ifndef TUI_CONSOLE_MODEL_HIST_H
#define TUI_CONSOLE_MODEL_HIST_H

#include "model/fleet.h"

/* Adds the counts of another one. */
void tui_hist_add(struct tui_hist *into, const struct tui_hist *more);

/* The duration that `share` (0 to 1) of all did not exceed, or NAN where there is none. */
double tui_hist_percentile_us(const struct tui_hist *hist, double share);

/* The share that took at most so long, 0 to 1, or NAN where there is none. */
double tui_hist_within(const struct tui_hist *hist, uint64_t limit_us);

/* Where a duration lies: in which bucket, and what part of that is shorter. To cut many histograms
 * at the same durations. */
struct tui_hist_cut {
    size_t bucket;
    double part; /* 0 to 1 */
};
struct tui_hist_cut tui_hist_cut_at(double us);

/* How many lie between the cuts, which rise, into ret_counts[cuts - 1]; the greatest of them. */
float tui_hist_split(const struct tui_hist *hist, const struct tui_hist_cut *cuts, size_t count,
                     float *ret_counts);

/* How many took longer than `from_us` and at most `to_us`. */
double tui_hist_between(const struct tui_hist *hist, double from_us, double to_us);

#endif
