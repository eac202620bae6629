/* As cpu/softmax.cl. A row in one piece takes a work-group, which reduces in local memory; a column
 * takes a work-item, neighbours side by side. */
#include "any/element.cl"

#define GROUP 64

static inline A_ACC group_reduce(__local A_ACC *shared, A_ACC mine, int is_max)
{
    int k = get_local_id(0);
    shared[k] = mine;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_n = GROUP / 2; half_n > 0; half_n /= 2) {
        if (k < half_n)
            shared[k] =
                is_max ? fmax(shared[k], shared[k + half_n]) : shared[k] + shared[k + half_n];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    A_ACC result = shared[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return result;
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
softmax_rows(__global const A_T *src, __global D_T *dst, long n)
{
    __local A_ACC shared[GROUP];
    long row = get_group_id(0);
    src += row * n;
    dst += row * n;
    A_ACC most = -INFINITY, sum = 0;
    for (long i = get_local_id(0); i < n; i += GROUP)
        most = fmax(most, LOAD1(A, src, i));
    most = group_reduce(shared, most, 1);
    for (long i = get_local_id(0); i < n; i += GROUP)
        sum += exp(LOAD1(A, src, i) - most);
    sum = group_reduce(shared, sum, 0);
    for (long i = get_local_id(0); i < n; i += GROUP) {
#ifdef OP_LOG
        STORE1(D, LOAD1(A, src, i) - most - log(sum), dst, i);
#else
        STORE1(D, exp(LOAD1(A, src, i) - most) / sum, dst, i);
#endif
    }
}

__kernel void softmax_columns(__global const A_T *src, __global D_T *dst, long n, long inner,
                              long outer)
{
    long o = (long)get_global_id(0) / inner;
    if (o >= outer)
        return;
    src += o * n * inner + (long)get_global_id(0) % inner;
    dst += o * n * inner + (long)get_global_id(0) % inner;
    A_ACC most = -INFINITY, sum = 0;
    for (long i = 0; i < n; i++)
        most = fmax(most, LOAD1(A, src, i * inner));
    for (long i = 0; i < n; i++)
        sum += exp(LOAD1(A, src, i * inner) - most);
    for (long i = 0; i < n; i++) {
#ifdef OP_LOG
        STORE1(D, LOAD1(A, src, i * inner) - most - log(sum), dst, i * inner);
#else
        STORE1(D, exp(LOAD1(A, src, i * inner) - most) / sum, dst, i * inner);
#endif
    }
}
