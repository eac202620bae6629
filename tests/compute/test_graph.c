/* Binding and the passes: the same numbers come out, from fewer nodes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "conformance.h"
#include "graph/layout.h"
#include "interp.h"
#include "model_builder.h"
#include "ops/op.h"

static struct mb mb;
static struct cx_graph *graph, *bound;
static struct cx_error error;

static void start(void)
{
    mb_init(&mb, 15);
    graph = bound = NULL;
    error = (struct cx_error){0};
}

static void stop(void)
{
    cx_graph_destroy(bound);
    cx_graph_destroy(graph);
    mb_finish(&mb);
}

TestSuite(graph, .init = start, .fini = stop);

static void read_model(void)
{
    cr_assert(mb_read(&mb, &graph, &error) == CX_OK, "%s", error.text);
}

static enum cx_status bind(struct cx_shape shape)
{
    struct cx_bind_input input = {.shape = shape};
    return cx_graph_bind(graph, &input, 1, NULL, &bound, &error);
}

static uint32_t count_ops(const struct cx_graph *g, enum cx_op_id id)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < g->node_count; n++)
        count += g->nodes[n].op == &cx_ops[id];
    return count;
}

static struct cx_tensor ramp(struct cx_shape shape)
{
    size_t count = (size_t)cx_shape_elements(&shape);
    float *data = cx_arena_array(&mb.arena, count, sizeof *data);
    cr_assert(data != NULL);
    for (size_t i = 0; i < count; i++)
        data[i] = sinf((float)i);
    return (struct cx_tensor){CX_DTYPE_FLOAT, shape, data};
}

/* What the nodes say one by one, before any pass: a second, plain path to the same outputs. */
static struct cx_tensor *run(const struct cx_bind_options *options, struct cx_tensor input)
{
    struct cx_tensor *outputs = NULL;
    enum cx_status status = interp_model(graph, &input, options, &mb.arena, &outputs, &error);
    cr_assert(status == CX_OK, "%s", error.text);
    return outputs;
}

static void expect_fusion_keeps_numbers(struct cx_shape shape)
{
    static const struct cx_bind_options plain = {.no_fuse = true};
    char why[256];
    struct cx_tensor input = ramp(shape);
    struct cx_tensor *want = run(&plain, input), *got = run(NULL, input);
    for (uint32_t i = 0; i < graph->output_count; i++)
        cr_assert(conf_compare(&got[i], &want[i], 1e-6, 1e-6, why, sizeof why), "%s", why);
}

/* y = BatchNormalization(Conv(x)), computed here from the definition. */
Test(graph, folds_batch_norm_into_the_convolution)
{
    const float w[2] = {2, -3}, b[2] = {1, 4}, gamma[2] = {0.5f, 2}, beta[2] = {-1, 3};
    const float mean[2] = {0.25f, -2}, var[2] = {4, 0.25f};
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(1, 1, 2, 2));
    mb_floats(&mb, "w", MB_SHAPE(2, 1, 1, 1), w);
    mb_floats(&mb, "b", MB_SHAPE(2), b);
    mb_floats(&mb, "gamma", MB_SHAPE(2), gamma);
    mb_floats(&mb, "beta", MB_SHAPE(2), beta);
    mb_floats(&mb, "mean", MB_SHAPE(2), mean);
    mb_floats(&mb, "var", MB_SHAPE(2), var);
    mb_node(&mb, "Conv", "x w b", "c");
    mb_attr_float(&mb, mb_node(&mb, "BatchNormalization", "c gamma beta mean var", "y"), "epsilon",
                  0.5f);
    mb_output(&mb, "y");
    read_model();
    cr_assert(graph->node_count == 1 && count_ops(graph, CX_OP_ID_Conv) == 1);
    struct cx_tensor input = ramp(MB_SHAPE(1, 1, 2, 2));
    const float *x = input.data, *y = run(NULL, input)[0].data;
    for (int c = 0; c < 2; c++) {
        for (int i = 0; i < 4; i++) {
            double conv = (double)w[c] * (double)x[i] + (double)b[c];
            double spread = sqrt((double)var[c] + 0.5);
            double want = (conv - (double)mean[c]) / spread * (double)gamma[c] + (double)beta[c];
            cr_assert(fabs((double)y[c * 4 + i] - want) < 1e-5, "%g, not %g", (double)y[c * 4 + i],
                      want);
        }
    }
}

Test(graph, leaves_weights_that_another_convolution_shares)
{
    const float w[1] = {2}, one[1] = {1}, two[1] = {2}, zero[1] = {0};
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(1, 1, 1, 2));
    mb_floats(&mb, "w", MB_SHAPE(1, 1, 1, 1), w);
    mb_floats(&mb, "one", MB_SHAPE(1), one);
    mb_floats(&mb, "two", MB_SHAPE(1), two);
    mb_floats(&mb, "zero", MB_SHAPE(1), zero);
    mb_node(&mb, "Conv", "x w", "c");
    mb_attr_float(&mb, mb_node(&mb, "BatchNormalization", "c two zero zero one", "n"), "epsilon",
                  0);
    mb_node(&mb, "Conv", "x w", "d");
    mb_output(&mb, "n");
    mb_output(&mb, "d");
    read_model();
    struct cx_tensor input = ramp(MB_SHAPE(1, 1, 1, 2));
    struct cx_tensor *outputs = run(NULL, input);
    const float *x = input.data, *n = outputs[0].data, *d = outputs[1].data;
    cr_assert(fabsf(n[1] - 4 * x[1]) < 1e-6f && fabsf(d[1] - 2 * x[1]) < 1e-6f);
}

Test(graph, turns_lone_batch_norm_into_scale_and_shift)
{
    const float one[1] = {1}, two[1] = {2}, three[1] = {3};
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(1, 1, 2));
    mb_floats(&mb, "one", MB_SHAPE(1), one);
    mb_floats(&mb, "two", MB_SHAPE(1), two);
    mb_floats(&mb, "three", MB_SHAPE(1), three);
    mb_attr_float(&mb, mb_node(&mb, "BatchNormalization", "x two three one one", "y"), "epsilon",
                  0);
    mb_output(&mb, "y");
    read_model();
    cr_assert(count_ops(graph, CX_OP_ID_ScaleShift) == 1 && graph->node_count == 1);
    struct cx_tensor input = ramp(MB_SHAPE(1, 1, 2));
    const float *x = input.data, *y = run(NULL, input)[0].data;
    cr_assert(fabsf(y[1] - (2 * (x[1] - 1) + 3)) < 1e-6f);
}

/* As exporters write an old batch normalization: statistics, then factor and offset by themselves.
 */
static void build_split_norm(bool conv)
{
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(-1, 3, -1, -1));
    mb_random(&mb, "w", MB_SHAPE(3, 3, 1, 1), 1);
    mb_random(&mb, "gamma", MB_SHAPE(3), 2);
    mb_random(&mb, "beta", MB_SHAPE(3), 3);
    mb_random(&mb, "mean", MB_SHAPE(3), 4);
    mb_floats(&mb, "var", MB_SHAPE(3), (const float[]){1, 4, 0.25f});
    mb_random(&mb, "flat", MB_SHAPE(3), 6);
    mb_ints(&mb, "axes", 2, (const int64_t[]){1, 2});
    mb_node(&mb, "Unsqueeze", "flat axes", "factor");
    mb_random(&mb, "offset", MB_SHAPE(1, 3, 1, 1), 7);
    mb_floats(&mb, "two", MB_SHAPE(1), (const float[]){2});
    mb_node(&mb, conv ? "Conv" : "Sigmoid", conv ? "x w" : "x", "a");
    mb_node(&mb, "BatchNormalization", "a gamma beta mean var", "b");
    mb_node(&mb, "Mul", "factor b", "c");
    mb_node(&mb, "Sub", "c offset", "d");
    mb_node(&mb, "Div", "d two", "e");
    mb_node(&mb, "Relu", "e", "y");
    mb_output(&mb, "y");
}

/* The model as NODES nodes gives what it gives with an output at each step, where no node may be
 * merged with the next. */
static void expect_same_as_steps(bool conv, uint32_t nodes)
{
    static const char *const steps[] = {"a", "b", "c", "d", "e"};
    struct cx_tensor input = ramp(MB_SHAPE(2, 3, 2, 5)), got = input;
    float kept[2 * 3 * 2 * 5];
    char why[256];
    build_split_norm(conv);
    read_model();
    memcpy(kept, run(NULL, input)[0].data, sizeof kept);
    got.data = kept;
    cr_assert(bind(input.shape) == CX_OK && bound->node_count == nodes, "%u nodes",
              bound->node_count);
    cx_graph_destroy(bound);
    cx_graph_destroy(graph);
    mb_finish(&mb);
    start();
    build_split_norm(conv);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        mb_output(&mb, steps[i]);
    read_model();
    cr_assert(bind(input.shape) == CX_OK && bound->node_count == 6, "%u nodes", bound->node_count);
    struct cx_tensor *want = run(NULL, ramp(input.shape));
    cr_assert(conf_compare(&got, &want[0], 1e-5, 1e-6, why, sizeof why), "%s", why);
}

Test(graph, folds_factors_and_offsets_of_channels_into_the_convolution)
{
    expect_same_as_steps(true, 1);
}

Test(graph, merges_factors_and_offsets_of_channels_into_one_node)
{
    expect_same_as_steps(false, 2);
}

Test(graph, keeps_sums_that_vary_along_another_axis)
{
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(1, 3, 3, 3));
    mb_random(&mb, "w", MB_SHAPE(3, 3, 1, 1), 1);
    mb_random(&mb, "row", MB_SHAPE(3, 1), 2);
    mb_random(&mb, "more", MB_SHAPE(2, 1, 3, 1, 1), 2);
    mb_node(&mb, "Conv", "x w", "a");
    mb_node(&mb, "Add", "a row", "b");
    mb_node(&mb, "Mul", "b more", "y");
    mb_output(&mb, "y");
    read_model();
    cr_assert(count_ops(graph, CX_OP_ID_Add) == 1 && count_ops(graph, CX_OP_ID_Mul) == 1);
}

/* A block of a residual network: two convolutions, a shortcut, activations. */
static void build_residual_block(void)
{
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(-1, 4, 5, 5));
    mb_random(&mb, "w1", MB_SHAPE(4, 4, 1, 1), 1);
    mb_random(&mb, "w2", MB_SHAPE(4, 4, 1, 1), 2);
    mb_node(&mb, "Conv", "x w1", "a");
    mb_node(&mb, "LeakyRelu", "a", "b");
    mb_node(&mb, "Conv", "b w2", "c");
    mb_node(&mb, "Add", "c x", "s");
    mb_node(&mb, "Relu", "s", "y");
    mb_output(&mb, "y");
}

Test(graph, fuses_activations_and_the_residual_sum)
{
    build_residual_block();
    read_model();
    cr_assert(bind(MB_SHAPE(2, 4, 5, 5)) == CX_OK, "%s", error.text);
    cr_assert(bound->node_count == 2 && count_ops(bound, CX_OP_ID_Conv) == 2);
    cr_assert(bound->nodes[0].epilogue.act == CX_ACT_LEAKY_RELU);
    cr_assert(bound->nodes[1].epilogue.act == CX_ACT_RELU);
    cr_assert(bound->nodes[1].epilogue.residual == bound->inputs[0]);
    expect_fusion_keeps_numbers(MB_SHAPE(2, 4, 5, 5));
}

Test(graph, keeps_a_sum_whose_operand_is_read_elsewhere)
{
    build_residual_block();
    mb_output(&mb, "c");
    read_model();
    cr_assert(bind(MB_SHAPE(2, 4, 5, 5)) == CX_OK, "%s", error.text);
    cr_assert(count_ops(bound, CX_OP_ID_Add) == 1 && count_ops(bound, CX_OP_ID_Relu) == 1);
    expect_fusion_keeps_numbers(MB_SHAPE(2, 4, 5, 5));
}

Test(graph, keeps_a_sum_that_broadcasts)
{
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(2, 4, 5, 5));
    mb_random(&mb, "w", MB_SHAPE(4, 4, 1, 1), 1);
    mb_random(&mb, "row", MB_SHAPE(5), 3);
    mb_node(&mb, "Conv", "x w", "a");
    mb_node(&mb, "Add", "a row", "y");
    mb_output(&mb, "y");
    read_model();
    cr_assert(bind(MB_SHAPE(2, 4, 5, 5)) == CX_OK, "%s", error.text);
    cr_assert(count_ops(bound, CX_OP_ID_Add) == 1);
    expect_fusion_keeps_numbers(MB_SHAPE(2, 4, 5, 5));
}

Test(graph, gives_a_product_its_bias)
{
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(-1, 3));
    mb_random(&mb, "w", MB_SHAPE(3, 6), 1);
    mb_random(&mb, "b", MB_SHAPE(6), 2);
    mb_floats(&mb, "six", MB_SCALAR, (const float[]){0.5f});
    mb_node(&mb, "MatMul", "x w", "m");
    mb_node(&mb, "Add", "b m", "s");
    mb_node(&mb, "Clip", "s - six", "y");
    mb_output(&mb, "y");
    read_model();
    cr_assert(bind(MB_SHAPE(2, 3)) == CX_OK, "%s", error.text);
    cr_assert(bound->node_count == 1 && bound->nodes[0].input_count == 3);
    cr_assert(bound->nodes[0].epilogue.act == CX_ACT_CLIP);
    cr_assert(bound->nodes[0].epilogue.beta == 0.5f);
    expect_fusion_keeps_numbers(MB_SHAPE(2, 3));
}

Test(graph, resolves_shape_arithmetic)
{
    int64_t zero = 0, minus_one = -1;
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(-1, 4, -1));
    mb_ints(&mb, "zero", 1, &zero);
    mb_ints(&mb, "rest", 1, &minus_one);
    mb_node(&mb, "Shape", "x", "shape");
    mb_node(&mb, "Gather", "shape zero", "batch");
    mb_attr_int(&mb, mb_node(&mb, "Concat", "batch rest", "target"), "axis", 0);
    mb_node(&mb, "Reshape", "x target", "flat");
    mb_node(&mb, "Dropout", "flat", "dropped");
    mb_node(&mb, "Relu", "dropped", "y");
    mb_output(&mb, "y");
    read_model();
    cr_assert(count_ops(graph, CX_OP_ID_Dropout) == 0);
    cr_assert(bind(MB_SHAPE(3, 4, 5)) == CX_OK, "%s", error.text);
    cr_assert(bound->node_count == 2 && count_ops(bound, CX_OP_ID_Reshape) == 1);
    const struct cx_shape *shape = &bound->values[bound->outputs[0]].shape;
    cr_assert(shape->rank == 2 && shape->dims[0] == 3 && shape->dims[1] == 20);
}

/* x in two groups of three channels, turned by PERM and put together again. */
static void build_shuffle(const int64_t *perm)
{
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(2, 6, 3, 5));
    mb_ints(&mb, "groups", 5, (const int64_t[]){2, 2, 3, 3, 5});
    mb_ints(&mb, "back", 4, (const int64_t[]){2, 6, 3, 5});
    mb_node(&mb, "Reshape", "x groups", "a");
    mb_attr_ints(&mb, mb_node(&mb, "Transpose", "a", "b"), "perm", 5, perm);
    mb_node(&mb, "Reshape", "b back", "y");
    mb_output(&mb, "y");
}

Test(graph, makes_a_shuffle_of_channels_one_node)
{
    build_shuffle((const int64_t[]){0, 2, 1, 3, 4});
    read_model();
    cr_assert(bind(MB_SHAPE(2, 6, 3, 5)) == CX_OK, "%s", error.text);
    cr_assert(bound->node_count == 1 && count_ops(bound, CX_OP_ID_ChannelShuffle) == 1);
    expect_fusion_keeps_numbers(MB_SHAPE(2, 6, 3, 5));
}

Test(graph, keeps_a_transpose_that_is_no_shuffle)
{
    build_shuffle((const int64_t[]){0, 2, 1, 4, 3});
    read_model();
    cr_assert(bind(MB_SHAPE(2, 6, 3, 5)) == CX_OK, "%s", error.text);
    cr_assert(bound->node_count == 3);
}

Test(graph, skips_a_dropout_whose_mask_nobody_reads)
{
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(4));
    mb_node(&mb, "Dropout", "x", "a unread");
    mb_node(&mb, "Exp", "a", "b");
    mb_node(&mb, "Dropout", "b", "c mask");
    mb_node(&mb, "Relu", "c", "y");
    mb_output(&mb, "y");
    mb_output(&mb, "mask");
    read_model();
    cr_assert(count_ops(graph, CX_OP_ID_Dropout) == 1 && graph->node_count == 3);
}

Test(graph, names_the_node_whose_shapes_do_not_fit)
{
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(-1, -1));
    mb_random(&mb, "w", MB_SHAPE(3, 6), 1);
    mb_node(&mb, "MatMul", "x w", "y");
    mb_output(&mb, "y");
    read_model();
    cr_assert(bind(MB_SHAPE(2, 4)) == CX_SHAPE);
    cr_assert(strstr(error.text, "operator 'MatMul' (node 'y'") != NULL, "%s", error.text);
    cr_assert(strstr(error.text, "2x4 and 3x6") != NULL, "%s", error.text);
}

Test(graph, refuses_an_input_the_model_does_not_declare)
{
    build_residual_block();
    read_model();
    cr_assert(bind(MB_SHAPE(2, 3, 5, 5)) == CX_SHAPE);
    cr_assert(strcmp(error.text, "input 'x' has shape 2x3x5x5, the model declares ?x4x5x5") == 0,
              "%s", error.text);
}

Test(graph, refuses_shapes_that_depend_on_data)
{
    mb_input(&mb, "x", CX_DTYPE_INT64, MB_SHAPE(2));
    mb_node(&mb, "ConstantOfShape", "x", "y");
    mb_output(&mb, "y");
    read_model();
    cr_assert(bind(MB_SHAPE(2)) == CX_UNSUPPORTED);
    cr_assert(strstr(error.text, "operator 'ConstantOfShape'") != NULL, "%s", error.text);
    int64_t dims[2] = {2, 3};
    struct cx_bind_input input = {MB_SHAPE(2), dims};
    cr_assert(cx_graph_bind(graph, &input, 1, NULL, &bound, &error) == CX_OK, "%s", error.text);
    cr_assert(bound->values[bound->outputs[0]].shape.dims[1] == 3);
}

/* A test's own rules: convolutions work in blocks of 8 channels, the first from a plain input; a
 * global pool, a concatenation and a function of one element follow what they find. */
static struct cx_layouts blocked_convs(const struct cx_layout_query *query)
{
    const struct cx_op *op = query->node->op;
    struct cx_layouts plain = {.input = CX_LAYOUT_PLAIN},
                      all = {CX_LAYOUT_NCHWC8, CX_LAYOUT_NCHWC8, .all_inputs = true};
    if (op == &cx_ops[CX_OP_ID_Conv]) {
        const struct cx_value *x = &query->graph->values[query->node->inputs[0]];
        enum cx_layout in = x->shape.dims[1] < 4 ? CX_LAYOUT_PLAIN : CX_LAYOUT_NCHWC8;
        return (struct cx_layouts){.input = in, .output = CX_LAYOUT_NCHWC8};
    }
    if (op == &cx_ops[CX_OP_ID_Exp])
        return cx_layouts_follow(query, false);
    if (op == &cx_ops[CX_OP_ID_Tanh])
        return cx_layouts_follow(query, true);
    if (op == &cx_ops[CX_OP_ID_Concat] || op == &cx_ops[CX_OP_ID_GlobalMaxPool])
        return cx_layout_at_hand(query, 0) != CX_LAYOUT_PLAIN ? all : plain;
    return plain;
}

/* Every operand is computed before it is read, and outputs are PLAIN. */
static void expect_order(const struct cx_graph *g)
{
    bool *there = cx_arena_array(&mb.arena, g->value_count, sizeof *there);
    for (uint32_t v = 0; v < g->value_count; v++)
        there[v] = g->values[v].data != NULL;
    for (uint32_t i = 0; i < g->input_count; i++)
        there[g->inputs[i]] = true;
    for (uint32_t n = 0; n < g->node_count; n++) {
        const struct cx_node *node = &g->nodes[n];
        for (uint32_t i = 0; i < cx_node_read_count(node); i++)
            cr_assert(there[cx_node_read(node, i)], "node %u reads what isn't there", n);
        for (uint32_t i = 0; i < node->output_count; i++)
            there[node->outputs[i]] = true;
    }
    for (uint32_t i = 0; i < g->output_count; i++)
        cr_assert(g->values[g->outputs[i]].layout == CX_LAYOUT_PLAIN && there[g->outputs[i]]);
}

/* The layouts of input 0, input 1 and output 0 of the node that computes VALUE, "p" or "8"; a value
 * and its other forms share their name, and the node is the last that isn't a conversion. */
static const char *layouts_of(const struct cx_graph *g, const char *value)
{
    static char text[4];
    memset(text, 0, sizeof text);
    for (uint32_t n = 0; n < g->node_count; n++) {
        const struct cx_node *node = &g->nodes[n];
        if (strcmp(g->values[node->outputs[0]].name, value) != 0 ||
            node->op == &cx_ops[CX_OP_ID_Reorder] || node->op == &cx_ops[CX_OP_ID_Relabel])
            continue;
        uint32_t ids[3] = {node->inputs[0], node->inputs[node->input_count > 1], node->outputs[0]};
        for (uint32_t i = 0; i < 3; i++)
            text[i] = g->values[ids[i]].layout == CX_LAYOUT_NCHWC8 ? '8' : 'p';
    }
    return text;
}

/* Binds the model, gives it the rules' layouts, and checks that it computes the same. */
static void lay_out(struct cx_shape shape)
{
    read_model();
    cr_assert(bind(shape) == CX_OK, "%s", error.text);
    cr_assert(cx_graph_layout(bound, blocked_convs, NULL, false, &error) == CX_OK, "%s",
              error.text);
    expect_order(bound);
    struct cx_tensor input = ramp(shape), *got, *want = run(NULL, input);
    char why[256];
    cr_assert(interp_run(bound, &input, &mb.arena, &got, &error) == CX_OK, "%s", error.text);
    for (uint32_t i = 0; i < bound->output_count; i++)
        cr_assert(conf_compare(&got[i], &want[i], 1e-6, 1e-6, why, sizeof why), "%s", why);
}

Test(graph, reorders_between_neighbours_that_disagree)
{
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(1, 4, 5, 5));
    mb_random(&mb, "w1", MB_SHAPE(8, 4, 1, 1), 1);
    mb_random(&mb, "w2", MB_SHAPE(8, 8, 1, 1), 2);
    mb_node(&mb, "Conv", "x w1", "a"); /* x to blocks */
    mb_node(&mb, "Exp", "a", "b");     /* stays in blocks */
    mb_node(&mb, "Conv", "b w2", "c"); /* an output too: also made PLAIN */
    mb_node(&mb, "Conv", "c w2", "d");
    mb_node(&mb, "Softmax", "d", "y"); /* PLAIN again */
    mb_output(&mb, "y");
    mb_output(&mb, "c");
    lay_out(MB_SHAPE(1, 4, 5, 5));
    cr_assert(bound->node_count == 8 && count_ops(bound, CX_OP_ID_Reorder) == 3);
    uint32_t in_blocks = bound->nodes[1].inputs[0]; /* 4 channels take the room of 8 */
    cr_assert(bound->values[in_blocks].bytes == 8 * 25 * sizeof(float));
    cr_assert_str_eq(layouts_of(bound, "a"), "8p8"); /* the weights are a constant */
    cr_assert_str_eq(layouts_of(bound, "b"), "888");
    cr_assert_str_eq(layouts_of(bound, "y"), "ppp");
}

Test(graph, makes_no_reorders_where_a_kernel_reads_one_layout_and_writes_another)
{
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(1, 3, 5, 5));
    mb_random(&mb, "w1", MB_SHAPE(8, 3, 1, 1), 1);
    mb_random(&mb, "w2", MB_SHAPE(8, 8, 1, 1), 2);
    mb_node(&mb, "Conv", "x w1", "a");
    mb_node(&mb, "Conv", "a w2", "b");
    mb_node(&mb, "Add", "b a", "y"); /* into the epilogue of b */
    mb_node(&mb, "GlobalMaxPool", "y", "z");
    mb_output(&mb, "z");
    lay_out(MB_SHAPE(1, 3, 5, 5));
    cr_assert(count_ops(bound, CX_OP_ID_Reorder) == 0);
    cr_assert_str_eq(layouts_of(bound, "a"), "pp8");
    cr_assert(bound->values[bound->nodes[1].epilogue.residual].layout == CX_LAYOUT_NCHWC8);
    cr_assert_str_eq(layouts_of(bound, "z"), "888");
    /* One position and full blocks: plain and blocked are the same bytes. */
    cr_assert(count_ops(bound, CX_OP_ID_Relabel) == 1);
}

Test(graph, brings_every_input_into_a_layout_that_all_share)
{
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(1, 8, 5, 5));
    mb_random(&mb, "w", MB_SHAPE(8, 8, 1, 1), 1);
    mb_random(&mb, "fixed", MB_SHAPE(1, 8, 5, 5), 2);
    mb_node(&mb, "Conv", "x w", "a");
    mb_node(&mb, "Softmax", "x", "s"); /* plain */
    mb_attr_int(&mb, mb_node(&mb, "Concat", "a s fixed", "y"), "axis", 1);
    mb_output(&mb, "y");
    lay_out(MB_SHAPE(1, 8, 5, 5));
    cr_assert_str_eq(layouts_of(bound, "y"), "888");
    const struct cx_node *concat = &bound->nodes[bound->node_count - 2];
    cr_assert(concat->input_count == 3 && bound->values[concat->inputs[2]].data != NULL);
    cr_assert(bound->values[concat->inputs[2]].layout == CX_LAYOUT_PLAIN);
    cr_assert(count_ops(bound, CX_OP_ID_Reorder) == 3); /* x, s and the output */
}

Test(graph, keeps_padding_finite)
{
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(1, 4, 5, 5));
    mb_random(&mb, "w", MB_SHAPE(6, 4, 1, 1), 1);
    mb_node(&mb, "Conv", "x w", "a"); /* 6 of 8 channels */
    mb_node(&mb, "Exp", "a", "b");
    mb_node(&mb, "Conv", "x w", "c");
    mb_node(&mb, "Identity", "c", "d"); /* so that the activation isn't fused */
    mb_node(&mb, "Tanh", "d", "e");
    mb_output(&mb, "b");
    mb_output(&mb, "c");
    mb_output(&mb, "e");
    lay_out(MB_SHAPE(1, 4, 5, 5));
    cr_assert_str_eq(layouts_of(bound, "b"), "ppp");
    cr_assert_str_eq(layouts_of(bound, "e"), "888");
}

Test(graph, leaves_a_graph_of_plain_kernels_alone)
{
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(1, 4));
    mb_node(&mb, "Softmax", "x", "y");
    mb_output(&mb, "y");
    read_model();
    cr_assert(bind(MB_SHAPE(1, 4)) == CX_OK, "%s", error.text);
    uint32_t values = bound->value_count;
    cr_assert(cx_graph_layout(bound, blocked_convs, NULL, false, &error) == CX_OK);
    cr_assert(bound->node_count == 1 && bound->value_count == values);
}

/* 60 nodes of 16 MiB each, from a file of a few hundred bytes: most stay nodes. */
Test(graph, stops_folding_when_it_costs_too_much)
{
    char in[16] = "a0", out[16];
    int64_t dims[1] = {4 << 20};
    mb_ints(&mb, "d", 1, dims);
    mb_node(&mb, "ConstantOfShape", "d", "a0");
    for (int i = 1; i < 60; i++) {
        snprintf(out, sizeof out, "a%d", i);
        mb_node(&mb, "Exp", in, out);
        memcpy(in, out, sizeof in);
    }
    mb_output(&mb, in);
    read_model();
    cr_assert(graph->node_count > 40);
    cr_assert(graph->arena.bytes < (size_t)300 << 20, "%zu", graph->arena.bytes);
}
