/* y = x / (bias + alpha * sum of x^2 over the channels around its own) ^ beta; x is (N, C, plane).
 * A work-item takes per_item elements in a row. */
#include "any/element.cl"

#define V VEC(A_ACC)
#ifndef BETA_ANY
#define POWER(s) (sqrt(s) * sqrt(sqrt(s)))
#else
#define POWER(s) pow(s, beta)
#endif

__kernel void lrn(__global const A_T *x, __global D_T *y, long channels, long plane, long before,
                  long after, float alpha_, float beta_, float bias_, long count, long per_item)
{
    A_ACC alpha = alpha_, bias = bias_;
#ifdef BETA_ANY
    A_ACC beta = beta_;
#endif
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
    while (i < end) {
        long c = i / plane % channels;
        long stop = min(end, (i / plane + 1) * plane);
        long first = -min(before, c) * plane, last = min(after, channels - 1 - c) * plane;
#ifndef BETA_ANY
        for (; i + W <= stop; i += W) {
            V sum = (V)0;
            for (long k = first; k <= last; k += plane) {
                V one = LOADW(A, x, i + k);
                sum += one * one;
            }
            V scale = sum * alpha + bias;
            STOREW(D, LOADW(A, x, i) / POWER(scale), y, i);
        }
#endif
        for (; i < stop; i++) {
            A_ACC sum = 0;
            for (long k = first; k <= last; k += plane) {
                A_ACC one = LOAD1(A, x, i + k);
                sum += one * one;
            }
            STORE1(D, LOAD1(A, x, i) / POWER(sum * alpha + bias), y, i);
        }
    }
}
