#include "hist.h"

#include <stdbool.h>
#include <string.h>

#define HIST_SUB 32u
#define HIST_SUB_BITS 5u

static uint32_t bucket_of(uint64_t value)
{
    if (value < HIST_SUB)
        return (uint32_t)value;
    if (value >> 32 != 0)
        return AGENT_HIST_BUCKETS - 1;
    uint32_t top = 63u - (uint32_t)__builtin_clzll(value);
    uint32_t shift = top - HIST_SUB_BITS;
    return (shift + 1) * HIST_SUB + (uint32_t)((value >> shift) - HIST_SUB);
}

static uint64_t bucket_end(uint32_t bucket)
{
    if (bucket < HIST_SUB)
        return bucket;
    uint32_t shift = bucket / HIST_SUB - 1;
    uint64_t start = (uint64_t)(HIST_SUB + bucket % HIST_SUB) << shift;
    return start + ((uint64_t)1 << shift) - 1;
}

void agent_hist_reset(struct agent_hist *hist)
{
    memset(hist, 0, sizeof *hist);
}

void agent_hist_add(struct agent_hist *hist, uint64_t value_us)
{
    hist->count++;
    hist->buckets[bucket_of(value_us)]++;
    if (value_us > hist->max)
        hist->max = value_us;
}

void agent_hist_merge(struct agent_hist *into, const struct agent_hist *from)
{
    if (from->count == 0)
        return;
    into->count += from->count;
    if (from->max > into->max)
        into->max = from->max;
    for (uint32_t i = 0; i < AGENT_HIST_BUCKETS; i++)
        into->buckets[i] += from->buckets[i];
}

uint64_t agent_hist_percentile(const struct agent_hist *hist, double percent)
{
    if (hist->count == 0)
        return 0;
    double exact = percent / 100.0 * (double)hist->count;
    uint64_t rank = (uint64_t)exact;
    rank += (double)rank < exact;
    if (rank == 0)
        rank = 1;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < AGENT_HIST_BUCKETS; i++) {
        seen += hist->buckets[i];
        if (seen >= rank) {
            uint64_t end = i == AGENT_HIST_BUCKETS - 1 ? hist->max : bucket_end(i);
            return end < hist->max ? end : hist->max;
        }
    }
    return hist->max;
}

// 2^n and 3 * 2^n.
static bool is_bound(uint64_t value)
{
    uint64_t odd = value >> __builtin_ctzll(value);
    return value >= 8 && (odd == 1 || odd == 3);
}

void agent_hist_outline(const struct agent_hist *hist,
                        void (*each)(void *user, uint64_t end_us, uint64_t count), void *user)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < AGENT_HIST_BUCKETS; i++) {
        count += hist->buckets[i];
        if (!is_bound(bucket_end(i) + 1))
            continue;
        if (count > 0)
            each(user, bucket_end(i) + 1, count);
        count = 0;
    }
}
