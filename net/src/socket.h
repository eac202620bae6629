// What the NNG sockets of this room have in common.
#ifndef NET_SRC_SOCKET_H
#define NET_SRC_SOCKET_H

#include <nng/nng.h>

#include "address.h"
#include "net_status.h"

// Binds `socket`, which never accepts a message over `recv_max` bytes, and puts the port that it
// got into `address`.
enum net_status net_socket_listen(nng_socket socket, struct net_address *address, size_t recv_max,
                                  struct net_error *err);

#endif
