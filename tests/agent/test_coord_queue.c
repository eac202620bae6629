// Which job is next, and whose it is.
#include "agent/core/coord.h"
#include "tests/agent/coord_rig.h"

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
