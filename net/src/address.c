#include "address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "error.h"
#include "net_client.h"

static const char *const prefixes[] = {
    [NET_SCHEME_TCP] = "tcp://", [NET_SCHEME_IPC] = "ipc://", [NET_SCHEME_TLS] = "tls+tcp://"};

static enum net_status parse_path(const char *path, struct net_address *address,
                                  struct net_error *err)
{
    struct sockaddr_un un;
    if (path[0] != '/' || path[1] == '\0')
        return net_fail(err, NET_ERR_ADDRESS, "%s: the path must be absolute, as in ipc:///run/x",
                        address->text);
    if (strlen(path) >= sizeof(un.sun_path))
        return net_fail(err, NET_ERR_ADDRESS, "%s: the path is over %zu bytes", address->text,
                        sizeof(un.sun_path) - 1);
    return NET_OK;
}

static enum net_status parse_host(const char *rest, bool listening, struct net_address *address,
                                  struct net_error *err)
{
    const char *colon = strrchr(rest, ':');
    const char *bracket = strrchr(rest, ']');
    if (!colon || (bracket && colon < bracket))
        return net_fail(err, NET_ERR_ADDRESS, "%s: the port is missing", address->text);
    size_t host_len = (size_t)(colon - rest);
    if (host_len >= sizeof(address->host) || (host_len == 0 && !listening))
        return net_fail(err, NET_ERR_ADDRESS, "%s: the host is missing or too long", address->text);
    if (strcspn(rest, "/?#@ ") < strlen(rest))
        return net_fail(err, NET_ERR_ADDRESS, "%s: nothing may follow host and port",
                        address->text);
    size_t digits = strspn(colon + 1, "0123456789");
    long port = digits > 0 && digits < 6 ? strtol(colon + 1, NULL, 10) : -1;
    if (colon[1 + digits] != '\0' || port < (listening ? 0 : 1) || port > 65535)
        return net_fail(err, NET_ERR_ADDRESS, "%s: the port is not a number from %d to 65535",
                        address->text, listening ? 0 : 1);
    memcpy(address->host, rest, host_len);
    address->host[host_len] = '\0';
    address->port = (uint16_t)port;
    return NET_OK;
}

enum net_status net_address_parse(const char *text, bool listening, struct net_address *ret_address,
                                  struct net_error *err)
{
    if (!text)
        return net_fail(err, NET_ERR_ADDRESS, "no address was given");
    if (strlen(text) >= NET_ADDRESS_MAX)
        return net_fail(err, NET_ERR_ADDRESS, "the address is over %d bytes", NET_ADDRESS_MAX - 1);
    struct net_address address = {.port = 0};
    snprintf(address.text, sizeof(address.text), "%s", text);
    const char *rest = NULL;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]) && !rest; i++) {
        size_t len = strlen(prefixes[i]);
        if (strncmp(text, prefixes[i], len) != 0)
            continue;
        rest = text + len;
        address.scheme = (enum net_scheme)i;
    }
    if (!rest)
        return net_fail(err, NET_ERR_ADDRESS, "%s: it must begin with tcp://, ipc:// or tls+tcp://",
                        text);
    enum net_status status = address.scheme == NET_SCHEME_IPC
                                 ? parse_path(rest, &address, err)
                                 : parse_host(rest, listening, &address, err);
    if (!status)
        *ret_address = address;
    return status;
}

enum net_status net_address_check(const char *address, struct net_error *err)
{
    struct net_address parsed;
    return net_address_parse(address, false, &parsed, err);
}

void net_address_set_port(struct net_address *address, uint16_t port)
{
    if (address->scheme == NET_SCHEME_IPC)
        return;
    address->port = port;
    snprintf(address->text, sizeof(address->text), "%s%s:%u", prefixes[address->scheme],
             address->host, port);
}

const char *net_address_path(const struct net_address *address)
{
    return address->text + strlen("ipc://");
}
