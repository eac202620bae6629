// The operator's side: requests to the control socket, and the subscription to events. The only
// header of this room that tui/ needs, with those it includes.
#ifndef NET_CLIENT_H
#define NET_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net_status.h"
#include "net_tls.h"

struct net_client;
struct net_sub;

// Checks an address ("tcp://host:port", "ipc:///path") without touching the network.
// NET_ERR_ADDRESS; the text says what is wrong with it.
enum net_status net_address_check(const char *address, struct net_error *err);

// A client of one control socket. Connects at the first request, so this only fails on a bad
// address (NET_ERR_ADDRESS, NET_ERR_NEEDS_TLS) or memory. Takes a reference to `tls`, which may be
// NULL where the address isn't tls+tcp://. One thread at a time uses a client.
enum net_status net_client_open(const char *address, struct net_tls *tls,
                                struct net_client **ret_client, struct net_error *err);
void net_client_close(struct net_client *client); // may block for a moment; takes NULL

// Sends one JSON text and waits for the reply. BLOCKS for at most about `timeout_ms` (1 to
// 3,600,000), connecting included. The reply has `*ret_len` bytes and a NUL after them; it belongs
// to the caller: free() it. It is the peer's: check it. The request is never sent twice.
// NET_ERR_UNREACHABLE: nothing listens there, NET_ERR_PROTOCOL: something else does; the request
// was not sent. NET_ERR_TIMEOUT,
// NET_ERR_CLOSED (the connection ended while waiting): whether it was done is unknown; use an
// idempotency key. NET_ERR_TOO_BIG, NET_ERR_NOMEM. The client is usable after any of them.
enum net_status net_client_request(struct net_client *client, const char *text, size_t len,
                                   uint32_t timeout_ms, char **ret_text, size_t *ret_len,
                                   struct net_error *err);

// ---- events

// One message. `json` has `len` bytes and a NUL after them, and is valid during the callback.
struct net_event {
    const char *topic; // "event", "snapshot"
    const char *json;
    size_t len;
    uint64_t seq;   // of this topic
    uint64_t lost;  // messages of this topic that were dropped just before this one
    bool restarted; // seq went back: another publisher, fold from a snapshot again
};

struct net_sub_options {
    const char *address;
    struct net_tls *tls; // for tls+tcp://; a reference is taken. May be NULL
    // Of "event", "snapshot", "delta"; NULL ends the list. None = the first two. The publisher is
    // told so that it doesn't send the others.
    const char *topics[3];
    // No message for so long: the connection is given up for a new one. 0 = 5,000. Choose it
    // greater than the interval of the publisher's snapshots.
    uint32_t silence_ms;
    // On the subscription's own thread. Messages that are no topic, seq and JSON object are counted
    // and not delivered. Should not block: the publisher drops messages meanwhile.
    void (*on_event)(void *user, const struct net_event *event);
    void *user;
};

struct net_sub_stats {
    uint64_t received;
    uint64_t lost;      // by seq
    uint64_t malformed; // not delivered
    uint64_t silences;  // connections given up for their silence
    uint64_t age_ms;    // since the last message, or since the opening
    bool heard;         // a message has come since the opening
    bool connected;     // a connection is up now
};

// Subscribes and returns at once; connects, and connects again, on a thread of its own.
enum net_status net_sub_open(const struct net_sub_options *options, struct net_sub **ret_sub,
                             struct net_error *err);
void net_sub_stats(struct net_sub *sub, struct net_sub_stats *ret_stats); // any thread
// BLOCKS until no callback runs: not from a callback. Takes NULL.
void net_sub_close(struct net_sub *sub);

#endif
