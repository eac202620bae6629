/* A small convolutional network built in memory, for tests of sessions and plans. */
#ifndef TESTS_COMPUTE_SMALL_NET_H
#define TESTS_COMPUTE_SMALL_NET_H

#include "graph/graph.h"

#define SMALL_NET_CHANNELS 3
#define SMALL_NET_SIZE 20
#define SMALL_NET_OUTPUTS 10

/* Conv 3x3 of 16 channels, MaxPool 2x2, GlobalAveragePool, Conv 1x1 to 10 outputs. Input
 * (batch, 3, 20, 20), any batch. The caller destroys it. NULL on no memory. */
struct cx_graph *small_net_create(void);

#endif
