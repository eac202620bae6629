/* Tuning on a device: what it keeps, what it refuses, and when it stops. Wrappers make candidates
 * of the device's kernels go wrong, and one slower than the noise of a machine that runs other
 * tests too; nothing else here is made up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "device/choices.h"
#include "device/device.h"
#include "graph/session.h"
#include "model_builder.h"

#define ROWS 192
#define DEPTH 1024

static char folder[] = "/tmp/cx-tune-XXXXXX";

#define SLOW "rows-1"
#define SLOW_NS 10000000

/* A candidate whose network gives wrong outputs, and one that fails; NULL: none. */
static const char *lying, *failing;
static bool slow_ran; /* in the last run */

static bool takes(const struct cx_plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->point_n && name != NULL; i++)
        if (strcmp(plan->points[i].names[plan->points[i].taken], name) == 0)
            return true;
    return false;
}

enum cx_status __real_cx_run(struct cx_plan *plan, const void *const *inputs, void *const *outputs,
                             struct cx_timing *ret_timing, struct cx_error *err);
enum cx_status __wrap_cx_run(struct cx_plan *plan, const void *const *inputs, void *const *outputs,
                             struct cx_timing *ret_timing, struct cx_error *err);

enum cx_status __wrap_cx_run(struct cx_plan *plan, const void *const *inputs, void *const *outputs,
                             struct cx_timing *ret_timing, struct cx_error *err)
{
    if (takes(plan, failing)) {
        *err = (struct cx_error){CX_DEVICE, "out of resources"};
        return CX_DEVICE;
    }
    slow_ran = takes(plan, SLOW);
    const struct timespec wait = {0, slow_ran ? SLOW_NS : 0};
    nanosleep(&wait, NULL);
    enum cx_status status = __real_cx_run(plan, inputs, outputs, ret_timing, err);
    if (takes(plan, lying))
        ((float *)outputs[0])[0] += 1000.0f;
    return status;
}

bool __real_cx_stamp_read(const struct cx_stamp *stamp, uint64_t *ret_start_ns,
                          uint64_t *ret_end_ns);
bool __wrap_cx_stamp_read(const struct cx_stamp *stamp, uint64_t *ret_start_ns,
                          uint64_t *ret_end_ns);

bool __wrap_cx_stamp_read(const struct cx_stamp *stamp, uint64_t *ret_start_ns,
                          uint64_t *ret_end_ns)
{
    bool known = __real_cx_stamp_read(stamp, ret_start_ns, ret_end_ns);
    if (known && slow_ran)
        *ret_end_ns += SLOW_NS;
    return known;
}

static struct cx_graph *two_products(void)
{
    struct mb mb;
    struct cx_graph *graph = NULL;
    struct cx_error err;
    mb_init(&mb, 13);
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(-1, DEPTH));
    mb_random(&mb, "a", MB_SHAPE(DEPTH, 512), 1);
    mb_random(&mb, "b", MB_SHAPE(512, 128), 2);
    mb_node(&mb, "MatMul", "x a", "h");
    mb_node(&mb, "Relu", "h", "r");
    mb_node(&mb, "MatMul", "r b", "y");
    mb_output(&mb, "y");
    cr_assert_eq(mb_read(&mb, &graph, &err), CX_OK, "%s", err.text);
    mb_finish(&mb);
    return graph;
}

struct fixture {
    struct cx_device *device;
    struct cx_graph *graph;
    struct cx_session *session;
};

static struct fixture begin(void)
{
    struct cx_device_options options = {.family = CX_FAMILY_CPU, .cache_dir = folder};
    struct fixture f = {NULL, two_products(), calloc(1, sizeof *f.session)};
    struct cx_error err;
    const char *cache = getenv("XDG_CACHE_HOME");
    if (cache != NULL)
        cx_setup(cache, &err);
    enum cx_status status = cx_device_open(NULL, &options, &f.device, &err);
    if (status == CX_NO_DEVICE)
        cr_skip_test("no OpenCL device: %s", err.text);
    cr_assert_eq(status, CX_OK, "%s", err.text);
    f.session->graph = f.graph;
    f.session->device = f.device;
    return f;
}

static void end(struct fixture *f)
{
    cx_session_destroy(f->session);
    cx_graph_destroy(f->graph);
    cx_device_close(f->device);
}

static void make_folder(void)
{
    cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}

static struct cx_plan *plan_of(struct fixture *f)
{
    struct cx_plan *plan = NULL;
    struct cx_error err;
    cr_assert_eq(cx_plan_create(f->session, &MB_SHAPE(ROWS, DEPTH), 1, NULL, &plan, &err), CX_OK,
                 "%s", err.text);
    cr_assert_eq(plan->point_n, 2);
    return plan;
}

static const char *taken(const struct cx_plan *plan, uint32_t point)
{
    return plan->points[point].names[plan->points[point].taken];
}

/* Makes the device remember a candidate for both products. */
static void remember(struct fixture *f, const char *name)
{
    struct cx_plan *plan = plan_of(f);
    struct cx_choices choices = {NULL, 0, 0};
    struct cx_error err;
    for (uint32_t i = 0; i < plan->point_n; i++)
        cr_assert(cx_choices_set(&choices, plan->points[i].key, name));
    cr_assert_eq(cx_device_remember(f->device, &choices, &err), CX_OK, "%s", err.text);
    cx_choices_finish(&choices);
    cx_plan_destroy(plan);
}

static struct cx_tune_report tune(struct fixture *f, const struct cx_tune_options *options)
{
    struct cx_tune_report report;
    struct cx_error err = {CX_OK, ""};
    cr_assert_eq(cx_tune(f->session, &MB_SHAPE(ROWS, DEPTH), 1, options, &report, &err), CX_OK,
                 "%s", err.text);
    cr_assert_eq(report.choice_n == 2 || report.cancelled, true);
    return report;
}

Test(tune, a_slow_choice_is_replaced_and_the_better_one_survives_a_restart, .init = make_folder,
     .fini = remove_folder)
{
    struct fixture f = begin();
    remember(&f, SLOW);
    struct cx_tune_report report = tune(&f, NULL);
    cr_assert(report.complete);
    cr_assert(report.kept);
    cr_assert_lt(report.after_us, report.before_us);
    cr_assert_eq(report.refused, 0);
    cr_assert_eq(report.measured, report.candidates);
    cr_assert_gt(report.changed, 0);
    for (uint32_t i = 0; i < report.choice_n; i++) {
        cr_assert_str_eq(report.choices[i].before, SLOW);
        cr_assert_leq(report.choices[i].after_ns, report.choices[i].before_ns);
    }
    struct cx_plan *plan = plan_of(&f);
    cr_assert(strcmp(taken(plan, 0), SLOW) != 0 || strcmp(taken(plan, 1), SLOW) != 0);
    char names[2][CX_CANDIDATE_NAME_BYTES];
    for (uint32_t i = 0; i < 2; i++)
        snprintf(names[i], sizeof names[i], "%s", taken(plan, i));
    cx_plan_destroy(plan);
    cx_tune_report_finish(&report);
    end(&f);

    f = begin();
    plan = plan_of(&f);
    cr_assert_str_eq(taken(plan, 0), names[0]);
    cr_assert_str_eq(taken(plan, 1), names[1]);
    cx_plan_destroy(plan);
    end(&f);
}

Test(tune, a_candidate_that_gives_other_results_or_fails_is_refused, .init = make_folder,
     .fini = remove_folder)
{
    struct fixture f = begin();
    remember(&f, SLOW);
    lying = "rows-4";
    failing = "rows-2";
    struct cx_tune_report report = tune(&f, NULL);
    lying = failing = NULL;
    cr_assert(report.complete);
    cr_assert_eq(report.refused, 4);
    for (uint32_t i = 0; i < report.choice_n; i++) {
        cr_assert_eq(report.choices[i].refused, 2);
        cr_assert_str_neq(report.choices[i].after, "rows-4");
        cr_assert_str_neq(report.choices[i].after, "rows-2");
    }
    cr_assert(report.kept);
    cx_tune_report_finish(&report);
    end(&f);
}

Test(tune, what_works_no_more_without_any_change_is_an_error, .init = make_folder,
     .fini = remove_folder)
{
    struct fixture f = begin();
    struct cx_tune_report report;
    struct cx_error err = {CX_OK, ""};
    remember(&f, SLOW);
    failing = SLOW;
    cr_assert_eq(cx_tune(f.session, &MB_SHAPE(ROWS, DEPTH), 1, NULL, &report, &err), CX_DEVICE);
    cr_assert_not_null(strstr(err.text, "out of resources"), "%s", err.text);
    failing = NULL;
    end(&f);
}

/* ---- budget ---- */

/* A second passes each time that somebody looks. */
static uint64_t counting_clock(void *context)
{
    uint64_t *now_us = context;
    return *now_us += 1000000;
}

Test(tune, the_budget_is_kept, .init = make_folder, .fini = remove_folder)
{
    static const uint64_t budgets_s[] = {1, 20, 100};
    uint32_t runs = 0;
    for (size_t i = 0; i < sizeof budgets_s / sizeof budgets_s[0]; i++) {
        struct fixture f = begin();
        uint64_t now_us = 0;
        struct cx_tune_options options = {
            .budget_us = budgets_s[i] * 1000000, .clock_us = counting_clock, .context = &now_us};
        struct cx_tune_report report = tune(&f, &options);
        cr_assert(!report.complete || budgets_s[i] > 20);
        cr_assert_not(report.cancelled);
        /* What may come after it: one look at the clock for each thing that goes on by itself, the
         * network's first plan and run, and the three seconds to compare. */
        cr_assert_leq(report.elapsed_us, (budgets_s[i] + 25) * 1000000);
        cr_assert_geq(report.runs, runs);
        runs = report.runs;
        cx_tune_report_finish(&report);
        end(&f);
    }
    cr_assert_gt(runs, 3);
}

/* ---- cancelling ---- */

struct asked {
    uint32_t calls, stop_at;
};

static bool stop_later(void *context, const struct cx_tune_progress *progress)
{
    struct asked *asked = context;
    cr_assert_leq(progress->done, progress->total);
    cr_assert_leq(progress->best_us, progress->before_us);
    return ++asked->calls < asked->stop_at;
}

Test(tune, stopped_at_any_moment_it_leaves_a_whole_file_and_only_better_choices,
     .init = make_folder, .fini = remove_folder)
{
    for (uint32_t stop_at = 1; stop_at < 60; stop_at += 13) {
        struct fixture f = begin();
        struct asked asked = {0, stop_at};
        struct cx_tune_options options = {.report = stop_later, .context = &asked};
        struct cx_device_stats stats;
        remember(&f, SLOW);
        struct cx_tune_report report = tune(&f, &options);
        cr_assert(report.cancelled);
        cr_assert(!report.kept || report.after_us < report.before_us);
        cr_assert(report.kept || report.changed == 0);
        cx_tune_report_finish(&report);
        end(&f);
        f = begin();
        cx_device_stats_get(f.device, &stats);
        cr_assert_eq(stats.choices, 2);
        cr_assert_eq(stats.choices_rejected, 0);
        end(&f);
    }
}

static bool stop_when_measured(void *context, const struct cx_tune_progress *progress)
{
    (void)context;
    return progress->best_us == 0 || progress->done < progress->total;
}

static bool stop_at_confirming(void *context, const struct cx_tune_progress *progress)
{
    (void)context;
    return strcmp(progress->step, "confirming") != 0;
}

Test(tune, what_was_learnt_before_it_was_stopped_is_kept, .init = make_folder,
     .fini = remove_folder)
{
    for (int i = 0; i < 2; i++) {
        struct fixture f = begin();
        struct cx_tune_options options = {.report =
                                              i == 0 ? stop_when_measured : stop_at_confirming};
        remember(&f, SLOW);
        struct cx_tune_report report = tune(&f, &options);
        cr_assert(report.cancelled);
        cr_assert_eq(report.measured, report.candidates);
        cr_assert(report.kept);
        cx_tune_report_finish(&report);
        end(&f);
    }
}
