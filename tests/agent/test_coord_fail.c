// Who is taken for dead, and who is not.
#include <stdio.h>

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

TestSuite(coord_fail, .init = begin, .fini = finish);

static void beat(uint64_t link)
{
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_BEAT, .link = link});
}

static void is(const char *agent, const char *state)
{
    struct agent_agent_view view;
    cr_assert(agent_coord_agent(rig.core, agent, &view));
    cr_assert_str_eq(view.state, state, "%s is %s (%s), not %s", agent, view.state, view.reason,
                     state);
}

// Heartbeats that come every `ms`, for `times`.
static void beats(uint64_t link, int times, int64_t ms)
{
    for (int i = 0; i < times; i++) {
        rig_tick(&rig, ms);
        beat(link);
    }
}

static void lose(uint64_t link)
{
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = link});
}

Test(coord_fail, silent_host_s_jobs_run_elsewhere_within_a_second)
{
    rig_hello(&rig, 7, "one", 1, 4);
    uint64_t job = rig_submit(&rig, "");
    rig_start(&rig, 7, job, 1);
    beats(7, 50, 202);
    rig_hello(&rig, 8, "two", 2, 4);
    int64_t died_us = rig.now_us;
    while (rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job)->link == 7) {
        rig_tick(&rig, 10);
        rig_heard(&rig, 8);
        cr_assert_leq(rig.now_us - died_us, 1000000);
    }
    is("one", "lost");
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_CLOSE, 0, 0)->link, 7);
}

Test(coord_fail, slow_is_not_dead)
{
    // Heartbeats that come in bursts, with holes longer than an ordinary agent may make.
    rig_hello(&rig, 7, "slow", 1, 4);
    int64_t hole_ms = 300;
    for (int i = 0; i < 40; i++) {
        beats(7, 1, hole_ms);
        beats(7, 3, 60);
        if (hole_ms < 1300)
            hole_ms += 40;
        is("slow", "ready");
    }
    // It is the same kind of hole for an ordinary one.
    rig_hello(&rig, 8, "regular", 2, 4);
    beats(8, 40, 201);
    rig_tick(&rig, 1300);
    is("regular", "lost");
}

Test(coord_fail, wrongly_given_up_agent_gets_more_time_the_next_time)
{
    rig_hello(&rig, 7, "one", 1, 4);
    beats(7, 20, 200);
    rig_tick(&rig, 1100);
    is("one", "lost");
    rig_tick(&rig, 900);
    rig_hello(&rig, 8, "one", 1, 4); // the same process: it was slow
    beats(8, 2, 200);
    rig_tick(&rig, 1100);
    cr_assert_not_null(rig_find(&rig, AGENT_ACTION_WELCOME, 0, 0));
    struct agent_agent_view view;
    cr_assert(agent_coord_agent(rig.core, "one", &view));
    cr_assert(view.connected);
    beat(8);
    is("one", "ready");
}

Test(coord_fail, coordinator_that_slept_declares_nobody_dead)
{
    rig_hello(&rig, 7, "one", 1, 4);
    rig_hello(&rig, 8, "two", 2, 4);
    uint64_t job = rig_submit(&rig, "");
    rig_start(&rig, rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job)->link, job, 1);
    beats(7, 3, 200);
    beat(8);
    rig.now_us += 30000000;
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_TICK});
    // What came while it slept is read only now, a bit later.
    rig_tick(&rig, 700);
    is("one", "ready");
    is("two", "ready");
    beat(7);
    rig_state(&rig, job, AGENT_JOB_RUNNING);
    // One that is really gone is still found, later than usual.
    for (int i = 0; i < 40; i++)
        beats(7, 1, 200);
    is("one", "ready");
    is("two", "lost");
}

Test(coord_fail, restarted_agent_takes_over_from_a_silent_link_at_once)
{
    rig_hello(&rig, 7, "one", 1, 4);
    uint64_t job = rig_submit(&rig, "");
    beats(7, 10, 200);
    rig_tick(&rig, 250);
    rig_hello(&rig, 8, "one", 2, 4);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REFUSE, 0, 0)->link, 8, "the first one is there");
    rig_tick(&rig, 100);
    rig_hello(&rig, 9, "one", 3, 4);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_WELCOME, 0, 0)->link, 9);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_CLOSE, 0, 0)->link, 7);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job)->link, 9);
    // What the old one still says about the job is nobody's.
    rig_result(&rig, 7, job, 1, AGENT_OUTCOME_DONE);
    rig_commit(&rig);
    rig_state(&rig, job, AGENT_JOB_ASSIGNED);
}

Test(coord_fail, flapping_agent_rests_longer_each_time)
{
    rig_hello(&rig, 50, "steady", 9, 1);
    uint64_t link = 7;
    int64_t rests[8] = {0};
    for (int i = 0; i < 8; i++, link++) {
        rig_hello(&rig, link, "flaps", 1, 4);
        struct agent_agent_view view;
        cr_assert(agent_coord_agent(rig.core, "flaps", &view));
        int64_t begun_us = rig.now_us;
        while (strcmp(view.state, "suspect") == 0) {
            beat(50);
            beats(link, 1, 50);
            cr_assert(agent_coord_agent(rig.core, "flaps", &view));
        }
        rests[i] = rig.now_us - begun_us;
        beats(50, 1, 100);
        lose(link);
    }
    cr_assert_eq(rests[3], 0, "a few losses are nothing");
    cr_assert_gt(rests[5], rests[4]);
    cr_assert_gt(rests[6], rests[5]);
    cr_assert_leq(rests[7], 10100000);
    // After a minute without a loss it is as good as any.
    rig_hello(&rig, link, "flaps", 1, 4);
    for (int i = 0; i < 400; i++) {
        beat(50);
        beats(link, 1, 200);
    }
    lose(link);
    rig_hello(&rig, link + 1, "flaps", 1, 4);
    is("flaps", "ready");
}

Test(coord_fail, flapping_agent_works_when_nobody_else_does)
{
    for (uint64_t link = 7; link < 20; link++) {
        rig_hello(&rig, link, "only", 1, 4);
        lose(link);
    }
    rig_hello(&rig, 20, "only", 1, 4);
    is("only", "suspect");
    char why[256];
    uint64_t job = rig_submit(&rig, "");
    agent_coord_waiting(rig.core, job, why, sizeof why);
    cr_assert_str_eq(why, "only rests: its links break too often");
    rig_tick(&rig, 20);
    rig_state(&rig, job, AGENT_JOB_ASSIGNED);
}

Test(coord_fail, clock_that_goes_back_changes_nothing)
{
    rig_hello(&rig, 7, "one", 1, 4);
    beats(7, 5, 200);
    rig.now_us -= 3600000000;
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_TICK});
    is("one", "ready");
    rig.now_us += 3600000000;
    rig_tick(&rig, 300);
    is("one", "ready");
}
