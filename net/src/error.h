// Filling a net_error.
#ifndef NET_SRC_ERROR_H
#define NET_SRC_ERROR_H

#include "net_status.h"

// What people are told of TLS that did not come about, whichever library did it.
#define NET_TLS_UNTRUSTED \
    "the peer's certificate isn't signed by our CA, has expired, or is for another name"
#define NET_TLS_NO_CONNECTION \
    "no TLS connection came about: does the peer speak TLS, and trust our certificate?"

// Fills `err` unless it is NULL, and returns `status`.
enum net_status net_fail(struct net_error *err, enum net_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// The status that stands for an NNG error number.
enum net_status net_status_of_nng(int rv);

// As net_fail, for an NNG error number: "<what>: <NNG's text>".
enum net_status net_fail_nng(struct net_error *err, int rv, const char *what);

#endif
