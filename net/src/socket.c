#include "socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "error.h"

#define BACKLOG 4096 // the system's own limit is what counts where it is lower

static void local_endpoint(const struct net_address *address, struct net_endpoint *ret_endpoint)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&ret_endpoint->addr;
    *ret_endpoint = (struct net_endpoint){.len = sizeof(*un)};
    un->sun_family = AF_UNIX;
    snprintf(un->sun_path, sizeof(un->sun_path), "%s", net_address_path(address));
}

// The host without the brackets of an IPv6 address; NULL for every interface.
static const char *host_of(const struct net_address *address, char *text, size_t size)
{
    const char *host = address->host;
    size_t len = strlen(host);
    if (len == 0 || strcmp(host, "*") == 0)
        return NULL;
    bool brackets = host[0] == '[' && host[len - 1] == ']';
    snprintf(text, size, "%.*s", (int)(brackets ? len - 2 : len), brackets ? host + 1 : host);
    return text;
}

static int look_up(const struct net_address *address, int flags, struct net_endpoint *ret_endpoint)
{
    char host[sizeof(address->host)], port[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    snprintf(port, sizeof(port), "%u", address->port);
    int rv = getaddrinfo(host_of(address, host, sizeof(host)), port, &hints, &found);
    if (rv)
        return rv;
    *ret_endpoint = (struct net_endpoint){.len = found->ai_addrlen};
    memcpy(&ret_endpoint->addr, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return 0;
}

bool net_socket_numeric(const struct net_address *address, struct net_endpoint *ret_endpoint)
{
    if (address->scheme == NET_SCHEME_IPC) {
        local_endpoint(address, ret_endpoint);
        return true;
    }
    return look_up(address, AI_NUMERICHOST, ret_endpoint) == 0;
}

enum net_status net_socket_resolve(const struct net_address *address, bool listening,
                                   struct net_endpoint *ret_endpoint, struct net_error *err)
{
    if (address->scheme == NET_SCHEME_IPC) {
        local_endpoint(address, ret_endpoint);
        return NET_OK;
    }
    int rv = look_up(address, listening ? AI_PASSIVE : AI_ADDRCONFIG, ret_endpoint);
    if (rv == EAI_MEMORY)
        return net_fail(err, NET_ERR_NOMEM, "%s: no memory", address->text);
    if (rv)
        return net_fail(err, NET_ERR_ADDRESS, "%s: the host is not known: %s", address->text,
                        gai_strerror(rv));
    return NET_OK;
}

static int open_socket(const struct net_endpoint *endpoint)
{
    const int one = 1;
    int family = endpoint->addr.ss_family;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

// Whether the path is a socket that nobody listens on.
static bool is_stale(const struct net_endpoint *endpoint)
{
    int fd = open_socket(endpoint);
    if (fd < 0)
        return false;
    int rv = connect(fd, (const struct sockaddr *)&endpoint->addr, endpoint->len);
    bool stale = rv != 0 && errno == ECONNREFUSED;
    close(fd);
    return stale;
}

static int bind_to(int fd, const struct net_endpoint *endpoint)
{
    const int one = 1;
    const struct sockaddr *addr = (const struct sockaddr *)&endpoint->addr;
    if (endpoint->addr.ss_family != AF_UNIX) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        return bind(fd, addr, endpoint->len);
    }
    const struct sockaddr_un *un = (const struct sockaddr_un *)&endpoint->addr;
    int rv = bind(fd, addr, endpoint->len);
    if (rv != 0 && errno == EADDRINUSE) {
        if (is_stale(endpoint) && unlink(un->sun_path) == 0)
            return bind(fd, addr, endpoint->len);
        errno = EADDRINUSE;
    }
    return rv;
}

static uint16_t port_of(const struct sockaddr_storage *addr)
{
    if (addr->ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)addr)->sin_port);
    if (addr->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)addr)->sin6_port);
    return 0;
}

enum net_status net_socket_listen(const struct net_address *address, int mode, int *ret_fd,
                                  uint16_t *ret_port, struct net_error *err)
{
    struct net_endpoint endpoint;
    enum net_status status = net_socket_resolve(address, true, &endpoint, err);
    if (status)
        return status;
    int fd = open_socket(&endpoint);
    if (fd < 0)
        return net_fail_errno(err, errno, address->text);
    bool local = endpoint.addr.ss_family == AF_UNIX;
    if (bind_to(fd, &endpoint) != 0 ||
        (local && chmod(net_address_path(address), (mode_t)mode) != 0) ||
        listen(fd, BACKLOG) != 0) {
        status = net_fail_errno(err, errno, address->text);
        close(fd);
        return status;
    }
    struct sockaddr_storage bound;
    socklen_t len = sizeof(bound);
    *ret_port = getsockname(fd, (struct sockaddr *)&bound, &len) == 0 ? port_of(&bound) : 0;
    *ret_fd = fd;
    return NET_OK;
}

int net_socket_accept(int listener, struct net_endpoint *ret_peer)
{
    const int one = 1;
    ret_peer->len = sizeof(ret_peer->addr);
    int fd = accept4(listener, (struct sockaddr *)&ret_peer->addr, &ret_peer->len,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    // Two small frames in a row would wait for the peer's delayed acknowledgement, 40 ms.
    if (fd >= 0 && ret_peer->addr.ss_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

int net_socket_connect(const struct net_endpoint *endpoint)
{
    int fd = open_socket(endpoint);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&endpoint->addr, endpoint->len) == 0 ||
        errno == EINPROGRESS)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int net_socket_error(int fd)
{
    int error = 0;
    socklen_t len = sizeof(error);
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
}

bool net_endpoint_text(const struct net_endpoint *endpoint, char *dst, size_t size)
{
    char host[INET6_ADDRSTRLEN];
    const struct sockaddr_storage *addr = &endpoint->addr;
    if (addr->ss_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)addr)->sin_addr, host, sizeof(host));
        snprintf(dst, size, "tcp://%s:%u", host, port_of(addr));
        return true;
    }
    if (addr->ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)addr)->sin6_addr, host, sizeof(host));
        snprintf(dst, size, "tcp://[%s]:%u", host, port_of(addr));
        return true;
    }
    return false;
}

static enum net_status status_of(int error)
{
    switch (error) {
    case ENOMEM:
    case ENOBUFS:
        return NET_ERR_NOMEM;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENOTDIR:
        return NET_ERR_ADDRESS;
    case EADDRINUSE:
        return NET_ERR_ADDRESS_IN_USE;
    case ECONNREFUSED:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENOENT:
    case EAGAIN: // a local listener whose backlog is full
        return NET_ERR_UNREACHABLE;
    case ETIMEDOUT:
        return NET_ERR_TIMEOUT;
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
        return NET_ERR_CLOSED;
    case EACCES:
    case EPERM:
        return NET_ERR_DENIED;
    default:
        return NET_ERR_IO;
    }
}

enum net_status net_fail_errno(struct net_error *err, int error, const char *what)
{
    char buffer[128];
    const char *why;
    switch (error) {
    case EPIPE:
    case ECONNRESET:
        why = "the connection was reset by the peer";
        break;
    case ENOENT:
        why = "no socket is there";
        break;
    default:
        why = strerror_r(error, buffer, sizeof(buffer));
        break;
    }
    return net_fail(err, status_of(error), "%s: %s", what, why);
}
