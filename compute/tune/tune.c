/* Tuning: rounds of trials, each with fewer candidates and more runs, and a comparison at the end.
 *
 * The whole network runs, with another candidate in each choice, because what a kernel finds in the
 * caches is what its neighbours left there. Successive halving: Jamieson and Talwalkar,
 * "Non-stochastic best arm identification", 2016. */
#include <stdlib.h>
#include <string.h>

#include "device/device.h"
#include "error.h"
#include "tune/trial.h"

#define BUDGET_US_DEFAULT (UINT64_C(60) * 1000000)
#define ROUNDS_MAX 5
#define RUNS_FIRST 3
#define RUNS_MAX 12
#define PAIRS_MIN 3
#define PAIRS_MAX 25
#define CONFIRMS_MAX 3
#define CONFIRM_US_MIN (UINT64_C(3) * 1000000)
/* A round that gains less is the last. */
#define ROUND_GAIN_MIN 0.002

/* Time to be kept for the comparison at the end: two plans and some pairs of runs. */
static void set_stop(struct cx_tuner *t, uint64_t trial_us)
{
    uint64_t reserve_us = trial_us * 4 < t->budget_us / 4 ? trial_us * 4 : t->budget_us / 4;
    if (!t->cancelled)
        t->stop_us = t->budget_us - reserve_us;
}

/* One trial with the table's picks, and without those that go wrong. */
static enum cx_trial try_picks(struct cx_tuner *t, uint32_t runs)
{
    enum cx_trial trial = cx_tuner_measure(t, runs);
    if (trial != CX_TRIAL_WRONG)
        return trial;
    const char *step = t->step;
    t->step = "checking";
    trial = cx_tuner_refuse(t);
    t->step = step;
    return trial;
}

static enum cx_trial run_round(struct cx_tuner *t, uint32_t runs)
{
    uint32_t trials = cx_tune_table_trials(&t->table);
    enum cx_trial trial = CX_TRIAL_RIGHT;
    uint64_t last_us = 0;
    for (uint32_t i = 0; i < trials && trial == CX_TRIAL_RIGHT; i++) {
        uint64_t begin_us = cx_tuner_elapsed_us(t);
        if (begin_us + last_us > t->stop_us)
            return CX_TRIAL_STOPPED;
        cx_tune_table_pick(&t->table, i);
        trial = try_picks(t, runs);
        last_us = cx_tuner_elapsed_us(t) - begin_us;
    }
    return trial;
}

/* RIGHT: nothing is left to measure. */
static enum cx_trial run_rounds(struct cx_tuner *t)
{
    uint32_t runs = RUNS_FIRST;
    uint64_t begin_us = cx_tuner_elapsed_us(t);
    t->step = "measuring";
    cx_tune_table_pick_before(&t->table);
    enum cx_trial trial = cx_tuner_measure(t, runs);
    set_stop(t, cx_tuner_elapsed_us(t) - begin_us);
    cx_tune_table_halve(&t->table, 0);
    for (uint32_t round = 1; round <= ROUNDS_MAX && trial == CX_TRIAL_RIGHT; round++) {
        double before_ns = (double)cx_tune_table_best_ns(&t->table);
        trial = run_round(t, runs);
        if (trial != CX_TRIAL_RIGHT)
            break;
        cx_tune_table_halve(&t->table, round);
        double best_ns = (double)cx_tune_table_best_ns(&t->table);
        if (cx_tune_table_trials(&t->table) <= 1 ||
            (round > 1 && best_ns > before_ns * (1.0 - ROUND_GAIN_MIN)))
            break;
        t->step = "repeating";
        runs = runs * 2 < RUNS_MAX ? runs * 2 : RUNS_MAX;
    }
    return trial;
}

/* ---- is it faster? ---- */

static int compare_us(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static uint64_t median_us(uint64_t *times_us, uint32_t n)
{
    qsort(times_us, n, sizeof *times_us, compare_us);
    return times_us[n / 2];
}

/* Medians of two plans' runs, in turns; WRONG when the second's outputs differ. */
static enum cx_trial run_pairs(struct cx_tuner *t, struct cx_plan *before, struct cx_plan *after,
                               struct cx_tune_report *report)
{
    uint64_t before_us[PAIRS_MAX], after_us[PAIRS_MAX];
    uint32_t n = 0;
    enum cx_trial trial = cx_tuner_run(t, before, NULL);
    if (trial == CX_TRIAL_RIGHT)
        trial = cx_tuner_run(t, after, NULL);
    if (trial == CX_TRIAL_RIGHT && !cx_tuner_agrees(t, after))
        trial = CX_TRIAL_WRONG;
    while (trial == CX_TRIAL_RIGHT && n < (t->cancelled ? PAIRS_MIN : PAIRS_MAX)) {
        bool swap = n % 2 == 1;
        trial = cx_tuner_run(t, swap ? after : before, swap ? &after_us[n] : &before_us[n]);
        if (trial == CX_TRIAL_RIGHT)
            trial = cx_tuner_run(t, swap ? before : after, swap ? &before_us[n] : &after_us[n]);
        n += trial == CX_TRIAL_RIGHT;
    }
    if (trial == CX_TRIAL_WRONG || n < PAIRS_MIN)
        return trial;
    report->before_us = median_us(before_us, n);
    report->after_us = median_us(after_us, n);
    return CX_TRIAL_RIGHT;
}

static enum cx_trial compare_plans(struct cx_tuner *t, struct cx_tune_report *report)
{
    struct cx_plan *before = NULL, *after = NULL;
    cx_tuner_renew(t);
    cx_tune_table_pick_before(&t->table);
    enum cx_trial trial = cx_tuner_build(t, &before);
    cx_tune_table_pick_best(&t->table);
    if (trial == CX_TRIAL_RIGHT)
        trial = cx_tuner_build(t, &after);
    if (trial == CX_TRIAL_RIGHT)
        trial = run_pairs(t, before, after, report);
    cx_plan_destroy(after);
    cx_plan_destroy(before);
    return trial;
}

/* Leaves the best as the table's picks; kept when the whole network is faster with them. */
static enum cx_trial confirm(struct cx_tuner *t, struct cx_tune_report *report)
{
    enum cx_trial trial = CX_TRIAL_RIGHT;
    uint64_t elapsed_us = cx_tuner_elapsed_us(t);
    t->step = "confirming";
    t->grace_us = CONFIRM_US_MIN;
    t->stop_us = t->cancelled || t->budget_us < elapsed_us + CONFIRM_US_MIN
                     ? elapsed_us + CONFIRM_US_MIN
                     : t->budget_us;
    for (uint32_t i = 0; i < CONFIRMS_MAX; i++) {
        cx_tune_table_pick_best(&t->table);
        if (cx_tune_table_differing(&t->table) == 0)
            return CX_TRIAL_RIGHT;
        trial = compare_plans(t, report);
        if (trial != CX_TRIAL_WRONG)
            break;
        trial = cx_tuner_refuse(t);
        if (trial != CX_TRIAL_RIGHT)
            break;
    }
    report->kept =
        trial == CX_TRIAL_RIGHT && report->after_us > 0 && report->after_us < report->before_us;
    return trial;
}

/* ---- what came of it ---- */

static int compare_choices(const void *a, const void *b)
{
    const struct cx_tune_choice *x = a, *y = b;
    return x->before_ns > y->before_ns ? -1 : x->before_ns < y->before_ns;
}

static enum cx_status fill_report(const struct cx_tuner *t, struct cx_tune_report *report)
{
    struct cx_tune_counts counts = cx_tune_table_count(&t->table);
    report->choices = calloc((size_t)t->table.n + 1, sizeof *report->choices);
    if (report->choices == NULL)
        return cx_error_set(t->err, CX_MEMORY, "no memory for a report");
    for (uint32_t e = 0; e < t->table.n; e++) {
        const struct cx_tune_entry *entry = &t->table.entries[e];
        uint32_t after = report->kept ? entry->pick : entry->before;
        struct cx_tune_choice *choice = &report->choices[report->choice_n++];
        memcpy(choice->node, entry->node, sizeof choice->node);
        choice->op = entry->op;
        choice->nodes = entry->node_n;
        choice->candidates = entry->candidate_n;
        for (uint32_t c = 0; c < entry->candidate_n; c++)
            choice->refused += entry->candidates[c].refused;
        memcpy(choice->before, entry->candidates[entry->before].name, sizeof choice->before);
        memcpy(choice->after, entry->candidates[after].name, sizeof choice->after);
        choice->before_ns = entry->candidates[entry->before].ns;
        choice->after_ns = entry->candidates[after].ns;
        report->changed += after != entry->before;
    }
    qsort(report->choices, report->choice_n, sizeof *report->choices, compare_choices);
    report->candidates = counts.candidates;
    report->measured = counts.measured;
    report->refused = counts.refused;
    report->runs = t->runs;
    report->cancelled = t->cancelled;
    report->elapsed_us = cx_tuner_elapsed_us(t);
    return CX_OK;
}

static enum cx_status remember(const struct cx_tuner *t)
{
    struct cx_choices choices = {NULL, 0, 0};
    if (!cx_tune_table_choices(&t->table, &choices))
        return cx_error_set(t->err, CX_MEMORY, "no memory for choices");
    enum cx_status status = cx_device_remember(t->session->device, &choices, t->err);
    cx_choices_finish(&choices);
    return status;
}

static enum cx_status tune(struct cx_tuner *t, const struct cx_session *session,
                           struct cx_tune_report *report)
{
    t->step = "building";
    enum cx_status status = cx_tuner_init(t, session);
    if (status != CX_OK)
        return status == CX_CANCELLED ? CX_OK : status;
    if (t->table.n == 0) {
        report->complete = true;
        return CX_OK;
    }
    enum cx_trial trial = run_rounds(t);
    report->complete = trial == CX_TRIAL_RIGHT;
    if (trial != CX_TRIAL_WRONG)
        trial = confirm(t, report);
    /* Even what worked before doesn't any more. */
    if (trial == CX_TRIAL_WRONG)
        return t->err->status != CX_OK
                   ? t->err->status
                   : cx_error_set(t->err, CX_DEVICE, "two runs of one plan gave different outputs");
    return CX_OK;
}

enum cx_status cx_tune(struct cx_session *session, const struct cx_shape *input_shapes,
                       size_t input_n, const struct cx_tune_options *options,
                       struct cx_tune_report *ret_report, struct cx_error *err)
{
    static const struct cx_tune_options defaults;
    struct cx_error own = {CX_OK, ""};
    struct cx_tune_report report = {.choices = NULL};
    struct cx_tuner t = {.shapes = input_shapes,
                         .shape_n = input_n,
                         .options = options != NULL ? options : &defaults,
                         .err = &own};
    t.budget_us = t.options->budget_us != 0 ? t.options->budget_us : BUDGET_US_DEFAULT;
    enum cx_status status = tune(&t, session, &report);
    if (status == CX_OK)
        status = fill_report(&t, &report);
    bool filled = status == CX_OK;
    if (filled && report.kept)
        status = remember(&t);
    cx_tuner_finish(&t);
    if (filled && (status == CX_OK || status == CX_IO))
        *ret_report = report;
    else
        cx_tune_report_finish(&report);
    return status == CX_OK ? CX_OK : cx_error_set(err, status, "%s", own.text);
}

void cx_tune_report_finish(struct cx_tune_report *report)
{
    free(report->choices);
    memset(report, 0, sizeof *report);
}
