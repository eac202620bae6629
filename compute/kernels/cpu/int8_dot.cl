/* Sums of products of bytes on a CPU: lane i of an int vector gets the sum of four products of
 * unsigned bytes of x with signed bytes of w, exact in 32 bits. DOT says how: 1, AVX512-VNNI's
 * instruction; 2, AVX-VNNI's; 0, what any processor has. WIDTH lanes, 8 or 16. */
#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2(a, b)

typedef int vint __attribute__((ext_vector_type(WIDTH)));
typedef float vfloat __attribute__((ext_vector_type(WIDTH)));
typedef short vshort __attribute__((ext_vector_type(2 * WIDTH)));
typedef uchar vquad __attribute__((ext_vector_type(4 * WIDTH)));
#define INT_OF PASTE(convert_int, WIDTH)
#define FLOAT_OF PASTE(convert_float, WIDTH)
#define VLOAD PASTE(vload, WIDTH)

#if DOT == 1
#define ADD_DOT(sum, x, w) __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w))
#elif DOT == 2
#define ADD_DOT(sum, x, w) __asm__("{vex} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(x), "x"(w))
#else
static inline vint pairs(vshort a, vshort b)
{
    return __builtin_convertvector(a.even, vint) * __builtin_convertvector(b.even, vint) +
           __builtin_convertvector(a.odd, vint) * __builtin_convertvector(b.odd, vint);
}

/* By way of 16 bits, where neither a product nor a sum of two saturates. */
static inline vint plus_dot(vint sum, vint x, vint w)
{
    vshort x_even = __builtin_astype(x & 0x00ff00ff, vshort);
    vshort x_odd = __builtin_astype((x >> 8) & 0x00ff00ff, vshort);
    vshort both = __builtin_astype(w, vshort);
    vshort w_even = (both << (vshort)8) >> (vshort)8, w_odd = both >> (vshort)8;
    return sum + pairs(x_even, w_even) + pairs(x_odd, w_odd);
}
#define ADD_DOT(sum, x, w) (sum) = plus_dot(sum, x, w)
#endif

/* Bytes at any address, WIDTH of them or four times as many: PoCL's vload and vstore of bytes are
 * one instruction a byte. */
typedef uchar vbytes __attribute__((ext_vector_type(WIDTH)));
typedef vbytes vbytes_at __attribute__((aligned(1)));
typedef vquad vquad_at __attribute__((aligned(1)));
#define LOAD_BYTES(space, p) (*(space const vbytes_at *)(p))
#define STORE_BYTES(space, v, p) (*(space vbytes_at *)(p) = (v))

/* ---- from sums to bytes: see cx_qlinear_store ---- */

/* y less its zero point is a sum by its multiplier, rounded, in least .. most. With a residual that
 * and the residual make a sum, rounded once more, in sum_least .. sum_most. Bounds are less than
 * 2^22 from 0, so that adding ROUNDER leaves the nearest integer in a float's low bits: rint and
 * clamp take ten times as long, for cases that don't occur here. */
struct rounding {
    float least, most;
    int zero; /* of the result */
#if HAS_RESIDUAL
    float of_y, of_residual;
    int residual_zero;
    float sum_least, sum_most;
#endif
};

#define ROUNDER 12582912.0f /* 1.5 * 2^23 */

#define ROUNDING_PARAMETERS                                                                        \
    float least, float most, int zero, float of_y, float of_residual, int residual_zero,           \
        float sum_least, float sum_most
#if HAS_RESIDUAL
#define ROUNDING                                                                                   \
    {                                                                                              \
        least, most, zero, of_y, of_residual, residual_zero, sum_least, sum_most                   \
    }
#else
#define ROUNDING                                                                                   \
    {                                                                                              \
        least, most, zero                                                                          \
    }
#endif

#if HAS_RESIDUAL
#define RESIDUAL_AT(p) INT_OF(*(__global const residual_at *)(p))
typedef BYTE residual_at __attribute__((ext_vector_type(WIDTH), aligned(1)));
#else
#define RESIDUAL_AT(p) (vint)0
#endif

/* Held in bounds first: that keeps the product and the addition after it apart. */
static inline vfloat within(vfloat x, vfloat least, vfloat most)
{
    x = x > least ? x : least;
    return x < most ? x : most;
}

/* The low bytes are those of y, of either type. */
static inline vbytes rounded(const struct rounding *r, vint sum, vfloat multiplier, vint residual)
{
    vfloat y = within(FLOAT_OF(sum) * multiplier, (vfloat)r->least, (vfloat)r->most) + ROUNDER;
#if HAS_RESIDUAL
    vfloat other = FLOAT_OF(residual - r->residual_zero) * r->of_residual;
    y = fma(y - ROUNDER, (vfloat)r->of_y, other);
    y = within(y, (vfloat)r->sum_least, (vfloat)r->sum_most) + ROUNDER;
#endif
    vint bits = __builtin_astype(y, vint) + r->zero;
    return __builtin_convertvector(bits, vbytes);
}
