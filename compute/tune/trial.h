/* Trials: the network run with some choices changed, timed, and its outputs compared. */
#ifndef CX_TUNE_TRIAL_H
#define CX_TUNE_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cx.h"
#include "graph/session.h"
#include "tune/table.h"

struct cx_tuner {
    struct cx_session *session; /* its own, so that forms of weights go when it does */
    const struct cx_shape *shapes;
    size_t shape_n;
    const struct cx_tune_options *options;
    struct cx_tune_table table;
    void **inputs, **outputs,
        **reference; /* host memory; reference: what the untuned network gave */
    size_t input_n, output_n;
    uint64_t start_us, budget_us;
    uint64_t stop_us;  /* no trial runs past it */
    uint64_t grace_us; /* for which trials go on when `report` says stop */
    const char *step;
    uint32_t runs;
    bool cancelled;
    struct cx_error *err;
};

enum cx_trial {
    CX_TRIAL_RIGHT,
    CX_TRIAL_WRONG, /* it failed or its outputs differ: t->err says how */
    CX_TRIAL_STOPPED,
};

/* A session like SESSION, and the network's first run, whose outputs become the reference.
 * CX_CANCELLED when `report` said so. The caller finishes it after a failure too. */
enum cx_status cx_tuner_init(struct cx_tuner *t, const struct cx_session *session);
void cx_tuner_finish(struct cx_tuner *t);

/* Gives back the forms of weights that earlier trials needed. No plan may exist. */
void cx_tuner_renew(struct cx_tuner *t);

/* Microseconds since cx_tuner_init. */
uint64_t cx_tuner_elapsed_us(const struct cx_tuner *t);
/* Reports progress; true when it is time to stop. */
bool cx_tuner_stop(struct cx_tuner *t);

/* A plan with the table's picks. RET_PLAN is the caller's when RIGHT. */
enum cx_trial cx_tuner_build(struct cx_tuner *t, struct cx_plan **ret_plan);

/* Runs a plan with the made-up inputs; ret_us may be NULL. */
enum cx_trial cx_tuner_run(struct cx_tuner *t, struct cx_plan *plan, uint64_t *ret_us);
/* Whether the last run's outputs are the reference's. */
bool cx_tuner_agrees(const struct cx_tuner *t, const struct cx_plan *plan);

/* Builds a plan with the table's picks, checks it and records the time of its nodes in RUNS runs.
 */
enum cx_trial cx_tuner_measure(struct cx_tuner *t, uint32_t runs);

/* After a trial with the table's picks went WRONG: finds the picks that are to blame, marks them as
 * refused and puts back what was taken before, until the rest goes right. WRONG: it does not even
 * when nothing is picked. */
enum cx_trial cx_tuner_refuse(struct cx_tuner *t);

#endif
