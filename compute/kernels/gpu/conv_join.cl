/* Adds up the sums of split convolutions (gpu/conv.cl), an output a work-item. */
#include "common.cl"
#include "gpu/finish.cl"

__kernel void conv_join(__global const float *restrict partial, __global const TYPE *bias,
                        __global const TYPE *residual, __global TYPE *y, int splits, long outputs,
                        int plane, int channels, int act, float alpha, float beta)
{
    size_t i = get_global_id(0);
    if (i >= (size_t)outputs)
        return;
    float sum = 0;
    for (int s = 0; s < splits; s++)
        sum += partial[(size_t)s * outputs + i];
    if (bias)
        sum += LOAD(bias, i / plane % channels);
    if (residual)
        sum += LOAD(residual, i);
    STORE(activate1(sum, act, alpha, beta), y, i);
}
