/* A reduction in steps: START is the result over nothing (for MAX and MIN over the first element),
 * TAKE adds an element to a result, JOIN joins two results and FINISH makes the output of a result
 * over n elements. A_ACC_INT: integers. V is the type of a result. */
#if defined(OP_MAX) || defined(OP_MIN)
#define FROM_FIRST
#ifdef OP_MAX
#define BETTER(a, b) ((a) > (b))
#else
#define BETTER(a, b) ((a) < (b))
#endif
#ifdef A_ACC_INT
#define JOIN(a, b) (BETTER(a, b) ? (a) : (b))
#else /* a NaN stays */
#define JOIN(a, b) (BETTER(a, b) | isnan(a) ? (a) : (b))
#endif
#define TAKE(V, r, x) JOIN(r, x)
#define FINISH(r, n) (r)
#elif defined(OP_PROD)
#define START ((A_ACC)1)
#define JOIN(a, b) ((a) * (b))
#define TAKE(V, r, x) JOIN(r, x)
#define FINISH(r, n) (r)
#else
#define START ((A_ACC)0)
#define JOIN(a, b) ((a) + (b))
#if defined(OP_L2) || defined(OP_SUM_SQUARE)
#define TAKE(V, r, x) ((r) + (x) * (x))
#elif defined(OP_L1)
#define TAKE(V, r, x) ((r) + ((x) < (V)0 ? -(x) : (x)))
#elif defined(OP_LOG_SUM_EXP)
#define TAKE(V, r, x) ((r) + exp((x) - (V)most))
#else
#define TAKE(V, r, x) ((r) + (x))
#endif
#if defined(OP_MEAN)
#define FINISH(r, n) ((r) / (A_ACC)(n))
#elif defined(OP_L2)
#define FINISH(r, n) sqrt(r)
#elif defined(OP_LOG_SUM)
#define FINISH(r, n) log(r)
#elif defined(OP_LOG_SUM_EXP)
#define FINISH(r, n) (log(r) + most)
#else
#define FINISH(r, n) (r)
#endif
#endif
