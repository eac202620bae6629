/* What every kernel may use. TYPE is how elements are stored, COMPUTE_TYPE what is calculated in;
 * see cx_launch_option_dtype. */
#ifndef TYPE
#define TYPE float
#endif
#ifndef COMPUTE_TYPE
#define COMPUTE_TYPE float
#endif

#ifdef NEED_FP16
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
#endif
#ifdef NEED_FP64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

/* Element i of a global array of TYPE, as COMPUTE_TYPE, and back. A device without fp16 still
 * converts to and from the storage format. */
#ifdef HALF_STORAGE
#define LOAD(p, i) ((COMPUTE_TYPE)vload_half((i), (__global const half *)(p)))
#define STORE(v, p, i) vstore_half((float)(v), (i), (__global half *)(p))
#else
#define LOAD(p, i) ((COMPUTE_TYPE)(p)[i])
#define STORE(v, p, i) ((p)[i] = (TYPE)(v))
#endif

/* The activation of an epilogue, chosen by -DACT=n as numbered in enum cx_act. x is a COMPUTE_TYPE
 * or a vector of it, alpha and beta are COMPUTE_TYPEs. */
#ifndef ACT
#define ACT 0
#endif
#define ACT_CONST(c) ((COMPUTE_TYPE)(c))
#if ACT == 0
#define ACTIVATE(x, alpha, beta) (x)
#elif ACT == 1
#define ACTIVATE(x, alpha, beta) fmax((x), ACT_CONST(0))
#elif ACT == 2
#define ACTIVATE(x, alpha, beta) fmin(fmax((x), (alpha)), (beta))
#elif ACT == 3
#define ACTIVATE(x, alpha, beta) (fmax((x), ACT_CONST(0)) + (alpha)*fmin((x), ACT_CONST(0)))
#elif ACT == 4
#define ACTIVATE(x, alpha, beta) (ACT_CONST(1) / (ACT_CONST(1) + exp(-(x))))
#elif ACT == 5
#define ACTIVATE(x, alpha, beta) tanh(x)
#elif ACT == 6
#define ACTIVATE(x, alpha, beta)                                                                   \
    ((x)*fmin(fmax((x)*ACT_CONST(1.0 / 6.0) + ACT_CONST(0.5), ACT_CONST(0)), ACT_CONST(1)))
#elif ACT == 7
#define ACTIVATE(x, alpha, beta)                                                                   \
    fmin(fmax((x) * (alpha) + (beta), ACT_CONST(0)), ACT_CONST(1))
#endif
