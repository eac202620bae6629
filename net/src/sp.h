// One connection that speaks the wire format of NNG's sockets (SP: an 8-byte greeting, then
// messages behind their length), with blocking calls that end at a deadline.
//
// This room has no NNG sockets, only streams. REQ sends a request again by itself and does not tell
// that nobody listens. And in NNG 1.5.2 any socket's connection that is closed between the length
// of a message and its body blocks the thread that frees all connections of the process, for good.
#ifndef NET_SRC_SP_H
#define NET_SRC_SP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nng/nng.h>

#include "address.h"
#include "net_tls.h"

#define NET_SP_REQ 0x30
#define NET_SP_REP 0x31
#define NET_SP_PUB 0x20
#define NET_SP_SUB 0x21

#define NET_SP_GREETING_SIZE 8
#define NET_SP_HEADER_MAX 9

void net_sp_greeting(uint8_t protocol, uint8_t *ret_greeting);
// The length before a message of `len` bytes. Returns the header's own size.
size_t net_sp_header(bool ipc, uint64_t len, uint8_t *ret_header);

// One operation at a time, without a timeout of its own: who waits watches the clock and cancels.
struct net_sp_op {
    struct net_sp *sp;
    nng_aio *aio;
    bool done;
};

struct net_sp {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct net_sp_op out, in; // dials and sends; receives
    bool cancelled;
    bool ipc;
    bool reading; // a receive into `ahead` is under way
    nng_stream *stream;
    // Read and not taken yet: many small messages come with one receive.
    size_t ahead_at, ahead_len;
    uint8_t ahead[16384];
};

// Returns an NNG error, as all of these do.
int net_sp_init(struct net_sp *sp);
void net_sp_finish(struct net_sp *sp); // closes; may block for a moment

// From any thread: the call that blocks now and all later ones return NNG_ECANCELED.
void net_sp_cancel(struct net_sp *sp);
// Waits until the deadline or net_sp_cancel, and returns whether it was that.
bool net_sp_pause(struct net_sp *sp, uint64_t deadline_ms);

// Connects and exchanges greetings, as protocol `self` with a `peer`. `tls` fits the address
// (net_tls_fits). NNG_EPROTO when something else answers; NNG_ETIMEDOUT at the deadline.
int net_sp_connect(struct net_sp *sp, const struct net_address *address, struct net_tls *tls,
                   uint8_t self, uint8_t peer, uint64_t deadline_ms);
void net_sp_close(struct net_sp *sp); // ends the connection; a new one may follow
bool net_sp_open(const struct net_sp *sp);
// For a connection that nothing is expected on for now: notices when something comes all the same,
// its end above all.
void net_sp_watch(struct net_sp *sp);
// Whether nothing has come since. What has is a reason not to use the connection.
bool net_sp_quiet(struct net_sp *sp);

// Sends one message, given as two parts.
int net_sp_send(struct net_sp *sp, const void *head, size_t head_len, const void *body,
                size_t body_len, uint64_t deadline_ms);
// Receives one message of at most `max` bytes (NNG_EMSGSIZE) into a buffer that is grown as needed
// and ended with a NUL that `*ret_len` does not count.
int net_sp_recv(struct net_sp *sp, size_t max, char **buf, size_t *buf_size, size_t *ret_len,
                uint64_t deadline_ms);

#endif
