/* After any/bits.cl: n elements that lie in a row on both sides. */
static inline void copy_run(__global const T *src, __global T *dst, long n)
{
    long i = 0;
    for (; i + W <= n; i += W)
        CAT(vstore, W)(CAT(vload, W)(0, src + i), 0, dst + i);
    for (; i < n; i++)
        dst[i] = src[i];
}
