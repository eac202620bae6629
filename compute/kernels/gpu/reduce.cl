/* As cpu/reduce.cl. A row in one piece takes a work-group, which joins in local memory; a column
 * takes a work-item, neighbours side by side. */
#include "any/element.cl"
#include "any/reduce_op.cl"

#define GROUP 64

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
reduce_rows(__global const A_T *src, __global D_T *dst, long n)
{
    __local A_ACC shared[GROUP];
    long row = get_group_id(0);
    int k = get_local_id(0);
    src += row * n;
#ifdef OP_LOG_SUM_EXP
    A_ACC mine = -INFINITY;
    for (long i = k; i < n; i += GROUP)
        mine = fmax(mine, LOAD1(A, src, i));
    shared[k] = mine;
    barrier(CLK_LOCAL_MEM_FENCE);
    A_ACC most = -INFINITY;
    for (int i = 0; i < GROUP; i++)
        most = fmax(most, shared[i]);
    most = isinf(most) ? 0 : most;
    barrier(CLK_LOCAL_MEM_FENCE);
#endif
#ifdef FROM_FIRST
    A_ACC result = LOAD1(A, src, 0);
#else
    A_ACC result = START;
#endif
    for (long i = k; i < n; i += GROUP) {
        A_ACC x = LOAD1(A, src, i);
        result = TAKE(A_ACC, result, x);
    }
    shared[k] = result;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_n = GROUP / 2; half_n > 0; half_n /= 2) {
        if (k < half_n)
            shared[k] = JOIN(shared[k], shared[k + half_n]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (k == 0)
        STORE1(D, FINISH(shared[0], n), dst, row);
}

__kernel void reduce_columns(__global const A_T *src, __global D_T *dst, long n, long inner,
                             long outer)
{
    long at = get_global_id(0);
    if (at >= outer * inner)
        return;
    src += at / inner * n * inner + at % inner;
#ifdef OP_LOG_SUM_EXP
    A_ACC most = -INFINITY;
    for (long i = 0; i < n; i++)
        most = fmax(most, LOAD1(A, src, i * inner));
    most = isinf(most) ? 0 : most;
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
    STORE1(D, FINISH(result, n), dst, at);
}
