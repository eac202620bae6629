/* A float model whose numbers are kept in half: close to the float results, and in half the bytes.
 */
#include <math.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "cx.h"
#include "graph/session.h"
#include "ops/op.h"
#include "tests/compute/small_net.h"

#define IMAGE (SMALL_NET_CHANNELS * SMALL_NET_SIZE * SMALL_NET_SIZE)

struct outcome {
    float scores[SMALL_NET_OUTPUTS];
    uint64_t constant_bytes;
    uint32_t cast_n, half_n; /* nodes, and values of type half */
};

static void look(const struct cx_graph *bound, struct outcome *ret)
{
    for (uint32_t i = 0; i < bound->node_count; i++)
        ret->cast_n += bound->nodes[i].op == &cx_ops[CX_OP_ID_Cast];
    for (uint32_t i = 0; i < bound->value_count; i++)
        ret->half_n += bound->values[i].dtype == CX_DTYPE_FLOAT16;
}

static struct outcome run(enum cx_family family, enum cx_precision precision)
{
    const struct cx_shape shape = {.rank = 4,
                                   .dims = {1, SMALL_NET_CHANNELS, SMALL_NET_SIZE, SMALL_NET_SIZE}};
    struct cx_device_options options = {.family = family, .precision = precision};
    struct cx_device *device = NULL;
    struct cx_plan *plan = NULL, *again = NULL;
    struct cx_error err;
    struct outcome outcome = {.cast_n = 0};
    float image[IMAGE];
    const void *inputs[] = {image};
    void *outputs[] = {outcome.scores};
    const char *cache = getenv("XDG_CACHE_HOME");

    if (cache != NULL)
        cx_setup(cache, &err);
    enum cx_status status = cx_device_open(NULL, &options, &device, &err);
    if (status == CX_NO_DEVICE)
        cr_skip_test("no OpenCL device here: %s", err.text);
    cr_assert_eq(status, CX_OK, "%s", err.text);
    for (int i = 0; i < IMAGE; i++)
        image[i] = (float)(i * 37 % 101) / 50.0f - 1.0f;
    struct cx_session *session = calloc(1, sizeof *session);
    struct cx_graph *graph = small_net_create();
    session->graph = graph;
    session->device = device;
    cr_assert_eq(cx_plan_create(session, &shape, 1, NULL, &plan, &err), CX_OK, "%s", err.text);
    outcome.constant_bytes = cx_session_constant_bytes(session);
    cr_assert_eq(cx_plan_create(session, &shape, 1, NULL, &again, &err), CX_OK, "%s", err.text);
    cr_assert_eq(cx_session_constant_bytes(session), outcome.constant_bytes,
                 "a second plan has constants of its own");
    cr_assert_eq(cx_plan_input(plan, 0)->dtype, CX_DTYPE_FLOAT);
    cr_assert_eq(cx_plan_output(plan, 0)->dtype, CX_DTYPE_FLOAT);
    cr_assert_eq(cx_run(plan, inputs, outputs, NULL, &err), CX_OK, "%s", err.text);
    look(plan->bound, &outcome);
    cx_plan_destroy(plan);
    cx_plan_destroy(again);
    cx_session_destroy(session);
    cx_graph_destroy(graph);
    cx_device_close(device);
    return outcome;
}

Test(half, a_float_model_keeps_its_results_to_three_digits_in_half_the_bytes)
{
    struct outcome whole = run(CX_FAMILY_GPU, CX_PRECISION_MODEL);
    struct outcome half = run(CX_FAMILY_GPU, CX_PRECISION_HALF);
    float most = 0.0f, differs = 0.0f;
    for (int i = 0; i < SMALL_NET_OUTPUTS; i++) {
        most = fmaxf(most, fabsf(whole.scores[i]));
        differs = fmaxf(differs, fabsf(whole.scores[i] - half.scores[i]));
    }
    cr_assert_gt(differs, 0.0f, "nothing was rounded");
    cr_assert_leq(differs, 1e-3f * most);
    cr_assert_eq(whole.half_n, 0);
    /* In and out, and nothing between. */
    cr_assert_eq(half.cast_n, 2);
    cr_assert_geq(half.half_n, 4);
    /* The table of a stem's steps is the same in both. */
    cr_assert_lt(half.constant_bytes, whole.constant_bytes * 3 / 4);
}

Test(half, the_kernels_of_a_cpu_are_left_in_float)
{
    cr_assert_eq(run(CX_FAMILY_CPU, CX_PRECISION_HALF).half_n, 0);
}
