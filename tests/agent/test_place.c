// Placement as a whole, on the real core among simulated agents: what an operator would measure.
#include <criterion/criterion.h>

#include "agent/core/placement/coord_explain.h"
#include "agent/core/strategy/strategy.h"
#include "tests/agent/coord_rig.h"
#include "tests/agent/place_world.h"

static double sticky(const struct place_result *result)
{
    return (double)result->hits / (double)(result->hits + result->misses);
}

static struct place_result run(struct place_options options)
{
    struct place_result result;
    if (options.strategy == NULL)
        options.strategy = "model-affine";
    cr_assert(place_world_run(&options, &result));
    return result;
}

// 20 models by Zipf's law, of which half fit an agent.
static const struct place_options zipf = {
    .agents = 10,
    .models = 20,
    .room = 10,
    .credit = 64,
    .job_us = 5000,
    .load_us = 200000,
    .zipf = 1,
    .jobs = 40000,
    .warm_jobs = 20000,
    .utilization = 0.7,
};

Test(place, jobs_go_where_their_model_is_and_no_agent_has_much_more_than_the_mean)
{
    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct place_options options = zipf;
        options.seed = seed;
        struct place_result result = run(options);
        cr_assert_geq(sticky(&result), 0.95, "%.3f", sticky(&result));
        cr_assert_leq(result.max_over_mean, 1.25, "%.3f", result.max_over_mean);
        cr_assert_leq(result.p95_us, 50000);
    }
}

Test(place, so_it_is_when_all_agents_are_busy)
{
    struct place_options options = zipf;
    options.utilization = 0;
    options.outstanding = 512;
    struct place_result result = run(options);
    cr_assert_geq(sticky(&result), 0.95, "%.3f", sticky(&result));
    cr_assert_leq(result.max_over_mean, 1.25, "%.3f", result.max_over_mean);
    cr_assert_geq(result.ideal, 0.9, "%.3f", result.ideal);
}

// Half of the models fit all agents together: each switch has to serve many jobs.
Test(place, models_that_do_not_fit_take_turns_and_do_not_thrash)
{
    struct place_result result = run((struct place_options){.agents = 5,
                                                            .models = 20,
                                                            .room = 2,
                                                            .credit = 64,
                                                            .job_us = 5000,
                                                            .load_us = 500000,
                                                            .zipf = 1,
                                                            .jobs = 20000,
                                                            .warm_jobs = 2000,
                                                            .outstanding = 1024});
    cr_assert_geq(sticky(&result), 0.95, "%.3f", sticky(&result));
    // A quarter of the jobs is for models that had to go, and 0.5 s for a load are those of 100
    // jobs: at best four fifths of the time are left for jobs (docs/performance.md).
    cr_assert_leq(result.loads, 150, "%llu", (unsigned long long)result.loads);
    cr_assert_geq(result.ideal, 0.6, "%.3f", result.ideal);
    cr_assert_leq(result.max_over_mean, 1.5, "%.3f", result.max_over_mean);
}

Test(place, short_jobs_on_many_agents_keep_them_all_busy)
{
    struct place_result result = run((struct place_options){.agents = 50,
                                                            .models = 1,
                                                            .room = 1,
                                                            .credit = 64,
                                                            .job_us = 5000,
                                                            .load_us = 100000,
                                                            .jobs = 30000,
                                                            .warm_jobs = 5000,
                                                            .outstanding = 1024});
    cr_assert_geq(result.ideal, 0.97, "%.3f", result.ideal);
}

Test(place, agents_that_say_nothing_of_their_models_work_as_well)
{
    struct place_options options = zipf;
    options.tells_nothing = true;
    options.room = 20;
    options.load_us = 1000;
    struct place_result result = run(options);
    cr_assert_geq(sticky(&result), 0.95, "%.3f", sticky(&result));
    cr_assert_leq(result.max_over_mean, 1.25, "%.3f", result.max_over_mean);
}

Test(place, faster_agents_get_more_in_proportion)
{
    static const char *const names[] = {"model-affine", "latency-adaptive"};
    for (int i = 0; i < 2; i++) {
        struct place_result result = run((struct place_options){.strategy = names[i],
                                                                .agents = 3,
                                                                .models = 1,
                                                                .room = 1,
                                                                .credit = 64,
                                                                .job_us = 8000,
                                                                .load_us = 100000,
                                                                .speeds = {1, 2, 4},
                                                                .n_speeds = 3,
                                                                .jobs = 10000,
                                                                .warm_jobs = 2000,
                                                                .outstanding = 24});
        double unit = (double)(result.jobs[0] + result.jobs[1] + result.jobs[2]) / 7;
        for (int agent = 0; agent < 3; agent++) {
            double share = (double)result.jobs[agent] / unit / (1 << agent);
            cr_assert(share > 0.9 && share < 1.1, "%s: agent %d got %.2f of its share", names[i],
                      agent, share);
        }
    }
}

// ---- rules, event by event

static struct rig rig;

static void begin(void)
{
    rig_init(&rig, NULL);
}

static void finish(void)
{
    rig_finish(&rig);
}

TestSuite(place_rules, .init = begin, .fini = finish);

static void model_state(uint64_t link, uint8_t model, enum agent_model_state state, uint64_t bytes,
                        int64_t load_us)
{
    uint8_t hash[AGENT_HASH_SIZE] = {model, 2, 3};
    struct agent_event event = {.kind = AGENT_EVENT_MODEL_STATE, .link = link};
    event.model.hash = hash;
    event.model.state = state;
    event.model.bytes = bytes;
    event.model.load_us = load_us;
    event.model.text = "";
    rig_step(&rig, &event);
}

static uint64_t submit(uint8_t model)
{
    static uint64_t token = 50000;
    uint8_t hash[AGENT_HASH_SIZE] = {model, 2, 3};
    struct agent_event event = rig_submission(++token, "");
    event.submit.hash = hash;
    rig_step(&rig, &event);
    rig_commit(&rig);
    return rig_find(&rig, AGENT_ACTION_REPLY, token, 0)->id;
}

static void hello(uint64_t link, const char *name, const struct agent_device_info *device)
{
    struct agent_event event = {.kind = AGENT_EVENT_HELLO, .link = link};
    event.hello.name = name;
    event.hello.instance[0] = (uint8_t)link;
    event.hello.credit = 4;
    event.hello.devices = device;
    event.hello.n_devices = 1;
    rig_step(&rig, &event);
}

static void done(uint64_t link, uint64_t job, uint32_t compute_us)
{
    struct agent_event event = rig_answer(
        link, job, rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job)->attempt, AGENT_OUTCOME_DONE);
    event.result.compute_us = compute_us;
    rig_step(&rig, &event);
    rig_commit(&rig);
}

Test(place_rules, jobs_do_not_queue_behind_a_load_that_others_spare_them)
{
    rig_hello(&rig, 1, "one", 1, 64);
    done(1, submit(1), 1000);
    model_state(1, 1, AGENT_MODEL_RESIDENT, 1000, 5000000); // a load takes 5 s
    rig_hello(&rig, 2, "two", 2, 64);
    for (int i = 0; i < 60; i++)
        cr_assert_eq(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, submit(1))->link, 1);
    struct agent_why_not_view view;
    uint64_t last = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, 0)->id;
    cr_assert_eq(agent_coord_why_not(rig.core, last, "two", &view), AGENT_REPLY_OK);
    cr_assert_eq(view.rule, AGENT_RULE_BEHIND_LOAD, "%s", view.text);
}

Test(place_rules, a_model_in_demand_is_not_evicted_for_one_request)
{
    const struct agent_device_info device = {.family = "gpu", .memory_bytes = 1000};
    hello(1, "one", &device);
    done(1, submit(1), 1000);
    model_state(1, 1, AGENT_MODEL_RESIDENT, 800, 500000);
    done(1, submit(1), 1000); // it was used a moment ago
    // The other needs as much: first seen elsewhere.
    rig_hello(&rig, 2, "two", 2, 64);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_CORDON, .token = 5, .agent = "one"});
    done(2, submit(2), 1000);
    model_state(2, 2, AGENT_MODEL_RESIDENT, 800, 500000);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = 2});
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_UNCORDON, .token = 6, .agent = "one"});
    uint64_t job = submit(2);
    rig_state(&rig, job, AGENT_JOB_QUEUED);
    struct agent_why_not_view view;
    cr_assert_eq(agent_coord_why_not(rig.core, job, "one", &view), AGENT_REPLY_OK);
    cr_assert_eq(view.rule, AGENT_RULE_SWITCH, "%s", view.text);
    // It doesn't wait for ever: after a few loads' time it gets its turn, and room is made first.
    for (int i = 0; i < 60; i++) {
        rig_heard(&rig, 1);
        rig_tick(&rig, 100);
    }
    rig_state(&rig, job, AGENT_JOB_ASSIGNED);
    cr_assert_not_null(rig_find(&rig, AGENT_ACTION_UNLOAD, 0, 0));
}

static struct agent_event about_model(enum agent_event_kind kind, uint8_t model, const char *agent)
{
    static uint8_t hash[AGENT_HASH_SIZE];
    struct agent_event event = {.kind = kind, .token = 70, .agent = agent, .by = "me"};
    memcpy(hash, (const uint8_t[]){model, 2, 3}, 3);
    event.model_info.name = "digits";
    event.model_info.version = 1;
    event.model_info.hash = hash;
    event.model_info.bytes = 800;
    return event;
}

Test(place_rules, what_a_model_asks_of_a_device_holds_for_every_strategy)
{
    const struct agent_device_info cpu = {.family = "cpu", .memory_bytes = 100000};
    const struct agent_device_info gpu = {.family = "gpu", .memory_bytes = 100000, .fp16 = true};
    const struct agent_strategy *strategy;
    hello(1, "plain", &cpu);
    hello(2, "fast", &gpu);
    struct agent_event event = about_model(AGENT_EVENT_MODEL, 1, "");
    event.model_info.needs.fp16 = true;
    rig_step(&rig, &event);
    for (size_t i = 0; (strategy = agent_strategy_at(i)) != NULL; i++) {
        rig_step(&rig, &(struct agent_event){
                           .kind = AGENT_EVENT_STRATEGY, .token = 71, .agent = strategy->name});
        for (int n = 0; n < 3; n++) {
            uint64_t job = submit(1);
            cr_assert_eq(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job)->link, 2, "%s",
                         strategy->name);
            done(2, job, 100);
        }
    }
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_CORDON, .token = 5, .agent = "fast"});
    uint64_t job = submit(1);
    rig_state(&rig, job, AGENT_JOB_QUEUED);
    struct agent_why_not_view view;
    agent_coord_why_not(rig.core, job, "plain", &view);
    cr_assert_eq(view.rule, AGENT_RULE_FP16, "%s", view.text);
    // The model's file is changed so that it needs it no more.
    event = about_model(AGENT_EVENT_MODEL, 1, "");
    rig_step(&rig, &event);
    rig_state(&rig, job, AGENT_JOB_ASSIGNED);
}

Test(place_rules, a_pinned_model_is_not_evicted)
{
    const struct agent_device_info device = {.family = "gpu", .memory_bytes = 1000};
    hello(1, "one", &device);
    for (uint8_t model = 1; model <= 2; model++) {
        struct agent_event event = about_model(AGENT_EVENT_MODEL, model, "");
        rig_step(&rig, &event);
    }
    done(1, submit(1), 1000);
    model_state(1, 1, AGENT_MODEL_RESIDENT, 800, 5000);
    struct agent_event pin = about_model(AGENT_EVENT_PIN, 1, "");
    rig_step(&rig, &pin);
    rig_commit(&rig);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 70, 0)->reply, AGENT_REPLY_OK);
    uint64_t job = submit(2);
    for (int i = 0; i < 100; i++) {
        rig_heard(&rig, 1);
        rig_tick(&rig, 100);
    }
    rig_state(&rig, job, AGENT_JOB_QUEUED);
    struct agent_why_not_view view;
    agent_coord_why_not(rig.core, job, "one", &view);
    cr_assert_eq(view.rule, AGENT_RULE_PINNED, "%s", view.text);
    pin = about_model(AGENT_EVENT_UNPIN, 1, "one");
    rig_step(&rig, &pin);
    rig_commit(&rig);
    rig_state(&rig, job, AGENT_JOB_ASSIGNED);
    cr_assert_not_null(rig_find(&rig, AGENT_ACTION_UNLOAD, 0, 0));
    pin = about_model(AGENT_EVENT_UNPIN, 1, "one");
    rig_step(&rig, &pin);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 70, 0)->reply, AGENT_REPLY_CONFLICT);
}

static void hello_loads(uint64_t link, const char *name, uint64_t memory_bytes)
{
    const struct agent_device_info device = {.family = "gpu", .memory_bytes = memory_bytes};
    struct agent_event event = {.kind = AGENT_EVENT_HELLO, .link = link};
    event.hello.name = name;
    event.hello.credit = 4;
    event.hello.devices = &device;
    event.hello.n_devices = 1;
    event.hello.can_load = true;
    rig_step(&rig, &event);
}

static enum agent_reply ask(enum agent_event_kind kind, uint8_t model, const char *agent)
{
    struct agent_event event = about_model(kind, model, agent);
    rig.count = 0;
    rig_step(&rig, &event);
    rig_commit(&rig);
    const struct rig_action *reply = rig_find(&rig, AGENT_ACTION_REPLY, 70, 0);
    cr_assert_not_null(reply);
    enum agent_reply said = reply->reply;
    cr_assert(said == AGENT_REPLY_OK || rig_find(&rig, AGENT_ACTION_LOAD, 0, 0) == NULL);
    return said;
}

Test(place_rules, a_model_is_loaded_before_a_job_asks_and_nothing_in_use_goes_for_it)
{
    hello_loads(1, "one", 1000);
    hello(2, "old", &(struct agent_device_info){.family = "gpu", .memory_bytes = 1000});
    for (uint8_t model = 1; model <= 2; model++) {
        struct agent_event event = about_model(AGENT_EVENT_MODEL, model, "");
        rig_step(&rig, &event);
    }
    cr_assert_eq(ask(AGENT_EVENT_LOAD, 1, "nobody"), AGENT_REPLY_NOT_FOUND);
    cr_assert_eq(ask(AGENT_EVENT_LOAD, 1, "old"), AGENT_REPLY_CONFLICT, "it would not know it");
    cr_assert_eq(ask(AGENT_EVENT_LOAD, 1, "one"), AGENT_REPLY_OK);
    const struct rig_action *load = rig_find(&rig, AGENT_ACTION_LOAD, 0, 0);
    cr_assert_not_null(load);
    cr_assert_eq(load->link, 1);
    cr_assert_not(load->pinned || load->pin_only);
    cr_assert_eq(ask(AGENT_EVENT_LOAD, 1, "one"), AGENT_REPLY_CONFLICT, "it loads it already");
    model_state(1, 1, AGENT_MODEL_RESIDENT, 800, 5000);
    uint64_t job = submit(1);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job)->link, 1, "where it is loaded");
    cr_assert_eq(ask(AGENT_EVENT_LOAD, 2, "one"), AGENT_REPLY_CONFLICT, "the other has a job");
    struct agent_event answer = rig_answer(1, job, 1, AGENT_OUTCOME_DONE);
    rig_step(&rig, &answer);
    rig_commit(&rig);
    cr_assert_eq(ask(AGENT_EVENT_LOAD, 2, "one"), AGENT_REPLY_OK);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_UNLOAD), 1);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_LOAD), 1);
}

Test(place_rules, a_pin_loads_its_model_and_is_told_again_to_an_agent_that_comes_back)
{
    hello_loads(1, "one", 1000);
    struct agent_event event = about_model(AGENT_EVENT_MODEL, 1, "");
    rig_step(&rig, &event);
    cr_assert_eq(ask(AGENT_EVENT_PIN, 1, "one"), AGENT_REPLY_OK);
    const struct rig_action *load = rig_find(&rig, AGENT_ACTION_LOAD, 0, 0);
    cr_assert(load != NULL && load->pinned && !load->pin_only);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_NOTICE, 0, 0)->notice, AGENT_NOTICE_MODEL_PINNED);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = 1});
    rig.count = 0;
    hello_loads(2, "one", 1000);
    load = rig_find(&rig, AGENT_ACTION_LOAD, 0, 0);
    cr_assert(load != NULL && load->link == 2 && load->pinned);
    cr_assert_lt(rig_find(&rig, AGENT_ACTION_WELCOME, 0, 0), load, "not before it is admitted");
    cr_assert_eq(ask(AGENT_EVENT_UNPIN, 1, "one"), AGENT_REPLY_OK);
    load = rig_find(&rig, AGENT_ACTION_LOAD, 0, 0);
    cr_assert(load != NULL && !load->pinned && load->pin_only);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_UNLOAD), 0);
}

Test(place_rules, a_pin_is_told_when_its_model_comes_to_an_agent_that_did_not_know_it)
{
    hello_loads(1, "one", 1000);
    for (uint8_t model = 1; model <= 2; model++) {
        struct agent_event event = about_model(AGENT_EVENT_MODEL, model, "");
        rig_step(&rig, &event);
    }
    uint64_t job = submit(1);
    model_state(1, 1, AGENT_MODEL_RESIDENT, 800, 5000);
    cr_assert_eq(ask(AGENT_EVENT_PIN, 2, "one"), AGENT_REPLY_OK);
    const struct rig_action *load = rig_find(&rig, AGENT_ACTION_LOAD, 0, 0);
    cr_assert(load != NULL && load->pinned && load->pin_only, "the other is in use");
    rig_result(&rig, 1, job, 1, AGENT_OUTCOME_DONE);
    rig_commit(&rig);
    model_state(1, 1, AGENT_MODEL_ABSENT, 0, 0);
    job = submit(2);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job)->link, 1);
    rig.count = 0;
    model_state(1, 2, AGENT_MODEL_RESIDENT, 800, 5000);
    load = rig_find(&rig, AGENT_ACTION_LOAD, 0, 0);
    cr_assert(load != NULL && load->pinned && load->pin_only, "it is not told that it is pinned");
    rig.count = 0;
    model_state(1, 2, AGENT_MODEL_RESIDENT, 800, 5000);
    cr_assert_null(rig_find(&rig, AGENT_ACTION_LOAD, 0, 0), "once is enough");
}

Test(place_rules, agents_that_can_not_load_for_a_pin_hear_nothing_of_it)
{
    const struct agent_device_info device = {.family = "gpu", .memory_bytes = 1000};
    hello(1, "old", &device);
    cr_assert_eq(ask(AGENT_EVENT_PIN, 1, "old"), AGENT_REPLY_OK);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_LOAD), 0);
    cr_assert_eq(ask(AGENT_EVENT_UNPIN, 1, "old"), AGENT_REPLY_OK);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_LOAD), 0);
}

Test(place_rules, pins_outlive_the_coordinator)
{
    struct agent_event event = about_model(AGENT_EVENT_RECOVER_PIN, 1, "one");
    rig_step(&rig, &event);
    cr_assert(agent_coord_pinned(rig.core, event.model_info.hash, "one"));
    const struct agent_device_info device = {.family = "gpu", .memory_bytes = 1000};
    hello(1, "one", &device);
    cr_assert(agent_coord_pinned(rig.core, event.model_info.hash, "one"));
}

Test(place_rules, counters_say_how_often_jobs_met_their_model)
{
    struct agent_caches caches;
    rig_hello(&rig, 1, "one", 1, 8);
    for (int i = 0; i < 5; i++)
        done(1, submit(1), 100);
    agent_coord_caches(rig.core, &caches);
    cr_assert_eq(caches.sticky.misses, 1);
    cr_assert_eq(caches.sticky.hits, 4);
    cr_assert_gt(caches.capability.hits, 0);
    model_state(1, 1, AGENT_MODEL_RESIDENT, 500, 1000);
    agent_coord_caches(rig.core, &caches);
    cr_assert_eq(caches.model_bytes, 500);
    model_state(1, 1, AGENT_MODEL_ABSENT, 0, 0);
    agent_coord_caches(rig.core, &caches);
    cr_assert_eq(caches.model_bytes, 0);
    cr_assert_eq(caches.model_evictions, 1);
}
