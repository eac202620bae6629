#include "timer.h"

#include <time.h>

#include "net_link.h"

uint64_t net_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void unlink_timer(struct net_timers *timers, struct net_timer *timer)
{
    if (timer->next)
        timer->next->prev = timer->prev;
    if (timer->prev)
        timer->prev->next = timer->next;
    else
        timers->armed = timer->next;
    timer->prev = timer->next = NULL;
    timer->armed = false;
}

static struct net_timer *earliest(struct net_timers *timers)
{
    struct net_timer *first = timers->armed;
    for (struct net_timer *timer = first; timer; timer = timer->next)
        if (timer->deadline_ms < first->deadline_ms)
            first = timer;
    return first;
}

static void *run(void *arg)
{
    struct net_timers *timers = arg;
    pthread_mutex_lock(&timers->lock);
    while (!timers->stop) {
        struct net_timer *timer = earliest(timers);
        if (!timer) {
            pthread_cond_wait(&timers->changed, &timers->lock);
        } else if (net_clock_ms() < timer->deadline_ms) {
            struct timespec until = {(time_t)(timer->deadline_ms / 1000),
                                     (long)(timer->deadline_ms % 1000) * 1000000};
            pthread_cond_timedwait(&timers->changed, &timers->lock, &until);
        } else {
            unlink_timer(timers, timer);
            pthread_mutex_unlock(&timers->lock);
            timer->fire(timer->arg);
            pthread_mutex_lock(&timers->lock);
        }
    }
    pthread_mutex_unlock(&timers->lock);
    return NULL;
}

bool net_timers_start(struct net_timers *timers)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&timers->changed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&timers->lock, NULL);
    timers->armed = NULL;
    timers->stop = false;
    if (pthread_create(&timers->thread, NULL, run, timers) == 0)
        return true;
    pthread_mutex_destroy(&timers->lock);
    pthread_cond_destroy(&timers->changed);
    return false;
}

void net_timers_finish(struct net_timers *timers)
{
    pthread_mutex_lock(&timers->lock);
    timers->stop = true;
    pthread_cond_signal(&timers->changed);
    pthread_mutex_unlock(&timers->lock);
    pthread_join(timers->thread, NULL);
    pthread_mutex_destroy(&timers->lock);
    pthread_cond_destroy(&timers->changed);
}

bool net_timer_set(struct net_timers *timers, struct net_timer *timer, uint64_t deadline_ms)
{
    pthread_mutex_lock(&timers->lock);
    bool added = !timer->armed;
    timer->deadline_ms = deadline_ms;
    if (added) {
        timer->armed = true;
        timer->next = timers->armed;
        if (timer->next)
            timer->next->prev = timer;
        timers->armed = timer;
    }
    pthread_cond_signal(&timers->changed);
    pthread_mutex_unlock(&timers->lock);
    return added;
}

bool net_timer_clear(struct net_timers *timers, struct net_timer *timer)
{
    pthread_mutex_lock(&timers->lock);
    bool removed = timer->armed;
    timer->deadline_ms = 0;
    if (removed)
        unlink_timer(timers, timer);
    pthread_mutex_unlock(&timers->lock);
    return removed;
}

bool net_timer_due(struct net_timers *timers, struct net_timer *timer)
{
    pthread_mutex_lock(&timers->lock);
    bool due = !timer->armed && timer->deadline_ms != 0;
    pthread_mutex_unlock(&timers->lock);
    return due;
}
