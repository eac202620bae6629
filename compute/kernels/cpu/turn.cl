/* A tile of 8 x 8 elements turned in registers, in three rounds of exchanges between two vectors
 * that compilers make one instruction each of. After any/bits.cl. */
#define T8 CAT(T, 8)
#define TURN_LOW(a, b) (T8)(a.s0, b.s0, a.s1, b.s1, a.s4, b.s4, a.s5, b.s5)
#define TURN_HIGH(a, b) (T8)(a.s2, b.s2, a.s3, b.s3, a.s6, b.s6, a.s7, b.s7)
#define TURN_LOW2(a, b) (T8)(a.s01, b.s01, a.s45, b.s45)
#define TURN_HIGH2(a, b) (T8)(a.s23, b.s23, a.s67, b.s67)

#define TURN_LOAD(k) (k < in_n ? vload8(0, src + k * from) : (T8)0)
#define TURN_STORE(k, v)               \
    if (k < out_n)                     \
    vstore8(v, 0, dst + k * to)

/* dst[k][i] = src[i][k]: rows of src are from apart, rows of dst to apart. Rows of src from in_n on
 * are taken as zeros and rows of dst from out_n on aren't written. */
static inline void turn_tile(__global const T *src, __global T *dst, long from, long to, long in_n,
                             long out_n)
{
    T8 r0 = TURN_LOAD(0), r1 = TURN_LOAD(1), r2 = TURN_LOAD(2), r3 = TURN_LOAD(3);
    T8 r4 = TURN_LOAD(4), r5 = TURN_LOAD(5), r6 = TURN_LOAD(6), r7 = TURN_LOAD(7);
    T8 a0 = TURN_LOW(r0, r1), a1 = TURN_HIGH(r0, r1), a2 = TURN_LOW(r2, r3);
    T8 a3 = TURN_HIGH(r2, r3), a4 = TURN_LOW(r4, r5), a5 = TURN_HIGH(r4, r5);
    T8 a6 = TURN_LOW(r6, r7), a7 = TURN_HIGH(r6, r7);
    T8 b0 = TURN_LOW2(a0, a2), b1 = TURN_HIGH2(a0, a2), b2 = TURN_LOW2(a1, a3);
    T8 b3 = TURN_HIGH2(a1, a3), b4 = TURN_LOW2(a4, a6), b5 = TURN_HIGH2(a4, a6);
    T8 b6 = TURN_LOW2(a5, a7), b7 = TURN_HIGH2(a5, a7);
    TURN_STORE(0, ((T8)(b0.lo, b4.lo)));
    TURN_STORE(1, ((T8)(b1.lo, b5.lo)));
    TURN_STORE(2, ((T8)(b2.lo, b6.lo)));
    TURN_STORE(3, ((T8)(b3.lo, b7.lo)));
    TURN_STORE(4, ((T8)(b0.hi, b4.hi)));
    TURN_STORE(5, ((T8)(b1.hi, b5.hi)));
    TURN_STORE(6, ((T8)(b2.hi, b6.hi)));
    TURN_STORE(7, ((T8)(b3.hi, b7.hi)));
}
