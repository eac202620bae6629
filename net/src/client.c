// Requests to the control socket, one at a time, each bounded.
#include "net_client.h"

#include <stdlib.h>
#include <string.h>

#include <nng/nng.h>

#include "error.h"
#include "net_link.h"
#include "net_server.h"
#include "sp.h"
#include "tls.h"

#define TIMEOUT_MS_MAX 3600000
#define ID_SIZE 4

struct net_client {
    struct net_address address;
    struct net_tls *tls; // NULL: none
    struct net_sp sp;
    uint32_t last_id;
};

enum net_status net_client_open(const char *address, struct net_tls *tls,
                                struct net_client **ret_client, struct net_error *err)
{
    struct net_address parsed;
    enum net_status status = net_address_parse(address, false, &parsed, err);
    if (!status)
        status = net_tls_fits(tls, &parsed, false, err);
    if (status)
        return status;
    struct net_client *client = calloc(1, sizeof(*client));
    if (!client)
        return net_fail(err, NET_ERR_NOMEM, "%s: no memory", address);
    client->address = parsed;
    int rv = net_sp_init(&client->sp);
    if (rv) {
        free(client);
        return net_fail_nng(err, rv, address);
    }
    client->tls = net_tls_ref(tls);
    *ret_client = client;
    return NET_OK;
}

void net_client_close(struct net_client *client)
{
    if (!client)
        return;
    net_sp_finish(&client->sp);
    net_tls_unref(client->tls);
    free(client);
}

// The reply to request `id`, without the id that it begins with.
static int receive_reply(struct net_client *client, const uint8_t *id, uint64_t deadline_ms,
                         char **ret_text, size_t *ret_len)
{
    char *text = NULL;
    size_t size = 0;
    size_t len = 0;
    int rv =
        net_sp_recv(&client->sp, NET_CONTROL_BYTES_MAX + ID_SIZE, &text, &size, &len, deadline_ms);
    if (!rv && (len < ID_SIZE || memcmp(text, id, ID_SIZE) != 0))
        rv = NNG_EPROTO;
    if (rv) {
        free(text);
        return rv;
    }
    memmove(text, text + ID_SIZE, len - ID_SIZE + 1);
    *ret_text = text;
    *ret_len = len - ID_SIZE;
    return 0;
}

static int request(struct net_client *client, const char *text, size_t len, uint64_t deadline_ms,
                   char **ret_text, size_t *ret_len)
{
    struct net_sp *sp = &client->sp;
    int rv = 0;
    // The coordinator may have been restarted since the last request.
    if (net_sp_open(sp) && !net_sp_quiet(sp))
        net_sp_close(sp);
    if (!net_sp_open(sp))
        rv = net_sp_connect(sp, &client->address, client->tls, NET_SP_REQ, NET_SP_REP, deadline_ms);
    if (rv)
        return rv;
    // The top bit marks the end of the route, which has no other stations here.
    uint32_t id = ++client->last_id | 0x80000000u;
    uint8_t wire_id[ID_SIZE] = {(uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8),
                                (uint8_t)id};
    rv = net_sp_send(sp, wire_id, sizeof(wire_id), text, len, deadline_ms);
    if (!rv)
        rv = receive_reply(client, wire_id, deadline_ms, ret_text, ret_len);
    // A late reply must not meet the next request: that gets a new connection.
    if (rv)
        net_sp_close(sp);
    else
        net_sp_watch(sp);
    return rv;
}

enum net_status net_client_request(struct net_client *client, const char *text, size_t len,
                                   uint32_t timeout_ms, char **ret_text, size_t *ret_len,
                                   struct net_error *err)
{
    const char *address = client->address.text;
    if (timeout_ms < 1 || timeout_ms > TIMEOUT_MS_MAX)
        return net_fail(err, NET_ERR_INVAL, "a timeout of %u ms is not in 1 to %d", timeout_ms,
                        TIMEOUT_MS_MAX);
    if (len > NET_CONTROL_BYTES_MAX)
        return net_fail(err, NET_ERR_TOO_BIG, "a request of %zu bytes is over the limit of %u", len,
                        NET_CONTROL_BYTES_MAX);
    int rv = request(client, text, len, net_clock_ms() + timeout_ms, ret_text, ret_len);
    switch (rv) {
    case 0:
        return NET_OK;
    case NNG_ETIMEDOUT:
        return net_fail(err, NET_ERR_TIMEOUT, "%s: no answer within %u ms", address, timeout_ms);
    case NNG_EPROTO:
        return net_fail(err, NET_ERR_PROTOCOL, "%s: what answers there is no control socket",
                        address);
    case NNG_EMSGSIZE:
        return net_fail(err, NET_ERR_TOO_BIG, "%s: the reply is over the limit of %u bytes",
                        address, NET_CONTROL_BYTES_MAX);
    default:
        return net_fail_nng(err, rv, address);
    }
}
