// A histogram of durations with log-linear buckets: the relative error of a percentile is at most
// 1/32, and histograms merge exactly, so percentiles of a cluster come from those of its agents.
#ifndef AGENT_HIST_H
#define AGENT_HIST_H

#include <stdint.h>

// 32 buckets of 1 us, then 32 a power of two up to 2^32 us (71 minutes); more counts as that.
#define AGENT_HIST_BUCKETS (32 * 28)

struct agent_hist {
    uint64_t count;
    uint64_t max;
    uint32_t buckets[AGENT_HIST_BUCKETS];
};

void agent_hist_reset(struct agent_hist *hist);
void agent_hist_add(struct agent_hist *hist, uint64_t value_us);
void agent_hist_merge(struct agent_hist *into, const struct agent_hist *from);
// The value that `percent` (0 to 100) of all values don't exceed, rounded up to the end of its
// bucket, never above the greatest value; 0 for an empty histogram.
uint64_t agent_hist_percentile(const struct agent_hist *hist, double percent);

// Calls `each` for all that is in the histogram, in wide buckets that end before 8, 12, 16, 24, 32,
// 48 … us, the lowest first; empty ones are left out.
void agent_hist_outline(const struct agent_hist *hist,
                        void (*each)(void *user, uint64_t end_us, uint64_t count), void *user);

#endif
