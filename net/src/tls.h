// The inside of net_tls.h: configurations for NNG's streams.
#ifndef NET_SRC_TLS_H
#define NET_SRC_TLS_H

#include <sys/queue.h>

#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>

#include "address.h"
#include "net_tls.h"

// Whether an address and these certificates fit each other: NET_ERR_NEEDS_TLS names what is
// missing. Certificates with an address that has no use for them are fine.
enum net_status net_tls_fits(const struct net_tls *tls, const struct net_address *address,
                             bool listening, struct net_error *err);

// For one dialer that is about to dial. `tls` may be NULL where the address is no TLS one. Returns
// an NNG error.
int net_tls_use_dialer(struct net_tls *tls, const struct net_address *address,
                       nng_stream_dialer *dialer);
// The same for a listener that is about to listen or has been told of a change.
int net_tls_use_listener(struct net_tls *tls, const struct net_address *address,
                         nng_stream_listener *listener);

// Called after a reload, on its thread, with no lock held but the watches' own.
struct net_tls_watch {
    TAILQ_ENTRY(net_tls_watch) entry;
    void (*changed)(void *arg);
    void *arg;
};
void net_tls_watch(struct net_tls *tls, struct net_tls_watch *watch);
void net_tls_unwatch(struct net_tls *tls, struct net_tls_watch *watch); // waits for a running call

#endif
