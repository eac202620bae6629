// Valid messages of every type, from a seed: for round trips, for the fuzzers' first inputs and
// for the bench.
#ifndef TESTS_NET_SAMPLES_H
#define TESTS_NET_SAMPLES_H

#include <stdint.h>

#include "net_msg.h"

// Appends a valid frame of `type`, whose content depends on `seed` only. Any failure aborts.
void sample_frame(struct net_buf *buf, uint16_t type, uint64_t seed);

// Decodes a frame with its type's decoder and, when that succeeds, encodes the result into `buf`.
// Returns the first failure. NET_ERR_PROTOCOL for an unknown type.
enum net_status sample_again(const struct net_frame *frame, struct net_buf *buf,
                             struct net_error *err);

#endif
