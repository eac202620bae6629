#include "window.h"

#include <math.h>
#include <string.h>

// Empties the slots between the last second that was used and this one.
static int64_t advance(int64_t *second, int64_t now_us, void *slots, size_t size)
{
    int64_t now = now_us / 1000000;
    int64_t steps = now - *second;
    if (steps > AGENT_WINDOW_SLOTS)
        steps = AGENT_WINDOW_SLOTS;
    for (int64_t i = 0; i < steps; i++)
        memset((char *)slots + (size_t)((now - i) % AGENT_WINDOW_SLOTS) * size, 0, size);
    if (steps > 0)
        *second = now;
    return now % AGENT_WINDOW_SLOTS;
}

void agent_rate_add(struct agent_rate *rate, int64_t now_us, uint64_t count)
{
    if (rate->since_us == 0)
        rate->since_us = now_us;
    rate->slots[advance(&rate->second, now_us, rate->slots, sizeof rate->slots[0])] += count;
}

// The full seconds that the slots cover, or that have passed where those are fewer; at least 1.
static double seconds_covered(int64_t since_us, int64_t now_us)
{
    double elapsed = (double)(now_us / 1000000 * 1000000 - since_us) / 1e6;
    if (since_us == 0 || elapsed > AGENT_WINDOW_SLOTS - 1)
        return AGENT_WINDOW_SLOTS - 1;
    return elapsed < 1 ? 1 : elapsed;
}

double agent_rate_per_s(struct agent_rate *rate, int64_t now_us)
{
    int64_t now = advance(&rate->second, now_us, rate->slots, sizeof rate->slots[0]);
    double seconds = seconds_covered(rate->since_us, now_us);
    uint64_t sum = 0;
    for (int64_t i = 0; i < AGENT_WINDOW_SLOTS; i++)
        sum += i == now && seconds > 1 ? 0 : rate->slots[i];
    return (double)sum / seconds;
}

void agent_mean_add(struct agent_mean *mean, int64_t now_us, uint64_t value)
{
    int64_t slot = advance(&mean->second, now_us, mean->slots, sizeof mean->slots[0]);
    mean->slots[slot].count++;
    mean->slots[slot].sum += value;
}

double agent_mean_of(struct agent_mean *mean, int64_t now_us)
{
    uint64_t count = 0, sum = 0;
    advance(&mean->second, now_us, mean->slots, sizeof mean->slots[0]);
    for (int i = 0; i < AGENT_WINDOW_SLOTS; i++) {
        count += mean->slots[i].count;
        sum += mean->slots[i].sum;
    }
    return count > 0 ? (double)sum / (double)count : NAN;
}

void agent_window_add(struct agent_window *window, int64_t now_us, uint64_t value_us)
{
    int64_t slot = advance(&window->second, now_us, window->slots, sizeof window->slots[0]);
    agent_hist_add(&window->slots[slot], value_us);
}

void agent_window_merge(struct agent_window *window, int64_t now_us, struct agent_hist *ret_hist)
{
    advance(&window->second, now_us, window->slots, sizeof window->slots[0]);
    agent_hist_reset(ret_hist);
    for (int i = 0; i < AGENT_WINDOW_SLOTS; i++)
        agent_hist_merge(ret_hist, &window->slots[i]);
}
