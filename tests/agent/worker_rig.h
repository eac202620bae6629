/* The agent's core driven step by step: the tests stand for link, disk and devices, and move the
 * clock. Every step is followed by the core's own check. */
#ifndef WORKER_RIG_H
#define WORKER_RIG_H

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "agent/core/worker/worker_core.h"

enum { JOBS_MAX = 256, SECOND = 1000000 };

struct harness {
    struct worker_core *core;
    struct worker_actions actions;
    uint64_t now_us;
    /* work() only */
    uint64_t sent, done;
    uint32_t run_size;   /* the batch that device 0 runs */
    bool is_planned[65]; /* by size */
    uint32_t runs[65];   /* by size, of the last work() */
    uint32_t plans;
    uint32_t rows_fit;         /* larger ones fail; 0: all fit */
    uint64_t bytes, row_bytes; /* the model's, and what a plan takes for a row; 0: not told */
};

static inline struct worker_options options_default(uint32_t devices)
{
    struct worker_options options = {
        .devices = devices,
        .jobs_max = JOBS_MAX,
        .settings = {.batch_rows_max = 8,
                     .run_us_max = 10 * SECOND,
                     .load_us_max = 100 * SECOND,
                     .failures_max = 3},
    };
    for (uint32_t i = 0; i < devices; i++)
        options.device_bytes_max[i] = 1000;
    return options;
}

static inline void step(struct harness *h, const struct worker_event *event)
{
    cr_assert(agent_worker_core_step(h->core, event, h->now_us, &h->actions));
    const char *wrong = agent_worker_core_check(h->core);
    cr_assert_null(wrong, "%s", wrong);
}

static inline void tick(struct harness *h)
{
    step(h, &(struct worker_event){.kind = WORKER_TICK});
}

static inline const struct worker_action *find(const struct harness *h,
                                               enum worker_action_kind kind, size_t nth)
{
    for (size_t i = 0; i < h->actions.count; i++)
        if (h->actions.list[i].kind == kind && nth-- == 0)
            return &h->actions.list[i];
    return NULL;
}

static inline size_t count(const struct harness *h, enum worker_action_kind kind)
{
    size_t n = 0;
    while (find(h, kind, n) != NULL)
        n++;
    return n;
}

static inline void start(struct harness *h, const struct worker_options *options)
{
    memset(h, 0, sizeof(*h));
    h->now_us = SECOND;
    h->core = agent_worker_core_create(options);
    cr_assert_not_null(h->core);
    step(h, &(struct worker_event){.kind = WORKER_LINK_UP, .epoch = 1});
    cr_assert_eq(count(h, WORKER_DO_START), options->devices);
    for (uint32_t i = 0; i < options->devices; i++)
        step(h, &(struct worker_event){.kind = WORKER_STARTED, .device = i});
}

static inline void end(struct harness *h)
{
    agent_worker_core_destroy(h->core, NULL);
    agent_worker_actions_free(&h->actions);
}

static inline struct worker_event job_event(uint64_t id, uint8_t model)
{
    struct worker_event event = {.kind = WORKER_DISPATCH};
    event.dispatch.ref = (struct worker_ref){.job = id, .epoch = 1, .attempt = 1};
    event.dispatch.hash[0] = model;
    event.dispatch.rows = 1;
    event.dispatch.signature = 7;
    event.dispatch.payload = (void *)(uintptr_t)id;
    return event;
}

static inline void dispatch(struct harness *h, uint64_t id, uint8_t model)
{
    struct worker_event event = job_event(id, model);
    step(h, &event);
}

/* Brings a model onto device 0 and answers the one job that asks for it. */
static inline uint32_t load_model(struct harness *h, uint8_t model, uint64_t bytes)
{
    dispatch(h, 900000u + model, model);
    const struct worker_action *fetch = find(h, WORKER_DO_FETCH, 0);
    cr_assert_not_null(fetch);
    uint32_t number = fetch->model;
    step(h, &(struct worker_event){
                .kind = WORKER_FETCHED, .model = number, .bytes = bytes, .rows_max = 8});
    cr_assert_not_null(find(h, WORKER_DO_LOAD, 0));
    step(h, &(struct worker_event){.kind = WORKER_LOADED, .model = number, .bytes = bytes});
    if (find(h, WORKER_DO_RUN, 0) == NULL) {
        h->now_us = agent_worker_core_next_us(h->core);
        tick(h);
    }
    cr_assert_not_null(find(h, WORKER_DO_RUN, 0));
    step(h, &(struct worker_event){.kind = WORKER_RAN, .bytes = bytes});
    cr_assert_eq(count(h, WORKER_DO_RESULT), 1);
    return number;
}

/* What a batch of so many rows takes on the devices of work(). */
typedef uint64_t run_us_of(uint32_t size);

static inline uint64_t run_us_flat(uint32_t size)
{
    return 1000 + size;
}

static inline void work_take(struct harness *h)
{
    const struct worker_action *run = find(h, WORKER_DO_RUN, 0);
    h->done += count(h, WORKER_DO_RESULT);
    h->run_size = run == NULL ? 0 : run->size;
}

/* Keeps so many jobs of one row with the core while device 0 runs that many batches of a model that
 * it has loaded, then lets it end what is left. Nothing else may be waiting or running. */
static inline void work(struct harness *h, uint8_t model, uint32_t depth, uint32_t batches,
                        run_us_of *run_us)
{
    memset(h->runs, 0, sizeof(h->runs));
    do {
        while (batches > 0 && h->sent - h->done < depth)
            dispatch(h, 1000000 + h->sent++, model);
        if (h->run_size == 0) {
            tick(h);
            work_take(h);
        }
        uint32_t size = h->run_size;
        cr_assert(size > 0 && size <= 64, "nothing runs");
        bool fits = h->rows_fit == 0 || size <= h->rows_fit;
        uint64_t prepare_us = h->is_planned[size] ? 0 : 50000;
        if (!h->is_planned[size]) {
            h->plans++;
            h->bytes += h->row_bytes * size;
            h->is_planned[size] = fits;
        }
        h->runs[size] += batches > 0;
        batches -= batches > 0;
        h->now_us += prepare_us + run_us(size);
        step(h, &(struct worker_event){.kind = WORKER_RAN,
                                       .error = fits ? WORKER_ERROR_NONE : WORKER_ERROR_MEMORY,
                                       .bytes = h->bytes,
                                       .prepare_us = prepare_us});
        work_take(h);
    } while (batches > 0 || h->sent > h->done);
}

#endif
