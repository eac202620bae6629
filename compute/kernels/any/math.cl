/* Exponentials and erf as V F(name)(V x) for the instance that N stands for: empty for single
 * elements, else the vector width. For float our own, several times faster on CPUs than what the
 * language offers; EXP, ERF and SIGMOID name whichever is used. The includer undefines V and F. */
#define V CAT(A_ACC, N)
#define F(name) CAT(CAT(name, _), N)
#undef EXP
#undef ERF
#undef SIGMOID

#ifdef A_ACC_FLOAT
/* exp, within 2 units of the last place: 2^n times a polynomial of the rest. */
static inline V F(exp_fast)(V x)
{
    V t = clamp(x, (V)-104.0f, (V)89.0f) * 1.44269504f + 12582912.0f;
    V n = t - 12582912.0f;
    V f = fma(n, (V)-0.693145752f, clamp(x, (V)-104.0f, (V)89.0f));
    f = fma(n, (V)-1.42860677e-6f, f);
    V p = (V)1.38888889e-3f;
    p = p * f + 8.33333333e-3f;
    p = p * f + 4.16666667e-2f;
    p = p * f + 0.166666667f;
    p = p * f + 0.5f;
    p = p * f + 1.0f;
    p = p * f + 1.0f;
    /* The scale in two halves, so that the ends of the range neither wrap nor vanish. */
    CAT(int, N) e = CAT(convert_int, N)(n);
    CAT(int, N) half_e = e >> 1;
    V low = CAT(as_float, N)((half_e + 127) << 23);
    V high = CAT(as_float, N)((e - half_e + 127) << 23);
    return isnan(x) ? x : p * low * high;
}

/* exp of what is not above 0, for softmax: a result under 1e-38 stays at 1e-38. A NaN stays one. */
static inline V F(exp_negative)(V x)
{
    x = x < (V)-87.3f ? (V)-87.3f : x;
    V t = x * 1.44269504f + 12582912.0f; /* the integer part is now in the low bits */
    V n = t - 12582912.0f;
    V f = fma(n, (V)-0.693145752f, x);
    f = fma(n, (V)-1.42860677e-6f, f);
    V p = (V)1.38888889e-3f;
    p = p * f + 8.33333333e-3f;
    p = p * f + 4.16666667e-2f;
    p = p * f + 0.166666667f;
    p = p * f + 0.5f;
    p = p * f + 1.0f;
    p = p * f + 1.0f;
    CAT(int, N) scale = (CAT(as_int, N)(t) << 23) + (127 << 23);
    return p * CAT(as_float, N)(scale);
}

/* 1 / (1 + exp(-x)): what is over 87 is 1 and what is under -87 stays at 1e-38. */
static inline V F(sigmoid_fast)(V x)
{
    V e = F(exp_negative)(-fabs(x));
    V r = (V)1 / ((V)1 + e);
    return x < (V)0 ? e * r : r;
}

/* erf by two fits of our own, relative error about 2e-7: x P(x^2) below 1, 1 - exp(Q(x)) above. */
static inline V F(erf_fast)(V x)
{
    V a = fmin(fabs(x), 4.0f);
    V s = a * a;
    V p = (V)7.853965144e-05f;
    p = p * s - 8.010227647e-04f;
    p = p * s + 5.188331982e-03f;
    p = p * s - 2.685381455e-02f;
    p = p * s + 1.128358523e-01f;
    p = p * s - 3.761262583e-01f;
    p = p * s + 1.128379166f;
    V q = (V)1.863796288e-04f;
    q = q * a - 2.947662463e-03f;
    q = q * a + 2.183808015e-02f;
    q = q * a - 1.031067873e-01f;
    q = q * a - 6.381447963e-01f;
    q = q * a - 1.127089211f;
    q = q * a - 3.415179312e-04f;
    V r = a < (V)1.0f ? p * a : 1.0f - F(exp_fast)(q);
    return isnan(x) ? x : copysign(r, x);
}
#define EXP(x) F(exp_fast)(x)
#define ERF(x) F(erf_fast)(x)
#define SIGMOID(x) F(sigmoid_fast)(x)
#else
#define EXP(x) exp(x)
#define ERF(x) erf(x)
#define SIGMOID(x) ((V)1 / ((V)1 + exp(-(x))))
#endif
