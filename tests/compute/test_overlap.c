/* Runs in flight together: each has its own inputs' results, in order, and its own faults. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "device/cl.h"
#include "graph/session.h"
#include "model_builder.h"

#define ROWS 6
#define DEPTH 40
#define COLUMNS 33
#define RUNS 9

/* Each of these stops the host until a queue is empty; this stands before the driver's. */
static unsigned finishes;

cl_int clFinish(cl_command_queue queue)
{
    cl_int (*next)(cl_command_queue);
    *(void **)&next = dlsym(RTLD_NEXT, "clFinish");
    finishes++;
    return next(queue);
}

struct fixture {
    struct cx_device *device;
    struct cx_graph *graph;
    struct cx_session *session;
};

static void begin(struct fixture *f, struct mb *mb, enum cx_family family)
{
    struct cx_device_options options = {.family = family};
    struct cx_error err;
    const char *cache = getenv("XDG_CACHE_HOME");
    memset(f, 0, sizeof *f);
    if (cache != NULL)
        cx_setup(cache, &err);
    enum cx_status status = cx_device_open(NULL, &options, &f->device, &err);
    if (status == CX_NO_DEVICE)
        cr_skip_test("no OpenCL device: %s", err.text);
    cr_assert_eq(status, CX_OK, "%s", err.text);
    cr_assert_eq(mb_read(mb, &f->graph, &err), CX_OK, "%s", err.text);
    mb_finish(mb);
    f->session = calloc(1, sizeof *f->session);
    f->session->graph = f->graph;
    f->session->device = f->device;
}

static void end(struct fixture *f)
{
    cx_session_destroy(f->session);
    cx_graph_destroy(f->graph);
    cx_device_close(f->device);
}

static void fill(float *x, int run)
{
    for (int i = 0; i < ROWS * DEPTH; i++)
        x[i] = (float)((i * 31 + run * 7) % 23) - 11.0f;
}

static void check_order(enum cx_family family)
{
    struct fixture f;
    struct mb mb;
    struct cx_plan *plan = NULL;
    struct cx_error err;
    static float x[ROWS * DEPTH], alone[RUNS][ROWS * COLUMNS], ahead[RUNS][ROWS * COLUMNS];
    const void *inputs[] = {x};
    mb_init(&mb, 13);
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(-1, DEPTH));
    mb_random(&mb, "a", MB_SHAPE(DEPTH, COLUMNS), 1);
    mb_node(&mb, "MatMul", "x a", "y");
    mb_output(&mb, "y");
    begin(&f, &mb, family);
    cr_assert_eq(cx_plan_create(f.session, &MB_SHAPE(ROWS, DEPTH), 1, NULL, &plan, &err), CX_OK,
                 "%s", err.text);
    finishes = 0;
    for (int run = 0; run < RUNS; run++) {
        void *outputs[] = {alone[run]};
        fill(x, run);
        cr_assert_eq(cx_run(plan, inputs, outputs, NULL, &err), CX_OK, "%s", err.text);
    }
    cr_assert_eq(finishes, RUNS, "a run alone waits once");
    cr_assert_eq(cx_run_start(plan, inputs, &err), CX_ARGUMENT);
    cr_assert_eq(cx_plan_overlap(plan, &err), CX_OK, "%s", err.text);
    cr_assert_eq(cx_run_wait(plan, (void *[]){ahead[0]}, &err), CX_ARGUMENT);
    finishes = 0;
    for (int run = 0; run < RUNS + CX_RUNS_AHEAD; run++) {
        int done = run - CX_RUNS_AHEAD;
        fill(x, run);
        if (done >= 0) {
            if (run < RUNS)
                cr_assert_eq(cx_run_start(plan, inputs, &err), CX_LIMIT);
            cr_assert_eq(cx_run_wait(plan, (void *[]){ahead[done]}, &err), CX_OK, "%s", err.text);
        }
        if (run < RUNS)
            cr_assert_eq(cx_run_start(plan, inputs, &err), CX_OK, "%s", err.text);
        /* The inputs are ours again. */
        memset(x, 0xff, sizeof x);
    }
    cr_assert_eq(finishes, 0, "runs in flight wait for events");
    cr_assert_eq(memcmp(alone, ahead, sizeof alone), 0);
    cr_assert_neq(memcmp(alone[0], alone[1], sizeof alone[0]), 0);

    /* A run alone between two ahead, and a plan that goes while one is in flight. */
    static float between[ROWS * COLUMNS];
    fill(x, 3);
    cr_assert_eq(cx_run_start(plan, inputs, &err), CX_OK, "%s", err.text);
    fill(x, 4);
    cr_assert_eq(cx_run(plan, inputs, (void *[]){between}, NULL, &err), CX_OK, "%s", err.text);
    cr_assert_eq(memcmp(between, alone[4], sizeof between), 0);
    cr_assert_eq(cx_run_start(plan, inputs, &err), CX_OK, "%s", err.text);
    cr_assert_eq(cx_run_wait(plan, (void *[]){between}, &err), CX_OK, "%s", err.text);
    cr_assert_eq(memcmp(between, alone[3], sizeof between), 0);
    cx_plan_destroy(plan);
    end(&f);
}

Test(overlap, runs_ahead_give_each_its_own_results)
{
    check_order(CX_FAMILY_CPU);
    check_order(CX_FAMILY_GPU);
}

Test(overlap, a_fault_belongs_to_its_run)
{
    struct fixture f;
    struct mb mb;
    struct cx_plan *plan = NULL;
    struct cx_error err;
    float x[] = {1, 2, 3, 4}, y[2] = {0, 0};
    int64_t bad[] = {1, 9}, good[] = {3, 0};
    mb_init(&mb, 13);
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(4));
    mb_input(&mb, "i", CX_DTYPE_INT64, MB_SHAPE(2));
    mb_node(&mb, "Gather", "x i", "y");
    mb_output(&mb, "y");
    begin(&f, &mb, CX_FAMILY_GPU);
    const struct cx_shape shapes[] = {MB_SHAPE(4), MB_SHAPE(2)};
    cr_assert_eq(cx_plan_create(f.session, shapes, 2, NULL, &plan, &err), CX_OK, "%s", err.text);
    cr_assert_eq(cx_plan_overlap(plan, &err), CX_OK, "%s", err.text);
    cr_assert_eq(cx_run_start(plan, (const void *[]){x, bad}, &err), CX_OK, "%s", err.text);
    cr_assert_eq(cx_run_start(plan, (const void *[]){x, good}, &err), CX_OK, "%s", err.text);
    cr_assert_eq(cx_run_wait(plan, (void *[]){y}, &err), CX_FORMAT);
    cr_assert_eq(cx_run_wait(plan, (void *[]){y}, &err), CX_OK, "%s", err.text);
    cr_assert_eq(y[0], 4.0f);
    cr_assert_eq(y[1], 1.0f);
    cx_plan_destroy(plan);
    end(&f);
}
