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

/* How many took longer than `from_us` and at most `to_us`. */
double tui_hist_between(const struct tui_hist *hist, double from_us, double to_us);

#endif
