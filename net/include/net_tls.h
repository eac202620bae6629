// Certificates for tls+tcp:// addresses, shared by the sockets that are given them. TLS 1.2 or
// newer by OpenSSL where connections are taken and on links; clients of the control socket and
// subscribers speak TLS 1.2 by NNG's mbedTLS. Files are PEM.
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "net_status.h"

#define NET_TLS_FILE_BYTES_MAX (1024 * 1024)

struct net_tls;

// NULL or "" for what is not given.
struct net_tls_files {
    // Who signed the peers' certificates. Needed to dial. Where it is given to a listener, clients
    // must show a certificate signed by it; without it anybody may connect.
    const char *ca;
    const char *cert; // ours, with what is between it and the CA behind it; needed to listen
    const char *key;  // of `cert`
    // The name that a dialled peer's certificate must be for; by default the address's host. NNG
    // compares names only: a certificate for nothing but an IP address fits none.
    const char *name;
};

// Whether any file is named.
bool net_tls_wanted(const struct net_tls_files *files);

// Reads and checks the files: PEM, the key is the certificate's, it has not expired. BLOCKS for the
// files. The caller has one reference. NET_ERR_INVAL (names the file and what is wrong with it),
// NET_ERR_NOMEM.
enum net_status net_tls_create(const struct net_tls_files *files, struct net_tls **ret_tls,
                               struct net_error *err);
// Reads the same files again. Connections made from now on use them, those that stand go on. On an
// error nothing changes. BLOCKS for the files; any thread.
enum net_status net_tls_reload(struct net_tls *tls, struct net_error *err);
// When our certificate ends, in seconds since the epoch; 0: there is none. Any thread.
int64_t net_tls_expires_s(struct net_tls *tls);

struct net_tls *net_tls_ref(struct net_tls *tls); // takes NULL
void net_tls_unref(struct net_tls *tls); // takes NULL; sockets hold references of their own

#endif
