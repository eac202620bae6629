// The inside of a loop: what its watches, tasks and timers are.
//
// Everything that a loop calls comes on the thread that runs it, one after the other, without
// locks. So a task that is posted runs after whatever the loop is doing now: what is unwatched and
// freed in a task is not in anybody's hands any more.
#ifndef NET_SRC_LOOP_H
#define NET_SRC_LOOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net_loop.h"

struct net_chunk;

// A file descriptor that is waited for; set up all but `watched` before the first use.
struct net_watch {
    int fd;
    void (*ready)(void *arg, uint32_t events); // EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP
    void *arg;
    bool watched;
};

// Something to be run once, soon. In one queue at a time.
struct net_task {
    void (*run)(void *arg);
    void *arg;
    struct net_task *next;
    bool queued;
};

// A deadline on the monotonic clock: NNG's sleeps run on the wall clock in Debian's build, and one
// that is set back, as on a host that gets its time late after boot, would hold up every reconnect.
struct net_timer {
    void (*fire)(void *arg);
    void *arg;
    uint64_t deadline_ms;
    size_t place; // in the heap + 1; 0 not in it
};

// The loop that all of the process share, made at the first use. NULL: no memory or descriptors.
struct net_loop *net_loop_ref(void);
// One more with a thread of its own, for callbacks that take their time. NULL as above.
struct net_loop *net_loop_start(void);
// Gives back what those two gave; one that its owner runs is left alone. BLOCKS for what the loop
// is doing where this was its last. Takes NULL.
void net_loop_unref(struct net_loop *loop);
bool net_loop_is_owned(const struct net_loop *loop); // its owner runs it

// Waits for `events`, none of them too: then errors are still told. Any thread, under the lock of
// whoever has the watch. False: no memory.
bool net_loop_watch(struct net_loop *loop, struct net_watch *watch, uint32_t events);
void net_loop_unwatch(struct net_loop *loop, struct net_watch *watch);

void net_loop_post(struct net_loop *loop, struct net_task *task); // any thread

// Sets or moves the deadline. Any thread. False: no memory.
bool net_timer_set(struct net_loop *loop, struct net_timer *timer, uint64_t deadline_ms);
void net_timer_clear(struct net_loop *loop, struct net_timer *timer); // it may be firing just now
// Clears it, and BLOCKS while it fires on the loop's thread. Not from within `fire`.
void net_timer_stop(struct net_loop *loop, struct net_timer *timer);

// Memory for what is received; lives as long as the loop keeps it.
struct net_chunk *net_loop_take_chunk(struct net_loop *loop);             // NULL: has none
bool net_loop_give_chunk(struct net_loop *loop, struct net_chunk *chunk); // false: has enough

#endif
