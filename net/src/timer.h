// A deadline on an NNG sleep, under its owner's lock. A sleep that is cut short still calls back,
// so one aio carries every later deadline too and is never stopped before its owner ends.
#ifndef NET_SRC_TIMER_H
#define NET_SRC_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include <nng/nng.h>

struct net_timer {
    nng_aio *aio; // its callback is the owner's and begins with net_timer_fired
    uint64_t deadline_ms;
    bool running;
};

// Sets the deadline, on net_clock_ms. Returns whether that started the aio: one more callback.
bool net_timer_set(struct net_timer *timer, uint64_t deadline_ms);
// Forgets the deadline; the callback of a running aio still comes.
void net_timer_clear(struct net_timer *timer);
// In the callback: whether the deadline has passed. When not, it may have started the aio again:
// see `running`.
bool net_timer_fired(struct net_timer *timer);

#endif
