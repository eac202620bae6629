// Moves with a price: what was shown is done, or nothing; no job is at two agents at once.
#include "agent/core/operation/coord_plan.h"
#include "tests/agent/coord_rig.h"

static struct rig rig;

// Two agents; eight jobs of `run_us` each wait at the first, which is the only one until the second
// comes.
static void make(uint32_t run_us)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.strategy = "round-robin";
    rig_init(&rig, &limits);
    rig_hello(&rig, 7, "one", 1, 16);
    struct agent_event event = rig_answer(7, rig_submit(&rig, ""), 1, AGENT_OUTCOME_DONE);
    event.result.compute_us = run_us;
    rig_step(&rig, &event);
    rig_commit(&rig);
    for (int i = 0; i < 8; i++)
        rig_submit(&rig, "");
    rig_start(&rig, 7, 2, 1);
    rig_hello(&rig, 8, "two", 2, 16);
}

static void setup(void)
{
    make(1000000);
}

static void teardown(void)
{
    rig_finish(&rig);
}

TestSuite(coord_rebalance, .init = setup, .fini = teardown);

static const struct rig_action *ask(uint64_t token, uint64_t plan, bool force)
{
    rig_step(
        &rig,
        &(struct agent_event){
            .kind = AGENT_EVENT_REBALANCE, .token = token, .id = plan, .by = "me", .force = force});
    rig_commit(&rig);
    const struct rig_action *reply = rig_find(&rig, AGENT_ACTION_REPLY, token, 0);
    cr_assert_not_null(reply);
    return reply;
}

static struct agent_rebalance_view plan_of(uint64_t number)
{
    struct agent_rebalance_view view;
    cr_assert(agent_coord_rebalance_plan(rig.core, number, &view));
    return view;
}

static struct agent_operation_view operation(uint64_t id)
{
    struct agent_operation_view view;
    cr_assert(agent_coord_operation(rig.core, id, &view));
    return view;
}

static const char *agent_of(uint64_t id)
{
    struct agent_job_view view;
    cr_assert(agent_coord_job(rig.core, id, &view));
    return view.agent;
}

static void confirm(uint64_t job)
{
    rig_result(&rig, 7, job, 1, AGENT_OUTCOME_CANCELLED);
    rig_commit(&rig);
}

Test(coord_rebalance, a_plan_has_cost_and_gain_and_changes_nothing)
{
    uint64_t number = ask(5, 0, false)->id;
    struct agent_rebalance_view plan = plan_of(number);
    cr_assert_gt(plan.moves, 1);
    cr_assert_lt(plan.moves, 5);
    cr_assert_eq(plan.before_us, 8000000);
    cr_assert_lt(plan.after_us, 6000000);
    struct agent_rebalance_move move;
    int64_t gain = 0;
    for (uint32_t i = 0; agent_coord_rebalance_move(rig.core, number, i, &move); i++) {
        cr_assert_str_eq(move.from, "one");
        cr_assert_str_eq(move.to, "two");
        cr_assert_neq(move.job, 2, "which runs");
        cr_assert_eq(move.loads, i == 0, "the model is loaded once");
        cr_assert_geq(move.gain_us, 500000);
        gain += move.gain_us;
    }
    cr_assert_eq(gain, plan.gain_us);
    for (uint64_t job = 2; job <= 9; job++)
        cr_assert_str_eq(agent_of(job), "one");
    cr_assert_null(rig_find(&rig, AGENT_ACTION_REVOKE, 0, 0));
}

Test(coord_rebalance, a_job_goes_on_only_when_its_agent_has_given_it_back)
{
    uint64_t number = ask(5, 0, false)->id;
    struct agent_rebalance_move move;
    uint32_t moves = plan_of(number).moves;
    cr_assert(agent_coord_rebalance_move(rig.core, number, 0, &move));
    struct agent_job_view before;
    cr_assert(agent_coord_job(rig.core, move.job, &before));
    uint32_t attempts = before.attempts;
    cr_assert_eq(ask(6, number, false)->reply, AGENT_REPLY_OK);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REVOKE, 0, move.job)->link, 7);
    cr_assert_str_eq(agent_of(move.job), "one");
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, move.job)->link, 7, "not twice at once");
    cr_assert_eq(operation(1).moves, moves);
    confirm(move.job);
    cr_assert_str_eq(agent_of(move.job), "two");
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_DISPATCH, 0, move.job)->link, 8);
    cr_assert_eq(operation(1).moved, 1);
    cr_assert_str_eq(operation(1).state, "running");
    struct agent_job_view view;
    cr_assert(agent_coord_job(rig.core, move.job, &view));
    cr_assert_eq(view.attempts, attempts, "that was no failure");
    for (uint64_t job = 2; job <= 9; job++) {
        if (strcmp(agent_of(job), "one") == 0 && rig_find(&rig, AGENT_ACTION_REVOKE, 0, job))
            confirm(job);
    }
    cr_assert_str_eq(operation(1).state, "done");
    cr_assert_eq(operation(1).moved, moves);
}

Test(coord_rebalance, a_job_that_has_begun_meanwhile_stays)
{
    uint64_t number = ask(5, 0, false)->id;
    struct agent_rebalance_move move;
    cr_assert(agent_coord_rebalance_move(rig.core, number, 0, &move));
    ask(6, number, false);
    rig_start(&rig, 7, move.job, 1);
    rig_result(&rig, 7, move.job, 1, AGENT_OUTCOME_DONE);
    rig_commit(&rig);
    rig_state(&rig, move.job, AGENT_JOB_DONE);
    cr_assert_eq(operation(1).stayed, 1);
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = 7, .reason = "cut"});
    rig_commit(&rig);
    cr_assert_str_eq(operation(1).state, "done", "the others are queued again, as ever");
    for (uint64_t job = 3; job <= 9; job++)
        cr_assert(job == move.job || strcmp(agent_of(job), "two") == 0);
}

Test(coord_rebalance, a_plan_that_is_not_true_any_more_is_refused_whole)
{
    uint64_t number = ask(5, 0, false)->id;
    struct agent_rebalance_move move;
    cr_assert(agent_coord_rebalance_move(rig.core, number, 1, &move));
    rig_start(&rig, 7, move.job, 1);
    const struct rig_action *reply = ask(6, number, false);
    cr_assert_eq(reply->reply, AGENT_REPLY_CONFLICT);
    cr_assert_not_null(strstr(reply->text, "1 of"), "%s", reply->text);
    cr_assert_not_null(strstr(reply->text, "has begun"), "%s", reply->text);
    cr_assert_null(rig_find(&rig, AGENT_ACTION_REVOKE, 0, 0));
    number = ask(7, 0, false)->id;
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_CORDON, .agent = "two"});
    reply = ask(8, number, false);
    cr_assert_eq(reply->reply, AGENT_REPLY_CONFLICT);
    cr_assert_not_null(strstr(reply->text, "not be taken there"), "%s", reply->text);
    cr_assert_eq(ask(9, 77, false)->reply, AGENT_REPLY_NOT_FOUND);
}

Test(coord_rebalance, it_rests_and_does_not_move_for_a_little)
{
    uint64_t number = ask(5, 0, false)->id;
    ask(6, number, false);
    cr_assert_eq(ask(7, number, false)->reply, AGENT_REPLY_NOT_FOUND, "a plan is done once");
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_OPERATION_CANCEL, .token = 8, .id = 1});
    rig_commit(&rig);
    cr_assert_str_eq(operation(1).state, "cancelled");
    for (uint64_t job = 2; job <= 9; job++) {
        if (rig_find(&rig, AGENT_ACTION_REVOKE, 0, job))
            confirm(job); // too late for the operation: it is queued as any other
    }
    // Another pile.
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_CORDON, .agent = "two"});
    for (int i = 0; i < 8; i++)
        rig_submit(&rig, "");
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_UNCORDON, .agent = "two"});
    number = ask(9, 0, false)->id;
    cr_assert_gt(plan_of(number).moves, 0);
    cr_assert_gt(plan_of(number).rests_us, 0);
    cr_assert_eq(ask(10, number, false)->reply, AGENT_REPLY_CONFLICT);
    cr_assert_eq(ask(11, number, true)->reply, AGENT_REPLY_OK, "who insists");
}

Test(coord_rebalance, a_plan_without_gain_is_empty)
{
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_CORDON, .agent = "two"});
    uint64_t number = ask(5, 0, false)->id;
    cr_assert_eq(plan_of(number).moves, 0);
    cr_assert_eq(ask(6, number, false)->reply, AGENT_REPLY_CONFLICT);
}

Test(coord_rebalance, nothing_moves_for_a_gain_that_nobody_would_notice)
{
    rig_finish(&rig);
    make(20000);
    struct agent_rebalance_view plan = plan_of(ask(5, 0, false)->id);
    cr_assert_eq(plan.before_us, 160000);
    cr_assert_eq(plan.moves, 0);
}

Test(coord_rebalance, one_that_ran_is_over_after_a_restart)
{
    struct agent_operation_record record = {.id = 4,
                                            .kind = "rebalance",
                                            .target = "3 jobs",
                                            .by = "me",
                                            .reason = "",
                                            .detail = "moves=3 moved=1 stayed=0"};
    rig_step(&rig,
             &(struct agent_event){.kind = AGENT_EVENT_RECOVER_OPERATION, .operation = &record});
    cr_assert_str_eq(operation(4).state, "cancelled");
    cr_assert_eq(operation(4).moves, 3);
    cr_assert_eq(operation(4).moved, 1);
    cr_assert_not_null(strstr(operation(4).text, "started again"));
}

// ---- models

static const uint8_t *hash_of(uint8_t model)
{
    static uint8_t hash[AGENT_HASH_SIZE];
    memcpy(hash, (const uint8_t[]){model, 2, 3}, 3);
    return hash;
}

static void join(uint64_t link, const char *name)
{
    const struct agent_device_info device = {.family = "gpu", .memory_bytes = 1000};
    struct agent_event event = {.kind = AGENT_EVENT_HELLO, .link = link};
    event.hello.name = name;
    event.hello.instance[0] = (uint8_t)link;
    event.hello.credit = 64;
    event.hello.devices = &device;
    event.hello.n_devices = 1;
    event.hello.can_load = true;
    rig_step(&rig, &event);
}

static void have(uint64_t link, uint8_t model, enum agent_model_state state)
{
    struct agent_event event = {.kind = AGENT_EVENT_MODEL_STATE, .link = link};
    event.model.hash = hash_of(model);
    event.model.state = state;
    event.model.bytes = 700;
    event.model.load_us = 100000;
    event.model.text = "";
    rig_step(&rig, &event);
}

static void run(uint8_t model, int jobs)
{
    static uint64_t token = 30000;
    for (int i = 0; i < jobs; i++) {
        struct agent_event event = rig_submission(++token, "");
        event.submit.hash = hash_of(model);
        rig_step(&rig, &event);
        rig_commit(&rig);
        uint64_t job = rig_find(&rig, AGENT_ACTION_REPLY, token, 0)->id;
        const struct rig_action *dispatch = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, job);
        if (i == 0)
            have(dispatch->link, model, AGENT_MODEL_RESIDENT);
        event = rig_answer(dispatch->link, job, dispatch->attempt, AGENT_OUTCOME_DONE);
        event.result.compute_us = 100000;
        rig_step(&rig, &event);
        rig_commit(&rig);
        rig.count = 0;
    }
}

// Model 1 has nine tenths of the work and one agent of two, the other has a model that is hardly
// used.
static uint64_t plan_models(void)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    rig_finish(&rig);
    rig_init(&rig, &limits);
    join(1, "one");
    run(1, 90);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_CORDON, .token = 5, .agent = "one"});
    join(2, "two");
    run(2, 4);
    rig_step(&rig, &(struct agent_event){.kind = AGENT_EVENT_UNCORDON, .token = 6, .agent = "one"});
    return ask(7, 0, false)->id;
}

Test(coord_rebalance, a_model_comes_to_one_more_agent_where_that_pays)
{
    uint64_t number = plan_models();
    struct agent_rebalance_load load;
    cr_assert_eq(plan_of(number).moves, 0);
    cr_assert_eq(plan_of(number).loads, 1);
    cr_assert(agent_coord_rebalance_load(rig.core, number, 0, &load));
    cr_assert_str_eq(load.to, "two");
    cr_assert_eq(load.evicts, 1);
    cr_assert_eq(load.cost_us, 100000);
    cr_assert_gt(load.lost_us, 0, "the other is used, too");
    cr_assert_geq(load.gain_us, 4 * (load.cost_us + load.lost_us));
    cr_assert_null(rig_find(&rig, AGENT_ACTION_LOAD, 0, 0), "a plan changes nothing");
    rig.count = 0;
    cr_assert_eq(ask(8, number, false)->reply, AGENT_REPLY_OK);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_UNLOAD, 0, 0)->link, 2);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_LOAD, 0, 0)->link, 2);
    cr_assert_str_eq(operation(1).state, "done");
    cr_assert_not_null(strstr(operation(1).text, "1 model was told to load"), "%s",
                       operation(1).text);
    // There is nothing to turn back.
    have(2, 1, AGENT_MODEL_RESIDENT);
    cr_assert_eq(plan_of(ask(9, 0, false)->id).loads, 0);
}

Test(coord_rebalance, a_model_that_went_elsewhere_meanwhile_is_a_changed_world)
{
    uint64_t number = plan_models();
    join(3, "three");
    have(3, 1, AGENT_MODEL_RESIDENT);
    const struct rig_action *reply = ask(8, number, false);
    cr_assert_eq(reply->reply, AGENT_REPLY_CONFLICT);
    cr_assert_not_null(strstr(reply->text, "is on other agents now"), "%s", reply->text);
    cr_assert_null(rig_find(&rig, AGENT_ACTION_UNLOAD, 0, 0));
}

Test(coord_rebalance, what_is_pinned_does_not_go_for_another_model)
{
    plan_models();
    struct agent_event event = {.kind = AGENT_EVENT_PIN, .token = 20, .agent = "two", .by = "me"};
    event.model_info.name = "digits";
    event.model_info.version = 1;
    event.model_info.hash = hash_of(2);
    rig_step(&rig, &event);
    cr_assert_eq(plan_of(ask(9, 0, false)->id).loads, 0);
}
