#include "tune/trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device/device.h"
#include "device/queue.h"
#include "error.h"
#include "ops/number.h"

/* How far outputs may lie apart, as a share of the largest: another order of sums, or a transform
 * as Winograd's, through many layers. */
#define TOLERANCE_FLOAT 1e-3
#define TOLERANCE_SMALL_FLOAT 2e-2 /* where numbers are kept in under 32 bits */

static uint64_t monotonic_us(void *context)
{
    struct timespec now;
    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t clock_us(const struct cx_tuner *t)
{
    return t->options->clock_us != NULL ? t->options->clock_us(t->options->context)
                                        : monotonic_us(NULL);
}

uint64_t cx_tuner_elapsed_us(const struct cx_tuner *t)
{
    return clock_us(t) - t->start_us;
}

bool cx_tuner_stop(struct cx_tuner *t)
{
    uint64_t elapsed_us = cx_tuner_elapsed_us(t);
    struct cx_tune_counts counts = cx_tune_table_count(&t->table);
    const struct cx_tune_progress progress = {
        .step = t->step,
        .done = counts.measured,
        .total = counts.candidates,
        .elapsed_us = elapsed_us,
        .budget_us = t->budget_us,
        .before_us = t->table.before_ns / 1000,
        .best_us = cx_tune_table_best_ns(&t->table) / 1000,
    };
    if (t->options->report != NULL && !t->options->report(t->options->context, &progress) &&
        !t->cancelled) {
        t->cancelled = true;
        if (t->stop_us > elapsed_us + t->grace_us)
            t->stop_us = elapsed_us + t->grace_us;
    }
    return elapsed_us >= t->stop_us;
}

static bool stop(void *context)
{
    return cx_tuner_stop(context);
}

static enum cx_status open_session(struct cx_tuner *t, const struct cx_graph *graph,
                                   struct cx_device *device)
{
    t->session = calloc(1, sizeof *t->session);
    if (t->session == NULL)
        return cx_error_set(t->err, CX_MEMORY, "no memory for a session");
    t->session->graph = graph;
    t->session->device = device;
    t->session->stop = stop;
    t->session->stop_context = t;
    return CX_OK;
}

void cx_tuner_renew(struct cx_tuner *t)
{
    cx_session_clear(t->session);
    cx_device_trim(t->session->device);
}

static enum cx_status build(struct cx_tuner *t, struct cx_plan **ret_plan)
{
    struct cx_choices choices = {NULL, 0, 0};
    if (!cx_tune_table_choices(&t->table, &choices))
        return cx_error_set(t->err, CX_MEMORY, "no memory for choices");
    t->session->trial = &choices;
    enum cx_status status =
        cx_plan_create(t->session, t->shapes, t->shape_n, NULL, ret_plan, t->err);
    t->session->trial = NULL;
    cx_choices_finish(&choices);
    return status;
}

static enum cx_trial trial_of(enum cx_status status)
{
    return status == CX_OK          ? CX_TRIAL_RIGHT
           : status == CX_CANCELLED ? CX_TRIAL_STOPPED
                                    : CX_TRIAL_WRONG;
}

enum cx_trial cx_tuner_build(struct cx_tuner *t, struct cx_plan **ret_plan)
{
    enum cx_status status = build(t, ret_plan);
    if (status == CX_OK && !cx_tune_table_see(&t->table, *ret_plan)) {
        cx_plan_destroy(*ret_plan);
        status = cx_error_set(t->err, CX_MEMORY, "no memory for choices");
    }
    return trial_of(status);
}

enum cx_trial cx_tuner_run(struct cx_tuner *t, struct cx_plan *plan, uint64_t *ret_us)
{
    if (cx_tuner_stop(t))
        return CX_TRIAL_STOPPED;
    uint64_t start_us = clock_us(t);
    enum cx_status status = cx_run(plan, (const void *const *)t->inputs, t->outputs, NULL, t->err);
    t->runs++;
    if (status == CX_OK && ret_us != NULL)
        *ret_us = clock_us(t) - start_us;
    return trial_of(status);
}

/* ---- inputs and outputs ---- */

/* Numbers between -1 and 1, the same each time; for integers, which may be indices, 0 and 1. */
static void fill(const struct cx_tensor *tensor)
{
    uint32_t state = 1;
    int64_t count = cx_shape_elements(&tensor->shape);
    for (int64_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        double number = (double)(state >> 8) / (double)(1u << 23) - 1.0;
        cx_set_f64(tensor, i, cx_dtype_is_float(tensor->dtype) ? number : number > 0.0);
    }
}

static enum cx_status make_io(struct cx_tuner *t, const struct cx_plan *plan)
{
    while (cx_plan_input(plan, t->input_n) != NULL)
        t->input_n++;
    while (cx_plan_output(plan, t->output_n) != NULL)
        t->output_n++;
    t->inputs = calloc(t->input_n + 1, sizeof(void *));
    t->outputs = calloc(t->output_n + 1, sizeof(void *));
    t->reference = calloc(t->output_n + 1, sizeof(void *));
    bool made = t->inputs != NULL && t->outputs != NULL && t->reference != NULL;
    for (size_t i = 0; i < t->input_n && made; i++) {
        const struct cx_tensor_info *info = cx_plan_input(plan, i);
        t->inputs[i] = calloc(1, cx_plan_input_bytes(plan, i) + 1);
        made = t->inputs[i] != NULL;
        if (made)
            fill(&(struct cx_tensor){info->dtype, info->shape, t->inputs[i]});
    }
    for (size_t i = 0; i < t->output_n && made; i++) {
        t->outputs[i] = calloc(1, cx_plan_output_bytes(plan, i) + 1);
        t->reference[i] = calloc(1, cx_plan_output_bytes(plan, i) + 1);
        made = t->outputs[i] != NULL && t->reference[i] != NULL;
    }
    return made ? CX_OK : cx_error_set(t->err, CX_MEMORY, "no memory for inputs and outputs");
}

static bool same(double got, double wanted, double tolerance)
{
    if (isnan(wanted) || isinf(wanted))
        return isnan(wanted) ? isnan(got) : got == wanted;
    return fabs(got - wanted) <= tolerance;
}

static bool output_agrees(const struct cx_tensor *got, const struct cx_tensor *wanted, bool halves)
{
    double largest = 0.0, tolerance = 0.0;
    int64_t count = cx_shape_elements(&wanted->shape);
    if (cx_dtype_is_float(wanted->dtype)) {
        for (int64_t i = 0; i < count; i++) {
            double size = fabs(cx_get_f64(wanted, i));
            largest = isfinite(size) && size > largest ? size : largest;
        }
        bool small = halves || cx_dtype_bits(wanted->dtype) < 32;
        tolerance = largest * (small ? TOLERANCE_SMALL_FLOAT : TOLERANCE_FLOAT);
    }
    for (int64_t i = 0; i < count; i++)
        if (!same(cx_get_f64(got, i), cx_get_f64(wanted, i), tolerance))
            return false;
    return true;
}

bool cx_tuner_agrees(const struct cx_tuner *t, const struct cx_plan *plan)
{
    for (size_t i = 0; i < t->output_n; i++) {
        const struct cx_tensor_info *info = cx_plan_output(plan, i);
        const struct cx_tensor got = {info->dtype, info->shape, t->outputs[i]};
        const struct cx_tensor wanted = {info->dtype, info->shape, t->reference[i]};
        if (!output_agrees(&got, &wanted, cx_device_halves(t->session->device)))
            return false;
    }
    return true;
}

/* ---- trials ---- */

/* The device's time of each node in the last run; keeps the smaller. */
static void read_times(const struct cx_plan *plan, uint64_t *run_ns, uint64_t *node_ns, bool first)
{
    uint32_t n = plan->bound->node_count;
    memset(run_ns, 0, n * sizeof *run_ns);
    for (uint32_t i = 0; i < plan->step_n; i++) {
        uint64_t start_ns = 0, end_ns = 0;
        const struct cx_step *step = &plan->steps[i];
        if (step->host == NULL && cx_stamp_read(&step->stamp, &start_ns, &end_ns))
            run_ns[step->node] += end_ns - start_ns;
    }
    for (uint32_t i = 0; i < n; i++)
        if (first || run_ns[i] < node_ns[i])
            node_ns[i] = run_ns[i];
}

static void record(struct cx_tuner *t, const struct cx_plan *plan, const uint64_t *node_ns)
{
    uint64_t total_ns = 0;
    cx_tune_table_record(&t->table, plan, node_ns);
    for (uint32_t i = 0; i < plan->bound->node_count; i++)
        total_ns += node_ns[i];
    if (t->table.before_ns == 0)
        t->table.before_ns = total_ns;
}

static enum cx_trial measure_plan(struct cx_tuner *t, struct cx_plan *plan, uint32_t runs)
{
    uint32_t n = plan->bound->node_count, done = 0;
    uint64_t *run_ns = calloc((size_t)n + 1, sizeof *run_ns);
    uint64_t *node_ns = calloc((size_t)n + 1, sizeof *node_ns);
    enum cx_trial trial = CX_TRIAL_RIGHT;
    if (run_ns == NULL || node_ns == NULL) {
        cx_error_set(t->err, CX_MEMORY, "no memory for times");
        trial = CX_TRIAL_WRONG;
    }
    while (trial == CX_TRIAL_RIGHT && done < runs) {
        trial = cx_tuner_run(t, plan, NULL);
        if (trial == CX_TRIAL_RIGHT && done == 0 && !cx_tuner_agrees(t, plan))
            trial = CX_TRIAL_WRONG;
        if (trial == CX_TRIAL_RIGHT)
            read_times(plan, run_ns, node_ns, done++ == 0);
    }
    if (trial != CX_TRIAL_WRONG && done > 0)
        record(t, plan, node_ns);
    free(run_ns);
    free(node_ns);
    return trial;
}

enum cx_trial cx_tuner_measure(struct cx_tuner *t, uint32_t runs)
{
    struct cx_plan *plan = NULL;
    struct cx_device *device = t->session->device;
    bool profiling = cx_device_profiling(device);
    enum cx_trial trial = cx_tuner_build(t, &plan);
    /* Forms of weights that earlier trials left may be all that is in its way. */
    if (trial == CX_TRIAL_WRONG && t->err->status == CX_MEMORY) {
        cx_tuner_renew(t);
        trial = cx_tuner_build(t, &plan);
    }
    cx_device_set_profiling(device, true);
    if (trial == CX_TRIAL_RIGHT)
        trial = measure_plan(t, plan, runs);
    cx_device_set_profiling(device, profiling);
    cx_plan_destroy(plan);
    return trial;
}

/* ---- who is to blame ---- */

/* Picks what was taken before, but for N entries of the list what is saved for them. */
static void pick_only(struct cx_tune_table *table, const uint32_t *saved, const uint32_t *list,
                      uint32_t n)
{
    cx_tune_table_pick_before(table);
    for (uint32_t i = 0; i < n; i++)
        table->entries[list[i]].pick = saved[list[i]];
}

/* Halves the list as long as one half goes wrong by itself. */
static enum cx_trial find_culprit(struct cx_tuner *t, const uint32_t *saved, const uint32_t *list,
                                  uint32_t n, uint32_t *ret_entry)
{
    while (n > 1) {
        uint32_t half = n / 2;
        pick_only(&t->table, saved, list, half);
        enum cx_trial trial = cx_tuner_measure(t, 1);
        if (trial == CX_TRIAL_STOPPED)
            return trial;
        list = trial == CX_TRIAL_WRONG ? list : list + half;
        n = trial == CX_TRIAL_WRONG ? half : n - half;
    }
    *ret_entry = list[0];
    return CX_TRIAL_RIGHT;
}

enum cx_trial cx_tuner_refuse(struct cx_tuner *t)
{
    uint32_t n = t->table.n, list_n = 0;
    uint32_t *saved = calloc((size_t)n + 1, sizeof *saved);
    uint32_t *list = calloc((size_t)n + 1, sizeof *list);
    enum cx_trial trial = CX_TRIAL_WRONG;
    if (saved == NULL || list == NULL)
        goto out;
    for (uint32_t e = 0; e < n; e++) {
        saved[e] = t->table.entries[e].pick;
        if (cx_tune_entry_differs(&t->table.entries[e]))
            list[list_n++] = e;
    }
    while (trial == CX_TRIAL_WRONG && list_n > 0) {
        uint32_t culprit = 0;
        trial = find_culprit(t, saved, list, list_n, &culprit);
        if (trial != CX_TRIAL_RIGHT)
            goto out;
        t->table.entries[culprit].candidates[saved[culprit]].refused = true;
        uint32_t k = 0;
        while (list[k] != culprit)
            k++;
        memmove(&list[k], &list[k + 1], (--list_n - k) * sizeof *list);
        pick_only(&t->table, saved, list, list_n);
        trial = cx_tuner_measure(t, 1);
    }
out:
    free(saved);
    free(list);
    return trial;
}

/* ---- beginning and end ---- */

enum cx_status cx_tuner_init(struct cx_tuner *t, const struct cx_session *session)
{
    struct cx_plan *plan = NULL;
    t->start_us = clock_us(t);
    t->stop_us = UINT64_MAX;
    enum cx_status status = open_session(t, session->graph, session->device);
    if (status != CX_OK)
        return status;
    enum cx_trial trial = cx_tuner_build(t, &plan);
    if (trial == CX_TRIAL_RIGHT) {
        status = make_io(t, plan);
        trial = status == CX_OK ? cx_tuner_run(t, plan, NULL) : CX_TRIAL_WRONG;
    }
    for (size_t i = 0; i < t->output_n && trial == CX_TRIAL_RIGHT; i++)
        memcpy(t->reference[i], t->outputs[i], cx_plan_output_bytes(plan, i));
    cx_plan_destroy(plan);
    return trial == CX_TRIAL_RIGHT     ? CX_OK
           : trial == CX_TRIAL_STOPPED ? CX_CANCELLED
                                       : t->err->status;
}

void cx_tuner_finish(struct cx_tuner *t)
{
    for (size_t i = 0; t->inputs != NULL && i < t->input_n; i++)
        free(t->inputs[i]);
    for (size_t i = 0; t->outputs != NULL && i < t->output_n; i++)
        free(t->outputs[i]);
    for (size_t i = 0; t->reference != NULL && i < t->output_n; i++)
        free(t->reference[i]);
    free(t->inputs);
    free(t->outputs);
    free(t->reference);
    cx_tune_table_finish(&t->table);
    cx_session_destroy(t->session);
}
