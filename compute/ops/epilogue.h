/* Activations that a node may apply as it stores its output. */
#ifndef CX_EPILOGUE_H
#define CX_EPILOGUE_H

#include "graph/graph.h"
#include "graph/tensor.h"

double cx_act_eval(enum cx_act act, double alpha, double beta, double x);

/* out = act(out + residual), on the host; RESIDUAL is NULL when there is none. */
void cx_epilogue_eval(const struct cx_epilogue *epilogue, const struct cx_tensor *residual,
                      const struct cx_tensor *out);

#endif
