/* One function of two elements: F(apply)(a, b), chosen by OP_NAME. a is of A_ACC, b of B_ACC, which
 * differ only for POW. Included once with N empty, for single elements, and once with N the vector
 * width. A_ACC_INT: A_ACC is an integer type; A_ACC_SIGNED: one with a sign. */
#define V CAT(A_ACC, N)
#define VB CAT(B_ACC, N)
#define F(name) CAT(CAT(name, _), N)
#define TRUTH(condition) (CAT(convert_uchar, N)(condition) & (CAT(uchar, N))1)

#ifdef OP_GIVES_BOOL
#define RESULT CAT(uchar, N)
#else
#define RESULT V
#endif

#if defined(A_ACC_INT) && (defined(OP_DIV) || defined(OP_MOD) || defined(OP_FMOD))
/* Division by zero gives 0 and by -1 wraps; a processor would trap on either. */
static inline V F(quotient)(V a, V b)
{
    V one = (V)1;
#ifdef A_ACC_SIGNED
    V safe = (b == (V)0) | (b == (V)-1) ? one : b;
    V q = a / safe;
    q = b == (V)-1 ? -a : q;
#else
    V q = a / (b == (V)0 ? one : b);
#endif
    return b == (V)0 ? (V)0 : q;
}

static inline V F(rest)(V a, V b)
{
    return b == (V)0 ? (V)0 : a - F(quotient)(a, b) * b;
}
#endif

#if defined(OP_POW) && defined(A_ACC_INT) && defined(B_ACC_INT)
static inline A_ACC F(power_one)(A_ACC base, B_ACC exponent)
{
    A_ACC result = 1;
    if (exponent < 0) /* 1 / base^n, towards zero */
        return base == (A_ACC)1    ? (A_ACC)1
               : base == (A_ACC)-1 ? (exponent % 2 == 0 ? (A_ACC)1 : (A_ACC)-1)
                                   : (A_ACC)0;
    for (; exponent > 0; exponent >>= 1, base *= base)
        if ((exponent & 1) != 0)
            result *= base;
    return result;
}
#endif

#ifdef OP_POW
static inline V F(power)(V a, VB b)
{
#if !defined(A_ACC_INT)
    return pow(a, CAT(CAT(convert_, A_ACC), N)(b));
#elif !defined(B_ACC_INT)
    return CAT(CAT(convert_, A_ACC), N)(pow(CAT(CAT(convert_, B_ACC), N)(a), b));
#else
    V result;
    for (size_t i = 0; i < sizeof(V) / sizeof(A_ACC); i++)
        ((A_ACC *)&result)[i] = F(power_one)(((A_ACC *)&a)[i], ((B_ACC *)&b)[i]);
    return result;
#endif
}
#endif

static inline RESULT F(apply)(V a, VB b)
{
#if defined(OP_ADD)
    return a + b;
#elif defined(OP_SUB)
    return a - b;
#elif defined(OP_MUL)
    return a * b;
#elif defined(OP_DIV) && defined(A_ACC_INT)
    return F(quotient)(a, b);
#elif defined(OP_DIV)
    return a / b;
#elif defined(OP_FMOD) && defined(A_ACC_INT)
    return F(rest)(a, b);
#elif defined(OP_FMOD)
    return fmod(a, b);
#elif defined(OP_MOD)
    V r = F(rest)(a, b);
#ifdef A_ACC_SIGNED
    r = (r != (V)0) & ((r ^ b) < (V)0) ? r + b : r;
#endif
    return r;
#elif defined(OP_POW)
    return F(power)(a, b);
#elif defined(OP_PRELU)
    return a < (V)0 ? a * b : a;
#elif defined(OP_MIN) && defined(A_ACC_INT)
    return min(a, b);
#elif defined(OP_MAX) && defined(A_ACC_INT)
    return max(a, b);
#elif defined(OP_MIN) /* a NaN on either side is the result */
    return isnan(a) | (a < b) ? a : b;
#elif defined(OP_MAX)
    return isnan(a) | (a > b) ? a : b;
#elif defined(OP_EQUAL)
    return TRUTH(a == b);
#elif defined(OP_GREATER)
    return TRUTH(a > b);
#elif defined(OP_GREATER_OR_EQUAL)
    return TRUTH(a >= b);
#elif defined(OP_LESS)
    return TRUTH(a < b);
#elif defined(OP_LESS_OR_EQUAL)
    return TRUTH(a <= b);
#elif defined(OP_AND)
    return TRUTH((a != (V)0) & (b != (V)0));
#elif defined(OP_OR)
    return TRUTH((a != (V)0) | (b != (V)0));
#elif defined(OP_XOR)
    return TRUTH((a != (V)0) ^ (b != (V)0));
#elif defined(OP_BIT_AND)
    return a & b;
#elif defined(OP_BIT_OR)
    return a | b;
#elif defined(OP_BIT_XOR)
    return a ^ b;
#elif defined(OP_SHIFT_LEFT)
    return b >= (V)(8 * sizeof(A_ACC)) ? (V)0 : a << b;
#elif defined(OP_SHIFT_RIGHT)
    return b >= (V)(8 * sizeof(A_ACC)) ? (V)0 : a >> b;
#else
#error "no such binary operation"
#endif
}

#undef V
#undef VB
#undef F
#undef TRUTH
#undef RESULT
