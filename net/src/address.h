// Addresses: "tcp://host:port", "ipc:///path", and "tls+tcp://host:port", which needs a struct
// net_tls (tls.h).
#ifndef NET_SRC_ADDRESS_H
#define NET_SRC_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "net_status.h"

#define NET_ADDRESS_MAX 320

enum net_scheme { NET_SCHEME_TCP, NET_SCHEME_IPC, NET_SCHEME_TLS };

struct net_address {
    enum net_scheme scheme;
    char text[NET_ADDRESS_MAX]; // the whole address
    char host[256];             // as written, with the brackets of an IPv6 address
    uint16_t port;              // 0 only where `listening`
};

// Parses and checks. A listener may have port 0 and an empty host (every interface).
enum net_status net_address_parse(const char *text, bool listening, struct net_address *ret_address,
                                  struct net_error *err);

// Puts the port that the listener got into `address`.
void net_address_set_port(struct net_address *address, uint16_t port);

// Of an ipc:// address.
const char *net_address_path(const struct net_address *address);

#endif
