/* A loaded model, as sessions see it. */
#ifndef CX_MODEL_H
#define CX_MODEL_H

#include "cx.h"
#include "graph/graph.h"

/* The graph as loaded: not bound to shapes. Owned by the model. */
const struct cx_graph *cx_model_graph(const struct cx_model *model);

/* cx_model_load without its trial of types: a model whose shapes depend on the data of its inputs
 * is read too, and can be planned by whoever binds its graph with that data. */
enum cx_status cx_model_read(const char *path, struct cx_model **ret_model, struct cx_error *err);

#endif
