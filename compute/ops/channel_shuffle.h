/* Channels shuffled between groups, ours: made of Reshape, Transpose and Reshape. */
#ifndef CX_CHANNEL_SHUFFLE_H
#define CX_CHANNEL_SHUFFLE_H

#include <stdint.h>

/* node->attrs. Channel k * groups + j of the output is channel k of the input's group j. */
struct cx_channel_shuffle {
    int64_t groups; /* divides the channels */
};

#endif
