/* Four elements at once, and what is applied to a sum as it is stored. The activation is an
 * argument and not an option here: a branch that all items take alike costs nothing beside a
 * product, and a program for each activation would have to be built. */
#ifdef HALF_STORAGE
#define LOAD4(p, i) vload_half4((i) / 4, (__global const half *)(p))
#define STORE4(v, p, i) vstore_half4((v), (i) / 4, (__global half *)(p))
#elif defined(NEED_FP16)
#define LOAD4(p, i) convert_float4(vload4((i) / 4, (p)))
#define STORE4(v, p, i) vstore4(convert_half4(v), (i) / 4, (p))
#else
#define LOAD4(p, i) vload4((i) / 4, (p))
#define STORE4(v, p, i) vstore4((v), (i) / 4, (p))
#endif

/* act as numbered in enum cx_act. */
static inline float4 activate4(float4 x, int act, float alpha, float beta)
{
    switch (act) {
    case 1:
        return fmax(x, 0.0f);
    case 2:
        return fmin(fmax(x, alpha), beta);
    case 3:
        return fmax(x, 0.0f) + alpha * fmin(x, 0.0f);
    case 4:
        return 1.0f / (1.0f + exp(-x));
    case 5:
        return tanh(x);
    case 6:
        return x * fmin(fmax(x * (1.0f / 6.0f) + 0.5f, 0.0f), 1.0f);
    case 7:
        return fmin(fmax(x * alpha + beta, 0.0f), 1.0f);
    default:
        return x;
    }
}

static inline float activate1(float x, int act, float alpha, float beta)
{
    return activate4((float4)(x), act, alpha, beta).s0;
}
