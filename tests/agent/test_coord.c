// The coordinator's core, event by event. Every step is followed by a recount of everything.
#include <stdio.h>

#include "agent/core/strategy/strategy.h"
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

TestSuite(coord, .init = begin, .fini = finish);

Test(coord, acknowledges_and_dispatches_only_after_the_commit)
{
    rig_hello(&rig, 7, "one", 1, 4);
    struct agent_event event = rig_submission(5, "");
    rig_step(&rig, &event);
    cr_assert_null(rig_find(&rig, AGENT_ACTION_REPLY, 5, 0));
    cr_assert_null(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, 0));
    rig_commit(&rig);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 5, 0)->reply, AGENT_REPLY_OK);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, 1)->link, 7);
}

Test(coord, tells_a_job_s_end_only_after_the_commit)
{
    rig_hello(&rig, 7, "one", 1, 4);
    uint64_t job = rig_submit(&rig, "");
    rig_start(&rig, 7, job, 1);
    rig_state(&rig, job, AGENT_JOB_RUNNING);
    rig_result(&rig, 7, job, 1, AGENT_OUTCOME_DONE);
    rig_state(&rig, job, AGENT_JOB_RUNNING);
    cr_assert_null(rig_find(&rig, AGENT_ACTION_ENDED, 0, job));
    rig_commit(&rig);
    rig_state(&rig, job, AGENT_JOB_DONE);
    cr_assert_not_null(rig_find(&rig, AGENT_ACTION_ENDED, 0, job));
}

Test(coord, a_job_whose_outputs_are_known_ends_without_an_agent_and_is_kept_like_any_other)
{
    rig_hello(&rig, 7, "one", 1, 4);
    struct agent_event event = rig_submission(5, "abc");
    event.submit.cached = true;
    event.submit.output_bytes = 30;
    rig_step(&rig, &event);
    cr_assert_null(rig_find(&rig, AGENT_ACTION_REPLY, 5, 0));
    rig_commit(&rig);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 5, 0)->id, 1);
    cr_assert_null(rig_find(&rig, AGENT_ACTION_ENDED, 0, 1), "its end is not committed");
    rig_commit(&rig);
    rig_state(&rig, 1, AGENT_JOB_DONE);
    cr_assert_not_null(rig_find(&rig, AGENT_ACTION_ENDED, 0, 1));
    cr_assert_null(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, 0));
    struct agent_job_view view;
    cr_assert(agent_coord_job(rig.core, 1, &view));
    cr_assert(view.cached);
    cr_assert_eq(view.attempts, 0);
    cr_assert_eq(view.timing.queue_us, view.timing.total_us);
    struct agent_totals totals;
    agent_coord_totals(rig.core, &totals);
    cr_assert_eq(totals.done, 1);
    cr_assert_eq(totals.output_bytes, 30);
    cr_assert_eq(totals.input_bytes, 0);
    // Its key names it from then on.
    event = rig_submission(6, "abc");
    rig_step(&rig, &event);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 6, 0)->id, 1);
}

Test(coord, same_key_gives_the_first_job_even_before_its_commit)
{
    struct agent_event event = rig_submission(5, "abc");
    rig_step(&rig, &event);
    event = rig_submission(6, "abc");
    rig_step(&rig, &event);
    cr_assert_null(rig_find(&rig, AGENT_ACTION_REPLY, 6, 0));
    rig_commit(&rig);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 5, 0)->id, 1);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 6, 0)->id, 1);
    cr_assert(rig_find(&rig, AGENT_ACTION_REPLY, 6, 0)->existing);
    event = rig_submission(7, "other");
    rig_step(&rig, &event);
    rig_commit(&rig);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 7, 0)->id, 2);
}

Test(coord, lost_agent_s_jobs_run_elsewhere_and_its_late_results_are_dropped)
{
    rig_hello(&rig, 7, "one", 1, 4);
    uint64_t job = rig_submit(&rig, "");
    rig_start(&rig, 7, job, 1);
    rig_hello(&rig, 8, "two", 2, 4);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = 7});
    struct rig_action *again = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job);
    cr_assert_eq(again->link, 8);
    cr_assert_eq(again->attempt, 2);
    rig_result(&rig, 7, job, 1, AGENT_OUTCOME_DONE);
    rig_result(&rig, 8, job, 1, AGENT_OUTCOME_DONE);
    rig_commit(&rig);
    rig_state(&rig, job, AGENT_JOB_ASSIGNED);
    rig_result(&rig, 8, job, 2, AGENT_OUTCOME_DONE);
    rig_result(&rig, 8, job, 2, AGENT_OUTCOME_DONE);
    rig_commit(&rig);
    rig_state(&rig, job, AGENT_JOB_DONE);
    struct agent_totals totals;
    agent_coord_totals(rig.core, &totals);
    cr_assert_eq(totals.stale, 3);
    cr_assert_eq(totals.done, 1);
    cr_assert_eq(totals.requeued, 1);
}

Test(coord, results_of_another_epoch_are_dropped)
{
    rig_hello(&rig, 7, "one", 1, 4);
    uint64_t job = rig_submit(&rig, "");
    struct agent_event event = rig_answer(7, job, 1, AGENT_OUTCOME_DONE);
    event.result.ref.epoch = 99;
    rig_step(&rig, &event);
    rig_commit(&rig);
    rig_state(&rig, job, AGENT_JOB_ASSIGNED);
}

Test(coord, silent_agent_gets_no_work_and_is_lost_in_the_end)
{
    rig_hello(&rig, 7, "one", 1, 4);
    uint64_t first = rig_submit(&rig, "");
    rig_tick(&rig, 600);
    struct agent_agent_view agent;
    cr_assert(agent_coord_agent(rig.core, "one", &agent));
    cr_assert_str_eq(agent.state, "suspect");
    uint64_t second = rig_submit(&rig, "");
    rig_state(&rig, second, AGENT_JOB_QUEUED);
    rig_heard(&rig, 7);
    rig_state(&rig, second, AGENT_JOB_ASSIGNED);
    rig_tick(&rig, 3100);
    cr_assert(agent_coord_agent(rig.core, "one", &agent));
    cr_assert_str_eq(agent.state, "lost");
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_CLOSE, 0, 0)->link, 7);
    rig_state(&rig, first, AGENT_JOB_QUEUED);
}

Test(coord, name_is_taken_while_its_agent_is_heard)
{
    rig_hello(&rig, 7, "one", 1, 4);
    rig_hello(&rig, 8, "one", 2, 4);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REFUSE, 0, 0)->link, 8);
    rig_hello(&rig, 9, "one", 1, 4); // the same process on a new link
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_WELCOME, 0, 0)->link, 9);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_CLOSE, 0, 0)->link, 7);
}

Test(coord, retryable_failures_wait_and_end_after_five_attempts)
{
    rig_hello(&rig, 7, "one", 1, 4);
    uint64_t job = rig_submit(&rig, "");
    for (uint32_t attempt = 1; attempt <= 5; attempt++) {
        struct rig_action *dispatch = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job);
        cr_assert_eq(dispatch->attempt, attempt);
        rig_result(&rig, 7, job, attempt, AGENT_OUTCOME_FAILED_RETRYABLE);
        if (attempt < 5) {
            rig_state(&rig, job, AGENT_JOB_QUEUED);
            rig.now_us += 5000000;
            rig_heard(&rig, 7);
            rig_step(&rig, NULL);
        }
    }
    rig_commit(&rig);
    rig_state(&rig, job, AGENT_JOB_FAILED);
    struct agent_job_view view;
    agent_coord_job(rig.core, job, &view);
    cr_assert_eq(view.attempts, 5);
    cr_assert_str_eq(view.error_code, "no_memory");
}

Test(coord, permanent_failure_is_not_tried_again)
{
    rig_hello(&rig, 7, "one", 1, 4);
    uint64_t job = rig_submit(&rig, "");
    rig_result(&rig, 7, job, 1, AGENT_OUTCOME_FAILED_PERMANENT);
    rig_commit(&rig);
    rig_state(&rig, job, AGENT_JOB_FAILED);
}

Test(coord, retries_are_a_bounded_share_of_the_load)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.retry_floor = 2;
    limits.retry_share_percent = 0;
    rig_finish(&rig);
    rig_init(&rig, &limits);
    rig_hello(&rig, 7, "one", 1, 64);
    for (uint64_t job = 1; job <= 20; job++)
        rig_submit(&rig, "");
    for (uint64_t job = 1; job <= 20; job++)
        rig_result(&rig, 7, job, 1, AGENT_OUTCOME_FAILED_RETRYABLE);
    rig.count = 0;
    rig.now_us += 60000;
    rig_step(&rig, NULL);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_DISPATCH), 2);
    uint64_t out = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, 0)->id;
    rig_result(&rig, 7, out, 2, AGENT_OUTCOME_DONE);
    rig.now_us += 60000;
    rig_step(&rig, NULL);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_DISPATCH), 3);
}

Test(coord, deadline_ends_a_job_wherever_it_is)
{
    struct agent_event event = rig_submission(5, "");
    event.submit.deadline_us = rig.now_us + 100000;
    rig_step(&rig, &event);
    rig_commit(&rig);
    rig_tick(&rig, 200);
    rig_commit(&rig);
    rig_state(&rig, 1, AGENT_JOB_EXPIRED);
    rig_hello(&rig, 7, "one", 1, 4);
    event.submit.deadline_us = rig.now_us + 100000;
    rig_step(&rig, &event);
    rig_commit(&rig);
    rig_start(&rig, 7, 2, 1);
    rig_tick(&rig, 200);
    rig_commit(&rig);
    rig_state(&rig, 2, AGENT_JOB_EXPIRED);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REVOKE, 0, 2)->link, 7);
}

static void cancel(uint64_t token, uint64_t id)
{
    rig_step(&rig, &(struct agent_event){
                       .kind = AGENT_EVENT_CANCEL, .token = token, .id = id, .by = "me"});
}

Test(coord, cancel_works_in_every_state_but_the_last)
{
    uint64_t queued = rig_submit(&rig, "");
    cancel(5, queued);
    cr_assert_null(rig_find(&rig, AGENT_ACTION_REPLY, 5, 0));
    rig_commit(&rig);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 5, 0)->reply, AGENT_REPLY_OK);
    rig_state(&rig, queued, AGENT_JOB_CANCELLED);
    rig_hello(&rig, 7, "one", 1, 1);
    uint64_t running = rig_submit(&rig, "");
    rig_start(&rig, 7, running, 1);
    cancel(6, running);
    rig_commit(&rig);
    rig_state(&rig, running, AGENT_JOB_CANCELLED);
    // The agent's place is free only once it has said so.
    uint64_t next = rig_submit(&rig, "");
    rig_state(&rig, next, AGENT_JOB_QUEUED);
    rig_result(&rig, 7, running, 1, AGENT_OUTCOME_DONE);
    rig_state(&rig, running, AGENT_JOB_CANCELLED);
    rig_state(&rig, next, AGENT_JOB_ASSIGNED);
    cancel(8, running);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 8, 0)->reply, AGENT_REPLY_CONFLICT);
    cancel(9, 12345);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 9, 0)->reply, AGENT_REPLY_NOT_FOUND);
}

Test(coord, a_full_table_answers_busy)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.jobs_live_max = 2;
    rig_finish(&rig);
    rig_init(&rig, &limits);
    rig_submit(&rig, "");
    rig_submit(&rig, "");
    struct agent_event event = rig_submission(5, "");
    rig_step(&rig, &event);
    struct rig_action *reply = rig_find(&rig, AGENT_ACTION_REPLY, 5, 0);
    cr_assert_eq(reply->reply, AGENT_REPLY_BUSY);
    cr_assert_gt(reply->retry_after_ms, 0);
}

Test(coord, urgent_jobs_go_first_until_the_others_have_waited_long)
{
    struct agent_event low = rig_submission(5, ""), high = rig_submission(6, "");
    low.submit.priority = 3;
    high.submit.priority = 0;
    rig_step(&rig, &low);
    rig_step(&rig, &high);
    rig_commit(&rig);
    rig_hello(&rig, 7, "one", 1, 1);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, 0)->id, 2);
    rig.now_us += 91 * 1000000; // three priorities of 30 s
    rig_heard(&rig, 7);
    high.token = 8;
    rig_step(&rig, &high);
    rig_commit(&rig);
    rig_result(&rig, 7, 2, 1, AGENT_OUTCOME_DONE);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, 0)->id, 1);
}

// The commit overtakes the news of a try that failed before it: the owner takes commits first.
Test(coord, ledger_that_has_written_everything_works)
{
    struct agent_event event = rig_submission(5, "");
    rig_step(&rig, &event);
    struct agent_event late[] = {
        {.kind = AGENT_EVENT_COMMITTED, .seq = rig.seq},
        {.kind = AGENT_EVENT_LEDGER_FAILED, .reason = "disk full"},
    };
    agent_coord_step(rig.core, late, 2, rig.now_us, &rig.sink);
    event.token = 6;
    rig_step(&rig, &event);
    rig_commit(&rig);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 6, 0)->reply, AGENT_REPLY_OK);
}

Test(coord, job_that_the_ledger_refuses_is_nobody_s)
{
    struct agent_event event = rig_submission(5, "key");
    rig_step(&rig, &event);
    uint64_t seq = rig.seq;
    event.token = 6;
    rig_step(&rig, &event);
    struct agent_event refused[] = {
        {.kind = AGENT_EVENT_LEDGER_REFUSED, .seq = seq, .reason = "too large"},
        {.kind = AGENT_EVENT_COMMITTED, .seq = seq},
    };
    agent_coord_step(rig.core, refused, 2, rig.now_us, &rig.sink);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 5, 0)->reply, AGENT_REPLY_UNAVAILABLE);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 6, 0)->reply, AGENT_REPLY_UNAVAILABLE,
                 "who asked again with the key hears the same");
}

Test(coord, model_that_fails_on_an_agent_goes_to_another)
{
    rig_hello(&rig, 7, "one", 1, 4);
    rig_hello(&rig, 8, "two", 2, 4);
    uint64_t job = rig_submit(&rig, "");
    uint64_t first = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job)->link;
    struct agent_event event = {.kind = AGENT_EVENT_MODEL_STATE, .link = first};
    event.model.hash = rig_hash;
    event.model.state = AGENT_MODEL_FAILED;
    event.model.text = "no memory";
    rig_step(&rig, &event);
    for (int i = 0; i < 3; i++) {
        job = rig_submit(&rig, "");
        cr_assert_eq(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job)->link, 15 - first);
    }
    struct agent_history_view history[4];
    cr_assert_eq(agent_coord_history(rig.core, job, history, 4), 1);
    cr_assert_not_null(strstr(history[0].text, "can't load the model"));
}

Test(coord, ledger_failure_refuses_new_jobs_and_keeps_the_others)
{
    rig_hello(&rig, 7, "one", 1, 4);
    uint64_t job = rig_submit(&rig, "");
    struct agent_event event = rig_submission(5, "k");
    rig_step(&rig, &event);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LEDGER_FAILED, .reason = "disk full"});
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 5, 0)->reply, AGENT_REPLY_UNAVAILABLE);
    event.token = 6;
    rig_step(&rig, &event);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 6, 0)->reply, AGENT_REPLY_UNAVAILABLE);
    rig_result(&rig, 7, job, 1, AGENT_OUTCOME_DONE);
    cr_assert_null(rig_find(&rig, AGENT_ACTION_ENDED, 0, 0));
    rig_commit(&rig);
    rig_state(&rig, job, AGENT_JOB_DONE);
    cr_assert_eq(rig_submit(&rig, "k"), 3, "the refused job left no trace but its id");
}

static void drain(uint64_t token, const char *agent)
{
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_DRAIN,
                                         .token = token,
                                         .agent = agent,
                                         .by = "me",
                                         .reason = "fan",
                                         .deadline_us = 10000000,
                                         .force = true});
}

static struct agent_operation_view operation(uint64_t id)
{
    struct agent_operation_view view;
    cr_assert(agent_coord_operation(rig.core, id, &view));
    return view;
}

Test(coord, drain_is_safe_only_when_nothing_is_left_and_committed)
{
    rig_hello(&rig, 7, "one", 1, 4);
    uint64_t job = rig_submit(&rig, ""), unstarted = rig_submit(&rig, "");
    rig_start(&rig, 7, job, 1);
    drain(5, "one");
    rig_commit(&rig);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 5, 0)->id, 1);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_DRAIN, 0, 0)->link, 7);
    rig_result(&rig, 7, unstarted, 1, AGENT_OUTCOME_RETURNED);
    rig_state(&rig, unstarted, AGENT_JOB_QUEUED);
    struct agent_blocker_view blocker;
    cr_assert_eq(agent_coord_blockers(rig.core, "one", &blocker, 1), 1);
    cr_assert_eq(blocker.job, job);
    rig_result(&rig, 7, job, 1, AGENT_OUTCOME_DONE);
    cr_assert_not(operation(1).safe_to_remove, "the agent has not said that it is empty");
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_DRAINED, .link = 7, .id = 1});
    cr_assert_not(operation(1).safe_to_remove, "not committed yet");
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LEDGER_FAILED, .reason = "disk"});
    cr_assert_not(operation(1).safe_to_remove);
    rig_commit(&rig);
    cr_assert(operation(1).safe_to_remove);
    cr_assert_str_eq(operation(1).state, "done");
    struct agent_event unwritten = rig_submission(9, "");
    rig_step(&rig, &unwritten);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LEDGER_FAILED, .reason = "disk"});
    cr_assert_not(operation(1).safe_to_remove, "fails closed");
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_UNCORDON, .token = 6, .agent = "one"});
    rig_commit(&rig);
    cr_assert_not(operation(1).safe_to_remove, "it takes work again");
    rig_state(&rig, unstarted, AGENT_JOB_ASSIGNED);
}

Test(coord, drain_takes_what_runs_away_at_its_deadline)
{
    rig_hello(&rig, 7, "one", 1, 4);
    uint64_t job = rig_submit(&rig, "");
    rig_start(&rig, 7, job, 1);
    drain(5, "one");
    rig_commit(&rig);
    rig.now_us += 11000000;
    rig_heard(&rig, 7);
    rig_tick(&rig, 0);
    rig_state(&rig, job, AGENT_JOB_QUEUED);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REVOKE, 0, job)->link, 7);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_DRAINED, .link = 7, .id = 1});
    rig_commit(&rig);
    cr_assert_not(operation(1).safe_to_remove, "the agent still has it");
    cr_assert_eq(operation(1).remaining, 1);
    rig_result(&rig, 7, job, 1, AGENT_OUTCOME_CANCELLED);
    rig_commit(&rig);
    cr_assert(operation(1).safe_to_remove);
}

Test(coord, cancelled_drain_gives_the_agent_back)
{
    rig_hello(&rig, 7, "one", 1, 4);
    drain(5, "one");
    drain(6, "one");
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 6, 0)->reply, AGENT_REPLY_CONFLICT);
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_OPERATION_CANCEL, .token = 7, .id = 1});
    rig_commit(&rig);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 7, 0)->reply, AGENT_REPLY_OK);
    cr_assert_not_null(rig_find(&rig, AGENT_ACTION_RESUME, 0, 0));
    rig_state(&rig, rig_submit(&rig, ""), AGENT_JOB_ASSIGNED);
}

Test(coord, drain_goes_on_after_a_restart)
{
    struct agent_operation_record record = {.id = 4,
                                            .kind = "drain",
                                            .target = "one",
                                            .by = "me",
                                            .reason = "fan",
                                            .deadline_us = rig.now_us + 60000000};
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_RECOVER_OPERATION, .operation = &record});
    rig_hello(&rig, 7, "one", 1, 4);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_DRAIN, 0, 0)->id, 4);
    rig_state(&rig, rig_submit(&rig, ""), AGENT_JOB_QUEUED);
    drain(5, "two");
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 5, 0)->reply, AGENT_REPLY_NOT_FOUND);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_DRAINED, .link = 7, .id = 4});
    rig_commit(&rig);
    cr_assert(operation(4).safe_to_remove);
}

Test(coord, cordon_keeps_new_work_away_and_is_told_why)
{
    rig_hello(&rig, 7, "one", 1, 4);
    rig_step(&rig, &(struct agent_event){
                       .kind = AGENT_EVENT_CORDON, .token = 5, .agent = "one", .reason = "dust"});
    rig_commit(&rig);
    uint64_t job = rig_submit(&rig, "");
    rig_state(&rig, job, AGENT_JOB_QUEUED);
    char why[256];
    agent_coord_waiting(rig.core, job, why, sizeof why);
    cr_assert_str_eq(why, "one is cordoned");
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_UNCORDON, .token = 6, .agent = "one"});
    rig_state(&rig, job, AGENT_JOB_ASSIGNED);
}

Test(coord, every_strategy_shares_the_work)
{
    const struct agent_strategy *strategy;
    for (size_t s = 0; (strategy = agent_strategy_at(s)) != NULL; s++) {
        rig_finish(&rig);
        struct agent_coord_limits limits;
        agent_coord_limits_init(&limits);
        limits.strategy = strategy->name;
        rig_init(&rig, &limits);
        for (uint64_t link = 1; link <= 3; link++) {
            char name[8];
            snprintf(name, sizeof name, "a%d", (int)link);
            rig_hello(&rig, link, name, (uint8_t)link, 32);
        }
        uint32_t given[4] = {0};
        for (int i = 0; i < 30; i++)
            given[rig_find(&rig, AGENT_ACTION_DISPATCH, 0, rig_submit(&rig, ""))->link]++;
        for (int i = 1; i <= 3; i++)
            cr_assert(given[i] >= 8 && given[i] <= 12, "%s gave agent %d %u of 30", strategy->name,
                      i, given[i]);
    }
}

Test(coord, ended_jobs_are_forgotten_beyond_the_limit)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.jobs_kept_max = 2;
    rig_finish(&rig);
    rig_init(&rig, &limits);
    rig_hello(&rig, 7, "one", 1, 4);
    for (int i = 0; i < 4; i++) {
        uint64_t job = rig_submit(&rig, i == 0 ? "first" : "");
        rig_result(&rig, 7, job, 1, AGENT_OUTCOME_DONE);
        rig_commit(&rig);
        rig_tick(&rig, 10);
        rig_tick(&rig, 10); // what a step ended can be looked at until the next one
    }
    struct agent_job_view view;
    cr_assert_not(agent_coord_job(rig.core, 2, &view));
    cr_assert(agent_coord_job(rig.core, 3, &view));
    cr_assert_eq(rig_submit(&rig, "first"), 5, "its key is free again");
}
