/* One axis of a nearest resize: dst[o][i][k] = src[o][index(i)][k], for `inner` elements k behind
 * the axis. The table holds an index and a weight of 1 for each i. */
#include "any/bits.cl"

__kernel void resize_nearest(__global const T *src, __global T *dst, __global const int2 *table,
                             int taps, long in, long out, long inner, long count, long per_item)
{
    long i = (long)get_global_id(0) * per_item, end = min(count, i + per_item);
    long row = i / inner, k = i - row * inner, o = row / out;
    int at = (int)(row - o * out);
    while (i < end) {
        long stop = min(end, i + inner - k);
        __global const T *from = src + (o * in + table[at * taps].x) * inner + k;
        for (; i + W <= stop; i += W, from += W)
            CAT(vstore, W)(CAT(vload, W)(0, from), 0, dst + i);
        for (; i < stop; i++, from++)
            dst[i] = *from;
        k = 0;
        if (++at == out) {
            at = 0;
            o++;
        }
    }
}
