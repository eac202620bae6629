#include "timer.h"

#include "net_link.h"

static void start(struct net_timer *timer, uint64_t now_ms)
{
    uint64_t wait = timer->deadline_ms > now_ms ? timer->deadline_ms - now_ms : 0;
    timer->running = true;
    nng_sleep_aio((nng_duration)(wait < INT32_MAX ? wait : INT32_MAX), timer->aio);
}

bool net_timer_set(struct net_timer *timer, uint64_t deadline_ms)
{
    timer->deadline_ms = deadline_ms;
    if (timer->running) {
        nng_aio_cancel(timer->aio);
        return false;
    }
    start(timer, net_clock_ms());
    return true;
}

void net_timer_clear(struct net_timer *timer)
{
    timer->deadline_ms = 0;
    if (timer->running)
        nng_aio_cancel(timer->aio);
}

bool net_timer_fired(struct net_timer *timer)
{
    timer->running = false;
    uint64_t now_ms = net_clock_ms();
    if (timer->deadline_ms == 0)
        return false;
    if (now_ms < timer->deadline_ms) {
        start(timer, now_ms);
        return false;
    }
    timer->deadline_ms = 0;
    return true;
}
