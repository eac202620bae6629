/* Sessions, plans and runs of a small network. Allocations of this program and of the library (not
 * of the driver) are counted through the linker's --wrap. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "cx.h"
#include "device/queue.h"
#include "graph/session.h"
#include "tests/compute/small_net.h"

#define IMAGE (SMALL_NET_CHANNELS * SMALL_NET_SIZE * SMALL_NET_SIZE)

static unsigned long allocations;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__real_aligned_alloc(size_t align, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_aligned_alloc(size_t align, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    allocations++;
    return __real_malloc(bytes);
}

void *__wrap_calloc(size_t n, size_t bytes)
{
    allocations++;
    return __real_calloc(n, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    allocations++;
    return __real_realloc(old, bytes);
}

void *__wrap_aligned_alloc(size_t align, size_t bytes)
{
    allocations++;
    return __real_aligned_alloc(align, bytes);
}

struct rig {
    struct cx_device *device;
    struct cx_graph *graph;
    struct cx_session session;
    struct cx_error err;
    float images[3 * IMAGE];
};

static struct rig rig;

static void open_rig(const struct cx_device_options *options)
{
    memset(&rig, 0, sizeof rig);
    enum cx_status status = cx_device_open(NULL, options, &rig.device, &rig.err);
    if (status == CX_NO_DEVICE)
        cr_skip_test("no OpenCL device: %s", rig.err.text);
    cr_assert_eq(status, CX_OK, "%s", rig.err.text);
    rig.graph = small_net_create();
    rig.session = (struct cx_session){.graph = rig.graph, .device = rig.device};
    for (int i = 0; i < 3 * IMAGE; i++)
        rig.images[i] = sinf((float)i * 0.37f);
}

static void close_rig(void)
{
    struct cx_session *session = malloc(sizeof *session);
    *session = rig.session;
    cx_session_destroy(session);
    cx_graph_destroy(rig.graph);
    cx_device_close(rig.device);
}

static struct cx_plan *plan_for(int64_t batch)
{
    struct cx_plan *plan = NULL;
    struct cx_shape shape = {4, {batch, SMALL_NET_CHANNELS, SMALL_NET_SIZE, SMALL_NET_SIZE}};
    enum cx_status status = cx_plan_create(&rig.session, &shape, 1, NULL, &plan, &rig.err);
    cr_assert_eq(status, CX_OK, "%s", rig.err.text);
    return plan;
}

static void run(struct cx_plan *plan, const float *images, float *scores)
{
    const void *inputs[1] = {images};
    void *outputs[1] = {scores};
    enum cx_status status = cx_run(plan, inputs, outputs, NULL, &rig.err);
    cr_assert_eq(status, CX_OK, "%s", rig.err.text);
}

Test(session, plans_of_several_batches_share_weights_and_agree)
{
    open_rig(NULL);
    struct cx_plan *one = plan_for(1);
    uint64_t constants = cx_session_constant_bytes(&rig.session);
    struct cx_plan *three = plan_for(3);
    cr_assert_eq(cx_session_constant_bytes(&rig.session), constants);
    cr_assert_eq(cx_plan_output(three, 0)->shape.dims[0], 3);
    cr_assert_eq(cx_plan_output_bytes(three, 0), 3 * SMALL_NET_OUTPUTS * sizeof(float));
    float single[3 * SMALL_NET_OUTPUTS], together[3 * SMALL_NET_OUTPUTS];
    for (int i = 0; i < 3; i++)
        run(one, rig.images + i * IMAGE, single + i * SMALL_NET_OUTPUTS);
    run(three, rig.images, together);
    for (int i = 0; i < 3 * SMALL_NET_OUTPUTS; i++)
        cr_assert_float_eq(single[i], together[i], 1e-5);
    cr_assert_gt(fabsf(single[0]), 0);
    cx_plan_destroy(one);
    cx_plan_destroy(three);
    close_rig();
}

Test(session, both_families_compute_the_same)
{
    float cpu[SMALL_NET_OUTPUTS], gpu[SMALL_NET_OUTPUTS];
    struct cx_device_options options = {.family = CX_FAMILY_CPU};
    open_rig(&options);
    struct cx_plan *plan = plan_for(1);
    run(plan, rig.images, cpu);
    cx_plan_destroy(plan);
    close_rig();
    options.family = CX_FAMILY_GPU;
    open_rig(&options);
    plan = plan_for(1);
    run(plan, rig.images, gpu);
    cx_plan_destroy(plan);
    close_rig();
    for (int i = 0; i < SMALL_NET_OUTPUTS; i++)
        cr_assert_float_eq(cpu[i], gpu[i], 1e-5);
}

Test(session, a_run_allocates_and_builds_nothing)
{
    open_rig(NULL);
    struct cx_plan *plan = plan_for(2);
    float scores[2 * SMALL_NET_OUTPUTS];
    struct cx_device_stats before, after;
    cx_device_stats_get(rig.device, &before);
    unsigned long allocations_before = allocations;
    cr_assert_gt(allocations_before, 0);
    for (int i = 0; i < 10; i++)
        run(plan, rig.images, scores);
    cr_assert_eq(allocations, allocations_before);
    cx_device_stats_get(rig.device, &after);
    cr_assert_eq(memcmp(&before, &after, sizeof before), 0);
    cx_plan_destroy(plan);
    close_rig();
}

static bool stop_at(void *context)
{
    int *left = context;
    return --*left < 0;
}

Test(session, a_run_stops_between_launches_when_asked)
{
    open_rig(NULL);
    struct cx_plan *plan = plan_for(3), *other = plan_for(2);
    float want[3 * SMALL_NET_OUTPUTS], scores[3 * SMALL_NET_OUTPUTS];
    const void *inputs[1] = {rig.images};
    void *outputs[1] = {scores};
    int left = 1;
    cx_device_stop_by(rig.device, stop_at, &left);
    cr_assert_eq(cx_run(plan, inputs, outputs, NULL, &rig.err), CX_CANCELLED);
    cr_expect_not_null(strstr(rig.err.text, "steps"), "%s", rig.err.text);
    left = 1000;
    run(plan, rig.images, scores);
    cr_expect_lt(left, 1000, "it was asked, as nobody knew how long it would take");
    left = 0;
    run(plan, rig.images, scores);
    cr_expect_eq(left, 0, "a short run is not cut into slices");
    cx_device_stop_by(rig.device, NULL, NULL);
    run(other, rig.images, want);
    cr_assert_arr_eq(scores, want, 2 * SMALL_NET_OUTPUTS * sizeof(float));
    cx_plan_destroy(plan);
    cx_plan_destroy(other);
    close_rig();
}

Test(session, a_plan_made_again_takes_the_memory_of_the_last)
{
    open_rig(NULL);
    cx_plan_destroy(plan_for(3));
    struct cx_device_stats before, after;
    cx_device_stats_get(rig.device, &before);
    cx_plan_destroy(plan_for(3));
    cx_device_stats_get(rig.device, &after);
    cr_assert_eq(after.arena_misses, before.arena_misses);
    cr_assert_eq(after.arena_bytes_peak, before.arena_bytes_peak);
    cr_assert_eq(after.program_misses, before.program_misses);
    close_rig();
}

Test(session, what_does_not_fit_is_refused_with_its_reason)
{
    struct cx_device_options options = {.memory_bytes_max = 64 << 10};
    open_rig(&options);
    struct cx_plan *plan = NULL;
    struct cx_shape large = {4, {300, SMALL_NET_CHANNELS, SMALL_NET_SIZE, SMALL_NET_SIZE}};
    struct cx_shape wrong = {4, {1, SMALL_NET_CHANNELS + 1, SMALL_NET_SIZE, SMALL_NET_SIZE}};
    cr_assert_eq(cx_plan_create(&rig.session, &large, 1, NULL, &plan, &rig.err), CX_MEMORY, "%s",
                 rig.err.text);
    cr_assert_eq(cx_plan_create(&rig.session, &wrong, 1, NULL, &plan, &rig.err), CX_SHAPE, "%s",
                 rig.err.text);
    cr_assert_not_null(strstr(rig.err.text, "1x4x20x20"), "%s", rig.err.text);
    cr_assert_eq(cx_plan_create(&rig.session, &large, 0, NULL, &plan, &rig.err), CX_ARGUMENT);
    cr_assert_null(plan);
    close_rig();
}

struct steps {
    uint32_t calls, total;
};

static void count_step(void *context, const char *step, uint32_t done, uint32_t total)
{
    struct steps *steps = context;
    cr_assert_gt(strlen(step), 0);
    cr_assert_eq(done, ++steps->calls);
    steps->total = total;
}

Test(session, progress_is_told_and_times_are_kept_when_profiling)
{
    struct cx_device_options options = {.profiling = true};
    open_rig(&options);
    struct steps steps = {0, 0};
    struct cx_progress progress = {count_step, &steps};
    struct cx_shape shape = {4, {1, SMALL_NET_CHANNELS, SMALL_NET_SIZE, SMALL_NET_SIZE}};
    struct cx_plan *plan = NULL;
    cr_assert_eq(cx_plan_create(&rig.session, &shape, 1, &progress, &plan, &rig.err), CX_OK, "%s",
                 rig.err.text);
    cr_assert_eq(steps.calls, cx_plan_launch_count(plan));
    cr_assert_eq(steps.calls, steps.total);
    float scores[SMALL_NET_OUTPUTS];
    run(plan, rig.images, scores);
    const struct cx_launch_time *times = NULL;
    cr_assert_eq(cx_plan_profile(plan, &times, &rig.err), CX_OK, "%s", rig.err.text);
    for (size_t i = 0; i < cx_plan_launch_count(plan); i++)
        cr_assert_gt(times[i].duration_ns, 0);
    cr_assert_str_eq(times[0].node, "conv1");
    cr_assert_gt(times[0].flops, 2.0 * 16 * 27 * SMALL_NET_SIZE * SMALL_NET_SIZE - 1);
    cx_plan_destroy(plan);
    close_rig();
}
