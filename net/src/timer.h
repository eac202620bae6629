// Deadlines on the monotonic clock, with a thread of their own. NNG's own sleeps and aio timeouts
// run on the wall clock in Debian's build: one that is set back, as on a host that gets its time
// late after boot, would hold up every reconnect by as much.
#ifndef NET_SRC_TIMER_H
#define NET_SRC_TIMER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

// Lives in its owner; set up `fire` and `arg` before the first use. The rest is the timers'.
struct net_timer {
    void (*fire)(void *arg); // on the timers' thread, without locks
    void *arg;
    struct net_timer *prev, *next;
    uint64_t deadline_ms; // 0: none
    bool armed;
};

struct net_timers {
    pthread_mutex_t lock; // taken last, after any lock of an owner
    pthread_cond_t changed;
    pthread_t thread;
    struct net_timer *armed;
    bool stop;
};

// False when there is no thread to be had.
bool net_timers_start(struct net_timers *timers);
// Waits for a `fire` that runs. No timer may be armed.
void net_timers_finish(struct net_timers *timers);

// Sets or moves the deadline. Returns true when that makes one more `fire` to expect.
bool net_timer_set(struct net_timers *timers, struct net_timer *timer, uint64_t deadline_ms);
// Takes the deadline back. Returns true when that makes one `fire` less to expect.
bool net_timer_clear(struct net_timers *timers, struct net_timer *timer);
// In `fire`, under the owner's lock: false when the timer was cleared or moved meanwhile.
bool net_timer_due(struct net_timers *timers, struct net_timer *timer);

#endif
