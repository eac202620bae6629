#include "tests/compute/node_rig.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "graph/session.h"
#include "ops/number.h"
#include "ops/op.h"
#include "tests/compute/candidates.h"

#define BLOCKS_MAX 4096

static void *blocks[BLOCKS_MAX];
static uint32_t block_n;
static struct cx_device *devices[CX_FAMILY_GPU + 1];
static enum cx_blas blas;
static uint32_t width;
static uint32_t blas_steps;

/* Those of the node under test. */
static struct candidates seen;

static void *keep(size_t bytes)
{
    void *block = calloc(1, bytes + 64);
    cr_assert(block != NULL && block_n < BLOCKS_MAX, "no memory");
    return blocks[block_n++] = block;
}

void rig_free_all(void)
{
    while (block_n > 0)
        free(blocks[--block_n]);
}

void rig_close_devices(void)
{
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        cx_device_close(devices[i]);
        devices[i] = NULL;
    }
}

void rig_want_blas(void)
{
    blas = CX_BLAS_ALWAYS;
}

void rig_want_width(uint32_t float_width)
{
    width = float_width;
}

uint32_t rig_blas_steps(void)
{
    return blas_steps;
}

struct cx_device *rig_device(enum cx_family family)
{
    if (devices[family] != NULL)
        return devices[family];
    const char *cache = getenv("XDG_CACHE_HOME");
    struct cx_device_options options = {.family = family, .float_width = width, .blas = blas};
    struct cx_error err;
    if (cache != NULL)
        cx_setup(cache, &err);
    enum cx_status status = cx_device_open(NULL, &options, &devices[family], &err);
    if (status == CX_NO_DEVICE)
        cr_skip_test("no OpenCL device here: %s", err.text);
    cr_assert_eq(status, CX_OK, "%s", err.text);
    return devices[family];
}

static double number(enum cx_dtype dtype, uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    uint32_t r = *state >> 8;
    if (dtype == CX_DTYPE_BOOL)
        return r & 1;
    if (cx_dtype_is_float(dtype))
        return ((double)(r % 4001) - 2000.0) / 500.0;
    return cx_dtype_is_signed(dtype) ? (double)(r % 17) - 8.0 : (double)(r % 13);
}

struct cx_tensor rig_tensor(enum cx_dtype dtype, uint32_t rank, const int64_t *dims, uint32_t seed)
{
    struct cx_tensor tensor = {.dtype = dtype, .shape = {.rank = rank}};
    for (uint32_t k = 0; k < rank; k++)
        tensor.shape.dims[k] = dims[k];
    int64_t count = cx_shape_elements(&tensor.shape);
    tensor.data = keep((size_t)count * (cx_dtype_bits(dtype) + 7) / 8);
    uint32_t state = seed * 2654435761u + 12345u;
    for (int64_t i = 0; i < count; i++)
        cx_set_f64(&tensor, i, number(dtype, &state));
    return tensor;
}

struct cx_tensor rig_int64s(uint32_t count, const int64_t *numbers)
{
    int64_t dim = count;
    struct cx_tensor tensor = rig_tensor(CX_DTYPE_INT64, 1, &dim, 0);
    if (count > 0)
        memcpy(tensor.data, numbers, count * sizeof *numbers);
    return tensor;
}

static struct cx_attr *add_attr(struct rig_node *node, const char *name, enum cx_attr_kind kind)
{
    cr_assert(node->attr_n < RIG_ATTRS_MAX);
    struct cx_attr *attr = &node->attrs[node->attr_n++];
    *attr = (struct cx_attr){.name = name, .kind = kind};
    return attr;
}

void rig_attr_int(struct rig_node *node, const char *name, int64_t value)
{
    add_attr(node, name, CX_ATTR_INT)->i = value;
}

void rig_attr_float(struct rig_node *node, const char *name, float value)
{
    add_attr(node, name, CX_ATTR_FLOAT)->f = value;
}

void rig_attr_string(struct rig_node *node, const char *name, const char *value)
{
    add_attr(node, name, CX_ATTR_STRING)->s = value;
}

void rig_attr_ints(struct rig_node *node, const char *name, uint32_t count, const int64_t *values)
{
    struct cx_attr *attr = add_attr(node, name, CX_ATTR_INTS);
    attr->count = count;
    attr->ints = values;
}

static void set_value(struct cx_value *value, const struct cx_tensor *tensor, bool constant)
{
    value->dtype = tensor->dtype;
    value->shape = tensor->shape;
    value->shape_known = true;
    value->data = constant ? tensor->data : NULL;
    cr_assert(cx_shape_bytes(tensor->dtype, &tensor->shape, CX_LAYOUT_PLAIN, &value->bytes));
}

/* The node's graph in the form that binding leaves: shapes known, attributes parsed. The reference
 * outputs go to ret_expected. */
static struct cx_graph *make_graph(const struct rig_node *rig, struct cx_tensor *ret_expected)
{
    struct cx_error err = {CX_OK, ""};
    struct cx_graph *graph = cx_graph_create();
    cr_assert_not_null(graph);
    const struct cx_op *op =
        cx_op_find(rig->domain != NULL ? rig->domain : "", rig->op, rig->opset);
    cr_assert_not_null(op, "no operator %s in opset %d", rig->op, rig->opset);

    struct cx_node *node = cx_arena_alloc(&graph->arena, sizeof *node);
    *node = (struct cx_node){.op = op, .name = "node", .opset = rig->opset};
    node->epilogue.residual = CX_VALUE_NONE;
    node->input_count = rig->input_n;
    node->output_count = rig->output_n;
    node->inputs = cx_arena_array(&graph->arena, RIG_INPUTS_MAX, sizeof(uint32_t));
    node->outputs = cx_arena_array(&graph->arena, RIG_OUTPUTS_MAX, sizeof(uint32_t));
    graph->inputs = cx_arena_array(&graph->arena, RIG_INPUTS_MAX + 1, sizeof(uint32_t));
    graph->outputs = cx_arena_array(&graph->arena, RIG_OUTPUTS_MAX, sizeof(uint32_t));
    graph->output_count = rig->output_n;
    graph->nodes = node;
    graph->node_count = 1;

    struct cx_tensor in[RIG_INPUTS_MAX];
    for (uint32_t i = 0; i < rig->input_n; i++) {
        in[i] = rig->inputs[i];
        node->inputs[i] = CX_VALUE_NONE;
        if (in[i].dtype == CX_DTYPE_UNDEFINED)
            continue;
        cx_graph_add_value(graph, "in", &node->inputs[i]);
        set_value(&graph->values[node->inputs[i]], &in[i], rig->constant[i]);
        if (!rig->constant[i]) {
            graph->inputs[graph->input_count++] = node->inputs[i];
            in[i].data = NULL;
        }
    }
    node->epilogue = rig->epilogue;
    node->epilogue.residual = CX_VALUE_NONE;
    if (rig->residual.dtype != CX_DTYPE_UNDEFINED) {
        cx_graph_add_value(graph, "residual", &node->epilogue.residual);
        set_value(&graph->values[node->epilogue.residual], &rig->residual, false);
        graph->inputs[graph->input_count++] = node->epilogue.residual;
    }
    for (uint32_t i = 0; i < rig->output_n; i++) {
        cx_graph_add_value(graph, "out", &node->outputs[i]);
        graph->outputs[i] = node->outputs[i];
    }

    struct cx_attr_set set = {.attrs = cx_arena_copy(&graph->arena, rig->attrs, sizeof rig->attrs),
                              .count = rig->attr_n,
                              .arena = &graph->arena,
                              .what = rig->op,
                              .error = &err};
    node->attrs_hash = cx_attr_set_hash(&set);
    node->attrs = rig->parsed;
    if (op->impl->parse != NULL)
        cr_assert_eq(op->impl->parse(&set, op, rig->opset, &node->attrs), CX_OK, "%s", err.text);
    memset(ret_expected, 0, RIG_OUTPUTS_MAX * sizeof *ret_expected);
    struct cx_call call = {node, in, ret_expected, &err};
    cr_assert_eq(cx_call_infer(&call), CX_OK, "%s", err.text);
    for (uint32_t i = 0; i < rig->output_n; i++) {
        set_value(&graph->values[node->outputs[i]], &ret_expected[i], false);
        ret_expected[i].data = keep(graph->values[node->outputs[i]].bytes);
    }
    call.in = rig->inputs;
    enum cx_status status =
        cx_call_eval(&call, rig->residual.dtype == CX_DTYPE_UNDEFINED ? NULL : &rig->residual);
    cr_assert(status == CX_OK || status == CX_FORMAT, "%s", err.text);
    return graph;
}

static bool agrees(double got, double expected, double rtol, double atol)
{
    if (isnan(expected) || isinf(expected))
        return isnan(expected) ? isnan(got) : got == expected;
    return fabs(got - expected) <= atol + rtol * fabs(expected);
}

static void compare(const struct rig_node *rig, enum cx_family family, const char *candidate,
                    uint32_t output, const struct cx_tensor *got, const struct cx_tensor *expected)
{
    bool exact = cx_dtype_is_int(expected->dtype);
    int64_t count = cx_shape_elements(&expected->shape);
    char shape[128];
    for (int64_t i = 0; i < count; i++) {
        double g = cx_get_f64(got, i), e = cx_get_f64(expected, i);
        bool same = exact ? cx_get_i64(got, i) == cx_get_i64(expected, i)
                          : agrees(g, e, rig->rtol, rig->atol);
        cr_assert(same, "%s of %s on %s %s: output %u (%s) element %ld is %.9g, not %.9g", rig->op,
                  cx_dtype_name(rig->inputs[0].dtype), cx_family_name(family), candidate, output,
                  cx_shape_format(&expected->shape, shape, sizeof shape), (long)i, g, e);
    }
}

enum cx_status rig_run_graph(struct cx_graph *graph, enum cx_family family, const char *candidate,
                             const void *const *inputs, void *const *outputs, struct cx_error *err)
{
    struct cx_session *session = calloc(1, sizeof *session);
    struct cx_plan *plan = calloc(1, sizeof *plan);
    struct cx_description description = {.launches = NULL};
    cr_assert(plan != NULL && session != NULL);
    session->graph = graph;
    session->device = rig_device(family);
    session->candidate = candidate;
    plan->session = session;
    plan->bound = graph;
    enum cx_status status = cx_describe(session, graph, &description, err);
    cr_assert_eq(status, CX_OK, "%s", err->text);
    status = cx_plan_build(plan, &description, NULL, err);
    cr_assert_eq(status, CX_OK, "%s", err->text);
    candidates_see(&seen, plan);
    blas_steps = 0;
    for (uint32_t i = 0; i < plan->step_n; i++)
        blas_steps += plan->steps[i].gemm != NULL;
    status = cx_run(plan, inputs, outputs, NULL, err);
    cx_description_finish(&description);
    cx_plan_destroy(plan);
    cx_session_destroy(session);
    return status;
}

static void give_layouts(const struct rig_node *rig, enum cx_family family, struct cx_graph *graph)
{
    struct cx_error err = {CX_OK, ""};
    const struct cx_device_info *device = cx_device_describe(rig_device(family));
    enum cx_status status = cx_graph_layout(graph, cx_kernel_layouts, device, rig->blocked, &err);
    cr_assert_eq(status, CX_OK, "%s", err.text);
    cr_assert(!rig->blocked || graph->node_count > 1, "%s has no kernel for blocks", rig->op);
}

static enum cx_status run_both(const struct rig_node *rig, enum cx_family family,
                               const char *candidate, struct cx_tensor *got,
                               struct cx_tensor *expected, struct cx_error *err)
{
    struct cx_graph *graph = make_graph(rig, expected);
    give_layouts(rig, family, graph);
    void *outputs[RIG_OUTPUTS_MAX];
    for (uint32_t i = 0; i < rig->output_n; i++) {
        size_t bytes = graph->values[graph->outputs[i]].bytes;
        got[i] = expected[i];
        got[i].data = outputs[i] = keep(bytes);
        memset(outputs[i], 0xa5, bytes);
    }
    const void *inputs[RIG_INPUTS_MAX + 1];
    uint32_t input_n = 0;
    for (uint32_t i = 0; i < rig->input_n; i++)
        if (rig->inputs[i].dtype != CX_DTYPE_UNDEFINED && !rig->constant[i])
            inputs[input_n++] = rig->inputs[i].data;
    if (rig->residual.dtype != CX_DTYPE_UNDEFINED)
        inputs[input_n++] = rig->residual.data;
    return rig_run_graph(graph, family, candidate, inputs, outputs, err);
}

static void check_candidate(const struct rig_node *rig, enum cx_family family,
                            const char *candidate)
{
    struct cx_error err = {CX_OK, ""};
    struct cx_tensor got[RIG_OUTPUTS_MAX], expected[RIG_OUTPUTS_MAX];
    enum cx_status status = run_both(rig, family, candidate, got, expected, &err);
    cr_assert_eq(status, CX_OK, "%s", err.text);
    for (uint32_t i = 0; i < rig->output_n; i++)
        compare(rig, family, candidate != NULL ? candidate : "by cost", i, &got[i], &expected[i]);
}

void rig_check(const struct rig_node *rig, enum cx_family family)
{
    seen.n = 0;
    check_candidate(rig, family, NULL);
    /* The list may grow: one choice can lead to another. */
    for (uint32_t i = 0; i < seen.n; i++)
        check_candidate(rig, family, seen.names[i]);
}

void rig_check_run_fails(const struct rig_node *rig, enum cx_family family, enum cx_status wanted)
{
    struct cx_error err = {CX_OK, ""};
    struct cx_tensor got[RIG_OUTPUTS_MAX], expected[RIG_OUTPUTS_MAX];
    enum cx_status status = run_both(rig, family, NULL, got, expected, &err);
    cr_assert_eq(status, wanted, "%s: %s", cx_status_name(status), err.text);
    cr_assert(strstr(err.text, rig->op) != NULL, "%s", err.text);
}
