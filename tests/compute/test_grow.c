/* Concat in the memory of its first input, through a device: the same numbers as node by node. */
#include <math.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "conformance.h"
#include "device_plan.h"
#include "graph/session.h"
#include "interp.h"
#include "model_builder.h"
#include "ops/op.h"

static struct mb mb;
static struct cx_device *device;

static void start(void)
{
    mb_init(&mb, 15);
    device = device_open_family("cpu");
    if (device == NULL)
        cr_skip_test("no OpenCL device here");
}

static void stop(void)
{
    cx_device_close(device);
    mb_finish(&mb);
}

TestSuite(grow, .init = start, .fini = stop);

static void join(const char *inputs, const char *output)
{
    mb_attr_int(&mb, mb_node(&mb, "Concat", inputs, output), "axis", 1);
}

/* Runs the model that stands in mb, whose inputs all have SHAPE, on the device and node by node,
 * twice with other numbers, and expects GROWS of its nodes to grow. */
static void expect_same(struct cx_shape shape, uint32_t grows)
{
    struct cx_error error = {CX_OK, ""};
    struct cx_session *session = calloc(1, sizeof *session);
    struct cx_graph *graph = NULL;
    struct cx_plan *plan = NULL;
    cr_assert(mb_read(&mb, &graph, &error) == CX_OK, "%s", error.text);
    session->graph = graph;
    session->device = device;
    cr_assert(cx_plan_create(session, &shape, 1, NULL, &plan, &error) == CX_OK, "%s", error.text);
    uint32_t count = 0;
    for (uint32_t n = 0; n < plan->bound->node_count; n++)
        count += plan->bound->nodes[n].grows;
    cr_assert_eq(count, grows, "%u nodes grow", count);
    for (int run = 0; run < 2; run++) {
        size_t elements = (size_t)cx_shape_elements(&shape);
        float *x = cx_arena_array(&mb.arena, elements, sizeof *x);
        for (size_t i = 0; i < elements; i++)
            x[i] = sinf((float)i + (float)run);
        struct cx_tensor input = {CX_DTYPE_FLOAT, shape, x}, *want;
        cr_assert(interp_model(graph, &input, NULL, &mb.arena, &want, &error) == CX_OK);
        const void *in[1] = {x};
        void *out[8];
        for (uint32_t i = 0; i < graph->output_count; i++)
            out[i] = cx_arena_alloc(&mb.arena, cx_plan_output_bytes(plan, i));
        cr_assert(cx_run(plan, in, out, NULL, &error) == CX_OK, "%s", error.text);
        for (uint32_t i = 0; i < graph->output_count; i++) {
            struct cx_tensor got = {CX_DTYPE_FLOAT, want[i].shape, out[i]};
            char why[256];
            cr_assert(conf_compare(&got, &want[i], 1e-5, 1e-5, why, sizeof why), "output %u: %s", i,
                      why);
        }
    }
    cx_plan_destroy(plan);
    cx_session_destroy(session);
    cx_graph_destroy(graph);
}

/* As DenseNet does: each step reads all there is and adds to it. */
Test(grow, chain)
{
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(-1, 8, 3, 5));
    mb_node(&mb, "Exp", "x", "a");
    mb_node(&mb, "Sin", "a", "b");
    join("a b", "ab");
    mb_node(&mb, "Cos", "ab", "c");
    join("ab c", "abc");
    mb_node(&mb, "Neg", "abc", "d");
    join("abc d b", "y");
    mb_node(&mb, "Sigmoid", "y", "z");
    mb_output(&mb, "z");
    expect_same(MB_SHAPE(1, 8, 3, 5), 3);
}

/* With several images the channels of one aren't where the next image's were. */
Test(grow, not_in_batches)
{
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(-1, 8, 3, 5));
    mb_node(&mb, "Exp", "x", "a");
    mb_node(&mb, "Sin", "a", "b");
    join("a b", "y");
    mb_output(&mb, "y");
    expect_same(MB_SHAPE(2, 8, 3, 5), 0);
}

/* Two outputs can't both grow from one value; and what has grown is still read as it was. */
Test(grow, one_of_two)
{
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(-1, 8, 3, 5));
    mb_ints(&mb, "same", 4, (const int64_t[]){1, 8, 5, 3});
    mb_node(&mb, "Exp", "x", "a");
    mb_node(&mb, "Sin", "a", "b");
    mb_node(&mb, "Cos", "a", "c");
    join("a b", "ab");
    join("a c", "ac");
    mb_node(&mb, "Reshape", "a same", "alias");
    mb_node(&mb, "Reshape", "b same", "turned");
    join("alias turned", "again");
    mb_node(&mb, "Neg", "a", "n");
    mb_node(&mb, "Sum", "ab ac", "s");
    mb_output(&mb, "s");
    mb_output(&mb, "again");
    mb_output(&mb, "n");
    mb_output(&mb, "ab");
    expect_same(MB_SHAPE(1, 8, 3, 5), 1);
}
