#include "error.h"

#include <stdarg.h>
#include <stdio.h>

#include <nng/nng.h>

enum net_status net_fail(struct net_error *err, enum net_status status, const char *format, ...)
{
    if (!err)
        return status;
    va_list args;
    va_start(args, format);
    err->status = status;
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    return status;
}

enum net_status net_status_of_nng(int rv)
{
    switch (rv) {
    case 0:
        return NET_OK;
    case NNG_ENOMEM:
        return NET_ERR_NOMEM;
    case NNG_EINVAL:
        return NET_ERR_INVAL;
    case NNG_EADDRINVAL:
    case NNG_ENOTSUP:
        return NET_ERR_ADDRESS;
    case NNG_EADDRINUSE:
        return NET_ERR_ADDRESS_IN_USE;
    case NNG_ECONNREFUSED:
    case NNG_EUNREACHABLE:
    case NNG_ENOENT:
        return NET_ERR_UNREACHABLE;
    case NNG_ETIMEDOUT:
        return NET_ERR_TIMEOUT;
    case NNG_ECLOSED:
    case NNG_ECONNSHUT:
    case NNG_ECONNRESET:
    case NNG_ECONNABORTED:
    case NNG_ECANCELED:
        return NET_ERR_CLOSED;
    case NNG_EMSGSIZE:
        return NET_ERR_TOO_BIG;
    case NNG_EPROTO:
        return NET_ERR_PROTOCOL;
    case NNG_EPERM:
    case NNG_EPEERAUTH:
        return NET_ERR_DENIED;
    default:
        return NET_ERR_IO;
    }
}

enum net_status net_fail_nng(struct net_error *err, int rv, const char *what)
{
    enum net_status status = net_status_of_nng(rv);
    const char *why = nng_strerror(rv);
    switch (rv) {
    case NNG_ECONNSHUT:
        why = "the peer closed the connection";
        break;
    case NNG_ECONNRESET:
        why = "the connection was reset by the peer";
        break;
    case NNG_ENOENT:
        why = "no socket is there";
        break;
    case NNG_EPEERAUTH:
        why = NET_TLS_UNTRUSTED;
        break;
    case NNG_ECRYPTO:
        why = NET_TLS_NO_CONNECTION;
        break;
    default:
        break;
    }
    return net_fail(err, status, "%s: %s", what, why);
}
