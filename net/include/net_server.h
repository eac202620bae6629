// The coordinator's sides of the operator's sockets: the control socket (REP, JSON text, one
// object a message) and the publisher of events (PUB). See docs/protocol.md.
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net_status.h"
#include "net_tls.h"

#define NET_CONTROL_BYTES_MAX (96u * 1024 * 1024) // of a request or a reply
#define NET_EVENT_BYTES_MAX (4u * 1024 * 1024)    // of one published message

struct net_server;
struct net_request;
struct net_pub;

struct net_server_options {
    const char *address;   // "tcp://127.0.0.1:0", "ipc:///run/stoker/control"
    struct net_tls *tls;   // for tls+tcp://; a reference is taken. May be NULL
    size_t contexts;       // requests held at once, parked ones included; 0 = 128, at most 4,096
    size_t clients_max;    // connections; more are closed at once; 0 = 1,024
    size_t recv_bytes_max; // 0 = NET_CONTROL_BYTES_MAX; a bigger request closes its connection
    // Called on NNG's threads, several at a time; must not block. `text` has `len` bytes and a
    // NUL after them; it belongs to the request and lives until the reply. It is the peer's: check
    // it. Answer now or later, from any thread.
    void (*on_request)(void *user, struct net_request *request, const char *text, size_t len);
    void *user;
};

// Binds and serves from now on: callbacks may come before this returns. Blocks for no longer than
// the bind. NET_ERR_ADDRESS, NET_ERR_NEEDS_TLS, NET_ERR_ADDRESS_IN_USE, NET_ERR_DENIED,
// NET_ERR_NOMEM.
enum net_status net_server_create(const struct net_server_options *options,
                                  struct net_server **ret_server, struct net_error *err);
// The bound address with its real port. Lives as the server.
const char *net_server_address(const struct net_server *server);

// Answers a request: exactly once for each, also after the server was closed. Copies `text`. The
// request and its text are gone when this returns, whatever it returns: NET_OK (handed to the
// transport), NET_ERR_CLOSED (the peer or the server is gone), NET_ERR_TOO_BIG (the peer gets an
// error object instead), NET_ERR_NOMEM. Any thread; does not block.
enum net_status net_server_reply(struct net_request *request, const char *text, size_t len);
// Whether the peer has gone, so that a parked request can be dropped early (with an empty reply).
bool net_request_gone(const struct net_request *request);

// close: takes no more requests; does not block. stop: close, then ends the connections and BLOCKS
// until no callback runs (call it from none). free: stop, then frees; BLOCKS; takes NULL. Requests
// that are still unanswered stay valid and must still be answered.
void net_server_close(struct net_server *server);
void net_server_stop(struct net_server *server);
void net_server_free(struct net_server *server);

// ---- events
//
// A message is `topic`, one space, and a JSON object as text; topics are "event" and "snapshot".
// The publisher puts the member "seq" at the front of each object: it counts up by one for each
// topic, so that a subscriber sees what it lost:   event {"seq":12,"kind":"job.done",...}

enum net_topic { NET_TOPIC_EVENT, NET_TOPIC_SNAPSHOT, NET_TOPIC_DELTA, NET_TOPIC_COUNT };
const char *net_topic_name(enum net_topic topic); // static; "unknown" when out of range

struct net_pub_options {
    const char *address;
    struct net_tls *tls;                 // as net_server_options
    uint64_t first_seq[NET_TOPIC_COUNT]; // of each topic's first message; 0 = 1
    // Waiting for one subscriber before messages are dropped; 0 = 8 MiB. Events may take an eighth
    // of it, so that they can't crowd out the snapshots.
    size_t queue_bytes_max;
    size_t clients_max; // 0 = 256
};

enum net_status net_pub_create(const struct net_pub_options *options, struct net_pub **ret_pub,
                               struct net_error *err);
const char *net_pub_address(const struct net_pub *pub);
// Publishes a JSON object (`json` begins with '{' and ends with '}', and has no "seq" of its own).
// Never blocks; a slow subscriber loses messages, it does not hold up the publisher. Any thread;
// calls are put in one order. The message's seq goes to `*ret_seq` unless that is NULL.
// NET_ERR_INVAL, NET_ERR_TOO_BIG, NET_ERR_NOMEM; a message that failed uses no seq.
enum net_status net_pub_send(struct net_pub *pub, enum net_topic topic, const char *json,
                             size_t len, uint64_t *ret_seq);
// Whether anybody is there to hear messages of that topic: who has not said which it wants (NNG's
// subscribers can't) hears events and snapshots. Any thread.
bool net_pub_heard(struct net_pub *pub, enum net_topic topic);
void net_pub_free(struct net_pub *pub); // may block for a moment; takes NULL

#endif
