// The thread that moves bytes: sockets that are ready, timers, and what other threads ask for.
// Links run on one that all of the process share and that has a thread of its own; a listener may
// be given one that its owner runs, so that its callbacks come on the owner's thread, without a
// hand-over.
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdint.h>

#include "net_status.h"

struct net_loop;

// A loop that its owner runs. NET_ERR_NOMEM, NET_ERR_IO.
enum net_status net_loop_create(struct net_loop **ret_loop, struct net_error *err);
// Waits up to `timeout_us` (0 doesn't wait) for something to do, and does it: callbacks of what was
// given this loop come from here. One thread at a time.
void net_loop_run(struct net_loop *loop, int64_t timeout_us);
// Lets a run that waits, or the next one, return at once. Any thread, cheap when nobody waits.
void net_loop_wake(struct net_loop *loop);
// What was given the loop must have been freed before. Takes NULL.
void net_loop_free(struct net_loop *loop);

#endif
