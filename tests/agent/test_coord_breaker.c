// Agents that fail, and jobs that make them fail.
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

TestSuite(coord_breaker, .init = begin, .fini = finish);

static void is(const char *agent, const char *state)
{
    struct agent_agent_view view;
    cr_assert(agent_coord_agent(rig.core, agent, &view));
    cr_assert_str_eq(view.state, state, "%s is %s (%s), not %s", agent, view.state, view.reason,
                     state);
}

// The job's answer from wherever it is now.
static uint64_t answer(uint64_t job, enum agent_outcome outcome, const char *code)
{
    const struct rig_action *to = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job);
    cr_assert_not_null(to);
    struct agent_event event = rig_answer(to->link, job, to->attempt, outcome);
    event.result.error_code = code;
    uint64_t link = to->link;
    rig_step(&rig, &event);
    rig_commit(&rig);
    return link;
}

static void fails(const char *code, int times)
{
    for (int i = 0; i < times; i++)
        answer(rig_submit(&rig, ""), AGENT_OUTCOME_FAILED_RETRYABLE, code);
}

static void pass(uint64_t ms, uint64_t link, uint64_t to)
{
    for (uint64_t part = 0; part < ms; part += 50) {
        rig_tick(&rig, 50);
        for (uint64_t i = link; i <= to; i++)
            rig_heard(&rig, i);
    }
}

// Jobs that nobody else may take away from under the test: all that wait end.
static void cancel_all(uint64_t last)
{
    for (uint64_t job = 1; job <= last; job++)
        rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_CANCEL, .id = job, .by = "me"});
    rig_commit(&rig);
}

Test(coord_breaker, agent_that_fails_in_a_row_rests_and_is_probed)
{
    rig_hello(&rig, 7, "one", 1, 8);
    fails("device", 4);
    is("one", "ready");
    fails("device", 1);
    is("one", "suspect");
    cancel_all(5);
    uint64_t job = rig_submit(&rig, ""), other = rig_submit(&rig, "");
    rig_state(&rig, job, AGENT_JOB_QUEUED);
    char why[256];
    agent_coord_waiting(rig.core, job, why, sizeof why);
    cr_assert_str_eq(why, "one failed too often");
    pass(1100, 7, 7);
    rig_state(&rig, job, AGENT_JOB_ASSIGNED);
    rig_state(&rig, other, AGENT_JOB_QUEUED);
    agent_coord_waiting(rig.core, other, why, sizeof why);
    cr_assert_str_eq(why, "one failed too often and has one job as a probe");
    // The probe fails: twice as long the next time.
    answer(job, AGENT_OUTCOME_FAILED_RETRYABLE, "device");
    is("one", "suspect");
    pass(1500, 7, 7);
    is("one", "suspect");
    rig_state(&rig, other, AGENT_JOB_QUEUED);
    pass(1000, 7, 7);
    const struct rig_action *probe = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, 0);
    cr_assert(probe->id == other || probe->id == job);
    answer(probe->id, AGENT_OUTCOME_DONE, "");
    is("one", "ready");
    rig_state(&rig, rig_submit(&rig, ""), AGENT_JOB_ASSIGNED);
    rig_state(&rig, rig_submit(&rig, ""), AGENT_JOB_ASSIGNED);
}

Test(coord_breaker, half_of_the_last_answers_is_enough)
{
    rig_hello(&rig, 7, "one", 1, 64);
    int answers = 0;
    struct agent_agent_view view = {.state = "ready"};
    while (strcmp(view.state, "ready") == 0 && answers < 100) {
        if (answers % 3 != 2)
            answer(rig_submit(&rig, ""), AGENT_OUTCOME_DONE, "");
        fails("device", 1);
        answers++;
        cr_assert(agent_coord_agent(rig.core, "one", &view));
    }
    is("one", "suspect");
    cr_assert_gt(answers, 7);
    cr_assert_lt(answers, 20);
}

Test(coord_breaker, wrong_inputs_and_models_are_not_the_agent_s_fault)
{
    rig_hello(&rig, 7, "one", 1, 64);
    for (int i = 0; i < 20; i++) {
        answer(rig_submit(&rig, ""), AGENT_OUTCOME_FAILED_PERMANENT, "bad_input");
        fails("no_model", 1);
    }
    is("one", "ready");
}

Test(coord_breaker, probe_that_never_answers_is_not_waited_for)
{
    rig_hello(&rig, 7, "one", 1, 8);
    fails("device", 5);
    cancel_all(5);
    uint64_t job = rig_submit(&rig, ""), other = rig_submit(&rig, "");
    pass(1100, 7, 7);
    rig_state(&rig, job, AGENT_JOB_ASSIGNED);
    answer(job, AGENT_OUTCOME_FAILED_PERMANENT, "bad_input"); // says nothing of the agent
    rig_state(&rig, other, AGENT_JOB_ASSIGNED);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_CANCEL, .id = other, .by = "me"});
    rig_commit(&rig);
    rig_state(&rig, rig_submit(&rig, ""), AGENT_JOB_ASSIGNED);
}

static struct agent_job_view job_view(uint64_t job)
{
    struct agent_job_view view;
    cr_assert(agent_coord_job(rig.core, job, &view));
    return view;
}

Test(coord_breaker, job_that_kills_executors_of_three_agents_is_quarantined)
{
    for (uint64_t link = 1; link <= 5; link++) {
        char name[2] = {(char)('a' + link - 1), '\0'};
        rig_hello(&rig, link, name, (uint8_t)link, 8);
    }
    for (int round = 0; round < 12; round++) {
        uint64_t job = rig_submit(&rig, "");
        uint64_t been[3];
        for (int i = 0; i < 3; i++) {
            been[i] = answer(job, AGENT_OUTCOME_FAILED_RETRYABLE, "executor_died");
            pass(200, 1, 5);
        }
        cr_assert(been[0] != been[1] && been[1] != been[2] && been[0] != been[2]);
        rig_state(&rig, job, AGENT_JOB_FAILED);
        cr_assert_str_eq(job_view(job).error_code, "poisoned");
        cr_assert_not_null(strstr(job_view(job).error_text, "retry"));
        cr_assert_eq(job_view(job).attempts, 3);
    }
    // 36 executors have died, and none of the agents is to blame.
    for (char name[2] = "a"; name[0] <= 'e'; name[0]++)
        is(name, "ready");
}

Test(coord_breaker, breaker_that_a_poisonous_job_opened_closes_again)
{
    rig_hello(&rig, 1, "a", 1, 8);
    rig_hello(&rig, 2, "b", 2, 0); // holds nothing, so that all goes to one
    fails("device", 4);
    is("a", "ready");
    cancel_all(4);
    uint64_t job = rig_submit(&rig, "");
    answer(job, AGENT_OUTCOME_FAILED_RETRYABLE, "executor_hung");
    is("a", "suspect");
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_CREDIT, .link = 2, .credit = 8});
    pass(200, 1, 2);
    answer(job, AGENT_OUTCOME_FAILED_RETRYABLE, "executor_hung");
    cr_assert_str_eq(job_view(job).error_code, "poisoned", "both agents that there are");
    is("a", "ready");
}

Test(coord_breaker, only_agent_is_not_killed_again_and_again)
{
    rig_hello(&rig, 1, "only", 1, 8);
    uint64_t job = rig_submit(&rig, "");
    answer(job, AGENT_OUTCOME_FAILED_RETRYABLE, "executor_died");
    rig_state(&rig, job, AGENT_JOB_QUEUED);
    pass(200, 1, 1);
    answer(job, AGENT_OUTCOME_FAILED_RETRYABLE, "executor_died");
    cr_assert_str_eq(job_view(job).error_code, "poisoned");
}

Test(coord_breaker, agents_that_die_under_a_job_do_not_poison_it)
{
    uint64_t job = 0;
    for (uint64_t link = 1; link <= 4; link++) {
        char name[2] = {(char)('a' + link - 1), '\0'};
        rig_hello(&rig, link, name, (uint8_t)link, 8);
        if (job == 0)
            job = rig_submit(&rig, "");
        const struct rig_action *to = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job);
        rig_start(&rig, to->link, job, to->attempt);
        rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = to->link});
    }
    rig_hello(&rig, 9, "z", 9, 8);
    answer(job, AGENT_OUTCOME_DONE, "");
    rig_state(&rig, job, AGENT_JOB_DONE);
}

// ---- what is known to kill, by its content

static const uint8_t content[AGENT_HASH_SIZE] = {9, 9};

static void poisoned(uint64_t job)
{
    struct agent_event event = {.kind = AGENT_EVENT_POISON};
    event.poison.job = job;
    event.poison.content = content;
    event.poison.model = rig_hash;
    rig_step(&rig, &event);
    rig_commit(&rig);
}

static const struct rig_action *submit_content(const uint8_t *what, uint64_t retry_of)
{
    static uint64_t token = 90000;
    struct agent_event event = rig_submission(++token, "");
    event.submit.content = what;
    event.submit.retry_of = retry_of;
    event.by = "ops";
    rig_step(&rig, &event);
    rig_commit(&rig);
    const struct rig_action *reply = rig_find(&rig, AGENT_ACTION_REPLY, token, 0);
    cr_assert_not_null(reply);
    return reply;
}

Test(coord_breaker, the_same_input_under_a_new_job_is_refused_until_somebody_retries)
{
    static const uint8_t other[AGENT_HASH_SIZE] = {9, 8}, other_model[AGENT_HASH_SIZE] = {7};
    cr_assert_not(agent_coord_poison_of(rig.core, rig_hash));
    poisoned(41);
    cr_assert(agent_coord_poison_of(rig.core, rig_hash));
    cr_assert_not(agent_coord_poison_of(rig.core, other_model), "a new version is another model");
    const struct rig_action *reply = submit_content(content, 0);
    cr_assert_eq(reply->reply, AGENT_REPLY_CONFLICT);
    cr_assert_not_null(strstr(reply->text, "job 41 had the same input"), "%s", reply->text);
    cr_assert_not_null(strstr(reply->text, "stoker retry 41"), "%s", reply->text);
    cr_assert_eq(submit_content(other, 0)->reply, AGENT_REPLY_OK);
    cr_assert_eq(submit_content(NULL, 0)->reply, AGENT_REPLY_OK);
    cr_assert_eq(submit_content(content, 41)->reply, AGENT_REPLY_OK, "it is the retry");
    cr_assert_eq(submit_content(content, 0)->reply, AGENT_REPLY_OK);
}

Test(coord_breaker, what_kills_is_known_after_a_restart_and_bounded)
{
    char key[80] = "poison:", model[80] = "";
    for (int i = 0; i < AGENT_HASH_SIZE; i++) {
        snprintf(key + 7 + 2 * i, 3, "%02x", content[i]);
        snprintf(model + 2 * i, 3, "%02x", rig_hash[i]);
    }
    char value[100];
    snprintf(value, sizeof value, "%s:41", model);
    struct agent_event event = {.kind = AGENT_EVENT_RECOVER_META};
    event.meta.key = key;
    event.meta.value = value;
    rig_step(&rig, &event);
    cr_assert_eq(submit_content(content, 0)->reply, AGENT_REPLY_CONFLICT);
    for (uint8_t i = 0; i < 255; i++) {
        uint8_t more[AGENT_HASH_SIZE] = {1, i};
        event = (struct agent_event){.kind = AGENT_EVENT_POISON};
        event.poison.job = 100 + i;
        event.poison.content = more;
        event.poison.model = rig_hash;
        rig_step(&rig, &event);
    }
    cr_assert_eq(submit_content(content, 0)->reply, AGENT_REPLY_CONFLICT, "256 are kept");
    uint8_t last[AGENT_HASH_SIZE] = {2};
    event.poison.content = last;
    rig_step(&rig, &event);
    cr_assert_eq(submit_content(content, 0)->reply, AGENT_REPLY_OK, "the oldest goes");
    // What can't be read is nothing.
    event = (struct agent_event){.kind = AGENT_EVENT_RECOVER_META};
    event.meta.key = key;
    event.meta.value = "12";
    rig_step(&rig, &event);
    event.meta.key = "poison:1";
    rig_step(&rig, &event);
}
