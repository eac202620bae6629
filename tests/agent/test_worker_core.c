/* The agent's decisions, driven step by step: the double below stands for link, disk and devices.
 */
#include "tests/agent/worker_rig.h"

Test(worker_core, a_burst_becomes_one_batch_and_each_job_gets_its_rows)
{
    struct harness h;
    struct worker_options options = options_default(1);
    start(&h, &options);
    load_model(&h, 1, 100);
    work(&h, 1, 16, 200, run_us_flat);
    for (uint64_t id = 1; id <= 4; id++) {
        struct worker_event event = job_event(id, 1);
        event.dispatch.rows = id == 3 ? 3 : 1;
        step(&h, &event);
        cr_expect_eq(count(&h, WORKER_DO_RUN), 0);
    }
    cr_expect_eq(agent_worker_core_next_us(h.core), 0);
    tick(&h);
    const struct worker_action *run = find(&h, WORKER_DO_RUN, 0);
    cr_assert_not_null(run);
    cr_expect_eq(run->n_payloads, 4);
    cr_expect_eq(run->rows, 6);
    cr_expect_eq(run->size, 8, "padded to a size that has its plan");
    cr_expect_eq(count(&h, WORKER_DO_BEGUN), 4);
    step(&h, &(struct worker_event){.kind = WORKER_RAN, .bytes = 100});
    const uint32_t rows[] = {0, 1, 2, 5};
    for (size_t i = 0; i < 4; i++) {
        const struct worker_action *result = find(&h, WORKER_DO_RESULT, i);
        cr_assert_not_null(result);
        cr_expect_eq(result->outcome, WORKER_DONE);
        cr_expect_eq(result->row, rows[i]);
        cr_expect_eq(result->batch, 4);
    }
    end(&h);
}

Test(worker_core, batches_respect_their_bound_shapes_and_models_that_forbid_them)
{
    struct harness h;
    struct worker_options options = options_default(1);
    start(&h, &options);
    load_model(&h, 1, 100);
    work(&h, 1, 16, 200, run_us_flat);
    for (uint64_t id = 1; id <= 12; id++) {
        struct worker_event event = job_event(id, 1);
        event.dispatch.signature = id == 2 ? 8 : 7;
        step(&h, &event);
    }
    tick(&h);
    cr_expect_eq(find(&h, WORKER_DO_RUN, 0)->n_payloads, 8);
    step(&h, &(struct worker_event){.kind = WORKER_RAN});
    const struct worker_action *run = find(&h, WORKER_DO_RUN, 0);
    cr_expect_eq(run->n_payloads, 1, "the odd shape is the oldest now and runs alone");
    cr_expect_eq(run->payloads[0], (void *)2);
    step(&h, &(struct worker_event){.kind = WORKER_RAN});
    cr_expect_eq(find(&h, WORKER_DO_RUN, 0)->n_payloads, 3);
    end(&h);
}

Test(worker_core, urgent_jobs_go_first)
{
    struct harness h;
    struct worker_options options = options_default(1);
    options.settings.batch_rows_max = 1;
    start(&h, &options);
    load_model(&h, 1, 100);
    for (uint64_t id = 1; id <= 3; id++) {
        struct worker_event event = job_event(id, 1);
        event.dispatch.priority = id == 3 ? 9 : 1;
        step(&h, &event);
    }
    tick(&h);
    cr_expect_eq(find(&h, WORKER_DO_RUN, 0)->payloads[0], (void *)3);
    end(&h);
}

Test(worker_core, an_incomplete_batch_waits_no_longer_than_it_may)
{
    struct harness h;
    struct worker_options options = options_default(1);
    start(&h, &options);
    load_model(&h, 1, 100);
    work(&h, 1, 16, 200, run_us_flat);
    options.settings.batch_delay_us = 5000;
    agent_worker_core_set(h.core, &options.settings);
    dispatch(&h, 1, 1);
    tick(&h);
    cr_expect_eq(count(&h, WORKER_DO_RUN), 0);
    cr_expect_eq(agent_worker_core_next_us(h.core), h.now_us + 5000);
    struct worker_event urgent = job_event(2, 1);
    h.now_us += 5000;
    step(&h, &urgent);
    tick(&h);
    cr_expect_eq(find(&h, WORKER_DO_RUN, 0)->n_payloads, 2);
    step(&h, &(struct worker_event){.kind = WORKER_RAN});
    struct worker_event hurried = job_event(3, 1);
    hurried.dispatch.deadline_us = h.now_us + 6000;
    step(&h, &hurried);
    tick(&h);
    cr_expect_eq(count(&h, WORKER_DO_RUN), 1, "waiting must not cost the deadline");
    end(&h);
}

Test(worker_core, a_job_past_its_deadline_does_not_run)
{
    struct harness h;
    struct worker_options options = options_default(1);
    start(&h, &options);
    struct worker_event event = job_event(1, 1);
    event.dispatch.deadline_us = h.now_us + 100;
    step(&h, &event);
    cr_expect_leq(agent_worker_core_next_us(h.core), h.now_us + 100);
    h.now_us += 100;
    tick(&h);
    const struct worker_action *result = find(&h, WORKER_DO_RESULT, 0);
    cr_assert_not_null(result);
    cr_expect_eq(result->outcome, WORKER_EXPIRED);
    end(&h);
}

Test(worker_core, a_poison_job_is_found_and_the_others_are_done)
{
    struct harness h;
    struct worker_options options = options_default(1);
    start(&h, &options);
    uint32_t model = load_model(&h, 1, 100);
    for (uint64_t id = 1; id <= 4; id++)
        dispatch(&h, id, 1);
    tick(&h);
    uint32_t done = 0, failed = 0, deaths = 0;
    for (int round = 0; round < 60 && done + failed < 4; round++) {
        const struct worker_action *run = find(&h, WORKER_DO_RUN, 0);
        bool is_poisoned = false;
        struct worker_event event = {.kind = WORKER_TICK};
        for (uint32_t i = 0; run != NULL && i < run->n_payloads; i++)
            is_poisoned |= run->payloads[i] == (void *)3;
        if (run != NULL)
            event.kind = is_poisoned ? WORKER_DIED : WORKER_RAN;
        else if (find(&h, WORKER_DO_START, 0) != NULL)
            event.kind = WORKER_STARTED;
        else if (find(&h, WORKER_DO_LOAD, 0) != NULL)
            event = (struct worker_event){.kind = WORKER_LOADED, .model = model, .bytes = 100};
        else
            h.now_us = agent_worker_core_next_us(h.core);
        deaths += is_poisoned;
        event.text = "signal 11";
        step(&h, &event);
        for (size_t i = 0; i < count(&h, WORKER_DO_RESULT); i++) {
            const struct worker_action *result = find(&h, WORKER_DO_RESULT, i);
            done += result->outcome == WORKER_DONE;
            if (result->outcome == WORKER_FAILED_RETRYABLE) {
                failed++;
                cr_expect_eq(result->payload, (void *)3);
                cr_expect_eq(result->error, WORKER_ERROR_DIED);
                cr_expect_str_eq(result->text, "signal 11");
            }
        }
    }
    cr_expect_eq(done, 3);
    cr_expect_eq(failed, 1);
    cr_expect_eq(deaths, 2);
    struct worker_device_view view;
    agent_worker_core_device(h.core, 0, h.now_us, &view);
    cr_expect_neq(view.state, WORKER_DEVICE_CORDONED);
    end(&h);
}

Test(worker_core, an_executor_that_stops_answering_is_killed_and_started_again)
{
    struct harness h;
    struct worker_options options = options_default(1);
    start(&h, &options);
    load_model(&h, 1, 100);
    dispatch(&h, 1, 1);
    tick(&h);
    uint64_t due_us = agent_worker_core_next_us(h.core);
    cr_expect_eq(due_us, h.now_us + 10 * SECOND);
    h.now_us += 9 * SECOND;
    step(&h, &(struct worker_event){.kind = WORKER_PROGRESS});
    h.now_us += 50 * SECOND;
    tick(&h);
    cr_expect_eq(count(&h, WORKER_DO_KILL), 0, "preparing has a longer limit");
    step(&h, &(struct worker_event){.kind = WORKER_PROGRESS, .is_prepared = true});
    h.now_us += 10 * SECOND;
    tick(&h);
    cr_expect_eq(count(&h, WORKER_DO_KILL), 1);
    h.now_us = agent_worker_core_next_us(h.core);
    tick(&h);
    cr_expect_eq(count(&h, WORKER_DO_START), 1);
    end(&h);
}

Test(worker_core, a_device_that_keeps_dying_is_cordoned_and_its_jobs_go_back)
{
    struct harness h;
    struct worker_options options = options_default(1);
    start(&h, &options);
    dispatch(&h, 1, 1);
    tick(&h);
    for (int i = 0; i < 3; i++) {
        step(&h, &(struct worker_event){.kind = WORKER_DIED, .text = "no card"});
        if (i == 2)
            break;
        h.now_us = agent_worker_core_next_us(h.core);
        tick(&h);
        cr_assert_eq(count(&h, WORKER_DO_START), 1);
    }
    struct worker_device_view view;
    agent_worker_core_device(h.core, 0, h.now_us, &view);
    cr_expect_eq(view.state, WORKER_DEVICE_CORDONED);
    cr_expect_not_null(strstr(view.reason, "no card"));
    cr_expect_eq(find(&h, WORKER_DO_RESULT, 0)->outcome, WORKER_RETURNED);
    cr_expect_eq(count(&h, WORKER_DO_CREDIT), 1);
    dispatch(&h, 2, 1);
    cr_expect_eq(find(&h, WORKER_DO_RESULT, 0)->outcome, WORKER_RETURNED);
    end(&h);
}

Test(worker_core, a_full_device_evicts_what_was_used_longest_ago)
{
    struct harness h;
    struct worker_options options = options_default(1);
    start(&h, &options);
    uint32_t first = load_model(&h, 1, 400);
    h.now_us++;
    uint32_t second = load_model(&h, 2, 400);
    h.now_us++;
    dispatch(&h, 1, 1);
    tick(&h);
    step(&h, &(struct worker_event){.kind = WORKER_RAN, .bytes = 400});
    h.now_us++;
    dispatch(&h, 2, 3);
    uint32_t third = find(&h, WORKER_DO_FETCH, 0)->model;
    step(&h, &(struct worker_event){.kind = WORKER_FETCHED, .model = third, .bytes = 400});
    cr_assert_eq(count(&h, WORKER_DO_EVICT), 1);
    cr_expect_eq(find(&h, WORKER_DO_EVICT, 0)->model, second);
    cr_expect_neq(first, second);
    end(&h);
}

Test(worker_core, a_model_that_is_not_supported_fails_its_jobs_for_good)
{
    struct harness h;
    struct worker_options options = options_default(1);
    start(&h, &options);
    dispatch(&h, 1, 1);
    uint32_t model = find(&h, WORKER_DO_FETCH, 0)->model;
    step(&h, &(struct worker_event){.kind = WORKER_FETCHED, .model = model, .bytes = 1});
    step(&h, &(struct worker_event){.kind = WORKER_LOADED,
                                    .model = model,
                                    .error = WORKER_ERROR_UNSUPPORTED,
                                    .text = "Einsum"});
    const struct worker_action *result = find(&h, WORKER_DO_RESULT, 0);
    cr_expect_eq(result->outcome, WORKER_FAILED_PERMANENT);
    cr_expect_str_eq(result->text, "Einsum");
    dispatch(&h, 2, 1);
    cr_expect_eq(find(&h, WORKER_DO_RESULT, 0)->outcome, WORKER_FAILED_PERMANENT);
    end(&h);
}

Test(worker_core, a_duplicate_is_dropped_a_cancel_answered_and_a_drain_empties)
{
    struct harness h;
    struct worker_options options = options_default(1);
    options.settings.batch_rows_max = 1;
    start(&h, &options);
    load_model(&h, 1, 100);
    for (uint64_t id = 1; id <= 4; id++)
        dispatch(&h, id, 1);
    dispatch(&h, 4, 1);
    cr_expect_eq(count(&h, WORKER_DO_DROP), 1);
    tick(&h);
    struct worker_event cancel = {.kind = WORKER_CANCEL,
                                  .ref = {.job = 2, .epoch = 1, .attempt = 1}};
    step(&h, &cancel);
    cr_expect_eq(find(&h, WORKER_DO_RESULT, 0)->outcome, WORKER_CANCELLED);
    step(&h, &(struct worker_event){.kind = WORKER_DRAIN, .operation = 5});
    cr_expect_eq(count(&h, WORKER_DO_RESULT), 2);
    cr_expect_eq(find(&h, WORKER_DO_RESULT, 1)->outcome, WORKER_RETURNED);
    cr_expect_eq(count(&h, WORKER_DO_DRAINED), 0, "a job still runs");
    step(&h, &(struct worker_event){.kind = WORKER_RAN});
    cr_expect_eq(find(&h, WORKER_DO_RESULT, 0)->outcome, WORKER_DONE);
    cr_expect_eq(count(&h, WORKER_DO_EVICT), 1);
    cr_expect_eq(find(&h, WORKER_DO_DRAINED, 0)->operation, 5);
    dispatch(&h, 9, 1);
    cr_expect_eq(find(&h, WORKER_DO_RESULT, 0)->outcome, WORKER_RETURNED);
    step(&h, &(struct worker_event){.kind = WORKER_RESUME});
    dispatch(&h, 10, 1);
    cr_expect_eq(count(&h, WORKER_DO_RESULT), 0);
    end(&h);
}

Test(worker_core, a_lost_link_takes_its_jobs_with_it)
{
    struct harness h;
    struct worker_options options = options_default(1);
    options.settings.batch_rows_max = 1;
    start(&h, &options);
    load_model(&h, 1, 100);
    dispatch(&h, 1, 1);
    dispatch(&h, 2, 1);
    tick(&h);
    step(&h, &(struct worker_event){.kind = WORKER_LINK_DOWN});
    cr_expect_eq(count(&h, WORKER_DO_DROP), 1);
    step(&h, &(struct worker_event){.kind = WORKER_LINK_UP, .epoch = 1});
    dispatch(&h, 1, 1);
    cr_expect_eq(count(&h, WORKER_DO_DROP), 0, "the same job may come again by the new link");
    step(&h, &(struct worker_event){.kind = WORKER_RAN});
    cr_expect_eq(count(&h, WORKER_DO_DROP), 1);
    cr_expect_eq(count(&h, WORKER_DO_RESULT), 0);
    cr_expect_eq(count(&h, WORKER_DO_RUN), 1);
    end(&h);
}

/* ---- everything at random */

struct world {
    struct harness h;
    uint64_t random;
    uint64_t sent, back;
    uint8_t held[4096]; /* by payload: 1 while the core has it */
    bool runs[8], loads[8], starts[8], tunes[8];
    uint64_t tunings, tunings_over;
    uint32_t load_model[8];
    bool fetches[WORKER_MODELS_MAX];
    bool is_linked;
};

static uint32_t random_below(struct world *w, uint32_t n)
{
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(w->random >> 33) % n;
}

static void world_take(struct world *w)
{
    for (size_t i = 0; i < w->h.actions.count; i++) {
        const struct worker_action *a = &w->h.actions.list[i];
        if (a->kind == WORKER_DO_RESULT || a->kind == WORKER_DO_DROP) {
            uintptr_t payload = (uintptr_t)a->payload;
            cr_assert_eq(w->held[payload], 1, "a payload came back twice");
            w->held[payload] = 0;
            w->back++;
        } else if (a->kind == WORKER_DO_RUN) {
            cr_assert(!w->runs[a->device] && !w->loads[a->device] && !w->tunes[a->device]);
            w->runs[a->device] = true;
        } else if (a->kind == WORKER_DO_LOAD) {
            cr_assert(!w->runs[a->device] && !w->loads[a->device]);
            w->loads[a->device] = true;
            w->load_model[a->device] = a->model;
        } else if (a->kind == WORKER_DO_TUNE) {
            cr_assert(!w->runs[a->device] && !w->loads[a->device] && !w->tunes[a->device]);
            w->tunes[a->device] = true;
            w->load_model[a->device] = a->model;
        } else if (a->kind == WORKER_DO_TUNE_STATE) {
            w->tunings_over += a->tuning >= WORKER_TUNING_DONE;
        } else if (a->kind == WORKER_DO_KILL) {
            w->runs[a->device] = w->loads[a->device] = w->starts[a->device] = false;
            w->tunes[a->device] = false;
        } else if (a->kind == WORKER_DO_START) {
            w->starts[a->device] = true;
        } else if (a->kind == WORKER_DO_FETCH) {
            w->fetches[a->model] = true;
        } else if (a->kind == WORKER_DO_FORGET) {
            w->fetches[a->model] = false;
        }
    }
}

static void world_step(struct world *w, const struct worker_event *event)
{
    step(&w->h, event);
    world_take(w);
}

static void world_dispatch(struct world *w)
{
    struct worker_event event = job_event(w->sent + 1, (uint8_t)random_below(w, 6));
    if (!w->is_linked || w->sent + 1 >= sizeof(w->held))
        return;
    event.dispatch.rows = random_below(w, 4);
    event.dispatch.signature = random_below(w, 2);
    event.dispatch.priority = (uint8_t)random_below(w, 3);
    if (random_below(w, 4) == 0)
        event.dispatch.deadline_us = w->h.now_us + random_below(w, SECOND);
    w->held[++w->sent] = 1;
    world_step(w, &event);
}

static void world_device(struct world *w, uint32_t device, bool is_kind)
{
    static const enum worker_error errors[] = {WORKER_ERROR_INPUT, WORKER_ERROR_MEMORY,
                                               WORKER_ERROR_DEVICE, WORKER_ERROR_UNSUPPORTED};
    struct worker_event event = {.kind = WORKER_TICK, .device = device, .bytes = 200};
    uint32_t luck = is_kind ? 9 : random_below(w, 20);
    if (!w->runs[device] && !w->loads[device] && !w->starts[device] && !w->tunes[device])
        return;
    if (luck == 0) {
        event.kind = WORKER_DIED;
    } else if (w->starts[device]) {
        event.kind = WORKER_STARTED;
    } else {
        event.kind = w->runs[device] ? WORKER_RAN : w->tunes[device] ? WORKER_TUNED : WORKER_LOADED;
        event.model = w->load_model[device];
        event.error = luck == 1 ? errors[random_below(w, 4)] : WORKER_ERROR_NONE;
    }
    w->runs[device] = w->loads[device] = w->starts[device] = w->tunes[device] = false;
    world_step(w, &event);
}

static void world_fetch(struct world *w, bool is_kind)
{
    for (uint32_t m = 0; m < WORKER_MODELS_MAX; m++) {
        if (!w->fetches[m])
            continue;
        w->fetches[m] = false;
        bool is_bad = !is_kind && random_below(w, 8) == 0;
        world_step(
            w, &(struct worker_event){.kind = is_bad ? WORKER_NOT_FETCHED : WORKER_FETCHED,
                                      .model = m,
                                      .bytes = 300,
                                      .rows_max = random_below(w, 9),
                                      .error = is_bad ? WORKER_ERROR_NO_MODEL : WORKER_ERROR_NONE});
        return;
    }
}

static void world_operate(struct world *w)
{
    struct worker_event event = {.kind = WORKER_TICK, .epoch = 1, .operation = 3};
    uint32_t what = random_below(w, 40);
    if (what == 0) {
        event.kind = w->is_linked ? WORKER_LINK_DOWN : WORKER_LINK_UP;
        w->is_linked = !w->is_linked;
    } else if (what == 1) {
        event.kind = WORKER_DRAIN;
    } else if (what < 5) {
        event.kind = WORKER_RESUME;
    } else if (what < 7) {
        event.kind = WORKER_UNLOAD;
        event.hash[0] = (uint8_t)random_below(w, 6);
    } else if (what < 10) {
        event.kind = WORKER_LOAD;
        event.is_pinned = what == 8;
        event.is_pin_only = what == 9;
        event.hash[0] = (uint8_t)random_below(w, 6);
    } else if (what < 14) {
        event.kind = WORKER_CANCEL;
        event.ref = (struct worker_ref){
            .job = random_below(w, (uint32_t)w->sent + 1), .epoch = 1, .attempt = 1};
    } else if (what < 16 && w->is_linked) {
        event.kind = WORKER_TUNE;
        event.operation = ++w->tunings;
        event.device = random_below(w, 4);
        event.hash[0] = (uint8_t)random_below(w, 6);
    } else if (what == 16) {
        event.kind = WORKER_TUNE_STOP;
        event.operation = w->tunings;
    }
    world_step(w, &event);
}

static void world_run(uint64_t seed)
{
    static struct world w;
    memset(&w, 0, sizeof(w));
    w.random = seed;
    uint32_t devices = 1 + random_below(&w, 4);
    struct worker_options options = options_default(devices);
    options.settings.batch_delay_us = random_below(&w, 2) * 2000;
    options.settings.failures_max = 8;
    w.h.now_us = SECOND;
    w.h.core = agent_worker_core_create(&options);
    w.is_linked = true;
    world_step(&w, &(struct worker_event){.kind = WORKER_LINK_UP, .epoch = 1});
    for (int i = 0; i < 2000; i++) {
        uint32_t what = random_below(&w, 10);
        w.h.now_us += random_below(&w, 3000);
        if (what < 4)
            world_dispatch(&w);
        else if (what < 7)
            world_device(&w, random_below(&w, devices), false);
        else if (what < 8)
            world_fetch(&w, false);
        else
            world_operate(&w);
    }
    /* Now everything works, and time goes by: nothing may be left behind. */
    for (int i = 0; i < 5000 && (w.back < w.sent || w.tunings_over < w.tunings); i++) {
        for (uint32_t d = 0; d < devices; d++)
            world_device(&w, d, true);
        world_fetch(&w, true);
        uint64_t next_us = agent_worker_core_next_us(w.h.core);
        if (next_us != UINT64_MAX && next_us > w.h.now_us)
            w.h.now_us = next_us;
        world_step(&w, &(struct worker_event){.kind = WORKER_TICK});
    }
    cr_assert_eq(w.back, w.sent, "seed %lu: %lu of %lu jobs came back", (unsigned long)seed,
                 (unsigned long)w.back, (unsigned long)w.sent);
    cr_assert_eq(w.tunings_over, w.tunings, "seed %lu: a tuning has no end", (unsigned long)seed);
    end(&w.h);
}

Test(worker_core, no_job_is_lost_or_answered_twice_whatever_fails)
{
    for (uint64_t seed = 1; seed <= 200; seed++)
        world_run(seed);
}

Test(worker_core, a_model_that_failed_for_what_may_pass_is_tried_again)
{
    struct harness h;
    struct worker_options options = options_default(1);
    start(&h, &options);
    dispatch(&h, 1, 1);
    uint32_t number = find(&h, WORKER_DO_FETCH, 0)->model;
    step(&h, &(struct worker_event){
                 .kind = WORKER_FETCHED, .model = number, .bytes = 100, .rows_max = 8});
    step(&h, &(struct worker_event){
                 .kind = WORKER_LOADED, .model = number, .error = WORKER_ERROR_INTERNAL});
    cr_assert_eq(count(&h, WORKER_DO_RESULT), 1);
    dispatch(&h, 2, 1);
    cr_assert_eq(count(&h, WORKER_DO_RESULT), 1, "refused for now");
    cr_expect_eq(find(&h, WORKER_DO_RESULT, 0)->outcome, WORKER_FAILED_RETRYABLE);
    uint64_t due_us = agent_worker_core_next_us(h.core);
    cr_assert_leq(due_us, h.now_us + SECOND);
    h.now_us = due_us;
    tick(&h);
    dispatch(&h, 3, 1);
    tick(&h);
    cr_expect_eq(count(&h, WORKER_DO_LOAD), 1);
    end(&h);
}

Test(worker_core, jobs_that_kill_in_turns_are_charged_when_the_device_is_given_up)
{
    struct harness h;
    struct worker_options options = options_default(1);
    options.settings.batch_rows_max = 1;
    options.settings.failures_max = 2;
    start(&h, &options);
    uint32_t model = load_model(&h, 1, 100);
    for (uint64_t id = 1; id <= 3; id++)
        dispatch(&h, id, 1);
    tick(&h);
    step(&h, &(struct worker_event){.kind = WORKER_DIED, .text = "signal 11"});
    h.now_us = agent_worker_core_next_us(h.core);
    tick(&h);
    step(&h, &(struct worker_event){.kind = WORKER_STARTED});
    step(&h, &(struct worker_event){.kind = WORKER_LOADED, .model = model, .bytes = 100});
    cr_assert_eq(count(&h, WORKER_DO_RUN), 1);
    step(&h, &(struct worker_event){.kind = WORKER_DIED, .text = "signal 11"});
    cr_assert_eq(count(&h, WORKER_DO_RESULT), 3);
    uint32_t charged = 0;
    for (size_t i = 0; i < 3; i++) {
        const struct worker_action *result = find(&h, WORKER_DO_RESULT, i);
        charged += result->outcome == WORKER_FAILED_RETRYABLE;
        cr_expect(result->outcome == WORKER_RETURNED || result->error == WORKER_ERROR_DIED);
    }
    cr_expect_geq(charged, 1, "what killed the device is a failure");
    cr_expect_leq(charged, 2, "what never ran is not");
    end(&h);
}
