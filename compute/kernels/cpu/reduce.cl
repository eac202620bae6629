/* One result over n elements that lie `inner` apart, for each of outer * inner places. */
#include "any/element.cl"
#include "any/reduce_op.cl"

#define V VEC(A_ACC)

#ifdef OP_LOG_SUM_EXP
/* What keeps the exponentials in range; 0 where all are out of it. */
static inline A_ACC most_of(__global const A_T *src, long n, long inner)
{
    A_ACC most = -INFINITY;
    for (long i = 0; i < n; i++)
        most = fmax(most, LOAD1(A, src, i * inner));
    return isinf(most) ? 0 : most;
}
#endif

static inline A_ACC reduce_row(__global const A_T *src, long n)
{
#ifdef OP_LOG_SUM_EXP
    A_ACC most = most_of(src, n, 1);
#endif
#ifdef FROM_FIRST
    A_ACC result = LOAD1(A, src, 0);
#else
    A_ACC result = START;
#endif
    long i = 0;
    if (n >= 2 * W) {
        V a = (V)result, b = (V)result;
        for (; i + 2 * W <= n; i += 2 * W) {
            V x = LOADW(A, src, i), y = LOADW(A, src, i + W);
            a = TAKE(V, a, x);
            b = TAKE(V, b, y);
        }
        A_ACC lanes[W];
        CAT(vstore, W)(JOIN(a, b), 0, lanes);
        for (int k = 0; k < W; k++)
            result = JOIN(result, lanes[k]);
    }
    for (; i < n; i++) {
        A_ACC x = LOAD1(A, src, i);
        result = TAKE(A_ACC, result, x);
    }
    return FINISH(result, n);
}

__kernel void reduce_rows(__global const A_T *src, __global D_T *dst, long n, long rows,
                          long per_item)
{
    long row = (long)get_global_id(0) * per_item;
    long end = min(rows, row + per_item);
    for (; row < end; row++)
        STORE1(D, reduce_row(src + row * n, n), dst, row);
}

static inline A_ACC reduce_column(__global const A_T *src, long n, long inner)
{
#ifdef OP_LOG_SUM_EXP
    A_ACC most = most_of(src, n, inner);
#endif
#ifdef FROM_FIRST
    A_ACC result = LOAD1(A, src, 0);
#else
    A_ACC result = START;
#endif
    for (long i = 0; i < n; i++) {
        A_ACC x = LOAD1(A, src, i * inner);
        result = TAKE(A_ACC, result, x);
    }
    return FINISH(result, n);
}

/* W columns side by side a work-item. */
__kernel void reduce_columns(__global const A_T *src, __global D_T *dst, long n, long inner,
                             long outer)
{
    long blocks = (inner + W - 1) / W;
    long o = (long)get_global_id(0) / blocks;
    long c = (long)get_global_id(0) % blocks * W;
    if (o >= outer)
        return;
    src += o * n * inner + c;
    dst += o * inner + c;
#ifndef OP_LOG_SUM_EXP
    if (c + W <= inner) {
#ifdef FROM_FIRST
        V result = LOADW(A, src, 0);
#else
        V result = (V)START;
#endif
        for (long i = 0; i < n; i++) {
            V x = LOADW(A, src, i * inner);
            result = TAKE(V, result, x);
        }
        STOREW(D, FINISH(result, n), dst, 0);
        return;
    }
#endif
    long stop = min((long)W, inner - c);
    for (long k = 0; k < stop; k++)
        STORE1(D, reduce_column(src + k, n, inner), dst, k);
}
