/* One node by itself, run by the host reference and by a device's kernels, and the two compared. */
#ifndef TESTS_COMPUTE_NODE_RIG_H
#define TESTS_COMPUTE_NODE_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "cx.h"
#include "graph/graph.h"
#include "graph/tensor.h"
#include "ops/attr.h"

#define RIG_INPUTS_MAX 16
#define RIG_OUTPUTS_MAX 4
#define RIG_ATTRS_MAX 8

struct rig_node {
    const char *op;
    const char *domain; /* NULL: ai.onnx */
    int32_t opset;
    uint32_t input_n, output_n;
    struct cx_tensor inputs[RIG_INPUTS_MAX]; /* CX_DTYPE_UNDEFINED: absent */
    bool constant[RIG_INPUTS_MAX];           /* known when the plan is made */
    uint32_t attr_n;
    struct cx_attr attrs[RIG_ATTRS_MAX];
    const void *parsed;          /* attributes of a node that passes make, in place of attrs */
    struct cx_epilogue epilogue; /* its residual is this: */
    struct cx_tensor residual;   /* CX_DTYPE_UNDEFINED: none */
    double rtol, atol;
    bool blocked; /* its kernel works in blocks of channels, between conversions */
};

/* The device's kernels for one family; opened once a process each. NULL, with the test skipped,
 * when this machine has no OpenCL device. */
struct cx_device *rig_device(enum cx_family family);

/* Closes what rig_device opened. */
void rig_close_devices(void);

/* Devices opened from now on have kernels for vectors of that many floats; 0: of what they have. */
void rig_want_width(uint32_t float_width);

/* Devices opened from now on send every matrix product that they can through CLBlast. */
void rig_want_blas(void);
/* How many steps of the last plan were CLBlast's. */
uint32_t rig_blas_steps(void);

/* Memory of a tensor filled with numbers that suit most operators: small, of both signs where the
 * type has one, the same for the same SEED. Lives until rig_free_all. */
struct cx_tensor rig_tensor(enum cx_dtype dtype, uint32_t rank, const int64_t *dims, uint32_t seed);
/* A 1-D int64 tensor of these numbers. */
struct cx_tensor rig_int64s(uint32_t count, const int64_t *numbers);
void rig_free_all(void);

void rig_attr_int(struct rig_node *node, const char *name, int64_t value);
void rig_attr_float(struct rig_node *node, const char *name, float value);
void rig_attr_string(struct rig_node *node, const char *name, const char *value);
void rig_attr_ints(struct rig_node *node, const char *name, uint32_t count, const int64_t *values);

/* Plans and runs a bound graph whose values have their layouts, on a family's kernels; the
 * CANDIDATE of that name is taken where there is one, unless it is NULL. */
enum cx_status rig_run_graph(struct cx_graph *graph, enum cx_family family, const char *candidate,
                             const void *const *inputs, void *const *outputs, struct cx_error *err);

/* Runs the node on a family's kernels, as they choose and then with each candidate that they have,
 * and fails the running test, naming the first element that differs, unless the outputs agree with
 * eval's within atol + rtol * |reference|. */
void rig_check(const struct rig_node *node, enum cx_family family);
/* The same; expects cx_run to fail with STATUS. */
void rig_check_run_fails(const struct rig_node *node, enum cx_family family, enum cx_status status);

#endif
