#include "socket.h"

#include "error.h"

#define SOCKET_MODE 0660

enum net_status net_socket_listen(nng_socket socket, struct net_address *address, size_t recv_max,
                                  struct net_error *err)
{
    nng_listener listener;
    int port = 0;
    int rv = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, recv_max);
    if (!rv)
        rv = nng_listener_create(&listener, socket, address->text);
    if (!rv && address->scheme == NET_SCHEME_IPC)
        rv = nng_listener_set_int(listener, NNG_OPT_IPC_PERMISSIONS, SOCKET_MODE);
    if (!rv)
        rv = nng_listener_start(listener, 0);
    if (!rv && address->scheme != NET_SCHEME_IPC)
        rv = nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port);
    if (rv)
        return net_fail_nng(err, rv, address->text);
    net_address_set_port(address, (uint16_t)port);
    return NET_OK;
}
