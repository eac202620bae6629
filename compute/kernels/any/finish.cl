/* The epilogue of an elementwise kernel whose output is operand D and whose arguments are residual,
 * alpha and beta: FINISH1 for one element, FINISHW for W. HAS_RESIDUAL and ACT as in common.cl's
 * ACTIVATE, which calculates in the type of D. */
#undef COMPUTE_TYPE
#define COMPUTE_TYPE D_ACC
#define TYPE D_T
#include "common.cl"

#if HAS_RESIDUAL
#define RESIDUAL1(i) +LOAD1(D, residual, i)
#define RESIDUALW(i) +LOADW(D, residual, i)
#else
#define RESIDUAL1(i)
#define RESIDUALW(i)
#endif
#define FINISH1(v, i) ACTIVATE((v) RESIDUAL1(i), alpha, beta)
#define FINISHW(v, i) ACTIVATE((v) RESIDUALW(i), alpha, beta)
