/* A loaded model, as sessions see it. */
#ifndef CX_MODEL_H
#define CX_MODEL_H

#include "cx.h"
#include "graph/graph.h"

/* The graph as loaded: not bound to shapes. Owned by the model. */
const struct cx_graph *cx_model_graph(const struct cx_model *model);

#endif
