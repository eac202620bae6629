// Drains that can be trusted: a plan that is still true when it is carried out, an honest end.
#include "agent/core/operation/coord_plan.h"
#include "tests/agent/coord_rig.h"

static struct rig rig;

static void setup(void)
{
    rig_init(&rig, NULL);
    rig_hello(&rig, 7, "one", 1, 4);
    rig_hello(&rig, 8, "two", 2, 4);
}

static void teardown(void)
{
    rig_finish(&rig);
}

TestSuite(coord_operations, .init = setup, .fini = teardown);

static struct agent_drain_plan plan_of(const char *agent)
{
    struct agent_drain_plan plan;
    cr_assert(agent_coord_drain_plan(rig.core, agent, 10000000, &plan));
    return plan;
}

static enum agent_reply drain(uint64_t token, const char *agent, const char *plan, bool force)
{
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_DRAIN,
                                         .token = token,
                                         .agent = agent,
                                         .by = "me",
                                         .reason = "fan",
                                         .deadline_us = 10000000,
                                         .plan = plan,
                                         .force = force});
    rig_commit(&rig);
    const struct rig_action *reply = rig_find(&rig, AGENT_ACTION_REPLY, token, 0);
    cr_assert_not_null(reply);
    return reply->reply;
}

static struct agent_operation_view operation(uint64_t id)
{
    struct agent_operation_view view;
    cr_assert(agent_coord_operation(rig.core, id, &view));
    return view;
}

static void admin(enum agent_event_kind kind, const char *agent)
{
    rig_step(&rig, &(struct agent_event){.kind = kind, .agent = agent, .by = "me", .token = 99});
    rig_commit(&rig);
}

static void drained(uint64_t link, uint64_t id)
{
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_DRAINED, .link = link, .id = id});
    rig_commit(&rig);
}

Test(coord_operations, a_plan_says_who_holds_the_agent_and_where_it_goes)
{
    rig_submit(&rig, "");
    rig_submit(&rig, "");
    rig_start(&rig, 7, 1, 1);
    struct agent_drain_plan plan = plan_of("one");
    cr_assert_eq(plan.running + plan.waiting, 1);
    cr_assert_eq(plan.running, 1);
    cr_assert_eq(plan.unmeasured, 1, "no run of the model was measured");
    cr_assert_not(plan.last);
    cr_assert_eq(plan.orphans, 0);
    cr_assert_eq(plan.free_others, 3);
    cr_assert_eq(plan.credit_total, 8);
    struct agent_move_view moves[4];
    cr_assert_eq(agent_coord_drain_moves(rig.core, "two", 10000000, moves, 4), 1);
    cr_assert_eq(moves[0].job, 2);
    cr_assert_str_eq(moves[0].to, "one");
    struct agent_drain_plan none;
    cr_assert_not(agent_coord_drain_plan(rig.core, "nobody", 0, &none));
}

Test(coord_operations, what_runs_has_an_expected_end_once_a_run_was_measured)
{
    rig_submit(&rig, "");
    struct agent_event event = rig_answer(7, 1, 1, AGENT_OUTCOME_DONE);
    event.result.compute_us = 3000000;
    rig_start(&rig, 7, 1, 1);
    rig_step(&rig, &event);
    rig_commit(&rig);
    rig_submit(&rig, "");
    struct agent_job_view job;
    cr_assert(agent_coord_job(rig.core, 2, &job));
    uint64_t link = strcmp(job.agent, "one") == 0 ? 7 : 8;
    const char *name = job.agent;
    rig_start(&rig, link, 2, 1);
    rig.now_us += 1000000;
    rig_heard(&rig, link);
    cr_assert_eq(plan_of(name).expected_us, 2000000);
    cr_assert_eq(plan_of(name).unmeasured, 0);
    cr_assert_eq(drain(5, name, plan_of(name).id, false), AGENT_REPLY_OK);
    cr_assert_eq(operation(1).expected_us, rig.now_us + 2000000);
    struct agent_blocker_view blocker;
    cr_assert_eq(agent_coord_blockers(rig.core, name, &blocker, 1), 1);
    cr_assert_eq(blocker.left_us, 2000000);
}

static void measure(uint64_t link, const char *name, uint32_t us)
{
    for (int i = 0; i < 40; i++) {
        uint64_t job = rig_submit(&rig, "");
        struct agent_job_view view;
        cr_assert(agent_coord_job(rig.core, job, &view));
        uint64_t at = strcmp(view.agent, name) == 0 ? link : link == 7 ? 8 : 7;
        struct agent_event event = rig_answer(at, job, 1, AGENT_OUTCOME_DONE);
        event.result.compute_us = at == link ? us : us / 4;
        rig_start(&rig, at, job, 1);
        rig_step(&rig, &event);
        rig_commit(&rig);
    }
}

Test(coord_operations, a_slow_agent_is_expected_to_take_longer)
{
    rig_finish(&rig);
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.strategy = "round-robin";
    rig_init(&rig, &limits);
    rig_hello(&rig, 7, "one", 1, 4);
    rig_hello(&rig, 8, "two", 2, 4);
    measure(7, "one", 4000000);
    uint64_t a = rig_submit(&rig, ""), b = rig_submit(&rig, "");
    rig_start(&rig, 7, a, 1);
    rig_start(&rig, 8, a, 1);
    rig_start(&rig, 7, b, 1);
    rig_start(&rig, 8, b, 1);
    struct agent_blocker_view slow, fast;
    cr_assert_eq(agent_coord_blockers(rig.core, "one", &slow, 1), 1);
    cr_assert_eq(agent_coord_blockers(rig.core, "two", &fast, 1), 1);
    cr_assert_gt(slow.left_us, 2 * fast.left_us, "%lld and %lld", (long long)slow.left_us,
                 (long long)fast.left_us);
}

Test(coord_operations, the_last_home_is_not_drained_by_accident)
{
    admin(AGENT_EVENT_CORDON, "two");
    struct agent_drain_plan plan = plan_of("one");
    cr_assert(plan.last);
    cr_assert_eq(drain(5, "one", NULL, false), AGENT_REPLY_CONFLICT);
    cr_assert_not_null(strstr(rig_find(&rig, AGENT_ACTION_REPLY, 5, 0)->text, "last agent"));
    cr_assert_eq(drain(6, "one", plan.id, false), AGENT_REPLY_CONFLICT, "a plan is no consent");
    cr_assert_eq(drain(7, "one", plan.id, true), AGENT_REPLY_OK);
}

Test(coord_operations, a_model_that_only_it_can_run_is_named)
{
    struct agent_event failed = {.kind = AGENT_EVENT_MODEL_STATE, .link = 8};
    rig_submit(&rig, "");
    failed.model.hash = rig_hash;
    failed.model.state = AGENT_MODEL_FAILED;
    failed.model.text = "too large";
    rig_step(&rig, &failed);
    struct agent_orphan_view orphan;
    cr_assert_eq(plan_of("one").orphans, 1);
    cr_assert_eq(agent_coord_drain_orphans(rig.core, "one", &orphan, 1), 1);
    cr_assert_str_eq(orphan.model, "digits");
    cr_assert_eq(orphan.jobs, 1);
    cr_assert_eq(drain(5, "one", NULL, false), AGENT_REPLY_CONFLICT);
    cr_assert_not_null(strstr(rig_find(&rig, AGENT_ACTION_REPLY, 5, 0)->text, "digits:1"));
    cr_assert_eq(plan_of("two").orphans, 0, "it can't run it anyway");
}

Test(coord_operations, a_plan_that_is_not_true_any_more_is_refused)
{
    struct agent_drain_plan before = plan_of("one");
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = 7, .reason = "x"});
    rig_hello(&rig, 9, "one", 3, 4);
    cr_assert_eq(drain(5, "one", before.id, false), AGENT_REPLY_CONFLICT, "another instance");
    cr_assert_not_null(strstr(rig_find(&rig, AGENT_ACTION_REPLY, 5, 0)->text, "started again"));
    before = plan_of("one");
    admin(AGENT_EVENT_CORDON, "two");
    cr_assert_eq(drain(6, "one", before.id, true), AGENT_REPLY_CONFLICT, "it is the last one now");
    cr_assert_not_null(strstr(rig_find(&rig, AGENT_ACTION_REPLY, 6, 0)->text, "other agents"));
    admin(AGENT_EVENT_UNCORDON, "two");
    cr_assert_str_eq(plan_of("one").id, before.id);
    rig_submit(&rig, "");
    cr_assert_eq(drain(7, "one", before.id, false), AGENT_REPLY_OK, "jobs come and go");
}

Test(coord_operations, safe_ends_when_the_agent_is_given_back_or_started_again)
{
    cr_assert_eq(drain(5, "one", NULL, false), AGENT_REPLY_OK);
    drained(7, 1);
    rig_tick(&rig, 10);
    cr_assert(operation(1).safe_to_remove);
    cr_assert_eq(operation(1).instance[0], 1);
    cr_assert_eq(operation(1).end_epoch, 1);
    cr_assert(operation(1).was_connected);
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = 7, .reason = "off"});
    cr_assert(operation(1).safe_to_remove, "that is what it was drained for");
    rig_hello(&rig, 9, "one", 1, 4);
    cr_assert(operation(1).safe_to_remove, "the same process, with nothing to do");
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = 9, .reason = "off"});
    rig_hello(&rig, 10, "one", 4, 4);
    cr_assert_not(operation(1).safe_to_remove);
    cr_assert_not_null(strstr(operation(1).text, "started again"));
    admin(AGENT_EVENT_UNCORDON, "one");
    cr_assert_not(operation(1).safe_to_remove);
    cr_assert_eq(drain(6, "one", NULL, false), AGENT_REPLY_OK);
    drained(10, 2);
    cr_assert(operation(2).safe_to_remove);
    cr_assert_not(operation(1).safe_to_remove, "an older drain says nothing of today");
    cr_assert_not_null(strstr(operation(1).text, "given back"));
}

Test(coord_operations, nothing_is_safe_by_the_word_of_a_damaged_ledger)
{
    cr_assert_eq(drain(5, "one", NULL, false), AGENT_REPLY_OK);
    drained(7, 1);
    cr_assert(operation(1).safe_to_remove);
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_LEDGER_DAMAGED, .reason = "a page is torn"});
    cr_assert_not(operation(1).safe_to_remove);
    cr_assert_not_null(strstr(operation(1).text, "damaged"));
}

Test(coord_operations, without_a_ledger_nothing_is_called_safe)
{
    struct agent_event event = {.kind = AGENT_EVENT_LIMITS};
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.forgets = true;
    rig_finish(&rig);
    rig_init(&rig, &limits);
    rig_hello(&rig, 7, "one", 1, 4);
    rig_hello(&rig, 8, "two", 2, 4);
    cr_assert_eq(drain(5, "one", "", false), AGENT_REPLY_OK);
    drained(7, 1);
    cr_assert_str_eq(operation(1).state, "done");
    cr_assert_not(operation(1).safe_to_remove, "its certificate would be refused");
    cr_assert_not_null(strstr(operation(1).text, "keeps no ledger"), "%s", operation(1).text);
    // What may change while it runs has no say in it.
    agent_coord_limits_init(&event.limits);
    rig_step(&rig, &event);
    cr_assert_not(operation(1).safe_to_remove);
}

static size_t operation_records(void)
{
    size_t count = 0;
    for (size_t i = 0; i < rig.count; i++)
        count += rig.actions[i].kind == AGENT_ACTION_APPEND &&
                 rig.actions[i].record == AGENT_RECORD_OPERATION;
    return count;
}

Test(coord_operations, what_was_given_back_is_in_the_ledger_soon)
{
    admin(AGENT_EVENT_CORDON, "two");
    uint64_t job = rig_submit(&rig, "");
    cr_assert_eq(drain(5, "one", "", true), AGENT_REPLY_OK);
    size_t before = operation_records();
    rig_result(&rig, 7, job, 1, AGENT_OUTCOME_RETURNED);
    cr_assert_eq(operation(1).requeued, 1);
    rig_tick(&rig, 10);
    cr_assert_eq(operation_records(), before + 1);
    rig_tick(&rig, 10);
    cr_assert_eq(operation_records(), before + 1, "once");
}

Test(coord_operations, what_was_drained_is_safe_after_a_restart_too)
{
    struct agent_operation_record record = {
        .id = 4,
        .kind = "drain",
        .target = "three",
        .by = "me",
        .reason = "fan",
        .state = AGENT_OPERATION_DONE,
        .detail = "instance=0102030405060708090a0b0c0d0e0f10 parent=2 epoch=9 connected=1"};
    struct agent_agent_record agent = {.name = "three", .admin = AGENT_ADMIN_DRAINED};
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_RECOVER_AGENT, .agent_record = &agent});
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_RECOVER_OPERATION, .operation = &record});
    struct agent_operation_view view = operation(4);
    cr_assert(view.safe_to_remove);
    cr_assert_eq(view.instance[15], 0x10);
    cr_assert_eq(view.end_epoch, 9);
    cr_assert_eq(view.parent, 2);
    record.id = 5;
    record.kind = "from-the-future";
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_RECOVER_OPERATION, .operation = &record});
    struct agent_operation_view unknown;
    cr_assert_not(agent_coord_operation(rig.core, 5, &unknown));
    cr_assert_eq(drain(6, "one", NULL, false), AGENT_REPLY_OK);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 6, 0)->id, 6, "its number is not used again");
}

Test(coord_operations, an_agent_that_is_away_may_come_back_before_it_is_safe)
{
    cr_assert_eq(drain(5, "one", NULL, false), AGENT_REPLY_OK);
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = 7, .reason = "cut"});
    rig_tick(&rig, 10);
    rig_commit(&rig);
    cr_assert_str_eq(operation(1).state, "running");
    cr_assert_not_null(strstr(operation(1).text, "not connected"));
    rig_hello(&rig, 9, "one", 1, 4);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_DRAIN, 0, 1)->link, 9, "it is told again");
    for (int i = 0; i < 300; i++) {
        rig_heard(&rig, 9);
        rig_tick(&rig, 100);
    }
    cr_assert_str_eq(operation(1).state, "running", "it has not said that it is empty");
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = 9, .reason = "off"});
    rig_tick(&rig, 19000);
    rig_commit(&rig);
    cr_assert_str_eq(operation(1).state, "running");
    rig_tick(&rig, 2000);
    rig_commit(&rig);
    cr_assert(operation(1).safe_to_remove);
    cr_assert_not(operation(1).was_connected, "which the certificate says");
}

Test(coord_operations, a_restart_of_the_coordinator_is_no_reason_to_call_it_safe)
{
    struct agent_operation_record record = {.id = 4,
                                            .kind = "drain",
                                            .target = "three",
                                            .by = "me",
                                            .reason = "fan",
                                            .deadline_us = rig.now_us + 60000000};
    struct agent_agent_record agent = {.name = "three", .admin = AGENT_ADMIN_DRAINING};
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_RECOVER_AGENT, .agent_record = &agent});
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_RECOVER_OPERATION, .operation = &record});
    rig_tick(&rig, 100);
    rig_commit(&rig);
    cr_assert_str_eq(operation(4).state, "running", "its agent has not come back yet");
    cr_assert_not(operation(4).safe_to_remove);
}

Test(coord_operations, an_agent_that_never_came_back_is_named_as_the_ledger_knows_it)
{
    struct agent_operation_record record = {
        .id = 4,
        .kind = "drain",
        .target = "three",
        .by = "me",
        .reason = "fan",
        .deadline_us = rig.now_us + 60000000,
        .detail = "instance=0102030405060708090a0b0c0d0e0f10 parent=0 epoch=0 connected=0"};
    struct agent_agent_record agent = {.name = "three", .admin = AGENT_ADMIN_DRAINING};
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_RECOVER_AGENT, .agent_record = &agent});
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_RECOVER_OPERATION, .operation = &record});
    rig_tick(&rig, 30000);
    rig_commit(&rig);
    cr_assert(operation(4).safe_to_remove);
    cr_assert_eq(operation(4).instance[15], 0x10, "its certificate would be about nobody");
}

static unsigned dice(void)
{
    static unsigned state = 7;
    state = state * 1103515245 + 12345;
    return state >> 8;
}

// A ledger that was damaged, or of another version: what can't be read ends, nothing worse.
Test(coord_operations, any_detail_in_the_ledger_is_safe)
{
    static const struct {
        const char *kind, *detail;
    } kinds[] = {
        {"drain", "instance=0102030405060708090a0b0c0d0e0f10 parent=2 epoch=9 connected=1"},
        {"drain-all", "keep=50 credit=12 force=0 drain_us=10 back_us=6 count=2\n"
                      "one 1 5 01000000000000000000000000000000 0\n"
                      "two 0 0 02000000000000000000000000000000 0\n"},
        {"restart", "keep=50 credit=12 force=0 drain_us=10 back_us=6 count=1\n"
                    "one 2 5 01000000000000000000000000000000 0\n"},
        {"rebalance", "moves=3 moved=1 stayed=0"},
        {"tune", "device=2 version=1 rows=8 budget_ms=5000\n01000000000000000000000000000000 "
                 "0102030000000000000000000000000000000000000000000000000000000000 one digits\n"},
    };
    char detail[512];
    for (unsigned round = 0; round < 3000; round++) {
        unsigned which = round % (sizeof kinds / sizeof kinds[0]);
        size_t len = strlen(kinds[which].detail);
        memcpy(detail, kinds[which].detail, len + 1);
        for (unsigned i = dice() % 5; i > 0; i--)
            detail[dice() % len] = (char)(1 + dice() % 255);
        if (dice() % 3 == 0)
            detail[dice() % len] = '\0';
        struct agent_operation_record record = {.id = 10 + round,
                                                .kind = kinds[which].kind,
                                                .target = dice() % 2 ? "one" : "gone",
                                                .by = "me",
                                                .reason = "",
                                                .state = (uint8_t)(dice() % 5),
                                                .deadline_us = rig.now_us + 1000,
                                                .detail = detail};
        rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_RECOVER_OPERATION,
                                             .operation = &record});
        struct agent_operation_view view;
        struct agent_roll_view agents[2];
        for (uint32_t i = 0; agent_coord_operation_at(rig.core, i, &view); i++)
            agent_coord_operation_agents(rig.core, view.id, agents, 2);
        rig.count = 0;
        rig_tick(&rig, 300);
        rig_step(&rig, &(struct agent_event){
                           .kind = AGENT_EVENT_OPERATION_CANCEL, .token = 5, .id = record.id});
        rig_commit(&rig);
    }
}
