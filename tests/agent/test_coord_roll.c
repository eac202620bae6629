// One agent after another: room is kept, the first failure ends it, a restart of the coordinator
// does not.
#include "agent/core/operation/coord_plan.h"
#include "tests/agent/coord_rig.h"

static struct rig rig;

static void hello(uint64_t link, const char *name, uint8_t instance)
{
    struct agent_event event = {.kind = AGENT_EVENT_HELLO, .link = link};
    event.hello.name = name;
    event.hello.instance[0] = instance;
    event.hello.credit = 4;
    event.hello.can_restart = true;
    rig_step(&rig, &event);
}

static void setup(void)
{
    rig_init(&rig, NULL);
    hello(7, "a-one", 1);
    hello(8, "b-two", 2);
    hello(9, "c-three", 3);
}

static void teardown(void)
{
    rig_finish(&rig);
}

TestSuite(coord_roll, .init = setup, .fini = teardown);

static struct agent_operation_view operation(uint64_t id)
{
    struct agent_operation_view view;
    cr_assert(agent_coord_operation(rig.core, id, &view));
    return view;
}

static enum agent_reply begin(enum agent_event_kind kind, uint64_t token, uint32_t keep)
{
    rig_step(&rig, &(struct agent_event){.kind = kind,
                                         .token = token,
                                         .by = "me",
                                         .reason = "new version",
                                         .deadline_us = 10000000,
                                         .back_us = 60000000,
                                         .keep_percent = keep});
    rig_commit(&rig);
    const struct rig_action *reply = rig_find(&rig, AGENT_ACTION_REPLY, token, 0);
    cr_assert_not_null(reply);
    return reply->reply;
}

// Time passes and everybody who is connected is heard.
static void pass(int ms)
{
    for (int i = 0; i < ms; i += 100) {
        for (uint64_t link = 7; link < 30; link++)
            rig_heard(&rig, link);
        rig_tick(&rig, 100);
        rig_commit(&rig);
    }
}

static const char *step_of(uint64_t id, uint32_t index)
{
    struct agent_roll_view views[3];
    cr_assert_eq(agent_coord_operation_agents(rig.core, id, views, 3), 3);
    return views[index].step;
}

static void drained(uint64_t link, uint64_t id)
{
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_DRAINED, .link = link, .id = id});
    rig_commit(&rig);
    pass(300);
}

static void come_back(uint64_t old_link, uint64_t link, const char *name, uint8_t instance)
{
    rig_step(&rig, &(struct agent_event){
                       .kind = AGENT_EVENT_GOODBYE, .link = old_link, .reason = "again"});
    hello(link, name, instance);
    pass(300);
}

static const char *state_of(const char *name)
{
    struct agent_agent_view view;
    cr_assert(agent_coord_agent(rig.core, name, &view));
    return view.state;
}

Test(coord_roll, drain_all_waits_where_too_little_would_be_left)
{
    cr_assert_eq(begin(AGENT_EVENT_DRAIN_ALL, 5, 60), AGENT_REPLY_OK);
    pass(300);
    cr_assert_str_eq(operation(1).kind, "drain-all");
    cr_assert_str_eq(operation(2).kind, "drain");
    cr_assert_str_eq(operation(2).target, "a-one");
    cr_assert_eq(operation(2).parent, 1);
    drained(7, 2);
    cr_assert(operation(2).safe_to_remove);
    cr_assert_str_eq(step_of(1, 0), "done");
    pass(1000);
    cr_assert_str_eq(operation(1).state, "running");
    cr_assert_str_eq(step_of(1, 1), "waiting");
    cr_assert_not_null(strstr(operation(1).text, "33%"), "%s", operation(1).text);
    cr_assert_str_eq(state_of("b-two"), "ready");
    // The operator has done what had to be done with the first one.
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_UNCORDON, .agent = "a-one"});
    pass(500);
    cr_assert_str_eq(step_of(1, 1), "draining");
    drained(8, 3);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_UNCORDON, .agent = "b-two"});
    pass(500);
    drained(9, 4);
    cr_assert_str_eq(operation(1).state, "done");
}

Test(coord_roll, those_that_are_named_go_in_their_order_once_each)
{
    static const char *const names[] = {"c-three", "a-one", "c-three"};
    rig_step(
        &rig,
        &(struct agent_event){
            .kind = AGENT_EVENT_RESTART, .token = 5, .by = "me", .agents = names, .n_agents = 3});
    rig_commit(&rig);
    struct agent_roll_view views[3];
    cr_assert_eq(agent_coord_operation_agents(rig.core, 1, views, 3), 2);
    cr_assert_str_eq(views[0].agent, "c-three");
    cr_assert_str_eq(views[1].agent, "a-one");
}

Test(coord_roll, the_last_home_is_never_taken)
{
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_CORDON, .agent = "b-two"});
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_CORDON, .agent = "c-three"});
    cr_assert_eq(begin(AGENT_EVENT_DRAIN_ALL, 5, 0), AGENT_REPLY_CONFLICT);
    cr_assert_not_null(strstr(rig_find(&rig, AGENT_ACTION_REPLY, 5, 0)->text, "last agent"));
    struct agent_operation_view none;
    cr_assert_not(agent_coord_operation(rig.core, 1, &none));
}

Test(coord_roll, a_restart_goes_on_only_when_the_agent_works_again)
{
    cr_assert_eq(begin(AGENT_EVENT_RESTART, 5, 50), AGENT_REPLY_OK);
    pass(300);
    cr_assert_eq(begin(AGENT_EVENT_DRAIN_ALL, 6, 50), AGENT_REPLY_CONFLICT, "one at a time");
    cr_assert_null(rig_find(&rig, AGENT_ACTION_RESTART, 0, 0), "it is not empty yet");
    drained(7, 2);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_RESTART, 0, 1)->link, 7);
    cr_assert_str_eq(step_of(1, 0), "restarting");
    come_back(7, 10, "a-one", 1);
    cr_assert_str_eq(step_of(1, 0), "restarting", "the same process: only its link broke");
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_RESTART, 0, 1)->link, 10, "it is told again");
    come_back(10, 11, "a-one", 9);
    cr_assert_str_eq(step_of(1, 0), "trying");
    cr_assert_str_eq(state_of("a-one"), "ready", "it gets work again");
    cr_assert_str_eq(state_of("b-two"), "ready", "and the next one is left alone until then");
    uint64_t link = 0, job = 0;
    while (link != 11) {
        job = rig_submit(&rig, "");
        link = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job)->link;
    }
    rig_result(&rig, 11, job, 1, AGENT_OUTCOME_DONE);
    pass(400);
    cr_assert_str_eq(step_of(1, 0), "done");
    cr_assert_str_eq(step_of(1, 1), "draining");
}

Test(coord_roll, an_agent_without_work_is_well_after_a_while_if_its_devices_are)
{
    cr_assert_eq(begin(AGENT_EVENT_RESTART, 5, 50), AGENT_REPLY_OK);
    pass(300);
    drained(7, 2);
    come_back(7, 10, "a-one", 9);
    struct agent_event devices = {.kind = AGENT_EVENT_DEVICES, .link = 10};
    devices.devices.total = 2;
    devices.devices.ready = 1;
    rig_step(&rig, &devices);
    pass(8000);
    cr_assert_str_eq(step_of(1, 0), "trying", "a device is missing");
    devices.devices.ready = 2;
    rig_step(&rig, &devices);
    pass(300);
    cr_assert_str_eq(step_of(1, 0), "done");
}

Test(coord_roll, what_an_operator_wanted_of_an_agent_is_so_again)
{
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_CORDON, .agent = "a-one"});
    cr_assert_eq(begin(AGENT_EVENT_RESTART, 5, 50), AGENT_REPLY_OK);
    pass(300);
    drained(7, 2);
    come_back(7, 10, "a-one", 9);
    cr_assert_str_eq(state_of("a-one"), "cordoned");
    pass(3500);
    cr_assert_str_eq(step_of(1, 0), "done");
    cr_assert_str_eq(state_of("a-one"), "cordoned");
}

Test(coord_roll, one_that_does_not_come_back_ends_it)
{
    cr_assert_eq(begin(AGENT_EVENT_RESTART, 5, 50), AGENT_REPLY_OK);
    pass(300);
    drained(7, 2);
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_GOODBYE, .link = 7, .reason = "again"});
    pass(61000);
    cr_assert_str_eq(operation(1).state, "failed");
    cr_assert_not_null(strstr(operation(1).text, "a-one has not come back within 60 s"));
    cr_assert_str_eq(step_of(1, 0), "failed");
    cr_assert_str_eq(step_of(1, 1), "waiting");
    cr_assert_str_eq(state_of("b-two"), "ready");
    cr_assert_str_eq(state_of("a-one"), "drained");
}

Test(coord_roll, a_first_job_that_fails_ends_it_and_keeps_work_away)
{
    cr_assert_eq(begin(AGENT_EVENT_RESTART, 5, 50), AGENT_REPLY_OK);
    pass(300);
    drained(7, 2);
    come_back(7, 10, "a-one", 9);
    uint64_t link = 0, job = 0;
    while (link != 10) {
        job = rig_submit(&rig, "");
        link = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job)->link;
    }
    rig_result(&rig, 10, job, 1, AGENT_OUTCOME_FAILED_RETRYABLE);
    pass(300);
    cr_assert_str_eq(operation(1).state, "failed");
    cr_assert_str_eq(state_of("a-one"), "cordoned");
}

Test(coord_roll, cancelling_it_gives_the_agent_back)
{
    cr_assert_eq(begin(AGENT_EVENT_RESTART, 5, 50), AGENT_REPLY_OK);
    pass(300);
    cr_assert_str_eq(state_of("a-one"), "draining");
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_OPERATION_CANCEL, .token = 6, .id = 1});
    rig_commit(&rig);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 6, 0)->reply, AGENT_REPLY_OK);
    cr_assert_str_eq(operation(1).state, "cancelled");
    cr_assert_str_eq(operation(2).state, "cancelled");
    cr_assert_str_eq(state_of("a-one"), "ready");
}

Test(coord_roll, a_cancelled_drain_is_its_end)
{
    cr_assert_eq(begin(AGENT_EVENT_DRAIN_ALL, 5, 50), AGENT_REPLY_OK);
    pass(300);
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_OPERATION_CANCEL, .token = 6, .id = 2});
    pass(300);
    cr_assert_str_eq(operation(1).state, "failed");
    cr_assert_str_eq(state_of("b-two"), "ready");
}

Test(coord_roll, it_goes_on_after_a_restart_of_the_coordinator)
{
    struct agent_operation_record record = {
        .id = 4,
        .kind = "restart",
        .target = "3 agents",
        .by = "me",
        .reason = "new version",
        .detail = "keep=50 credit=12 force=0 drain_us=10000000 back_us=60000000 count=3\n"
                  "a-one 4 5 01000000000000000000000000000000 0\n"
                  "b-two 1 6 02000000000000000000000000000000 0\n"
                  "c-three 0 0 03000000000000000000000000000000 0\n"};
    struct agent_operation_record drain = {.id = 6,
                                           .kind = "drain",
                                           .target = "b-two",
                                           .by = "me",
                                           .reason = "new version",
                                           .deadline_us = rig.now_us + 10000000,
                                           .detail = "instance=02 parent=4 epoch=0 connected=0"};
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = 8, .reason = "x"});
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_RECOVER_OPERATION, .operation = &record});
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_RECOVER_OPERATION, .operation = &drain});
    cr_assert_str_eq(operation(4).state, "running");
    cr_assert_str_eq(step_of(4, 1), "draining");
    hello(12, "b-two", 2);
    drained(12, 6);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_RESTART, 0, 4)->link, 12);
    come_back(12, 13, "b-two", 8);
    pass(6000);
    cr_assert_str_eq(step_of(4, 1), "done");
    cr_assert_str_eq(step_of(4, 2), "draining");
}

Test(coord_roll, agents_that_have_not_come_back_yet_are_waited_for_after_a_restart)
{
    struct agent_operation_record record = {
        .id = 4,
        .kind = "drain-all",
        .target = "2 agents",
        .by = "me",
        .reason = "",
        .detail = "keep=0 credit=12 force=0 drain_us=10000000 back_us=60000000 count=1\n"
                  "late 0 0 05000000000000000000000000000000 0\n"};
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_RECOVER_OPERATION, .operation = &record});
    pass(500);
    cr_assert_str_eq(operation(4).state, "running", "%s", operation(4).text);
}

Test(coord_roll, a_damaged_record_is_a_failure)
{
    static const char *const details[] = {
        "",
        "count=3\n",
        "count=1\na-one 9 0 00\n",
        "count=1\na-one 0\n",
        "count=999999999\n",
        "count=1\na-one 4 5 01000000000000000000000000000000 0\n",
        "count=1\na-one 0 5 01000000000000000000000000000000 9\n"};
    for (uint64_t i = 0; i < sizeof details / sizeof details[0]; i++) {
        struct agent_operation_record record = {.id = 4 + i,
                                                .kind = "drain-all",
                                                .target = "x",
                                                .by = "me",
                                                .reason = "",
                                                .detail = details[i]};
        rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_RECOVER_OPERATION,
                                             .operation = &record});
        cr_assert_str_eq(operation(4 + i).state, "failed", "%s", details[i]);
        rig_tick(&rig, 100);
    }
}
