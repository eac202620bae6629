// The inside of a submitter: submit.c is what its owner calls, submit_link.c what its link does.
#ifndef NET_SRC_SUBMIT_H
#define NET_SRC_SUBMIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "net_link.h"
#include "net_submit.h"

#define NET_SLOT_NONE UINT32_MAX

// A job that is open. Its seq on the wire is the slot's generation and index, so that an answer
// finds it at once and one of an older job does not.
struct net_slot {
    enum { FREE, WAITING, SENT } state;
    uint32_t generation;
    uint32_t next; // of the free ones, or of those that wait
    uint8_t want;
    bool keyed, acked, was_sent;
    uint64_t job;
    void *tag;
    uint8_t *frame; // while it waits, and for as long as it has a key
    size_t frame_len;
};

struct net_submitter {
    pthread_mutex_t lock; // may be held while a link's is taken
    pthread_cond_t changed;
    struct net_submitter_options options;
    char name[NET_NAME_MAX + 1], tenant[NET_NAME_MAX + 1], software[NET_SOFTWARE_MAX + 1];
    struct net_link_dialer *dialer;
    struct net_link *link; // while welcomed
    uint32_t credit;
    uint32_t heartbeat_ms;
    uint64_t heartbeat_seq;
    struct net_error reason; // of the newest failure; status NET_OK while there is none
    bool closing;

    struct net_slot *slots;
    uint32_t free_first, wait_first, wait_last;
    size_t open, sent; // sent: against the credit
    struct net_buf out;
    // Sends from within a callback go out together after it.
    bool in_callback;
    pthread_t callback_thread;

    struct net_loop *loop;
    struct net_timer timer; // the next heartbeat
};

// submit.c. Under the lock.
void net_submitter_wait_push(struct net_submitter *s, uint32_t index);
void net_submitter_release(struct net_submitter *s, uint32_t index);
void net_submitter_flush(struct net_submitter *s);
void net_submitter_pump(struct net_submitter *s);   // sends what waits, as far as the credit goes
void net_submitter_unlock(struct net_submitter *s); // and wakes who waits for a change

// submit_link.c. Callbacks, and the last answer to every job that can't have another; without the
// lock.
void net_submitter_on_open(void *user, struct net_link *link);
void net_submitter_on_batch(void *user, struct net_link *link, struct net_batch *batch);
void net_submitter_on_close(void *user, struct net_link *link, const struct net_error *reason);
void net_submitter_beat(void *arg);
void net_submitter_lose(struct net_submitter *s);

#endif
