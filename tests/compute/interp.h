/* Runs a bound graph node by node in the host reference: what a device's results and the passes
 * are compared with. */
#ifndef TESTS_COMPUTE_INTERP_H
#define TESTS_COMPUTE_INTERP_H

#include "cx.h"
#include "graph/graph.h"

/* INPUTS in the order of the graph's inputs; *ret_outputs gets an array in the order of its
 * outputs. Everything is allocated in ARENA. */
enum cx_status interp_run(const struct cx_graph *bound, const struct cx_tensor *inputs,
                          struct cx_arena *arena, struct cx_tensor **ret_outputs,
                          struct cx_error *error);

/* Binds to the inputs' shapes, and to their data too when shapes depend on it, then runs. OPTIONS
 * may be NULL. */
enum cx_status interp_model(const struct cx_graph *graph, const struct cx_tensor *inputs,
                            const struct cx_bind_options *options, struct cx_arena *arena,
                            struct cx_tensor **ret_outputs, struct cx_error *error);

#endif
