/* Kernels that work in blocks of channels: the conversions against their definition, the others
 * against the host reference. */
#include <string.h>

#include <criterion/criterion.h>

#include "graph/layout.h"
#include "ops/channel_shuffle.h"
#include "ops/op.h"
#include "tests/compute/node_rig.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

TestSuite(layouts, .fini = rig_free_all);

static uint32_t add_value(struct cx_graph *graph, const struct cx_tensor *tensor,
                          enum cx_layout layout)
{
    uint32_t id = 0;
    cr_assert_eq(cx_graph_add_value(graph, "v", &id), CX_OK);
    struct cx_value *value = &graph->values[id];
    value->dtype = tensor->dtype;
    value->shape = tensor->shape;
    value->shape_known = true;
    value->layout = layout;
    cr_assert(cx_shape_bytes(tensor->dtype, &tensor->shape, layout, &value->bytes));
    return id;
}

/* One Reorder from SRC to DST, which has room for the value and is filled with 0xa5 before. */
static void reorder(const struct cx_tensor *tensor, enum cx_layout from, enum cx_layout to,
                    enum cx_family family, const void *src, void *dst)
{
    struct cx_error err = {CX_OK, ""};
    struct cx_graph *graph = cx_graph_create();
    cr_assert_not_null(graph);
    uint32_t ids[2] = {add_value(graph, tensor, from), add_value(graph, tensor, to)};
    struct cx_node node = {.op = &cx_ops[CX_OP_ID_Reorder],
                           .name = "node",
                           .opset = 1,
                           .input_count = 1,
                           .output_count = 1,
                           .inputs = &ids[0],
                           .outputs = &ids[1],
                           .epilogue = {.residual = CX_VALUE_NONE}};
    graph->nodes = &node;
    graph->inputs = &ids[0];
    graph->outputs = &ids[1];
    graph->node_count = graph->input_count = graph->output_count = 1;
    memset(dst, 0xa5, graph->values[ids[1]].bytes);
    enum cx_status status = rig_run_graph(graph, family, NULL, &src, &dst, &err);
    cr_assert_eq(status, CX_OK, "%s", err.text);
}

/* The definition: element (n, c, i) of a plain tensor lies at [n][c / block][i][c % block]. */
static void check_reorder(const struct cx_tensor *plain, enum cx_layout layout,
                          enum cx_family family)
{
    const struct cx_shape *shape = &plain->shape;
    size_t size = cx_dtype_size(plain->dtype), bytes = 0;
    int64_t block = cx_layout_block(layout), blocks = cx_layout_blocks(layout, shape);
    int64_t plane = cx_shape_span(shape, 2, shape->rank);
    cr_assert(cx_shape_bytes(plain->dtype, shape, layout, &bytes));
    int64_t flat = (int64_t)bytes;
    unsigned char *got = rig_tensor(CX_DTYPE_UINT8, 1, &flat, 0).data;
    unsigned char *back = rig_tensor(CX_DTYPE_UINT8, 1, &flat, 0).data;
    static const unsigned char zeros[8];
    char text[128];

    reorder(plain, CX_LAYOUT_PLAIN, layout, family, plain->data, got);
    for (int64_t at = 0; at < flat / (int64_t)size; at++) {
        int64_t unit = at / block / plane, c = unit % blocks * block + at % block;
        int64_t from = (unit / blocks * shape->dims[1] + c) * plane + at / block % plane;
        const unsigned char *want =
            c < shape->dims[1] ? (unsigned char *)plain->data + from * (int64_t)size : zeros;
        cr_assert(memcmp(got + at * (int64_t)size, want, size) == 0, "%s of %s: element %ld",
                  cx_dtype_name(plain->dtype), cx_shape_format(shape, text, sizeof text), (long)at);
    }
    reorder(plain, layout, CX_LAYOUT_PLAIN, family, got, back);
    cr_assert(memcmp(back, plain->data, (size_t)cx_shape_elements(shape) * size) == 0,
              "%s of %s doesn't come back", cx_dtype_name(plain->dtype),
              cx_shape_format(shape, text, sizeof text));
}

static void check_reorders(enum cx_family family)
{
    static const struct {
        uint32_t rank;
        int64_t dims[5];
        enum cx_dtype dtype;
    } rows[] = {
        {4, {1, 32, 14, 14}, CX_DTYPE_FLOAT},    {4, {2, 19, 7, 7}, CX_DTYPE_FLOAT},
        {4, {1, 3, 33, 65}, CX_DTYPE_FLOAT},     {2, {3, 21}, CX_DTYPE_FLOAT},
        {4, {2, 40, 1, 1}, CX_DTYPE_FLOAT},      {3, {2, 17, 23}, CX_DTYPE_UINT8},
        {5, {1, 24, 2, 3, 5}, CX_DTYPE_FLOAT16}, {4, {1, 9, 4, 9}, CX_DTYPE_INT64},
        {4, {0, 16, 4, 4}, CX_DTYPE_FLOAT},
    };
    for (size_t i = 0; i < N(rows); i++) {
        struct cx_tensor plain = rig_tensor(rows[i].dtype, rows[i].rank, rows[i].dims, 7);
        check_reorder(&plain, CX_LAYOUT_NCHWC8, family);
        check_reorder(&plain, CX_LAYOUT_NCHWC16, family);
    }
}

Test(layouts, reorder_cpu)
{
    check_reorders(CX_FAMILY_CPU);
}

Test(layouts, reorder_gpu)
{
    check_reorders(CX_FAMILY_GPU);
}

/* Functions of one element keep the blocks they find; 19 channels leave padding. */
Test(layouts, one_element_functions)
{
    static const char *const ops[] = {"Relu", "LeakyRelu", "Sigmoid", "HardSwish", "Clip"};
    static const int64_t dims[] = {2, 19, 5, 7};
    for (size_t i = 0; i < N(ops); i++) {
        struct rig_node node = {.op = ops[i], .opset = 14, .input_n = 1, .output_n = 1};
        node.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 4, dims, 3);
        node.rtol = node.atol = 1e-6;
        node.blocked = true;
        rig_check(&node, CX_FAMILY_CPU);
    }
}

/* Joined on channels at the borders of blocks, with a rest in the last, in the middle of a block of
 * 16, and on other axes; more inputs than one launch takes. */
Test(layouts, concat)
{
    static const struct {
        uint32_t n;
        int64_t axis, sizes[9];
    } rows[] = {
        {2, 1, {32, 16}},    {3, 1, {16, 48, 21}},
        {3, 1, {24, 8, 32}}, {4, 1, {8, 24, 40, 8}},
        {2, 2, {3, 4}},      {2, 0, {1, 2}},
        {3, -1, {1, 4, 2}},  {8, 1, {16, 16, 16, 16, 16, 16, 16, 5}},
    };
    for (size_t i = 0; i < N(rows); i++) {
        struct rig_node node = {.op = "Concat", .opset = 13, .output_n = 1, .blocked = true};
        int64_t dims[] = {2, 19, 5, 6};
        node.input_n = rows[i].n;
        for (uint32_t k = 0; k < rows[i].n; k++) {
            dims[rows[i].axis < 0 ? 3 : rows[i].axis] = rows[i].sizes[k];
            node.inputs[k] = rig_tensor(CX_DTYPE_FLOAT, 4, dims, k + 1);
        }
        rig_attr_int(&node, "axis", rows[i].axis);
        rig_check(&node, CX_FAMILY_CPU);
    }
}

/* Scale and shift of a channel with an activation and a residual; 19 channels leave padding. */
static void check_scale_shift(enum cx_family family, bool blocked)
{
    static const int64_t dims[] = {2, 19, 5, 7}, channels = 19;
    struct rig_node node = {.op = "ScaleShift", .opset = 1, .input_n = 3, .output_n = 1};
    node.domain = "cx";
    node.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 4, dims, 3);
    for (uint32_t i = 1; i < 3; i++) {
        node.inputs[i] = rig_tensor(CX_DTYPE_FLOAT, 1, &channels, 3 + i);
        node.constant[i] = true;
    }
    node.rtol = node.atol = 1e-5;
    node.blocked = blocked;
    rig_check(&node, family);
    node.residual = rig_tensor(CX_DTYPE_FLOAT, 4, dims, 9);
    node.epilogue = (struct cx_epilogue){.act = CX_ACT_LEAKY_RELU, .alpha = 0.25f};
    rig_check(&node, family);
}

Test(layouts, scale_shift)
{
    check_scale_shift(CX_FAMILY_CPU, false);
    check_scale_shift(CX_FAMILY_GPU, false);
    check_scale_shift(CX_FAMILY_CPU, true);
}

Test(layouts, lrn)
{
    static const struct {
        int64_t channels, size;
        float beta;
    } rows[] = {{64, 5, 0.75f}, {19, 4, 0.75f}, {37, 13, 0.5f}, {3, 5, 0.75f}};
    for (size_t i = 0; i < N(rows); i++) {
        int64_t dims[] = {2, rows[i].channels, 3, 7};
        struct rig_node node = {.op = "LRN", .opset = 13, .input_n = 1, .output_n = 1};
        node.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 4, dims, 3);
        node.rtol = node.atol = 1e-5;
        node.blocked = true;
        rig_attr_int(&node, "size", rows[i].size);
        rig_attr_float(&node, "alpha", 0.5f);
        rig_attr_float(&node, "beta", rows[i].beta);
        rig_attr_float(&node, "bias", 2.0f);
        rig_check(&node, CX_FAMILY_CPU);
    }
}

/* Without a bias, with all that may follow. */
Test(layouts, depthwise_epilogue)
{
    static const int64_t x[] = {2, 19, 7, 30}, w[] = {19, 1, 3, 3}, y[] = {2, 19, 5, 28};
    struct rig_node node = {.op = "Conv", .opset = 11, .input_n = 2, .output_n = 1};
    node.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 4, x, 1);
    node.inputs[1] = rig_tensor(CX_DTYPE_FLOAT, 4, w, 2);
    node.constant[1] = true;
    node.residual = rig_tensor(CX_DTYPE_FLOAT, 4, y, 3);
    node.epilogue = (struct cx_epilogue){.act = CX_ACT_HARD_SWISH};
    node.rtol = node.atol = 1e-4;
    rig_attr_int(&node, "group", 19);
    rig_check(&node, CX_FAMILY_CPU);
}

/* Operands alike, and numbers a channel that are constant or computed, on either side. */
Test(layouts, binary)
{
    static const struct {
        const char *op;
        int64_t channels;
        uint32_t rank; /* of the operand that broadcasts; 0: it has the other's shape */
        int64_t batch; /* and its first axis where it has four */
        uint32_t which;
        bool constant;
    } rows[] = {
        {"Add", 19, 0, 0, 1, false},  {"Div", 32, 0, 0, 1, false}, {"Mul", 19, 4, 2, 1, false},
        {"Mul", 32, 4, 2, 0, false},  {"Sub", 19, 3, 0, 1, true},  {"Sub", 19, 4, 1, 0, true},
        {"PRelu", 37, 3, 0, 1, true}, {"Add", 32, 4, 1, 0, false},
    };
    for (size_t i = 0; i < N(rows); i++) {
        int64_t x[] = {2, rows[i].channels, 5, 7};
        int64_t c[] = {rows[i].batch, rows[i].channels, 1, 1};
        struct rig_node node = {.op = rows[i].op, .opset = 16, .input_n = 2, .output_n = 1};
        uint32_t which = rows[i].which;
        node.inputs[0] = node.inputs[1] = rig_tensor(CX_DTYPE_FLOAT, 4, x, 3);
        node.inputs[which] =
            rows[i].rank == 0 ? rig_tensor(CX_DTYPE_FLOAT, 4, x, 4)
                              : rig_tensor(CX_DTYPE_FLOAT, rows[i].rank, c + 4 - rows[i].rank, 4);
        node.constant[which] = rows[i].constant;
        node.rtol = node.atol = 1e-6;
        node.blocked = true;
        rig_check(&node, CX_FAMILY_CPU);
    }
}

Test(layouts, sum)
{
    static const int64_t dims[] = {2, 19, 5, 7};
    struct rig_node node = {.op = "Mean", .opset = 13, .input_n = 3, .output_n = 1};
    for (uint32_t i = 0; i < 3; i++)
        node.inputs[i] = rig_tensor(CX_DTYPE_FLOAT, 4, dims, i + 1);
    node.rtol = node.atol = 1e-6;
    node.blocked = true;
    rig_check(&node, CX_FAMILY_CPU);
}

/* Parts that begin with a block, the last with a rest, and parts of other axes. */
Test(layouts, slice_and_split)
{
    static const int64_t dims[] = {2, 53, 5, 7}, sizes[] = {16, 32, 5};
    static const int64_t starts[] = {0, 16, 1}, ends[] = {1, 35, 4}, axes[] = {0, 1, 2};
    struct rig_node slice = {.op = "Slice", .opset = 13, .input_n = 4, .output_n = 1};
    struct rig_node split = {.op = "Split", .opset = 13, .input_n = 2, .output_n = 3};
    slice.inputs[0] = split.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 4, dims, 3);
    slice.inputs[1] = rig_int64s(3, starts);
    slice.inputs[2] = rig_int64s(3, ends);
    slice.inputs[3] = rig_int64s(3, axes);
    split.inputs[1] = rig_int64s(3, sizes);
    for (uint32_t i = 1; i < 4; i++)
        slice.constant[i] = split.constant[i] = true;
    slice.blocked = split.blocked = true;
    rig_attr_int(&split, "axis", 1);
    rig_check(&slice, CX_FAMILY_CPU);
    rig_check(&split, CX_FAMILY_CPU);
}

static void check_shuffle(enum cx_family family, bool blocked)
{
    static const int64_t dims[] = {2, 24, 5, 7};
    static const struct cx_channel_shuffle attrs = {.groups = 4};
    struct rig_node node = {.op = "ChannelShuffle", .domain = "cx", .opset = 1};
    node.input_n = node.output_n = 1;
    node.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 4, dims, 3);
    node.parsed = &attrs;
    node.blocked = blocked;
    rig_check(&node, family);
}

Test(layouts, channel_shuffle)
{
    check_shuffle(CX_FAMILY_CPU, false);
    check_shuffle(CX_FAMILY_GPU, false);
    check_shuffle(CX_FAMILY_CPU, true);
}
