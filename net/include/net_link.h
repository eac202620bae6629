// Links: streams of frames over tcp://, ipc:// or tls+tcp://, which agents and submitters dial and
// the coordinator listens for.
//
// Threads. Callbacks come on a thread of this room, one for all links of the process, or on the
// thread that runs the loop which a listener was given, with no lock of ours held. For one link
// they come in this order: on_open, on_batch any number of times, on_close exactly once. A callback
// must not block: put the batch on your queue and wake your thread. Every function below may be
// called from any thread, callbacks included, unless its comment says that it blocks; those must
// not be called from a callback.
//
// Ownership. on_open gives the owner one reference to the link: the pointer stays valid, and
// every call on it safe (NET_ERR_CLOSED after its end), until net_link_free. A batch handed to
// on_batch belongs to the owner until net_batch_free. Links and batches may outlive their
// listener or dialer.
#ifndef NET_LINK_H
#define NET_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net_loop.h"
#include "net_msg.h"
#include "net_status.h"
#include "net_tls.h"

struct net_link;
struct net_link_listener;
struct net_link_dialer;

// Frames that arrived together. `frames[i].body` points into the batch. `next` is for the owner's
// queue and is NULL on delivery.
struct net_batch {
    struct net_batch *next;
    struct net_link *link; // valid for as long as the batch, even after net_link_free
    size_t n_frames;       // at least 1
    const struct net_frame *frames;
};

struct net_link_events {
    // The stream is up. A dialer's owner sends HELLO from here.
    void (*on_open)(void *user, struct net_link *link);
    // The first frame of the first batch is a HELLO or SUBMIT_HELLO that has our magic and version
    // (listener), or a WELCOME (SUBMIT_WELCOME to a submitter) or REFUSE (dialer); the rest only of
    // types that such a peer may send. Bodies are not decoded yet. Takes over `batch`. A REFUSE or
    // GOODBYE is the last frame: the link then closes by itself, with NET_ERR_REFUSED or
    // NET_ERR_CLOSED and the peer's text.
    void (*on_batch)(void *user, struct net_link *link, struct net_batch *batch);
    // The link is over; nothing follows. `reason` is valid during the call. NET_OK when this side
    // closed it without a reason.
    void (*on_close)(void *user, struct net_link *link, const struct net_error *reason);
    void *user;
};

// 0 takes the default.
struct net_link_limits {
    size_t send_bytes_max;   // waiting for the network; default 160 MiB. One send that is bigger
                             // is taken when nothing waits
    size_t recv_bytes_max;   // delivered and not freed; reading pauses above; default 160 MiB
    uint32_t first_frame_ms; // deadline for the peer's first frame; default 5,000
};

// Takes over all frames in `frames` to send them in order, and leaves it empty (its memory may have
// gone to the link). They go out at once, on the caller's thread, as far as the socket takes them;
// what it does not take goes out together later. Never blocks; hand over what belongs together in
// one call. Errors leave `frames` as it was: NET_ERR_BUSY (output buffer full), NET_ERR_CLOSED,
// NET_ERR_INVAL (not whole frames).
enum net_status net_link_send(struct net_link *link, struct net_buf *frames);

// Bytes that wait for the network now, for back pressure before NET_ERR_BUSY.
size_t net_link_send_waiting(struct net_link *link);

// Ends the link without waiting for what is in the output buffer. on_close follows on the
// thread of callbacks with `reason` (NULL: NET_OK). A second call does nothing.
void net_link_close(struct net_link *link, const struct net_error *reason);

// Sends what waits, as after a REFUSE or GOODBYE, and nothing later; what still arrives is dropped.
// The link closes when the peer does (which it does by itself on those two messages), or after
// `linger_ms`.
void net_link_close_flushed(struct net_link *link, const struct net_error *reason,
                            uint32_t linger_ms);

// Gives the owner's reference back, closing the link first if it is not. Once only; NULL is
// allowed. Callbacks that have not been made yet are still made, on_close last.
void net_link_free(struct net_link *link);

// A number that no other link of this process has had, never 0.
uint64_t net_link_id(const struct net_link *link);
// The owner's pointer. Set it in on_open; it is not protected against concurrent set and get.
void net_link_set_user(struct net_link *link, void *user);
void *net_link_user(const struct net_link *link);
// The peer's address ("tcp://10.0.0.7:40122"; for ipc the listener's path). Lives as the link.
const char *net_link_peer(const struct net_link *link);
// Milliseconds since the last byte from the peer (since the opening, before the first).
uint64_t net_link_idle_ms(struct net_link *link);

struct net_link_stats {
    uint64_t frames_in, bytes_in, reads; // a read is one completed receive
    uint64_t frames_out, bytes_out, writes;
    uint64_t opened_ms; // net_clock_ms
};
void net_link_stats(struct net_link *link, struct net_link_stats *ret_stats);

// Returns a batch's memory; lets a paused link read on. Any thread. NULL is allowed.
void net_batch_free(struct net_batch *batch);

// The monotonic clock of this room, in milliseconds.
uint64_t net_clock_ms(void);

// ---- the listening side

struct net_link_listener_options {
    const char *address;   // "tcp://0.0.0.0:7001", "tcp://127.0.0.1:0", "ipc:///run/stoker/agents"
    size_t links_max;      // more are accepted and closed at once; 0 = 4,096
    struct net_tls *tls;   // for tls+tcp://; a reference is taken. May be NULL
    struct net_loop *loop; // whose owner's thread makes the callbacks; NULL: a thread of this room
    struct net_link_limits limits;
    struct net_link_events events;
};

// Binds and accepts from now on: callbacks may come before this returns. Copies what it needs.
// Blocks for no longer than the bind. NET_ERR_ADDRESS, NET_ERR_NEEDS_TLS, NET_ERR_ADDRESS_IN_USE,
// NET_ERR_DENIED, NET_ERR_NOMEM.
enum net_status net_link_listener_create(const struct net_link_listener_options *options,
                                         struct net_link_listener **ret_listener,
                                         struct net_error *err);
// The bound address with its real port. Lives as the listener.
const char *net_link_listener_address(const struct net_link_listener *listener);
// close: no more accepts, every link is closed; does not block. stop: close, then BLOCKS until
// every on_close has returned. free: stop, then frees; BLOCKS; takes NULL.
void net_link_listener_close(struct net_link_listener *listener);
void net_link_listener_stop(struct net_link_listener *listener);
void net_link_listener_free(struct net_link_listener *listener);

// ---- the dialing side

struct net_link_dialer_options {
    const char *address;     // the coordinator's
    bool submitter;          // greets with SUBMIT_HELLO and not as an agent
    struct net_tls *tls;     // for tls+tcp://; a reference is taken. May be NULL
    uint32_t connect_ms;     // limit of one attempt; 0 = 5,000
    uint32_t backoff_ms_min; // first delay, doubled each failure; 0 = 100
    uint32_t backoff_ms_max; // 0 = 2,000
    // Any 32 random bits: half of each delay is drawn from them, so that a fleet does not come
    // back in step. NULL: no jitter. One call at a time.
    uint32_t (*random)(void *user);
    // An attempt failed, or the link ended; the next attempt starts in `retry_ms`. May be NULL.
    void (*on_retry)(void *user, const struct net_error *reason, uint32_t retry_ms);
    struct net_link_limits limits;
    struct net_link_events events; // `user` is also random's and on_retry's
};

// Dials until it is closed; at most one link is open at a time, each on a new stream. Returns at
// once: an unreachable peer is no error but an on_retry. The delay starts again from the minimum
// after a link that got a WELCOME.
enum net_status net_link_dialer_create(const struct net_link_dialer_options *options,
                                       struct net_link_dialer **ret_dialer, struct net_error *err);
// close: no more attempts, an open link is closed; does not block. stop: close, then BLOCKS until
// every callback has returned. free: stop, then frees; BLOCKS; takes NULL.
void net_link_dialer_close(struct net_link_dialer *dialer);
void net_link_dialer_stop(struct net_link_dialer *dialer);
void net_link_dialer_free(struct net_link_dialer *dialer);

#endif
