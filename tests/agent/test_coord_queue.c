// Which job is next, and whose it is.
#include "agent/core/coord/coord.h"
#include "tests/agent/coord_rig.h"
#include "tests/agent/queue_rig.h"

Test(coord_queue, a_job_has_its_tenant)
{
    struct rig rig;
    rig_init(&rig, NULL);
    uint64_t ids[2];
    for (int i = 0; i < 2; i++) {
        struct agent_event event = rig_submission(10 + (uint64_t)i, "");
        event.submit.tenant = i == 0 ? "vision" : "";
        rig_step(&rig, &event);
        rig_commit(&rig);
        ids[i] = rig_find(&rig, AGENT_ACTION_REPLY, event.token, 0)->id;
    }
    struct agent_job_view view;
    cr_assert(agent_coord_job(rig.core, ids[0], &view));
    cr_assert_str_eq(view.tenant, "vision");
    cr_assert(agent_coord_job(rig.core, ids[1], &view));
    cr_assert_str_eq(view.tenant, AGENT_TENANT_DEFAULT);
    rig_finish(&rig);
}

Test(coord_queue, a_tenant_with_too_long_a_name_is_refused)
{
    struct rig rig;
    char name[AGENT_NAME_MAX + 2];
    memset(name, 'x', sizeof name);
    name[AGENT_NAME_MAX + 1] = '\0';
    rig_init(&rig, NULL);
    struct agent_event event = rig_submission(10, "");
    event.submit.tenant = name;
    rig_step(&rig, &event);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 10, 0)->reply, AGENT_REPLY_BAD_REQUEST);
    rig_finish(&rig);
}

// The table is bounded: a tenant without jobs makes room, one with jobs does not.
Test(coord_queue, tenants_are_bounded)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.tenants_max = 2;
    limits.jobs_kept_max = 0;
    struct rig rig;
    rig_init(&rig, &limits);
    const char *const names[] = {"a", "b", "c", "c"};
    for (uint64_t i = 0; i < 4; i++) {
        struct agent_event event = rig_submission(10 + i, "");
        event.submit.tenant = names[i];
        rig_step(&rig, &event);
        rig_commit(&rig);
        enum agent_reply reply = rig_find(&rig, AGENT_ACTION_REPLY, 10 + i, 0)->reply;
        cr_assert_eq(reply, i == 2 ? AGENT_REPLY_BUSY : AGENT_REPLY_OK);
        if (i == 2) {
            rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_CANCEL, .id = 1});
            rig_commit(&rig);
            rig_tick(&rig, 10);
        }
    }
    rig_finish(&rig);
}

// Flows that have no jobs go when others need their place.
Test(coord_queue, flows_are_bounded)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.flows_max = 8;
    struct queue_rig *rig = queue_rig_new(&limits, 4);
    for (int i = 0; i < 200; i++) {
        cr_assert_neq(queue_rig_submit(rig, i % 5, (uint8_t)(i % 7), 2, 0), 0);
        if (i % 3 != 0)
            cr_assert(queue_rig_answer(rig));
        struct agent_error err = {0};
        cr_assert(agent_coord_check(rig->core, &err), "%s", err.text);
    }
    while (queue_rig_answer(rig))
        ;
    cr_assert_eq(rig->n_answered, 200);
    queue_rig_free(rig);
}

Test(coord_queue, nothing_is_told_of_each_job_where_nobody_has_room_to_hear)
{
    struct rig rig;
    rig_init(&rig, NULL);
    rig_hello(&rig, 1, "a", 1, 4);
    rig.count = 0;
    rig.sink.job_notices = false;
    uint64_t id = rig_submit(&rig, "");
    rig_start(&rig, 1, id, 1);
    rig_result(&rig, 1, id, 1, AGENT_OUTCOME_DONE);
    rig_commit(&rig);
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_NOTICE), 0);
    rig.sink.job_notices = true;
    rig_submit(&rig, "");
    cr_assert_eq(rig_count(&rig, AGENT_ACTION_NOTICE), 2); // submitted, assigned
    rig_finish(&rig);
}

// ---- shares

static void keep_backlog(struct queue_rig *rig, uint8_t tenant, uint8_t model, uint32_t *waiting)
{
    while (*waiting < 64) {
        queue_rig_submit(rig, tenant, model, 2, 0);
        ++*waiting;
    }
}

// Runs `jobs` jobs of tenants that always have more; models cost as told.
static void run_tenants(struct queue_rig *rig, uint8_t tenants, uint32_t jobs)
{
    uint32_t waiting[16] = {0};
    for (uint32_t i = 0; i < jobs; i++) {
        for (uint8_t t = 0; t < tenants; t++)
            keep_backlog(rig, t, t, &waiting[t]);
        uint32_t went = rig->n_went;
        cr_assert(queue_rig_answer(rig));
        for (; went < rig->n_went; went++)
            waiting[rig->tenant_of[rig->went[went]]]--;
    }
}

Test(coord_queue, tenants_of_the_same_weight_get_the_same_device_time)
{
    struct queue_rig *rig = queue_rig_new(NULL, 16);
    rig->took_us[0] = 200;
    rig->took_us[1] = 5000;
    rig->took_us[2] = 1000;
    run_tenants(rig, 3, 20000);
    int64_t all = rig->device_us[0] + rig->device_us[1] + rig->device_us[2];
    for (int t = 0; t < 3; t++)
        cr_assert(rig->device_us[t] * 300 > all * 95 && rig->device_us[t] * 300 < all * 105,
                  "tenant %d got %lld of %lld us", t, (long long)rig->device_us[t], (long long)all);
    queue_rig_free(rig);
}

// A flood does not delay another tenant's job by more than a turn.
Test(coord_queue, a_flood_of_one_tenant_delays_no_other)
{
    struct queue_rig *rig = queue_rig_new(NULL, 4);
    for (int i = 0; i < 5000; i++)
        queue_rig_submit(rig, 0, 0, 2, 0);
    for (int i = 0; i < 100; i++)
        queue_rig_answer(rig);
    uint64_t id = queue_rig_submit(rig, 1, 0, 2, 0);
    uint32_t before = rig->n_went;
    while (rig->went[rig->n_went - 1] != id)
        cr_assert(queue_rig_answer(rig));
    cr_assert_leq(rig->n_went - before, 16, "after %u others", rig->n_went - before);
    queue_rig_free(rig);
}

// ---- classes and ageing

Test(coord_queue, urgent_jobs_go_first)
{
    struct queue_rig *rig = queue_rig_new(NULL, 1);
    for (uint8_t i = 0; i < 9; i++)
        queue_rig_submit(rig, 0, i % 2, i == 8 ? 0 : 3, 0);
    while (queue_rig_answer(rig))
        ;
    cr_assert_eq(rig->went[1], 9);
    queue_rig_free(rig);
}

// The least urgent job under a steady stream of the most urgent ones, more than can be done.
Test(coord_queue, nothing_starves)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.ageing_us = 100000;
    struct queue_rig *rig = queue_rig_new(&limits, 1);
    for (int i = 0; i < 10; i++)
        queue_rig_submit(rig, 0, 0, 0, 0);
    uint64_t mine = queue_rig_submit(rig, 0, 1, 3, 0), other = queue_rig_submit(rig, 1, 1, 3, 0);
    int64_t start = rig->now_us, my_wait = 0, other_wait = 0;
    for (uint32_t seen = 0; my_wait == 0 || other_wait == 0;) {
        cr_assert_lt(rig->now_us - start, 10000000, "starved");
        queue_rig_submit(rig, 0, 0, 0, 0);
        queue_rig_submit(rig, 0, 0, 0, 0);
        cr_assert(queue_rig_answer(rig));
        for (; seen < rig->n_went; seen++) {
            if (rig->went[seen] == mine)
                my_wait = rig->now_us - start;
            if (rig->went[seen] == other)
                other_wait = rig->now_us - start;
        }
    }
    // Another tenant's is served with the first turn in class 0; one's own goes behind what is
    // older than three ageings, of which there is twice as much as can be done.
    cr_assert(other_wait >= 300000 && other_wait <= 330000, "%lld us", (long long)other_wait);
    cr_assert(my_wait >= 300000 && my_wait <= 630000, "%lld us", (long long)my_wait);
    queue_rig_free(rig);
}

// ---- deadlines

Test(coord_queue, the_earliest_deadline_goes_first)
{
    struct queue_rig *rig = queue_rig_new(NULL, 1);
    int64_t now = rig->now_us;
    queue_rig_submit(rig, 0, 0, 2, 0);
    uint64_t late = queue_rig_submit(rig, 0, 0, 2, now + 9000000);
    rig->now_us += 10;
    uint64_t plain = queue_rig_submit(rig, 0, 0, 2, 0);
    rig->now_us += 10;
    uint64_t soon = queue_rig_submit(rig, 0, 0, 2, now + 1000000);
    while (queue_rig_answer(rig))
        ;
    cr_assert_eq(rig->went[1], soon); // takes the turn of the older one
    cr_assert_eq(rig->went[2], late);
    cr_assert_eq(rig->went[3], plain);
    queue_rig_free(rig);
}

Test(coord_queue, a_job_that_can_not_end_in_time_expires_at_once)
{
    struct queue_rig *rig = queue_rig_new(NULL, 1);
    rig->took_us[0] = 50000;
    for (int i = 0; i < 4; i++)
        queue_rig_submit(rig, 0, 0, 2, 0);
    cr_assert(queue_rig_answer(rig)); // from now on it is known that one takes 50 ms
    uint64_t id = queue_rig_submit(rig, 0, 0, 2, rig->now_us + 120000);
    cr_assert(queue_rig_answer(rig));
    struct agent_job_view view;
    cr_assert(agent_coord_job(rig->core, id, &view));
    cr_assert_eq(view.state, AGENT_JOB_QUEUED);
    rig->now_us += 25000; // 45 ms are left
    queue_rig_step(rig, &(struct agent_event){.kind = AGENT_EVENT_TICK});
    queue_rig_commit(rig);
    cr_assert(agent_coord_job(rig->core, id, &view));
    cr_assert_eq(view.state, AGENT_JOB_EXPIRED, "%s", agent_job_state_name(view.state));
    cr_assert_not_null(strstr(view.error_text, "can't be met any more"), "%s", view.error_text);
    queue_rig_free(rig);
}
