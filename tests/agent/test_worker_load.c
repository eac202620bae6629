/* Models that are loaded for their own sake: asked for, or pinned. */
#include "tests/agent/worker_rig.h"

static struct worker_event load_event(uint8_t model, bool pinned)
{
    struct worker_event event = {.kind = WORKER_LOAD, .is_pinned = pinned};
    event.hash[0] = model;
    return event;
}

/* Brings it onto the device without a job. */
static uint32_t load_alone(struct harness *h, uint8_t model, bool pinned, uint64_t bytes)
{
    struct worker_event event = load_event(model, pinned);
    step(h, &event);
    const struct worker_action *fetch = find(h, WORKER_DO_FETCH, 0);
    cr_assert_not_null(fetch);
    uint32_t number = fetch->model;
    step(h, &(struct worker_event){.kind = WORKER_FETCHED, .model = number, .bytes = bytes});
    cr_assert_eq(count(h, WORKER_DO_LOAD), 1);
    step(h, &(struct worker_event){.kind = WORKER_LOADED, .model = number, .bytes = bytes});
    cr_assert(agent_worker_core_resident(h->core, 0, number));
    cr_assert_eq(count(h, WORKER_DO_LOAD), 0);
    return number;
}

Test(worker_load, a_model_is_loaded_without_a_job_and_the_first_job_finds_it)
{
    struct harness h;
    struct worker_options options = options_default(1);
    start(&h, &options);
    load_alone(&h, 1, false, 100);
    dispatch(&h, 1, 1);
    tick(&h);
    cr_expect_eq(count(&h, WORKER_DO_LOAD), 0);
    cr_expect_eq(count(&h, WORKER_DO_RUN), 1);
    step(&h, &(struct worker_event){.kind = WORKER_RAN});
    /* Said again, it changes nothing; a drain drops it, and nothing brings it back. */
    struct worker_event again = load_event(1, false);
    step(&h, &again);
    cr_expect_eq(count(&h, WORKER_DO_LOAD), 0);
    step(&h, &(struct worker_event){.kind = WORKER_DRAIN, .operation = 1});
    cr_expect_eq(count(&h, WORKER_DO_EVICT), 1);
    step(&h, &(struct worker_event){.kind = WORKER_RESUME});
    cr_expect_eq(count(&h, WORKER_DO_LOAD), 0);
    end(&h);
}

Test(worker_load, a_pinned_model_is_not_evicted_and_comes_back_with_its_device)
{
    struct harness h;
    struct worker_options options = options_default(1);
    start(&h, &options);
    uint32_t pinned = load_alone(&h, 1, true, 600);
    h.now_us += SECOND;
    load_model(&h, 2, 300);
    h.now_us += SECOND;
    load_model(&h, 3, 300);
    cr_expect(agent_worker_core_resident(h.core, 0, pinned), "the younger one made room");
    step(&h, &(struct worker_event){.kind = WORKER_DIED, .text = "killed"});
    h.now_us += 60 * SECOND;
    tick(&h);
    cr_assert_eq(count(&h, WORKER_DO_START), 1);
    step(&h, &(struct worker_event){.kind = WORKER_STARTED});
    const struct worker_action *load = find(&h, WORKER_DO_LOAD, 0);
    cr_assert_not_null(load);
    cr_expect_eq(load->model, pinned);
    step(&h, &(struct worker_event){.kind = WORKER_LOADED, .model = pinned, .bytes = 600});
    /* Not pinned any more it goes like any other; what is only said of a pin loads nothing. */
    struct worker_event unpin = load_event(1, false);
    unpin.is_pin_only = true;
    step(&h, &unpin);
    cr_expect_eq(h.actions.count, 0);
    load_model(&h, 4, 900);
    cr_expect_not(agent_worker_core_resident(h.core, 0, pinned));
    end(&h);
}

Test(worker_load, a_pin_that_its_device_has_no_memory_for_drives_nobody_out)
{
    struct harness h;
    struct worker_options options = options_default(1);
    start(&h, &options);
    uint32_t other = load_model(&h, 2, 300);
    struct worker_event event = load_event(1, true);
    step(&h, &event);
    uint32_t pinned = find(&h, WORKER_DO_FETCH, 0)->model;
    step(&h, &(struct worker_event){.kind = WORKER_FETCHED, .model = pinned, .bytes = 100});
    const struct worker_event no_memory = {
        .kind = WORKER_LOADED, .model = pinned, .error = WORKER_ERROR_MEMORY, .text = "no memory"};
    step(&h, &no_memory); /* it was asked for: once more with the device to itself */
    cr_assert_eq(count(&h, WORKER_DO_LOAD), 1);
    cr_expect_not(agent_worker_core_resident(h.core, 0, other));
    step(&h, &no_memory);
    dispatch(&h, 1, 2);
    tick(&h);
    step(&h, &(struct worker_event){.kind = WORKER_LOADED, .model = other, .bytes = 300});
    step(&h, &(struct worker_event){.kind = WORKER_RAN});
    for (int i = 0; i < 20 && find(&h, WORKER_DO_LOAD, 0) == NULL; i++) {
        h.now_us += 60 * SECOND;
        tick(&h);
    }
    cr_assert_not_null(find(&h, WORKER_DO_LOAD, 0), "it is tried again");
    step(&h, &no_memory);
    cr_expect_eq(count(&h, WORKER_DO_LOAD), 0);
    cr_expect(agent_worker_core_resident(h.core, 0, other));
    end(&h);
}

Test(worker_load, what_is_prefetched_drives_nobody_out)
{
    struct harness h;
    struct worker_options options = options_default(1);
    start(&h, &options);
    uint32_t other = load_model(&h, 2, 700);
    struct worker_event event = load_event(1, false);
    event.is_spare = true;
    step(&h, &event);
    uint32_t model = find(&h, WORKER_DO_FETCH, 0)->model;
    step(&h, &(struct worker_event){.kind = WORKER_FETCHED, .model = model, .bytes = 600});
    cr_expect_eq(count(&h, WORKER_DO_LOAD), 0);
    cr_expect(agent_worker_core_resident(h.core, 0, other));
    /* Asked for by an operator, or by a job, it gets its room. */
    event.is_spare = false;
    step(&h, &event);
    cr_expect_eq(count(&h, WORKER_DO_EVICT), 1);
    cr_expect_eq(count(&h, WORKER_DO_LOAD), 1);
    end(&h);
}

Test(worker_load, a_prefetch_for_which_memory_was_short_after_all_gives_up)
{
    struct harness h;
    struct worker_options options = options_default(1);
    start(&h, &options);
    uint32_t other = load_model(&h, 2, 300);
    struct worker_event event = load_event(1, false);
    event.is_spare = true;
    step(&h, &event);
    uint32_t model = find(&h, WORKER_DO_FETCH, 0)->model;
    step(&h, &(struct worker_event){.kind = WORKER_FETCHED, .model = model, .bytes = 100});
    cr_assert_eq(count(&h, WORKER_DO_LOAD), 1, "by its file there is room");
    step(&h, &(struct worker_event){.kind = WORKER_LOADED,
                                    .model = model,
                                    .error = WORKER_ERROR_MEMORY,
                                    .text = "no memory"});
    cr_expect_eq(count(&h, WORKER_DO_LOAD), 0);
    cr_expect(agent_worker_core_resident(h.core, 0, other));
    end(&h);
}

Test(worker_load, what_is_pinned_is_forgotten_with_its_link)
{
    struct harness h;
    struct worker_options options = options_default(1);
    start(&h, &options);
    uint32_t pinned = load_alone(&h, 1, true, 600);
    step(&h, &(struct worker_event){.kind = WORKER_LINK_DOWN});
    cr_expect(agent_worker_core_resident(h.core, 0, pinned));
    step(&h, &(struct worker_event){.kind = WORKER_LINK_UP, .epoch = 1});
    load_model(&h, 2, 600);
    cr_expect_not(agent_worker_core_resident(h.core, 0, pinned));
    end(&h);
}
