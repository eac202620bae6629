// What the core learns of agents' speeds, from what they report.
#include "agent/core/placement/coord_speed.h"
#include "tests/agent/coord_rig.h"

static struct rig rig;

static void begin(void)
{
    rig_init(&rig, NULL);
    rig_hello(&rig, 7, "one", 1, 8);
}

static void finish(void)
{
    rig_finish(&rig);
}

TestSuite(coord_speed, .init = begin, .fini = finish);

static const struct coord_model *model(void)
{
    const struct coord_model *found = agent_coord_model_find(rig.core, rig_hash);
    cr_assert_not_null(found);
    return found;
}

static void run_one(uint64_t link, uint32_t compute_us, uint32_t batch)
{
    uint64_t job = rig_submit(&rig, "");
    struct rig_action *dispatch = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job);
    cr_assert_eq(dispatch->link, link);
    struct agent_event event = rig_answer(link, job, 1, AGENT_OUTCOME_DONE);
    event.result.compute_us = compute_us;
    event.result.batch = batch;
    rig_step(&rig, &event);
    rig_commit(&rig);
}

Test(coord_speed, a_job_is_charged_its_share_of_the_batch)
{
    const struct coord_agent *one = agent_coord_agent_by_name(rig.core, "one");
    run_one(7, 8000, 8);
    cr_assert_eq(agent_coord_expect_us(rig.core, one, model()), 1000);
    for (int i = 0; i < 60; i++)
        run_one(7, 3000, 1);
    cr_assert_eq(agent_coord_expect_us(rig.core, one, model()), 3000);
}

Test(coord_speed, an_agent_that_ran_nothing_is_expected_to_be_as_the_others)
{
    rig_hello(&rig, 8, "two", 2, 0);
    const struct coord_agent *two = agent_coord_agent_by_name(rig.core, "two");
    run_one(7, 4000, 1);
    cr_assert_eq(agent_coord_expect_us(rig.core, two, model()), 4000);
}

Test(coord_speed, a_load_costs_what_was_measured_there_and_else_elsewhere)
{
    rig_hello(&rig, 8, "two", 2, 0);
    run_one(7, 10, 1);
    const struct coord_agent *one = agent_coord_agent_by_name(rig.core, "one");
    const struct coord_agent *two = agent_coord_agent_by_name(rig.core, "two");
    cr_assert_eq(agent_coord_load_us(rig.core, one, model()), 0);
    struct agent_event event = {.kind = AGENT_EVENT_MODEL_STATE, .link = 7};
    event.model.hash = rig_hash;
    event.model.state = AGENT_MODEL_RESIDENT;
    event.model.bytes = 1000000;
    event.model.load_us = 250000;
    event.model.text = "";
    rig_step(&rig, &event);
    cr_assert_eq(agent_coord_load_us(rig.core, one, model()), 250000);
    cr_assert_eq(agent_coord_load_us(rig.core, two, model()), 250000);
}

Test(coord_speed, devices_of_an_agent_are_known)
{
    static const struct agent_device_info devices[2] = {
        {.family = "cpu", .memory_bytes = 100},
        {.family = "gpu", .memory_bytes = 200, .fp16 = true}};
    struct agent_event event = {.kind = AGENT_EVENT_HELLO, .link = 9};
    event.hello.name = "three";
    event.hello.credit = 1;
    event.hello.devices = devices;
    event.hello.n_devices = 2;
    rig_step(&rig, &event);
    const struct coord_agent *three = agent_coord_agent_by_name(rig.core, "three");
    cr_assert_eq(three->n_devices, 2);
    cr_assert_str_eq(three->devices[1].family, "gpu");
    cr_assert(three->devices[1].fp16 && !three->devices[0].fp16);
}

Test(coord_speed, no_agent_idles_while_jobs_wait_for_others_longer_than_a_load_takes)
{
    static const char *const names[] = {"two", "three", "four", "idle"};
    for (uint32_t i = 0; i < 4; i++)
        rig_hello(&rig, 8 + i, names[i], i + 2, 8);
    for (uint64_t link = 7; link < 11; link++) {
        struct agent_event event = {.kind = AGENT_EVENT_MODEL_STATE, .link = link};
        event.model.hash = rig_hash;
        event.model.state = AGENT_MODEL_RESIDENT;
        event.model.load_us = 1000;
        event.model.text = "";
        rig_step(&rig, &event);
    }
    run_one(7, 10000, 1);
    bool idles = true;
    for (int i = 0; i < 12; i++) {
        struct rig_action *dispatch =
            rig_find(&rig, AGENT_ACTION_DISPATCH, 0, rig_submit(&rig, ""));
        idles = idles && dispatch->link != 11;
    }
    cr_assert(!idles);
}

// Of 24 jobs that come at once, those that link 7's agent is given, of two that have the model.
static uint32_t given_of_burst(uint32_t compute_us)
{
    uint32_t given = 0;
    rig_hello(&rig, 8, "two", 2, 32);
    rig_step(&rig, &(struct agent_event){
                       .kind = AGENT_EVENT_CREDIT, .link = 7, .credit = 32, .reason = ""});
    for (uint64_t link = 7; link < 9; link++) {
        struct agent_event event = {.kind = AGENT_EVENT_MODEL_STATE, .link = link};
        event.model.hash = rig_hash;
        event.model.state = AGENT_MODEL_RESIDENT;
        event.model.load_us = 1;
        event.model.text = "";
        rig_step(&rig, &event);
    }
    uint64_t learns = rig_submit(&rig, "");
    struct agent_event event = rig_answer(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, learns)->link,
                                          learns, 1, AGENT_OUTCOME_DONE);
    event.result.compute_us = compute_us;
    rig_step(&rig, &event);
    rig_commit(&rig);
    size_t before = rig.count;
    for (uint64_t i = 0; i < 24; i++) {
        struct agent_event submission = rig_submission(100 + i, "");
        rig_step(&rig, &submission);
    }
    rig_commit(&rig);
    for (size_t i = before; i < rig.count; i++)
        given += rig.actions[i].kind == AGENT_ACTION_DISPATCH && rig.actions[i].link == 7;
    return given;
}

Test(coord_speed, jobs_that_take_no_time_stay_together_and_others_are_spread)
{
    uint32_t given = given_of_burst(1);
    cr_assert(given == 0 || given == 24, "%u", given);
}

Test(coord_speed, jobs_that_take_time_are_spread_over_agents)
{
    uint32_t given = given_of_burst(5000);
    cr_assert(given == 12, "%u", given);
}
