// The slowest runs are given to a second agent, and count once.
#include <stdio.h>

#include "tests/agent/coord_rig.h"

static struct rig rig;

static void begin(void)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.hedge_times = 3;
    rig_init(&rig, &limits);
}

static void finish(void)
{
    rig_finish(&rig);
}

TestSuite(coord_hedge, .init = begin, .fini = finish);

static void resident(uint64_t link)
{
    struct agent_event event = {.kind = AGENT_EVENT_MODEL_STATE, .link = link};
    event.model.hash = rig_hash;
    event.model.state = AGENT_MODEL_RESIDENT;
    event.model.text = "";
    rig_step(&rig, &event);
}

static void pass(int64_t ms)
{
    for (int64_t part = 0; part < ms; part += 25) {
        rig_tick(&rig, 25);
        rig_heard(&rig, 1);
        rig_heard(&rig, 2);
    }
}

static uint64_t begin_job(uint64_t *ret_link)
{
    uint64_t job = rig_submit(&rig, "");
    const struct rig_action *to = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job);
    *ret_link = to->link;
    rig_start(&rig, to->link, job, to->attempt);
    return job;
}

// Runs of 10 ms each; the actions are forgotten.
static void usual(int jobs)
{
    for (int i = 0; i < jobs; i++) {
        uint64_t link, job = begin_job(&link);
        rig_tick(&rig, 10);
        rig_heard(&rig, 1);
        rig_heard(&rig, 2);
        rig_result(&rig, link, job, 1, AGENT_OUTCOME_DONE);
        rig_commit(&rig);
        rig.count = 0;
    }
}

static void both(void)
{
    rig_hello(&rig, 1, "one", 1, 8);
    rig_hello(&rig, 2, "two", 2, 8);
    uint64_t link;
    rig_result(&rig, 1, begin_job(&link), 1, AGENT_OUTCOME_DONE); // so that the model is known
    resident(1);
    resident(2);
}

// A job that is slow, and its second agent.
static uint64_t slow(uint64_t *ret_first, uint64_t *ret_second)
{
    uint64_t job = begin_job(ret_first);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_DISPATCH), 1);
    pass(25);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_DISPATCH), 1, "not slow yet");
    pass(100);
    const struct rig_action *second = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_DISPATCH), 2);
    cr_assert_eq(second->attempt, 2);
    cr_assert_neq(second->link, *ret_first);
    *ret_second = second->link;
    return job;
}

// At a deadline that no second run could keep there is none, not even in the step that ends it.
Test(coord_hedge, a_deadline_that_is_due_leaves_no_second_run)
{
    both();
    usual(200);
    struct agent_event event = rig_submission(90000, "");
    event.submit.deadline_us = rig.now_us + 25000;
    rig_step(&rig, &event);
    rig_commit(&rig);
    uint64_t job = rig_find(&rig, AGENT_ACTION_REPLY, 90000, 0)->id;
    const struct rig_action *to = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job);
    rig_start(&rig, to->link, job, to->attempt);
    rig_tick(&rig, 100);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_DISPATCH), 1);
    rig_commit(&rig);
    rig_state(&rig, job, AGENT_JOB_EXPIRED);
}

static void done_once(uint64_t job)
{
    rig_commit(&rig);
    rig_state(&rig, job, AGENT_JOB_DONE);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_ENDED), 1);
    struct agent_totals totals;
    agent_coord_totals(rig.core, &totals);
    cr_assert_eq(totals.assigned + totals.running, 0);
}

Test(coord_hedge, second_agent_s_answer_counts_when_it_is_first)
{
    both();
    usual(250);
    uint64_t first, second, job = slow(&first, &second);
    rig_start(&rig, second, job, 2);
    rig_result(&rig, second, job, 2, AGENT_OUTCOME_DONE);
    const struct rig_action *revoke = rig_find(&rig, AGENT_ACTION_REVOKE, 0, job);
    cr_assert_eq(revoke->link, first);
    cr_assert_eq(revoke->attempt, 1);
    rig_result(&rig, first, job, 1, AGENT_OUTCOME_DONE); // it was done too, a moment later
    done_once(job);
    struct agent_job_view view;
    cr_assert(agent_coord_job(rig.core, job, &view));
    cr_assert_str_eq(view.agent, second == 1 ? "one" : "two");
}

Test(coord_hedge, first_agent_s_answer_takes_the_second_s_work_back)
{
    both();
    usual(250);
    uint64_t first, second, job = slow(&first, &second);
    rig_result(&rig, first, job, 1, AGENT_OUTCOME_DONE);
    const struct rig_action *revoke = rig_find(&rig, AGENT_ACTION_REVOKE, 0, job);
    cr_assert_eq(revoke->link, second);
    cr_assert_eq(revoke->attempt, 2);
    struct agent_agent_view view;
    cr_assert(agent_coord_agent(rig.core, second == 1 ? "one" : "two", &view));
    cr_assert_eq(view.revoked, 1, "it has it until it says otherwise");
    rig_result(&rig, second, job, 2, AGENT_OUTCOME_CANCELLED);
    done_once(job);
}

Test(coord_hedge, job_lives_on_with_either_of_them)
{
    both();
    usual(450);
    uint64_t first, second, job = slow(&first, &second);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = first});
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_DISPATCH), 2, "the second one has it");
    rig_result(&rig, second, job, 2, AGENT_OUTCOME_DONE);
    done_once(job);
    rig_hello(&rig, first, first == 1 ? "one" : "two", 1, 8);
    resident(first);
    rig.count = 0;
    job = slow(&first, &second);
    rig_result(&rig, second, job, 2, AGENT_OUTCOME_FAILED_RETRYABLE);
    rig_state(&rig, job, AGENT_JOB_RUNNING);
    rig_result(&rig, first, job, 1, AGENT_OUTCOME_DONE);
    done_once(job);
    struct agent_job_view view;
    cr_assert(agent_coord_job(rig.core, job, &view));
    cr_assert_eq(view.attempts, 1, "the second one's failure is not the job's");
}

Test(coord_hedge, cancelled_on_both)
{
    both();
    usual(250);
    uint64_t first, second, job = slow(&first, &second);
    rig.count = 0;
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_CANCEL, .id = job, .by = "me"});
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_REVOKE), 2);
    rig_commit(&rig);
    rig_state(&rig, job, AGENT_JOB_CANCELLED);
}

Test(coord_hedge, at_most_one_job_in_a_hundred)
{
    both();
    usual(199);
    uint64_t link;
    for (int i = 0; i < 6; i++)
        begin_job(&link);
    rig.count = 0;
    pass(500);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_DISPATCH), 2);
}

Test(coord_hedge, never_where_it_is_turned_off)
{
    struct agent_event event = {.kind = AGENT_EVENT_LIMITS};
    agent_coord_limits_init(&event.limits);
    rig_step(&rig, &event);
    both();
    usual(250);
    uint64_t link;
    begin_job(&link);
    pass(2000);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_DISPATCH), 1);
}

Test(coord_hedge, a_model_may_ask_for_it_alone)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    rig_finish(&rig);
    rig_init(&rig, &limits);
    struct agent_event event = {.kind = AGENT_EVENT_MODEL};
    event.model_info.name = "digits";
    event.model_info.version = 1;
    event.model_info.hash = rig_hash;
    both();
    usual(250);
    uint64_t link, job = begin_job(&link);
    pass(200);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_DISPATCH), 1, "it is off");
    event.model_info.hedge_times = 3;
    rig_step(&rig, &event);
    pass(100);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_DISPATCH), 2);
    cr_assert_neq(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job)->link, link);
}
