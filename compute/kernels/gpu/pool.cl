/* Pools on a GPU, (N, C, spatial) with one to three spatial axes (missing ones have size 1 and come
 * first). KIND as in enum cx_pool_kind: 0 maximum, 1 average, 2 Lp.
 *
 * pool_windows: one item an output element. pool_planes: a work-group a plane, for pools whose
 * window is the whole plane. */
#include "common.cl"

#ifndef KIND
#define KIND 0
#endif
#ifndef GROUP
#define GROUP 64
#endif

/* What has been seen: the maximum or the sum, and where the maximum was (-1: nothing yet). */
typedef struct {
    COMPUTE_TYPE value;
    int at;
} seen;

inline seen see(seen s, COMPUTE_TYPE x, int at, float p)
{
#if KIND == 0
    bool better = s.at < 0 || x > s.value || x != x;
    s.value = better ? x : s.value;
    s.at = better ? at : s.at;
#elif KIND == 1
    s.value += x;
#else
    s.value += pow(fabs(x), (COMPUTE_TYPE)p);
#endif
    return s;
}

inline COMPUTE_TYPE answer(seen s, int count, float p)
{
#if KIND == 0
#ifdef WHOLE
    return s.value;
#else
    return s.at < 0 ? -INFINITY : s.value;
#endif
#elif KIND == 1
    return s.value / count;
#else
    return pow(s.value, (COMPUTE_TYPE)1 / p);
#endif
}

/* How many of KERNEL places from `at`, STEP apart, lie below `end`. */
inline int places(int at, int kernel_n, int step, int end)
{
    int room = end - at;
    return room <= 0 ? 0 : min(kernel_n, (room + step - 1) / step);
}

/* in_out: ID IH IW OD OH OW; step: strides, then dilations; window: kernel, then pad_begin.
 * COUNT_PADS: averages divide by the places inside the padded input. */
__kernel void pool_windows(__global const TYPE *restrict x, __global TYPE *restrict y,
                           __global long *restrict positions, int outputs, int8 in_out, int8 step,
                           int8 window, int8 pad_end, float p)
{
    int i = get_global_id(0);
    if (i >= outputs)
        return;
    int rest = i;
    int w0 = rest % in_out.s5 * step.s2 - window.s5;
    rest /= in_out.s5;
    int h0 = rest % in_out.s4 * step.s1 - window.s4;
    rest /= in_out.s4;
    int d0 = rest % in_out.s3 * step.s0 - window.s3;
    size_t plane = (size_t)(rest / in_out.s3) * in_out.s0 * in_out.s1 * in_out.s2;

    seen s = {0, -1};
    int count = 0;
    for (int kd = 0, d = d0; kd < window.s0; kd++, d += step.s3)
        for (int kh = 0, h = h0; d >= 0 && d < in_out.s0 && kh < window.s1; kh++, h += step.s4)
            for (int kw = 0, w = w0; h >= 0 && h < in_out.s1 && kw < window.s2; kw++, w += step.s5)
                if (w >= 0 && w < in_out.s2) {
                    int at = (d * in_out.s1 + h) * in_out.s2 + w;
                    s = see(s, LOAD(x, plane + at), at, p);
                    count++;
                }
#ifdef COUNT_PADS
    count = places(d0, window.s0, step.s3, in_out.s0 + pad_end.s0) *
            places(h0, window.s1, step.s4, in_out.s1 + pad_end.s1) *
            places(w0, window.s2, step.s5, in_out.s2 + pad_end.s2);
#endif
    STORE(answer(s, count, p), y, i);
    if (positions) {
#ifdef COLUMN_MAJOR
        int w = s.at % in_out.s2, h = s.at / in_out.s2 % in_out.s1;
        int d = s.at / in_out.s2 / in_out.s1;
        positions[i] = plane + (s.at < 0 ? s.at : (w * in_out.s1 + h) * in_out.s0 + d);
#else
        positions[i] = (long)plane + s.at;
#endif
    }
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
pool_planes(__global const TYPE *restrict x, __global TYPE *restrict y, int elements, float p)
{
    __local seen parts[GROUP];
    int item = get_local_id(0);
    size_t plane = get_group_id(0);
    seen s = {0, -1};
    for (int i = item; i < elements; i += GROUP)
        s = see(s, LOAD(x, plane * elements + i), i, p);
    parts[item] = s;
    for (int half_n = GROUP / 2; half_n > 0; half_n /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < half_n) {
            seen other = parts[item + half_n];
#if KIND == 0
            if (other.at >= 0)
                parts[item] = see(parts[item], other.value, other.at, p);
#else
            parts[item].value += other.value;
#endif
        }
    }
    if (item == 0)
        STORE(answer(parts[0], elements, p), y, plane);
}
