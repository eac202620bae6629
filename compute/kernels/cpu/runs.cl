/* Up to eight inputs side by side: dst is `outer` times run 0 of src 0, run 1 of src 1, …; each
 * source holds its runs one after the other. dst begins at its own start and the next set of runs
 * lies step elements further. A work-item takes per_item elements in a row. */
#include "any/bits.cl"
#include "cpu/copy_run.cl"

__kernel void join(__global const T *src0, __global const T *src1, __global const T *src2,
                   __global const T *src3, __global const T *src4, __global const T *src5,
                   __global const T *src6, __global const T *src7, __global T *dst, long8 runs_,
                   long start, long step, long outer, long set, long per_item)
{
    __global const T *srcs[8] = {src0, src1, src2, src3, src4, src5, src6, src7};
    long runs[8];
    vstore8(runs_, 0, runs);
    long i = (long)get_global_id(0) * per_item, end = min(outer * set, i + per_item);
    for (; i < end;) {
        long at = i / set, offset = i % set, first = 0;
        int k = 0;
        while (offset >= first + runs[k])
            first += runs[k++];
        long n = min(end - i, first + runs[k] - offset);
        copy_run(srcs[k] + at * runs[k] + offset - first, dst + start + at * step + offset, n);
        i += n;
    }
}
