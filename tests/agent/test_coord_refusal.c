// Jobs of models that no agent can load: they wait for one that can, but not for ever.
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

TestSuite(coord_refusal, .init = begin, .fini = finish);

static void model_state(uint64_t link, enum agent_model_state state, const char *code,
                        const char *text)
{
    struct agent_event event = {.kind = AGENT_EVENT_MODEL_STATE, .link = link};
    event.model.hash = rig_hash;
    event.model.state = state;
    event.model.code = code;
    event.model.text = text;
    rig_step(&rig, &event);
}

// Time passes, and the agents of links 1 to `links` are heard meanwhile.
static void pass(uint64_t links, int64_t ms)
{
    for (; ms > 0; ms -= 200) {
        rig_tick(&rig, 200);
        for (uint64_t link = 1; link <= links; link++)
            rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_BEAT, .link = link});
    }
}

static void offer(const char *family)
{
    struct agent_event event = {.kind = AGENT_EVENT_MODEL};
    event.model_info.name = "digits";
    event.model_info.version = 1;
    event.model_info.hash = rig_hash;
    event.model_info.bytes = 100;
    memcpy(event.model_info.needs.family, family, strlen(family) + 1);
    rig_step(&rig, &event);
}

static void hello(uint64_t link, const char *name, const char *family)
{
    struct agent_device_info device = {.memory_bytes = 1 << 20};
    struct agent_event event = {.kind = AGENT_EVENT_HELLO, .link = link};
    memcpy(device.family, family, strlen(family) + 1);
    event.hello.name = name;
    event.hello.instance[0] = (uint8_t)link;
    event.hello.credit = 4;
    event.hello.devices = &device;
    event.hello.n_devices = 1;
    rig_step(&rig, &event);
}

static const char *waiting(uint64_t job)
{
    static char text[512];
    agent_coord_waiting(rig.core, job, text, sizeof text);
    return text;
}

static void fails(uint64_t job, const char *code, const char *with)
{
    struct agent_job_view view;
    rig_commit(&rig);
    cr_assert(agent_coord_job(rig.core, job, &view));
    cr_assert_eq(view.state, AGENT_JOB_FAILED, "it is %s: %s", agent_job_state_name(view.state),
                 waiting(job));
    cr_assert_str_eq(view.error_code, code);
    cr_assert_not_null(strstr(view.error_text, with), "%s", view.error_text);
}

Test(coord_refusal, jobs_fail_with_the_reasons_of_those_that_tried)
{
    struct agent_why_not_view view;
    rig_hello(&rig, 1, "one", 1, 4);
    rig_hello(&rig, 2, "two", 2, 4);
    rig_submit(&rig, ""); // makes the model known
    model_state(1, AGENT_MODEL_FAILED, "", "operator Frobnicate is not known");
    model_state(1, AGENT_MODEL_FAILED, "unsupported", "operator Frobnicate is not known");
    model_state(2, AGENT_MODEL_FAILED, "no_memory", "2 GB are missing");
    uint64_t job = rig_submit(&rig, "");
    pass(2, 20000);
    cr_assert_eq(agent_coord_why_not(rig.core, job, "one", &view), AGENT_REPLY_OK);
    cr_assert_str_eq(view.text, "one can't load the model: operator Frobnicate is not known; no "
                                "agent can take digits:1: its jobs fail in 11 s unless one comes "
                                "that can.");
    cr_assert_not_null(strstr(waiting(job), "two can't load the model: 2 GB are missing; no agent"),
                       "%s", waiting(job));
    pass(2, 11000);
    fails(job, "unsupported", "no agent can load its model: one can't load the model: operator");
    // The next ones don't wait as long again.
    uint64_t next = rig_submit(&rig, "");
    pass(2, 200);
    fails(next, "unsupported", "Frobnicate");
}

Test(coord_refusal, an_agent_that_comes_in_time_gets_them)
{
    offer("gpu");
    hello(1, "small", "cpu");
    uint64_t job = rig_submit(&rig, "");
    pass(1, 29000);
    cr_assert_not_null(strstr(waiting(job), "small has no device of the family"));
    hello(2, "large", "gpu");
    pass(2, 100);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job)->link, 2);
}

Test(coord_refusal, no_device_is_a_reason_of_its_own)
{
    offer("gpu");
    hello(1, "small", "cpu");
    uint64_t job = rig_submit(&rig, "");
    pass(1, 31000);
    fails(job, "no_device", "small has no device of the family that the model asks for");
}

Test(coord_refusal, one_that_is_cordoned_may_take_it_one_day)
{
    offer("gpu");
    hello(1, "small", "cpu");
    hello(2, "large", "gpu");
    rig_step(&rig, &(struct agent_event){
                       .kind = AGENT_EVENT_CORDON, .token = 5, .agent = "large", .by = "ops"});
    rig_commit(&rig);
    uint64_t job = rig_submit(&rig, "");
    pass(2, 60000);
    rig_state(&rig, job, AGENT_JOB_QUEUED);
    // Gone it is one that may come back, for as long as one may come at all.
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = 2});
    pass(1, 29000);
    rig_state(&rig, job, AGENT_JOB_QUEUED);
    pass(1, 32000);
    fails(job, "no_device", "large is not connected");
}

Test(coord_refusal, without_any_agent_they_wait)
{
    offer("gpu");
    uint64_t job = rig_submit(&rig, "");
    pass(0, 120000);
    rig_state(&rig, job, AGENT_JOB_QUEUED);
}

Test(coord_refusal, what_may_pass_is_tried_again_first)
{
    rig_hello(&rig, 1, "one", 1, 4);
    uint64_t first = rig_submit(&rig, "");
    model_state(1, AGENT_MODEL_FAILED, "no_memory", "none left");
    uint64_t job = rig_submit(&rig, "");
    pass(1, 29000);
    model_state(1, AGENT_MODEL_ABSENT, "", "");
    pass(1, 5000);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job)->link, 1);
    model_state(1, AGENT_MODEL_RESIDENT, "", "");
    rig_result(&rig, 1, first, 1, AGENT_OUTCOME_DONE);
    rig_result(&rig, 1, job, 1, AGENT_OUTCOME_DONE);
    rig_commit(&rig);
    rig_state(&rig, job, AGENT_JOB_DONE);
}

Test(coord_refusal, by_a_limit_of_0_they_wait_for_ever)
{
    struct agent_event event = {.kind = AGENT_EVENT_LIMITS};
    agent_coord_limits_init(&event.limits);
    event.limits.unloadable_us = 0;
    rig_step(&rig, &event);
    offer("gpu");
    hello(1, "small", "cpu");
    uint64_t job = rig_submit(&rig, "");
    pass(1, 120000);
    rig_state(&rig, job, AGENT_JOB_QUEUED);
    cr_assert_str_eq(waiting(job), "small has no device of the family that the model asks for");
}
