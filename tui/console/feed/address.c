#include "feed/address.h"

#include <stdio.h>
#include <string.h>

/* The host of "tcp://host:port" or "tls+tcp://host:port", without the port. False for anything
 * else. */
static int host_of(const char *address, const char **ret_host, size_t *ret_len)
{
    const char *host = strstr(address, "tcp://");
    const char *colon;

    if (host == NULL || (host != address && (host != address + 4 || strncmp(address, "tls+", 4))))
        return 0;
    host += strlen("tcp://");
    colon = strrchr(host, ':');
    if (!colon)
        return 0;
    *ret_host = host;
    *ret_len = (size_t)(colon - host);
    return 1;
}

static int is_local(const char *host, size_t len)
{
    static const char *const names[] = {"",          "*",     "0.0.0.0",  "[::]",
                                        "127.0.0.1", "[::1]", "localhost"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i]) == len && strncmp(names[i], host, len) == 0)
            return 1;
    }
    return 0;
}

void tui_address_reachable(char *ret_address, size_t size, const char *published,
                           const char *reached)
{
    const char *host;
    const char *by;
    size_t host_len;
    size_t by_len;

    if (host_of(published, &host, &host_len) && host_of(reached, &by, &by_len) &&
        is_local(host, host_len))
        snprintf(ret_address, size, "%.*s%.*s%s", (int)(host - published), published, (int)by_len,
                 by, host + host_len);
    else
        snprintf(ret_address, size, "%s", published);
}
