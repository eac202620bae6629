// Stream sockets, none of whose calls blocks but net_socket_resolve.
#ifndef NET_SRC_SOCKET_H
#define NET_SRC_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "address.h"
#include "net_status.h"

// Where to connect or bind.
struct net_endpoint {
    struct sockaddr_storage addr;
    socklen_t len;
};

// Whether the address needs no name service; then `*ret_endpoint` is it.
bool net_socket_numeric(const struct net_address *address, struct net_endpoint *ret_endpoint);
// As above, asking the name service: BLOCKS.
enum net_status net_socket_resolve(const struct net_address *address, bool listening,
                                   struct net_endpoint *ret_endpoint, struct net_error *err);

// Binds and listens. An ipc path that nobody listens on any more is taken over; its mode is set.
// `*ret_port` is the bound port of an IP address. BLOCKS for a name service at most.
enum net_status net_socket_listen(const struct net_address *address, int mode, int *ret_fd,
                                  uint16_t *ret_port, struct net_error *err);
// The next connection that waits, set up; -1 with errno when there is none.
int net_socket_accept(int listener, struct net_endpoint *ret_peer);
// Begins to connect: writable is when it is done, and then net_socket_error tells. -1 with errno.
int net_socket_connect(const struct net_endpoint *endpoint);
int net_socket_error(int fd); // an errno value, taken from the socket

// "tcp://10.0.0.7:40122" of an IP address; false for other kinds.
bool net_endpoint_text(const struct net_endpoint *endpoint, char *dst, size_t size);

// As net_fail, for an errno value: "<what>: <why>".
enum net_status net_fail_errno(struct net_error *err, int error, const char *what);

#endif
