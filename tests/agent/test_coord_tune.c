// Tuning in the coordinator's decisions: an operation that ends whatever happens to its agent.
#include "tests/agent/coord_rig.h"

static struct rig rig;

static void setup(void)
{
    rig_init(&rig, NULL);
    rig_hello(&rig, 7, "one", 1, 4);
}

static void teardown(void)
{
    rig_finish(&rig);
}

TestSuite(coord_tune, .init = setup, .fini = teardown);

static void tune(uint64_t token, const char *agent, uint8_t device)
{
    struct agent_event event = {
        .kind = AGENT_EVENT_TUNE, .token = token, .agent = agent, .by = "me"};
    event.tune = (struct agent_tune){.model = "digits",
                                     .version = 1,
                                     .hash = rig_hash,
                                     .device = device,
                                     .rows = 1,
                                     .budget_ms = 5000};
    rig_step(&rig, &event);
    rig_commit(&rig);
}

static void report(uint64_t link, uint64_t operation, enum agent_tuning state, const char *text)
{
    struct agent_event event = {.kind = AGENT_EVENT_TUNE_STATE, .link = link, .reason = text};
    event.tune_state = (struct agent_tune_state){
        .operation = operation,
        .state = state,
        .figures = {.candidates = 20,
                    .measured = 12,
                    .before_us = 2000,
                    .after_us = 1000,
                    .kept = state == AGENT_TUNING_DONE},
    };
    rig_step(&rig, &event);
}

static struct agent_operation_view operation(uint64_t id)
{
    struct agent_operation_view view;
    cr_assert(agent_coord_operation(rig.core, id, &view));
    return view;
}

static enum agent_reply reply_of(uint64_t token)
{
    const struct rig_action *reply = rig_find(&rig, AGENT_ACTION_REPLY, token, 0);
    cr_assert_not_null(reply);
    return reply->reply;
}

Test(coord_tune, runs_shows_how_far_it_is_and_ends_with_a_result)
{
    tune(5, "one", 0);
    cr_assert_eq(reply_of(5), AGENT_REPLY_OK);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_TUNE, 0, 1)->link, 7);
    cr_assert_str_eq(operation(1).kind, "tune");
    cr_assert_str_eq(operation(1).target, "digits:1 on one device 0");
    report(7, 1, AGENT_TUNING_MEASURING, "measuring");
    cr_assert_not_null(rig_find(&rig, AGENT_ACTION_OPERATION, 0, 1), "who follows it is woken");
    struct agent_operation_view view = operation(1);
    cr_assert_str_eq(view.state, "running");
    cr_assert_str_eq(view.text, "measuring");
    cr_assert_eq(view.tune->figures.measured, 12);
    struct agent_event loaded = {.kind = AGENT_EVENT_MODEL_STATE, .link = 7};
    loaded.model.hash = rig_hash;
    loaded.model.state = AGENT_MODEL_RESIDENT;
    rig_step(&rig, &loaded);
    cr_assert_eq(agent_coord_model_on(rig.core, rig_hash, "one"), AGENT_MODEL_RESIDENT);
    report(7, 1, AGENT_TUNING_DONE, "");
    view = operation(1);
    cr_assert_str_eq(view.state, "done");
    cr_assert_str_eq(view.text, "2.000 ms before, 1.000 ms now");
    cr_assert(view.finished);
    const struct rig_action *notice = rig_find(&rig, AGENT_ACTION_NOTICE, 0, 0);
    cr_assert_eq(notice->notice, AGENT_NOTICE_OPERATION_FINISHED);
    report(7, 1, AGENT_TUNING_FAILED, "too late");
    cr_assert_str_eq(operation(1).state, "done", "an end is an end");
}

Test(coord_tune, one_a_device_and_only_where_it_can_be)
{
    tune(5, "one", 0);
    tune(6, "one", 0);
    cr_assert_eq(reply_of(6), AGENT_REPLY_CONFLICT);
    tune(7, "one", 1);
    cr_assert_eq(reply_of(7), AGENT_REPLY_OK, "another device");
    tune(8, "two", 0);
    cr_assert_eq(reply_of(8), AGENT_REPLY_NOT_FOUND);
    report(7, 1, AGENT_TUNING_FAILED, "no memory");
    cr_assert_str_eq(operation(1).state, "failed");
    cr_assert_str_eq(operation(1).text, "no memory");
    tune(9, "one", 0);
    cr_assert_eq(reply_of(9), AGENT_REPLY_OK);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_DRAIN,
                                         .token = 10,
                                         .agent = "one",
                                         .deadline_us = 1000000,
                                         .force = true});
    tune(11, "one", 2);
    cr_assert_eq(reply_of(11), AGENT_REPLY_CONFLICT);
}

Test(coord_tune, a_cancelled_one_ends_when_its_agent_says_so)
{
    tune(5, "one", 0);
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_OPERATION_CANCEL, .token = 6, .id = 1});
    rig_commit(&rig);
    cr_assert_eq(reply_of(6), AGENT_REPLY_OK);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_TUNE_STOP, 0, 1)->link, 7);
    cr_assert_str_eq(operation(1).state, "running");
    report(7, 1, AGENT_TUNING_CANCELLED, "");
    cr_assert_str_eq(operation(1).state, "cancelled");
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_OPERATION_CANCEL, .token = 7, .id = 1});
    cr_assert_eq(reply_of(7), AGENT_REPLY_CONFLICT);
}

Test(coord_tune, a_link_that_breaks_is_waited_for_and_the_tuning_goes_on)
{
    tune(5, "one", 0);
    rig_hello(&rig, 8, "two", 2, 4);
    report(8, 1, AGENT_TUNING_DONE, "");
    cr_assert_str_eq(operation(1).state, "running", "another agent's word does not count");
    rig_step(&rig, &(struct agent_event){
                       .kind = AGENT_EVENT_LINK_LOST, .link = 7, .reason = "the connection ended"});
    cr_assert_str_eq(operation(1).state, "running");
    cr_assert_str_eq(operation(1).text, "the connection ended; waits for one to come back");
    rig_hello(&rig, 9, "one", 1, 4);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_TUNE, 0, 1)->link, 9, "it is asked how far it is");
    tune(6, "one", 0);
    cr_assert_eq(reply_of(6), AGENT_REPLY_CONFLICT, "the device is busy");
    report(9, 1, AGENT_TUNING_DONE, "");
    cr_assert_str_eq(operation(1).state, "done");
}

Test(coord_tune, an_agent_that_stays_away_or_is_another_process_ends_it)
{
    tune(5, "one", 0);
    tune(6, "one", 1);
    rig_step(&rig, &(struct agent_event){
                       .kind = AGENT_EVENT_LINK_LOST, .link = 7, .reason = "the connection ended"});
    rig_hello(&rig, 9, "one", 3, 4);
    cr_assert_str_eq(operation(1).state, "failed");
    cr_assert_not_null(strstr(operation(1).text, "started again"));
    tune(7, "one", 0);
    cr_assert_eq(reply_of(7), AGENT_REPLY_OK);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = 9, .reason = "x"});
    rig_tick(&rig, 19000);
    cr_assert_str_eq(operation(3).state, "running");
    rig_tick(&rig, 2000);
    cr_assert_str_eq(operation(3).state, "failed");
    cr_assert_not_null(strstr(operation(3).text, "has not come back"));
}

Test(coord_tune, one_that_ran_goes_on_after_a_restart_of_the_coordinator)
{
    struct agent_operation_record record = {
        .id = 4,
        .kind = "tune",
        .target = "digits:1 on one device 2",
        .by = "me",
        .reason = "",
        .detail = "device=2 version=1 rows=8 budget_ms=5000\n"
                  "01000000000000000000000000000000 "
                  "0102030000000000000000000000000000000000000000000000000000000000 one digits\n"};
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = 7, .reason = "x"});
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_RECOVER_OPERATION, .operation = &record});
    struct agent_operation_view view = operation(4);
    cr_assert_str_eq(view.state, "running");
    cr_assert_str_eq(view.tune->agent, "one");
    cr_assert_eq(view.tune->what.device, 2);
    cr_assert_eq(view.tune->what.rows, 8);
    cr_assert_eq(memcmp(view.tune->what.hash, rig_hash, AGENT_HASH_SIZE), 0);
    rig_hello(&rig, 9, "one", 1, 4);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_TUNE, 0, 4)->link, 9);
    report(9, 4, AGENT_TUNING_MEASURING, "measuring");
    cr_assert_eq(operation(4).tune->figures.measured, 12);
    report(9, 4, AGENT_TUNING_DONE, "");
    cr_assert_str_eq(operation(4).state, "done");
    record.id = 5;
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = 9, .reason = "x"});
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_RECOVER_OPERATION, .operation = &record});
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_OPERATION_CANCEL, .token = 6, .id = 5});
    rig_commit(&rig);
    cr_assert_eq(reply_of(6), AGENT_REPLY_OK);
    cr_assert_str_eq(operation(5).state, "cancelled", "though its agent is away");
    rig_hello(&rig, 10, "one", 1, 4);
    cr_assert_null(rig_find(&rig, AGENT_ACTION_TUNE, 0, 5));
}

Test(coord_tune, one_of_an_older_version_has_failed_after_a_restart_and_others_stay)
{
    struct agent_operation_record record = {
        .id = 4, .kind = "tune", .target = "digits:1 on one device 0", .by = "me", .reason = ""};
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_RECOVER_OPERATION, .operation = &record});
    record.id = 5;
    record.state = AGENT_OPERATION_DONE;
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_RECOVER_OPERATION, .operation = &record});
    cr_assert_str_eq(operation(4).state, "failed");
    cr_assert_str_eq(operation(4).kind, "tune");
    cr_assert_str_eq(operation(5).state, "done");
    rig_tick(&rig, 10);
    report(7, 4, AGENT_TUNING_MEASURING, "measuring");
    cr_assert_str_eq(operation(4).state, "failed", "its agent stops by itself");
    tune(6, "one", 0);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 6, 0)->id, 6);
}
