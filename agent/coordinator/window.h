// Figures over the last 10 seconds, in slots of one second.
#ifndef AGENT_WINDOW_H
#define AGENT_WINDOW_H

#include <stdint.h>

#include "agent/core/base/hist.h"

#define AGENT_WINDOW_SLOTS 11 // ten that are full and the one that fills

// Zero-initialised is empty.
struct agent_rate {
    int64_t second;
    int64_t since_us; // of the first count
    uint64_t slots[AGENT_WINDOW_SLOTS];
};

struct agent_window {
    int64_t second;
    struct agent_hist slots[AGENT_WINDOW_SLOTS];
};

struct agent_mean {
    int64_t second;
    struct {
        uint64_t count, sum;
    } slots[AGENT_WINDOW_SLOTS];
};

void agent_mean_add(struct agent_mean *mean, int64_t now_us, uint64_t value);
// Of all slots; NAN of none.
double agent_mean_of(struct agent_mean *mean, int64_t now_us);
void agent_rate_add(struct agent_rate *rate, int64_t now_us, uint64_t count);
// Over the ten full seconds, or those since the first count where they are fewer; in its first
// second that one.
double agent_rate_per_s(struct agent_rate *rate, int64_t now_us);
void agent_window_add(struct agent_window *window, int64_t now_us, uint64_t value_us);
// All slots together.
void agent_window_merge(struct agent_window *window, int64_t now_us, struct agent_hist *ret_hist);

#endif
