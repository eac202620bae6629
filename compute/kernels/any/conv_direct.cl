/* Convolution written down as it is defined: any element type, weights that only a run knows. */
#include "common.cl"

#include "any/conv_window.cl"

__kernel void conv_direct(__global const TYPE *input, __global const TYPE *weights,
                          __global const TYPE *bias, __global const TYPE *residual,
                          __global TYPE *out, int8 in_shape, int8 steps, int8 pads, int rows,
                          float alpha, float beta)
{
    CONV_PLACE;
    COMPUTE_TYPE sum = 0;
    CONV_EACH(sum, LOAD(weights, w_at) * LOAD(input, in_at))
#if HAS_BIAS
    sum += LOAD(bias, channel);
#endif
#if HAS_RESIDUAL
    sum += LOAD(residual, out_at);
#endif
    STORE(ACTIVATE(sum, (COMPUTE_TYPE)alpha, (COMPUTE_TYPE)beta), out, out_at);
}
