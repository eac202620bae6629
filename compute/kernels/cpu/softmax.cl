/* Softmax over n elements that lie `inner` apart, for each of outer * inner places. With OP_LOG its
 * logarithm. A sum is kept in the type of calculation. */
#include "any/element.cl"

#define N
#include "any/math.cl"
#undef V
#undef F
#undef N
#define N W
#include "any/math.cl"
#undef V
#undef F
#undef N

#ifdef A_ACC_FLOAT
#define EXP1(x) exp_negative_(x)
#define EXPW(x) CAT(exp_negative_, W)(x)
#else
#define EXP1(x) exp(x)
#define EXPW(x) exp(x)
#endif

#define V VEC(A_ACC)

static inline A_ACC sum_of(V v)
{
    A_ACC lanes[W];
    CAT(vstore, W)(v, 0, lanes);
    A_ACC sum = 0;
    for (int k = 0; k < W; k++)
        sum += lanes[k];
    return sum;
}

static inline A_ACC max_of(V v)
{
    A_ACC lanes[W];
    CAT(vstore, W)(v, 0, lanes);
    A_ACC most = lanes[0];
    for (int k = 1; k < W; k++)
        most = fmax(most, lanes[k]);
    return most;
}

/* The exponentials of a row wait in dst where that holds them exactly. */
#if D_KIND == 0 && !defined(OP_LOG)
#define KEEP(statement) statement
#define KEPTW(i) LOADW(A, dst, i)
#define KEPT1(i) LOAD1(A, dst, i)
#else
#define KEEP(statement)
#define KEPTW(i) EXPW(LOADW(A, src, i) - most)
#define KEPT1(i) EXP1(LOAD1(A, src, i) - most)
#endif

static inline void softmax_row(__global const A_T *src, __global D_T *dst, long n)
{
    V mosts = (V)-INFINITY;
    A_ACC most = -INFINITY;
    long i = 0;
    for (; i + W <= n; i += W)
        mosts = fmax(mosts, LOADW(A, src, i));
    for (; i < n; i++)
        most = fmax(most, LOAD1(A, src, i));
    most = fmax(most, max_of(mosts));

    V sums = (V)0;
    A_ACC sum = 0;
    for (i = 0; i + W <= n; i += W) {
        V x = EXPW(LOADW(A, src, i) - most);
        sums += x;
        KEEP(STOREW(D, x, dst, i);)
    }
    for (; i < n; i++) {
        A_ACC x = EXP1(LOAD1(A, src, i) - most);
        sum += x;
        KEEP(STORE1(D, x, dst, i);)
    }
    sum += sum_of(sums);

#ifdef OP_LOG
    A_ACC less = most + log(sum);
    for (i = 0; i + W <= n; i += W)
        STOREW(D, LOADW(A, src, i) - less, dst, i);
    for (; i < n; i++)
        STORE1(D, LOAD1(A, src, i) - less, dst, i);
#else
    A_ACC by = 1 / sum;
    for (i = 0; i + W <= n; i += W)
        STOREW(D, KEPTW(i) * by, dst, i);
    for (; i < n; i++)
        STORE1(D, KEPT1(i) * by, dst, i);
#endif
}

/* Rows that lie in one piece. */
__kernel void softmax_rows(__global const A_T *src, __global D_T *dst, long n, long rows,
                           long per_item)
{
    long row = (long)get_global_id(0) * per_item;
    long end = min(rows, row + per_item);
    for (; row < end; row++)
        softmax_row(src + row * n, dst + row * n, n);
}

static inline void softmax_column(__global const A_T *src, __global D_T *dst, long n, long inner)
{
    A_ACC most = -INFINITY, sum = 0;
    for (long i = 0; i < n; i++)
        most = fmax(most, LOAD1(A, src, i * inner));
    for (long i = 0; i < n; i++)
        sum += EXP1(LOAD1(A, src, i * inner) - most);
    for (long i = 0; i < n; i++) {
#ifdef OP_LOG
        STORE1(D, LOAD1(A, src, i * inner) - most - log(sum), dst, i * inner);
#else
        STORE1(D, EXP1(LOAD1(A, src, i * inner) - most) / sum, dst, i * inner);
#endif
    }
}

/* W columns side by side at a time: item k takes columns k * W … of the inner ones. */
__kernel void softmax_columns(__global const A_T *src, __global D_T *dst, long n, long inner,
                              long outer)
{
    long blocks = (inner + W - 1) / W;
    long o = (long)get_global_id(0) / blocks;
    long c = (long)get_global_id(0) % blocks * W;
    if (o >= outer)
        return;
    src += o * n * inner + c;
    dst += o * n * inner + c;
    if (c + W > inner) {
        for (; c < inner; c++)
            softmax_column(src++, dst++, n, inner);
        return;
    }
    V most = (V)-INFINITY, sum = (V)0;
    for (long i = 0; i < n; i++)
        most = fmax(most, LOADW(A, src, i * inner));
    for (long i = 0; i < n; i++)
        sum += EXPW(LOADW(A, src, i * inner) - most);
#ifdef OP_LOG
    V less = most + log(sum);
    for (long i = 0; i < n; i++)
        STOREW(D, LOADW(A, src, i * inner) - less, dst, i * inner);
#else
    V by = (A_ACC)1 / sum;
    for (long i = 0; i < n; i++)
        STOREW(D, EXPW(LOADW(A, src, i * inner) - most) * by, dst, i * inner);
#endif
}

#define AHEAD 12 /* rows: memory is as far away as a few of them take */

static inline void fetch(__global const void *p, long bytes)
{
    for (long k = 0; k < bytes; k += 64)
        __builtin_prefetch((const void *)((size_t)p + k), 0, 2);
}

/* The same for a strip of strip columns at a time, a multiple of W, that is read once: it waits in
 * local memory, where its rows lie side by side whatever their distance. Item k takes strip k of
 * all outer * strips; n * strip elements of A_ACC are in local memory. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
softmax_strips(__global const A_T *src, __global D_T *dst, __local A_ACC *kept, long n, long inner,
               long strip)
{
    long strips = (inner + strip - 1) / strip;
    long c = (long)get_global_id(0) % strips * strip, width = min(strip, inner - c);
    long at = (long)get_global_id(0) / strips * n * inner + c, full = width / W * W;
    src += at;
    dst += at;
    for (long i = 0; i < n; i++) {
        if (i + AHEAD < n)
            fetch(src + (i + AHEAD) * inner, width * sizeof(A_T));
        for (long k = 0; k < full; k += W)
            CAT(vstore, W)(LOADW(A, src, i * inner + k), 0, kept + i * strip + k);
        for (long k = full; k < strip; k++)
            kept[i * strip + k] = k < width ? LOAD1(A, src, i * inner + k) : 0;
    }
    for (long k = 0; k < strip; k += W) {
        V most = (V)-INFINITY, sum = (V)0;
        for (long i = 0; i < n; i++)
            most = fmax(most, CAT(vload, W)(0, kept + i * strip + k));
        for (long i = 0; i < n; i++) {
            V x = CAT(vload, W)(0, kept + i * strip + k) - most;
            V e = EXPW(x);
            sum += e;
#ifdef OP_LOG
            CAT(vstore, W)(x, 0, kept + i * strip + k);
#else
            CAT(vstore, W)(e, 0, kept + i * strip + k);
#endif
        }
#ifdef OP_LOG
        sum = log(sum);
#define FINISH(x) ((x) - sum)
#else
        sum = (A_ACC)1 / sum;
#define FINISH(x) ((x) * sum)
#endif
        for (long i = 0; i < n; i++) {
            V x = FINISH(CAT(vload, W)(0, kept + i * strip + k));
            CAT(vstore, W)(x, 0, kept + i * strip + k);
        }
    }
    for (long i = 0; i < n; i++) {
        if (i + AHEAD < n)
            fetch(dst + (i + AHEAD) * inner, width * sizeof(D_T));
        for (long k = 0; k < full; k += W)
            STOREW(D, CAT(vload, W)(0, kept + i * strip + k), dst, i * inner + k);
        for (long k = full; k < width; k++)
            STORE1(D, kept[i * strip + k], dst, i * inner + k);
    }
}
