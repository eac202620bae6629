// The inside of a link, and what listener and dialer share.
//
// Locks: a host's lock may be held while a link's is taken, never the other way round; neither is
// held during a callback to the owner. All receiving, and a link's end, are on the thread of the
// host's loop; sending is on whichever thread sends, under the link's lock, and on the loop's where
// the socket was full.
#ifndef NET_SRC_LINK_H
#define NET_SRC_LINK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "net_link.h"
#include "socket.h"
#include "tls.h"

#define NET_PEER_MAX 320

// A net_batch with its memory. `data` holds `len` of `cap` bytes.
struct net_chunk {
    struct net_batch batch; // first, so that one pointer is both
    struct net_frame *frames;
    size_t frames_cap;
    uint8_t *data;
    size_t len;
    size_t cap;
};

// A link may carry messages of an NNG socket's format instead of agent frames. Its first message is
// the greeting, which is not delivered; frames have type 0.
struct net_sp_side {
    uint8_t peer; // protocol
    bool ipc;
    uint32_t message_max;
};

// A listener's or a dialer's part that links know.
struct net_host {
    pthread_mutex_t lock;
    pthread_cond_t changed; // ops or n_links fell to 0
    struct net_link *links;
    size_t n_links;
    size_t links_max;
    size_t ops; // tasks and threads of the host's own that are still to end
    bool closing;
    struct net_loop *loop;
    bool shares_loop;      // holds a reference to the one that all share
    enum net_sender from;  // who the peers may be
    uint16_t welcome;      // of a dialer: the type of the answer to its greeting
    struct net_sp_side sp; // message_max is 0 for agent frames
    struct net_link_events events;
    struct net_link_limits limits;
    // After a link's on_close, before the host may go; without locks. May be NULL.
    void (*ended)(struct net_host *host, bool handshaken, const struct net_error *reason);
};

struct net_link {
    pthread_mutex_t lock;
    unsigned refs;  // the owner, the link until its end, each batch
    bool closing;   // the socket is shut down and the end is on its way
    bool ended;     // nothing of the host may be touched
    bool finishing; // no more sends; closes when the peer does or the timer says so
    bool handshaken;
    struct net_error reason;

    struct net_host *host;        // valid until the end
    struct net_link *prev, *next; // under the host's lock
    struct net_link_events events;
    struct net_link_limits limits;
    enum net_sender from; // who the peer may be; once it has greeted, who it is
    uint16_t welcome;
    struct net_sp_side sp;
    struct net_loop *loop;
    struct net_watch watch;
    struct net_tls_session *session; // NULL: it is not encrypted
    bool out_stalls;                 // TLS: sending waits for the peer's word
    bool nudged; // TLS: to be read on, though what is there has been taken off the socket
    struct net_task end;
    struct net_timer timer; // first frame, then linger

    struct net_buf waiting; // for the network
    size_t sent;            // of it

    struct net_chunk *chunk; // a frame that has come in part; only the receive path touches it
    size_t unfreed;          // bytes of memory in batches that the owner has
    bool rx_paused;

    uint64_t last_rx_ms;
    struct net_link_stats stats;
    uint64_t id;
    void *user;
    char peer[]; // its address
};

// Makes a link of a connected socket, which it takes over, and calls on_open. `peer` is its text;
// `address` is the host's own, which says whether it speaks TLS.
// NET_ERR_BUSY when the host has enough links, NET_ERR_CLOSED when it is closing. On the loop's
// thread.
enum net_status net_link_start(struct net_host *host, int fd, const char *peer, struct net_tls *tls,
                               const struct net_address *address, struct net_error *err);

// A listener for messages of `sp`'s kind; its `ipc` is set here. `loop` as for net_host_init.
enum net_status net_listener_create(const struct net_link_listener_options *options,
                                    const struct net_sp_side *sp, struct net_loop *loop,
                                    struct net_link_listener **ret_listener, struct net_error *err);

// The rest is for a link's own files; all under its lock.
void net_link_close_locked(struct net_link *link, const struct net_error *reason);
void net_link_finish_locked(struct net_link *link, const struct net_error *reason,
                            uint32_t linger_ms);
enum net_status net_link_send_locked(struct net_link *link, struct net_buf *frames);
void net_link_watch(struct net_link *link); // for what it waits for now
// Why its socket failed with `error`.
void net_link_failed(struct net_link *link, int error, struct net_error *ret_reason);
void net_link_unref(struct net_link *link); // without the lock
// On the loop's thread, without the lock.
void net_link_readable(struct net_link *link);
void net_link_writable(struct net_link *link);
void net_chunk_destroy(struct net_chunk *chunk);

// `loop` NULL: the one that all share. False when there is none; then nothing is to be finished.
bool net_host_init(struct net_host *host, struct net_loop *loop,
                   const struct net_link_events *events, const struct net_link_limits *limits,
                   enum net_sender from);
void net_host_finish(struct net_host *host);
void net_host_op_done(struct net_host *host);     // takes the lock
void net_host_close_links(struct net_host *host); // under the lock
// Until it has no link and no operation; runs a loop that is its owner's.
void net_host_wait(struct net_host *host);

#endif
