/* out[i] = f(a, b) with broadcasting, over a nest of up to eight loops. A work-item takes per_item
 * elements in a row of out; within a run of the innermost loop an operand either advances with out
 * or stands still. out may be the operand that has its size. */
#include "any/element.cl"
#include "any/index.cl"

#define N
#include "any/binary_op.cl"
#undef N

/* Where a processor has no vectors for an operation, loops over them only take long to compile. */
#if defined(OP_DIV) || defined(OP_MOD) || defined(OP_FMOD)
#define SCALAR_INT
#endif
#if defined(OP_POW) || (defined(SCALAR_INT) && defined(A_ACC_INT))
#define VECTORS(loop)
#else
#define VECTORS(loop) loop
#define N W
#include "any/binary_op.cl"
#undef N
#endif

static inline void run_both(__global const A_T *a, __global const B_T *b, __global D_T *out, long n)
{
    long i = 0;
    VECTORS(for (; i + W <= n; i += W)
                STOREW(D, CAT(apply_, W)(LOADW(A, a, i), LOADW(B, b, i)), out, i);)
    for (; i < n; i++)
        STORE1(D, apply_(LOAD1(A, a, i), LOAD1(B, b, i)), out, i);
}

static inline void run_a(__global const A_T *a, __global const B_T *b, __global D_T *out, long n)
{
    B_ACC still = LOAD1(B, b, 0);
    VECTORS(CAT(B_ACC, W) stills = (CAT(B_ACC, W))still;)
    long i = 0;
    VECTORS(for (; i + W <= n; i += W) STOREW(D, CAT(apply_, W)(LOADW(A, a, i), stills), out, i);)
    for (; i < n; i++)
        STORE1(D, apply_(LOAD1(A, a, i), still), out, i);
}

static inline void run_b(__global const A_T *a, __global const B_T *b, __global D_T *out, long n)
{
    A_ACC still = LOAD1(A, a, 0);
    VECTORS(CAT(A_ACC, W) stills = (CAT(A_ACC, W))still;)
    long i = 0;
    VECTORS(for (; i + W <= n; i += W) STOREW(D, CAT(apply_, W)(stills, LOADW(B, b, i)), out, i);)
    for (; i < n; i++)
        STORE1(D, apply_(still, LOAD1(B, b, i)), out, i);
}

__kernel void binary(__global const A_T *a, __global const B_T *b, __global D_T *out, long8 dims,
                     long8 strides_a, long8 strides_b, long count, long per_item)
{
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
    if (i >= end)
        return;
    struct nest nest;
    long by_a[8], by_b[8];
    vstore8(strides_a, 0, by_a);
    vstore8(strides_b, 0, by_b);
    nest_seek(&nest, dims, i);
    while (i < end) {
        long n = min(end - i, nest.dims[7] - nest.index[7]);
        __global const A_T *at_a = a + nest_at(&nest, by_a);
        __global const B_T *at_b = b + nest_at(&nest, by_b);
        if (by_b[7] == 0)
            run_a(at_a, at_b, out + i, n);
        else if (by_a[7] == 0)
            run_b(at_a, at_b, out + i, n);
        else
            run_both(at_a, at_b, out + i, n);
        i += n;
        nest_next_row(&nest);
    }
}

/* In blocks of W channels: out[i] = f(a[i], b[c]), or f(b[c], a[i]) with SWAP, where b has a number
 * a channel, of each image (step elements apart) or of all (step 0). A work-item takes per_item of
 * `count` positions in a row. */
#ifdef BLOCKS
#ifdef SWAP
#define APPLY(a, b) CAT(apply_, W)(b, a)
#else
#define APPLY(a, b) CAT(apply_, W)(a, b)
#endif
__kernel void binary_blocks(__global const A_T *a, __global const A_T *b, __global D_T *out,
                            long blocks, long plane, long step, long count, long per_item)
{
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
    while (i < end) {
        long unit = i / plane, stop = min(end, (unit + 1) * plane);
        VEC(A_ACC) still = LOADW(A, b, unit / blocks * step + unit % blocks * W);
        for (; i < stop; i++)
            STOREW(D, APPLY(LOADW(A, a, i * W), still), out, i * W);
    }
}
#endif
