// Ended jobs that have left memory: what of them must still be known.
#include <stdio.h>

#include "tests/agent/coord_rig.h"

static struct rig rig;

static void begin(uint32_t recent, uint32_t kept)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.jobs_recent_max = recent;
    limits.jobs_kept_max = kept;
    limits.output_bytes_max = 1000;
    limits.kept_us = 1000000;
    rig_init(&rig, &limits);
    rig_hello(&rig, 7, "one", 1, 4);
}

static void finish(void)
{
    struct agent_error err = {0};
    cr_expect(agent_coord_check(rig.core, &err), "%s", err.text);
    rig_finish(&rig);
}

TestSuite(coord_kept, .fini = finish);

// Runs `count` jobs to their ends, each with the key of its number.
static void run_jobs(int count)
{
    for (int i = 1; i <= count; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        uint64_t job = rig_submit(&rig, key);
        rig_result(&rig, 7, job, 1, AGENT_OUTCOME_DONE);
        rig_commit(&rig);
        if (i % 16 == 0) {
            rig_heard(&rig, 7);
            rig_tick(&rig, 10);
        }
        if (rig.count > RIG_ACTIONS_MAX / 2)
            rig.count = 0;
    }
    rig_tick(&rig, 10);
    rig_tick(&rig, 10);
}

static struct agent_totals totals(void)
{
    struct agent_totals totals;
    agent_coord_totals(rig.core, &totals);
    return totals;
}

Test(coord_kept, the_newest_stay_whole_and_all_are_counted)
{
    begin(2, 100);
    run_jobs(10);
    struct agent_job_view view;
    cr_assert_eq(totals().kept, 10);
    cr_assert_eq(totals().recent, 2);
    cr_assert_not(agent_coord_job(rig.core, 8, &view));
    cr_assert(agent_coord_job(rig.core, 9, &view));
    for (size_t i = 0; i < rig.count; i++)
        cr_assert(rig.actions[i].kind != AGENT_ACTION_APPEND ||
                      rig.actions[i].record != AGENT_RECORD_FORGET,
                  "the ledger keeps them");
}

Test(coord_kept, a_key_gives_the_first_job_after_it_has_left_memory)
{
    begin(1, 100);
    run_jobs(10);
    cr_assert_eq(rig_submit(&rig, "k3"), 3);
    cr_assert_eq(rig_submit(&rig, "k10"), 10);
    cr_assert_eq(rig_submit(&rig, "k11"), 11, "one that nobody has used");
}

Test(coord_kept, too_many_are_forgotten_oldest_first_with_their_keys)
{
    begin(2, 4);
    run_jobs(2000);
    cr_assert_eq(totals().kept, 4);
    cr_assert_eq(rig_submit(&rig, "k1997"), 1997);
    uint64_t job = rig_submit(&rig, "k1996");
    cr_assert_eq(job, 2001, "forgotten, so that its key is free, not %d", (int)job);
}

Test(coord_kept, the_old_and_the_large_are_forgotten)
{
    begin(1, 100);
    run_jobs(5);
    rig.now_us += 2000000;
    rig_tick(&rig, 10);
    rig_tick(&rig, 10);
    cr_assert_eq(totals().kept, 0);
    cr_assert_eq(totals().output_bytes, 0);
}

Test(coord_kept, what_was_kept_is_known_after_a_restart)
{
    begin(1, 100);
    for (uint64_t id = 1; id <= 3000; id++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", (int)id);
        struct agent_kept_record kept = {
            .id = id, .key = id % 2 ? key : "", .finished_us = rig.now_us, .output_bytes = 0};
        struct agent_event event = {.kind = AGENT_EVENT_RECOVER_KEPT, .kept = &kept};
        agent_coord_step(rig.core, &event, 1, rig.now_us, &rig.sink);
    }
    rig_tick(&rig, 10);
    rig_tick(&rig, 10);
    cr_assert_eq(totals().kept, 100, "the oldest beyond the limit are forgotten");
    cr_assert_eq(rig_submit(&rig, "k2999"), 2999);
    cr_assert_eq(rig_submit(&rig, "k2998"), 3001, "that one had no key");
}

Test(coord_kept, a_key_is_its_tenants_own)
{
    begin(1, 100);
    uint64_t lab = rig_submit_for(&rig, "lab", "same");
    cr_assert_neq(rig_submit_for(&rig, "shop", "same"), lab);
    cr_assert_eq(rig_submit_for(&rig, "lab", "same"), lab);
    struct agent_kept_record kept = {
        .id = 1000, .tenant = "attic", .key = "same", .finished_us = rig.now_us};
    struct agent_event event = {.kind = AGENT_EVENT_RECOVER_KEPT, .kept = &kept};
    agent_coord_step(rig.core, &event, 1, rig.now_us, &rig.sink);
    cr_assert_eq(rig_submit_for(&rig, "attic", "same"), 1000);
    cr_assert_gt(rig_submit_for(&rig, "", "same"), 1000);
}

static struct rig_action *last_append(enum agent_record_kind kind)
{
    for (size_t i = rig.count; i-- > 0;) {
        if (rig.actions[i].kind == AGENT_ACTION_APPEND && rig.actions[i].record == kind)
            return &rig.actions[i];
    }
    return NULL;
}

Test(coord_kept, an_attempt_that_does_not_end_its_job_is_recorded)
{
    begin(10, 100);
    uint64_t job = rig_submit(&rig, "");
    cr_assert_null(last_append(AGENT_RECORD_ATTEMPT));
    rig_result(&rig, 7, job, 1, AGENT_OUTCOME_FAILED_RETRYABLE);
    cr_assert_not_null(last_append(AGENT_RECORD_ATTEMPT));
}

Test(coord_kept, failures_from_before_a_restart_count)
{
    begin(10, 100);
    struct agent_job_record record = {.id = 1,
                                      .model = "digits",
                                      .version = 1,
                                      .priority = 2,
                                      .key = "",
                                      .tenant = "",
                                      .agent = "",
                                      .error_code = "",
                                      .error_text = "",
                                      .attempts = 4,
                                      .dispatches = 6};
    memcpy(record.hash, rig_hash, sizeof record.hash);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_RECOVER_JOB, .job = &record});
    rig_tick(&rig, 10);
    struct rig_action *dispatch = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, 1);
    cr_assert_not_null(dispatch);
    cr_assert_eq(dispatch->attempt, 7, "no number of before is used again");
    rig_result(&rig, 7, 1, 7, AGENT_OUTCOME_FAILED_RETRYABLE);
    rig_commit(&rig);
    rig_state(&rig, 1, AGENT_JOB_FAILED);
}

/* A job that the database will never take is refused, not acknowledged with the commit behind it.
 */
Test(coord_kept, what_the_ledger_refuses_is_not_acknowledged)
{
    begin(10, 100);
    struct agent_event event = rig_submission(77, "");
    rig_step(&rig, &event);
    uint64_t seq = rig.seq;
    rig_step(&rig, &(struct agent_event){
                       .kind = AGENT_EVENT_LEDGER_REFUSED, .seq = seq, .reason = "too big"});
    rig_commit(&rig);
    struct rig_action *reply = rig_find(&rig, AGENT_ACTION_REPLY, 77, 0);
    cr_assert_eq(reply->reply, AGENT_REPLY_UNAVAILABLE);
    cr_assert_not_null(strstr(reply->text, "too big"));
    cr_assert_null(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, 0));
    cr_assert_eq(rig_submit(&rig, ""), 2, "others go on");
}

/* A damaged file is told; nothing new is entrusted to it, whatever can still be written. */
Test(coord_kept, a_damaged_ledger_takes_no_jobs_and_ends_those_it_has)
{
    begin(10, 100);
    uint64_t job = rig_submit(&rig, "");
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LEDGER_DAMAGED,
                                         .reason = "page 7; restore a backup"});
    rig_result(&rig, 7, job, 1, AGENT_OUTCOME_DONE);
    rig_commit(&rig);
    rig_state(&rig, job, AGENT_JOB_DONE);
    struct agent_event event = rig_submission(78, "");
    rig_step(&rig, &event);
    struct rig_action *reply = rig_find(&rig, AGENT_ACTION_REPLY, 78, 0);
    cr_assert_eq(reply->reply, AGENT_REPLY_UNAVAILABLE);
    cr_assert_not_null(strstr(reply->text, "restore"));
    cr_assert(totals().ledger_damaged && !totals().ledger_ok);
}
