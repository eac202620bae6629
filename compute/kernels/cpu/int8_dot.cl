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
#define VSTORE PASTE(vstore, WIDTH)

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

/* ---- from sums to bytes: see cx_qlinear_store ---- */

/* How y is rounded: r = x + y_zero held in y_low .. y_high; with a residual that difference and the
 * residual's make the sum, rounded once more. low and high hold the result. */
struct rounding {
    float least, most; /* y's range less its zero point */
    int zero;          /* of the result */
    int low, high;
#if HAS_RESIDUAL
    float of_y, of_residual;
    int residual_zero;
    float sum_least, sum_most;
#endif
};

#define ROUNDING_PARAMETERS                                                                        \
    float least, float most, int zero, int low, int high, float of_y, float of_residual,           \
        int residual_zero, float sum_least, float sum_most
#if HAS_RESIDUAL
#define ROUNDING                                                                                   \
    {                                                                                              \
        least, most, zero, low, high, of_y, of_residual, residual_zero, sum_least, sum_most        \
    }
#else
#define ROUNDING                                                                                   \
    {                                                                                              \
        least, most, zero, low, high                                                               \
    }
#endif

#if HAS_RESIDUAL
#define RESIDUAL_AT(p) INT_OF(VLOAD(0, p))
#else
#define RESIDUAL_AT(p) (vint)0
#endif

static inline vint rounded(const struct rounding *r, vint sum, vfloat multiplier, vint residual)
{
    vfloat y = clamp(rint(FLOAT_OF(sum) * multiplier), (vfloat)r->least, (vfloat)r->most);
#if HAS_RESIDUAL
    vfloat other = FLOAT_OF(residual - r->residual_zero) * r->of_residual;
    y = clamp(rint(fma(y, (vfloat)r->of_y, other)), (vfloat)r->sum_least, (vfloat)r->sum_most);
#endif
    return clamp(INT_OF(y) + r->zero, (vint)r->low, (vint)r->high);
}

#define BYTES_OF(v) PASTE(PASTE(convert_, BYTE), WIDTH)(v)
