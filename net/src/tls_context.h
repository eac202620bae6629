// What sessions take from the certificates. Only for the files that know OpenSSL.
#ifndef NET_SRC_TLS_CONTEXT_H
#define NET_SRC_TLS_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "net_tls.h"

// A reference to the newest context, and the name that a dialled peer's certificate must be for.
SSL_CTX *net_tls_context(struct net_tls *tls, bool serving, const char *host, char *ret_name,
                         size_t size);

#endif
