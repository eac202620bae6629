/* Weights that only a run knows, brought into the order that gpu/conv.cl reads. */
#include "common.cl"

/* steps: inner steps of a group with padding; channels_padded: of one tap. */
__kernel void conv_pack(__global const TYPE *restrict weights, __global TYPE *restrict packed,
                        int channels, int channels_padded, int taps, int rows, int rows4, int steps,
                        int count)
{
    int i = get_global_id(0);
    if (i >= count)
        return;
    int row = i % rows4, k = i / rows4 % steps, group = i / rows4 / steps;
    int tap = k / channels_padded, channel = k % channels_padded;
    bool there = row < rows && tap < taps && channel < channels;
    size_t from = (((size_t)group * rows + row) * channels + channel) * taps + tap;
    STORE(there ? LOAD(weights, from) : 0, packed, i);
}
