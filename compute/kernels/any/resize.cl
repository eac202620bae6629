/* One axis of a linear or cubic resize: dst[o][i][k] = sum over t of weight(i, t) *
 * src[o][index(i, t)][k], for `inner` elements k behind the axis. The table holds an index and the
 * bits of a weight for each of `taps` neighbours of each i. */
#include "any/element.cl"

__kernel void resize(__global const A_T *src, __global D_T *dst, __global const int2 *table,
                     int taps, long in, long out, long inner, long count, long per_item)
{
    long i = (long)get_global_id(0) * per_item, end = min(count, i + per_item);
    long row = i / inner, k = i - row * inner, o = row / out;
    int at = (int)(row - o * out);
    while (i < end) {
        long stop = min(end, i + inner - k);
        __global const int2 *near = table + at * taps;
        __global const A_T *from = src + o * in * inner + k;
        for (; i + W <= stop; i += W, from += W) {
            VEC(D_ACC) sum = (VEC(D_ACC))(0);
            for (int t = 0; t < taps; t++)
                sum += CAT(convert_, VEC(D_ACC))(LOADW(A, from, near[t].x * inner)) *
                       (D_ACC)as_float(near[t].y);
            STOREW(D, sum, dst, i);
        }
        for (; i < stop; i++, from++) {
            D_ACC sum = 0;
            for (int t = 0; t < taps; t++)
                sum += (D_ACC)LOAD1(A, from, near[t].x * inner) * (D_ACC)as_float(near[t].y);
            STORE1(D, sum, dst, i);
        }
        k = 0;
        if (++at == out) {
            at = 0;
            o++;
        }
    }
}
