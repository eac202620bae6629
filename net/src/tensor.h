// Tensors within a message: u8 count, then each. net_msg.h has the struct.
#ifndef NET_SRC_TENSOR_H
#define NET_SRC_TENSOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cursor.h"
#include "net_msg.h"

// Copies `packed` where it is not empty.
void net_write_tensors(struct net_writer *w, struct net_bytes packed,
                       const struct net_tensor *tensors, uint8_t count);
// Fills NET_TENSORS_MAX places at most; `*ret_packed` is all of it, in the message.
uint8_t net_read_tensors(struct net_reader *r, struct net_tensor *tensors,
                         struct net_bytes *ret_packed);

// Copies a message whose last member is its tensors, `count` of them, to its caller: most messages
// have one of sixteen.
#define NET_COPY_WITH_TENSORS(to, from, tensors, count) \
    memcpy((to), (from),                                \
           offsetof(__typeof__(*(from)), tensors) + (count) * sizeof((from)->tensors[0]))

#endif
