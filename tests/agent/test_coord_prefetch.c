// Models that are loaded before a job asks for them: what for, where, and what never happens for
// it.
#include "agent/core/placement/coord_explain.h"
#include "tests/agent/coord_rig.h"

static struct rig rig;

static void begin(void)
{
    rig_init(&rig, NULL);
}

static void finish(void)
{
    rig_finish(&rig);
}

TestSuite(coord_prefetch, .init = begin, .fini = finish);

static void hello(uint64_t link, const char *name, uint64_t memory_bytes, bool can_prefetch)
{
    const struct agent_device_info device = {.family = "gpu", .memory_bytes = memory_bytes};
    struct agent_event event = {.kind = AGENT_EVENT_HELLO, .link = link};
    event.hello.name = name;
    event.hello.instance[0] = (uint8_t)link;
    event.hello.credit = 64;
    event.hello.devices = &device;
    event.hello.n_devices = 1;
    event.hello.can_load = true;
    event.hello.can_prefetch = can_prefetch;
    rig_step(&rig, &event);
}

static const uint8_t *hash_of(uint8_t model)
{
    static uint8_t hash[AGENT_HASH_SIZE];
    memcpy(hash, (const uint8_t[]){model, 2, 3}, 3);
    return hash;
}

static void model_state(uint64_t link, uint8_t model, enum agent_model_state state, uint64_t bytes)
{
    struct agent_event event = {.kind = AGENT_EVENT_MODEL_STATE, .link = link};
    event.model.hash = hash_of(model);
    event.model.state = state;
    event.model.bytes = bytes;
    event.model.load_us = 500000;
    event.model.text = "";
    rig_step(&rig, &event);
}

static uint64_t submit(uint8_t model)
{
    static uint64_t token = 70000;
    struct agent_event event = rig_submission(++token, "");
    event.submit.hash = hash_of(model);
    rig_step(&rig, &event);
    rig_commit(&rig);
    return rig_find(&rig, AGENT_ACTION_REPLY, token, 0)->id;
}

static void done(uint64_t job)
{
    const struct rig_action *dispatch = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job);
    struct agent_event event =
        rig_answer(dispatch->link, job, dispatch->attempt, AGENT_OUTCOME_DONE);
    event.result.compute_us = 10000;
    rig_step(&rig, &event);
    rig_commit(&rig);
}

// Twenty jobs of the model, on the only agent that there is.
static void use(uint8_t model, uint64_t bytes)
{
    for (int i = 0; i < 20; i++) {
        uint64_t job = submit(model);
        if (i == 0)
            model_state(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job)->link, model,
                        AGENT_MODEL_RESIDENT, bytes);
        done(job);
    }
}

// NULL: nothing was prefetched within a second.
static const struct rig_action *prefetched(uint64_t links)
{
    rig.count = 0;
    for (int i = 0; i < 5; i++) {
        rig_tick(&rig, 200);
        for (uint64_t link = 1; link <= links; link++)
            rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_BEAT, .link = link});
    }
    return rig_find(&rig, AGENT_ACTION_LOAD, 0, 0);
}

static struct agent_caches caches(void)
{
    struct agent_caches caches;
    agent_coord_caches(rig.core, &caches);
    return caches;
}

Test(coord_prefetch, what_is_asked_for_comes_to_an_idle_agent_before_its_first_job)
{
    hello(1, "one", 1000, true);
    use(1, 400);
    cr_assert_null(prefetched(1), "its only agent has it");
    hello(2, "two", 1000, true);
    const struct rig_action *load = prefetched(2);
    cr_assert_not_null(load);
    cr_assert(load->link == 2 && load->spare && !load->pinned && !load->pin_only);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_LOAD), 1, "once");
    model_state(2, 1, AGENT_MODEL_RESIDENT, 400);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_CORDON, .token = 5, .agent = "one"});
    uint64_t job = submit(1);
    struct agent_decision_view view;
    struct agent_history_view history[4];
    size_t count = agent_coord_history(rig.core, job, history, 4);
    cr_assert(agent_coord_decision_at(rig.core, history[count - 1].decision, &view));
    cr_assert_not_null(strstr(view.text, "had the model loaded beforehand"), "%s", view.text);
    done(job);
    done(submit(1));
    cr_assert_eq(caches().prefetches, 1);
    cr_assert_eq(caches().prefetch_hits, 1, "only the first job is one");
}

Test(coord_prefetch, a_model_that_lost_its_agent_comes_to_another)
{
    hello(1, "one", 1000, true);
    use(1, 400);
    hello(2, "two", 300, true); // too small
    hello(3, "three", 1000, true);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = 1});
    const struct rig_action *load = prefetched(3);
    cr_assert_not_null(load);
    cr_assert_eq(load->link, 3);
}

Test(coord_prefetch, nothing_goes_for_it)
{
    hello(1, "one", 1000, true);
    use(1, 500);
    hello(2, "two", 1000, true);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_CORDON, .token = 5, .agent = "one"});
    uint64_t job = submit(2);
    model_state(2, 2, AGENT_MODEL_RESIDENT, 600);
    done(job);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_UNCORDON, .token = 6, .agent = "one"});
    cr_assert_null(prefetched(2), "two has 300 bytes left");
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_UNLOAD), 0);
}

Test(coord_prefetch, nobody_who_works_or_should_not_or_can_not_is_asked)
{
    hello(1, "one", 1000, true);
    use(1, 400);
    hello(2, "old", 1000, false);
    cr_assert_null(prefetched(2));
    hello(3, "busy", 1000, true);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_CORDON, .token = 5, .agent = "busy"});
    cr_assert_null(prefetched(3), "it is cordoned");
    struct agent_event event = {.kind = AGENT_EVENT_LIMITS};
    agent_coord_limits_init(&event.limits);
    event.limits.prefetch = false;
    rig_step(&rig, &event);
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_UNCORDON, .token = 6, .agent = "busy"});
    cr_assert_null(prefetched(3), "it is off");
}

Test(coord_prefetch, one_that_comes_to_nothing_is_not_tried_again_at_once)
{
    hello(1, "one", 1000, true);
    use(1, 400);
    hello(2, "two", 1000, true);
    cr_assert_not_null(prefetched(2));
    for (int s = 0; s < 20; s++)
        cr_assert_null(prefetched(2));
    // It found no room, and says nothing: it has nothing and loads nothing.
    cr_assert_eq(agent_coord_model_on(rig.core, hash_of(1), "two"), AGENT_MODEL_ABSENT);
    use(1, 400);
    bool again = false;
    for (int s = 0; s < 60; s++)
        again = again || prefetched(2) != NULL;
    cr_assert(again, "after a minute");
}

Test(coord_prefetch, a_job_does_not_wait_for_one_that_comes_to_nothing)
{
    hello(1, "one", 1000, true);
    use(1, 400);
    hello(2, "two", 1000, true);
    cr_assert_not_null(prefetched(2));
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = 1});
    uint64_t job = submit(1);
    const struct rig_action *dispatch = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job);
    cr_assert(dispatch != NULL && dispatch->link == 2);
}
