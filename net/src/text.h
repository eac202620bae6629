// UTF-8, for the codec.
#ifndef NET_SRC_TEXT_H
#define NET_SRC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "net_msg.h"

// Whether the bytes are UTF-8 without NUL.
bool net_utf8_valid(const char *data, size_t len);

// Copies whole characters for as long as they fit in `size` bytes; a byte that is not UTF-8, and
// NUL, becomes '?'. Returns how many bytes it wrote; writes no terminator.
size_t net_utf8_clean(struct net_text text, char *dst, size_t size);

#endif
