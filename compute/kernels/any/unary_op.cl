/* One function of one element: F(apply)(x, alpha, beta), chosen by OP_NAME. Included once with N
 * empty, for single elements, and once with N the vector width. */
#include "any/math.cl"

static inline V F(apply)(V x, A_ACC alpha, A_ACC beta)
{
#if defined(OP_COPY)
    return x;
#elif defined(OP_ABS)
    return x < (V)0 ? -x : x;
#elif defined(OP_CEIL)
    return ceil(x);
#elif defined(OP_CLIP)
    V low = x < (V)alpha ? (V)alpha : x;
    return low > (V)beta ? (V)beta : low;
#elif defined(OP_COS)
    return cos(x);
#elif defined(OP_ELU)
    return x < (V)0 ? alpha * expm1(x) : x;
#elif defined(OP_ERF)
    return ERF(x);
#elif defined(OP_EXP)
    return EXP(x);
#elif defined(OP_FLOOR)
    return floor(x);
#elif defined(OP_HARD_SIGMOID)
    return clamp(x * alpha + beta, (V)0, (V)1);
#elif defined(OP_HARD_SWISH)
    return x * clamp(x * (A_ACC)(1.0f / 6.0f) + (A_ACC)0.5f, (V)0, (V)1);
#elif defined(OP_LEAKY_RELU)
    return x < (V)0 ? alpha * x : x;
#elif defined(OP_LOG)
    return log(x);
#elif defined(OP_NEG)
    return -x;
#elif defined(OP_NOT)
    return x == (V)0 ? (V)1 : (V)0;
#elif defined(OP_RECIPROCAL)
    return (V)1 / x;
#elif defined(OP_RELU)
    return x < (V)0 ? (V)0 : x;
#elif defined(OP_ROUND)
    return rint(x);
#elif defined(OP_SCALE)
    return alpha * x;
#elif defined(OP_SELU)
    return x > (V)0 ? beta * x : beta * alpha * expm1(x);
#elif defined(OP_SIGMOID)
    return SIGMOID(x);
#elif defined(OP_SIGN)
    return x > (V)0 ? (V)1 : x < (V)0 ? (V)-1 : x;
#elif defined(OP_SIN)
    return sin(x);
#elif defined(OP_SOFTPLUS)
    return fmax(x, (V)0) + log1p(EXP(-fabs(x)));
#elif defined(OP_SOFTSIGN)
    return x / ((V)1 + fabs(x));
#elif defined(OP_SQRT)
    return sqrt(x);
#elif defined(OP_TANH)
    return tanh(x);
#else
#error "no such unary operation"
#endif
}

#undef V
#undef F
