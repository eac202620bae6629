/* A float model whose numbers are stored as halves. */
#ifndef CX_HALF_H
#define CX_HALF_H

#include "cx.h"
#include "graph/graph.h"

struct cx_session;

/* Gives the float values of a bound graph type half wherever an operator stands that takes it and
 * whose results keep within a half's range, with Casts where such a part of the graph begins and
 * ends. Inputs and outputs of the graph keep their types. Constants in half are made once and
 * belong to the session. Call it after fusing and before layouts. */
enum cx_status cx_graph_halve(struct cx_graph *graph, struct cx_session *session,
                              struct cx_error *error);

#endif
