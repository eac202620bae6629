// The inside of net_tls.h: sessions of links, and configurations for NNG's streams, which clients
// of the control socket and subscribers use.
#ifndef NET_SRC_TLS_H
#define NET_SRC_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <nng/nng.h>

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

// One connection, over a socket that doesn't block and stays its owner's. It shakes hands with the
// first bytes. One thread at a time.
struct net_tls_session;

// With the certificates as they are now. NULL: no memory.
struct net_tls_session *net_tls_session_new(struct net_tls *tls, const struct net_address *address,
                                            bool serving, int fd);
// As recv() and send(): 0 when the peer has closed, -1 with errno. EAGAIN may wait for the other
// direction: sending for something to read where `*ret_stalls`.
ssize_t net_tls_session_recv(struct net_tls_session *session, void *to, size_t len);
ssize_t net_tls_session_send(struct net_tls_session *session, const void *data, size_t len,
                             bool *ret_stalls);
// Why it failed; false when it was not TLS that did. Takes NULL.
bool net_tls_session_failed(const struct net_tls_session *session, const char *peer,
                            struct net_error *ret_reason);
void net_tls_session_close(struct net_tls_session *session); // says so to the peer; takes NULL
void net_tls_session_free(struct net_tls_session *session);  // takes NULL

#endif
