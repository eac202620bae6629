/* Tuning in the agent's decisions: the device takes no batches meanwhile, and comes back whatever
 * happens. */
#include "tests/agent/worker_rig.h"

static void tune(struct harness *h, uint64_t operation, uint32_t device, uint8_t model)
{
    struct worker_event event = {.kind = WORKER_TUNE,
                                 .operation = operation,
                                 .device = device,
                                 .rows = 4,
                                 .budget_us = 5 * SECOND};
    event.hash[0] = model;
    step(h, &event);
}

static void expect_state(const struct harness *h, uint64_t operation, enum worker_tuning state)
{
    const struct worker_action *told = find(h, WORKER_DO_TUNE_STATE, 0);
    for (size_t n = 1; find(h, WORKER_DO_TUNE_STATE, n) != NULL; n++)
        told = find(h, WORKER_DO_TUNE_STATE, n);
    cr_assert_not_null(told);
    cr_expect_eq(told->operation, operation);
    cr_expect_eq(told->tuning, state, "%d, not %d: %s", told->tuning, state, told->text);
}

/* A device that measures. */
static uint32_t tuning_start(struct harness *h, uint32_t devices)
{
    struct worker_options options = options_default(devices);
    start(h, &options);
    uint32_t model = load_model(h, 1, 100);
    tune(h, 7, 0, 1);
    const struct worker_action *begun = find(h, WORKER_DO_TUNE, 0);
    cr_assert_not_null(begun);
    cr_expect_eq(begun->device, 0);
    cr_expect_eq(begun->model, model);
    cr_expect_eq(begun->rows, 4);
    cr_expect_eq(begun->budget_us, 5 * SECOND);
    expect_state(h, 7, WORKER_TUNING_MEASURING);
    cr_expect_eq(agent_worker_core_tuning(h->core, 0), 7);
    return model;
}

Test(worker_tune, jobs_go_to_the_other_device_meanwhile)
{
    struct harness h;
    uint32_t model = tuning_start(&h, 2);
    cr_expect_eq(count(&h, WORKER_DO_CREDIT), 0, "the other device takes work");
    dispatch(&h, 1, 1);
    tick(&h);
    const struct worker_action *load = find(&h, WORKER_DO_LOAD, 0);
    cr_assert_not_null(load, "one job is enough: the device that has the model is out of rotation");
    cr_expect_eq(load->device, 1);
    step(&h, &(struct worker_event){.kind = WORKER_LOADED, .device = 1, .model = model});
    cr_expect_eq(find(&h, WORKER_DO_RUN, 0)->device, 1);
    step(&h, &(struct worker_event){.kind = WORKER_RAN, .device = 1});
    cr_expect_eq(find(&h, WORKER_DO_RESULT, 0)->outcome, WORKER_DONE);
    end(&h);
}

Test(worker_tune, an_agent_without_another_device_takes_no_jobs_until_the_model_is_loaded_again)
{
    struct harness h;
    uint32_t model = tuning_start(&h, 1);
    cr_expect_eq(find(&h, WORKER_DO_CREDIT, 0)->credit, 0);
    dispatch(&h, 1, 1);
    cr_expect_eq(find(&h, WORKER_DO_RESULT, 0)->outcome, WORKER_RETURNED);
    step(&h, &(struct worker_event){.kind = WORKER_TUNED, .model = model});
    cr_expect_eq(find(&h, WORKER_DO_LOAD, 0)->model, model, "what was chosen comes into force");
    expect_state(&h, 7, WORKER_TUNING_LOADING);
    cr_expect_eq(count(&h, WORKER_DO_CREDIT), 0);
    step(&h, &(struct worker_event){.kind = WORKER_LOADED, .model = model, .bytes = 100});
    expect_state(&h, 7, WORKER_TUNING_DONE);
    cr_expect_eq(find(&h, WORKER_DO_CREDIT, 0)->credit, JOBS_MAX);
    dispatch(&h, 2, 1);
    tick(&h);
    cr_expect_not_null(find(&h, WORKER_DO_RUN, 0));
    end(&h);
}

Test(worker_tune, a_batch_ends_first_and_a_model_comes_first)
{
    struct harness h;
    struct worker_options options = options_default(1);
    start(&h, &options);
    load_model(&h, 1, 100);
    dispatch(&h, 1, 1);
    tick(&h);
    cr_assert_not_null(find(&h, WORKER_DO_RUN, 0));
    tune(&h, 7, 0, 2);
    expect_state(&h, 7, WORKER_TUNING_WAITING);
    uint32_t model = find(&h, WORKER_DO_FETCH, 0)->model;
    step(&h, &(struct worker_event){.kind = WORKER_RAN});
    cr_expect_eq(count(&h, WORKER_DO_TUNE), 0, "its model is not here");
    dispatch(&h, 2, 1);
    tick(&h);
    cr_assert_not_null(find(&h, WORKER_DO_RUN, 0), "until then the device works");
    step(&h, &(struct worker_event){.kind = WORKER_FETCHED, .model = model, .bytes = 50});
    cr_expect_eq(count(&h, WORKER_DO_TUNE), 0, "a batch runs");
    step(&h, &(struct worker_event){.kind = WORKER_RAN});
    cr_expect_eq(find(&h, WORKER_DO_TUNE, 0)->model, model);
    end(&h);
}

Test(worker_tune, a_cancelled_one_keeps_what_was_learnt)
{
    struct harness h;
    uint32_t model = tuning_start(&h, 1);
    struct worker_event cancel = {.kind = WORKER_TUNE_STOP, .operation = 7};
    step(&h, &(struct worker_event){.kind = WORKER_TUNE_STOP, .operation = 6});
    cr_expect_eq(count(&h, WORKER_DO_TUNE_STOP), 0, "another's");
    step(&h, &cancel);
    cr_expect_eq(find(&h, WORKER_DO_TUNE_STOP, 0)->device, 0);
    step(&h, &cancel);
    cr_expect_eq(count(&h, WORKER_DO_TUNE_STOP), 0, "once is enough");
    step(&h, &(struct worker_event){.kind = WORKER_TUNED, .model = model, .is_cancelled = true});
    cr_assert_not_null(find(&h, WORKER_DO_LOAD, 0));
    step(&h, &(struct worker_event){.kind = WORKER_LOADED, .model = model});
    expect_state(&h, 7, WORKER_TUNING_CANCELLED);
    cr_expect_eq(agent_worker_core_tuning(h.core, 0), 0);
    end(&h);
}

Test(worker_tune, progress_is_life_and_silence_a_hang)
{
    struct harness h;
    uint32_t model = tuning_start(&h, 1);
    for (int i = 0; i < 5; i++) {
        h.now_us += 99 * (uint64_t)SECOND;
        step(&h, &(struct worker_event){.kind = WORKER_PROGRESS});
        cr_assert_eq(count(&h, WORKER_DO_KILL), 0);
    }
    h.now_us += 101 * (uint64_t)SECOND;
    tick(&h);
    cr_expect_eq(count(&h, WORKER_DO_KILL), 1);
    expect_state(&h, 7, WORKER_TUNING_FAILED);
    h.now_us = agent_worker_core_next_us(h.core);
    tick(&h);
    cr_assert_not_null(find(&h, WORKER_DO_START, 0));
    step(&h, &(struct worker_event){.kind = WORKER_STARTED});
    dispatch(&h, 1, 1);
    tick(&h);
    cr_expect_eq(find(&h, WORKER_DO_LOAD, 0)->model, model, "the device is back");
    end(&h);
}

Test(worker_tune, an_executor_that_dies_gives_the_device_back)
{
    struct harness h;
    tuning_start(&h, 1);
    step(&h, &(struct worker_event){.kind = WORKER_DIED, .text = "signal 11"});
    expect_state(&h, 7, WORKER_TUNING_FAILED);
    cr_expect_str_eq(find(&h, WORKER_DO_TUNE_STATE, 0)->text, "signal 11");
    cr_expect_eq(find(&h, WORKER_DO_CREDIT, 0)->credit, JOBS_MAX);
    cr_expect_eq(agent_worker_core_tuning(h.core, 0), 0);
    end(&h);
}

Test(worker_tune, a_drain_stops_it)
{
    struct harness h;
    uint32_t model = tuning_start(&h, 1);
    step(&h, &(struct worker_event){.kind = WORKER_DRAIN, .operation = 9});
    cr_expect_eq(count(&h, WORKER_DO_TUNE_STOP), 1);
    cr_expect_eq(count(&h, WORKER_DO_DRAINED), 0, "it has a device still");
    step(&h, &(struct worker_event){.kind = WORKER_TUNED, .model = model, .is_cancelled = true});
    step(&h, &(struct worker_event){.kind = WORKER_LOADED, .model = model});
    cr_expect_eq(find(&h, WORKER_DO_DRAINED, 0)->operation, 9);
    cr_expect_eq(count(&h, WORKER_DO_EVICT), 1);
    end(&h);
}

static void link_again(struct harness *h)
{
    step(h, &(struct worker_event){.kind = WORKER_LINK_DOWN});
    cr_expect_eq(count(h, WORKER_DO_TUNE_STOP), 0, "a link is no reason to stop");
    h->now_us += 30 * SECOND;
    step(h, &(struct worker_event){.kind = WORKER_PROGRESS, .device = 0});
    step(h, &(struct worker_event){.kind = WORKER_TICK});
    cr_expect_eq(count(h, WORKER_DO_TUNE_STOP), 0, "nobody could have asked for it");
    step(h, &(struct worker_event){.kind = WORKER_LINK_UP, .epoch = 2});
}

Test(worker_tune, it_outlives_the_link_when_it_is_asked_for_again)
{
    struct harness h;
    uint32_t model = tuning_start(&h, 1);
    link_again(&h);
    tune(&h, 7, 0, 1);
    expect_state(&h, 7, WORKER_TUNING_MEASURING);
    cr_expect_eq(count(&h, WORKER_DO_TUNE), 0, "it goes on, it does not begin again");
    h.now_us += 20 * SECOND;
    step(&h, &(struct worker_event){.kind = WORKER_PROGRESS, .device = 0});
    step(&h, &(struct worker_event){.kind = WORKER_TICK});
    cr_expect_eq(count(&h, WORKER_DO_TUNE_STOP), 0);
    // It ends while the link is away: who asks later hears how.
    step(&h, &(struct worker_event){.kind = WORKER_LINK_DOWN});
    step(&h, &(struct worker_event){.kind = WORKER_TUNED, .model = model});
    step(&h, &(struct worker_event){.kind = WORKER_LOADED, .model = model});
    step(&h, &(struct worker_event){.kind = WORKER_LINK_UP, .epoch = 3});
    tune(&h, 7, 0, 1);
    expect_state(&h, 7, WORKER_TUNING_DONE);
    cr_expect_eq(count(&h, WORKER_DO_TUNE), 0);
    tune(&h, 7, 0, 2);
    expect_state(&h, 7, WORKER_TUNING_WAITING); // of another coordinator: another model
    end(&h);
}

Test(worker_tune, one_that_nobody_asks_for_again_stops)
{
    struct harness h;
    tuning_start(&h, 1);
    link_again(&h);
    step(&h, &(struct worker_event){.kind = WORKER_TICK});
    cr_expect_eq(count(&h, WORKER_DO_TUNE_STOP), 0, "it may still come");
    h.now_us += 11 * SECOND;
    step(&h, &(struct worker_event){.kind = WORKER_PROGRESS, .device = 0});
    cr_expect_eq(count(&h, WORKER_DO_TUNE_STOP), 1);
    cr_expect_eq(agent_worker_core_tuning(h.core, 0), 7, "until the executor has answered");
    end(&h);
}

Test(worker_tune, what_can_not_be_is_refused)
{
    struct harness h;
    uint32_t model = tuning_start(&h, 1);
    tune(&h, 8, 0, 1);
    expect_state(&h, 8, WORKER_TUNING_FAILED);
    tune(&h, 8, 5, 1);
    expect_state(&h, 8, WORKER_TUNING_FAILED);
    step(&h, &(struct worker_event){.kind = WORKER_TUNED,
                                    .model = model,
                                    .error = WORKER_ERROR_UNSUPPORTED,
                                    .text = "dimension 2 is open"});
    expect_state(&h, 7, WORKER_TUNING_FAILED);
    cr_expect_eq(count(&h, WORKER_DO_EVICT), 0, "it was there before");
    tune(&h, 9, 0, 3);
    step(&h, &(struct worker_event){.kind = WORKER_NOT_FETCHED,
                                    .model = find(&h, WORKER_DO_FETCH, 0)->model,
                                    .error = WORKER_ERROR_NO_MODEL,
                                    .text = "denied"});
    expect_state(&h, 9, WORKER_TUNING_FAILED);
    end(&h);
}
