// The status that every call of the net room returns, and the error that explains it.
#ifndef NET_STATUS_H
#define NET_STATUS_H

#define NET_ERROR_TEXT_MAX 256

enum net_status {
#define NET_STATUS(name, text) NET_##name,
#include "../status.def"
#undef NET_STATUS
    NET_STATUS_COUNT
};

// A status with one line for the operator: what failed, where, and why. No newline, always
// terminated. Functions that take a `struct net_error *` fill it on failure only; NULL is allowed.
struct net_error {
    enum net_status status;
    char text[NET_ERROR_TEXT_MAX];
};

// The name ("NET_ERR_BUSY") and the text ("the output buffer is full") of a status; "unknown" for
// a number that is none. Static, never NULL. Any thread.
const char *net_status_name(enum net_status status);
const char *net_status_text(enum net_status status);

#endif
