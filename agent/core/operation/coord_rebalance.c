// Jobs that were given to an agent and have not begun there go to another where they would be done
// sooner. First a plan: each move with what it costs and gains, from measured times; it is kept for
// a while. Then that very plan, or nothing. A job is sent to its new agent only when the old one
// has confirmed that it gave it back.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/operation/coord_relocate.h"
#include "agent/core/placement/coord_speed.h"

#define PLANS_KEPT COORD_PLANS_KEPT
#define MOVES_MAX 1000
#define CONFIRM_US 30000000 // after which a move that was not confirmed is told as such

enum move_state { MOVE_PLANNED, MOVE_ASKED, MOVE_MOVED, MOVE_STAYED };

struct rebalance_move {
    uint64_t job;
    uint32_t attempt;
    uint32_t from, to;        // slots
    uint32_t from_id, to_id;  // a slot may be another agent's later
    int64_t cost_us, gain_us; // a load; the job's own wait that is saved
    bool loads;
    uint8_t state; // enum move_state
};

struct coord_rebalance {
    uint64_t number;
    uint32_t count;
    int64_t made_us, gain_us, before_us, after_us; // gain: of all jobs' waits; the others: until
                                                   // the last agent is through
    uint32_t unmeasured;                           // jobs that stay as no run was measured
    uint32_t moved, stayed;
    uint32_t n_loads;
    struct coord_relocation loads[COORD_RELOCATIONS_MAX];
    struct rebalance_move moves[];
};

// What an agent has to do yet, while a plan is made.
struct load {
    struct coord_agent *agent; // NULL: it takes no part
    struct coord_job *last;    // that may move; the next one is before it
    int64_t work_us;           // of all its jobs
    uint32_t lanes;            // devices that share it
    uint32_t room;
};

static int64_t finish_us(const struct load *load)
{
    return load->work_us / load->lanes;
}

static void look(const struct agent_coord *core, struct load *loads, uint32_t *unmeasured)
{
    for (uint32_t slot = 0; slot < core->n_agents; slot++) {
        struct coord_agent *agent = core->agents[slot];
        struct load *load = &loads[slot];
        struct coord_job *job;
        if (agent == NULL || !agent_coord_takes_work(agent))
            continue;
        uint32_t holds = agent_coord_agent_holds(agent);
        load->agent = agent;
        load->lanes = agent->n_devices > 0 ? agent->n_devices : 1;
        load->room = agent->credit > holds ? agent->credit - holds : 0;
        load->last = TAILQ_LAST(&agent->jobs, coord_jobs);
        TAILQ_FOREACH(job, &agent->jobs, link)
        {
            int64_t expect = agent_coord_expect_us(core, agent, job->model);
            load->work_us += expect;
            *unmeasured += expect == 0 && job->state == AGENT_JOB_ASSIGNED;
        }
    }
}

// The next job from its end that can move: it has not begun, was not moved, and its time is known.
static struct coord_job *movable(const struct agent_coord *core, struct load *load)
{
    while (load->last != NULL && (load->last->state != AGENT_JOB_ASSIGNED || load->last->moving ||
                                  agent_coord_expect_us(core, load->agent, load->last->model) == 0))
        load->last = TAILQ_PREV(load->last, coord_jobs, link);
    return load->last;
}

static bool is_there(const struct coord_model *model, uint32_t slot)
{
    enum agent_model_state state = agent_coord_model_state_on(model, slot);
    return state == AGENT_MODEL_RESIDENT || state == AGENT_MODEL_LOADING;
}

// The plan brings the model there already.
static bool is_coming(const struct agent_coord *core, const struct coord_rebalance *plan,
                      const struct coord_model *model, uint32_t slot)
{
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct rebalance_move *move = &plan->moves[i];
        const struct coord_job *job = agent_coord_job_find(core, move->job);
        if (move->loads && move->to == slot && job != NULL && job->model == model)
            return true;
    }
    return false;
}

// Where the job would be done first; false: nowhere sooner by enough.
static bool choose(const struct agent_coord *core, const struct coord_rebalance *plan,
                   const struct load *loads, uint32_t from, struct rebalance_move *ret_move)
{
    const struct coord_job *job = loads[from].last;
    int64_t here = finish_us(&loads[from]), best = here;
    for (uint32_t to = 0; to < core->n_agents; to++) {
        const struct load *load = &loads[to];
        if (to == from || load->agent == NULL || load->room == 0 ||
            agent_coord_rejects(core, load->agent, job->model) != AGENT_RULE_NONE)
            continue;
        int64_t expect = agent_coord_expect_us(core, load->agent, job->model);
        int64_t cost = 0;
        bool loads_it = false;
        if (!is_there(job->model, to) && !is_coming(core, plan, job->model, to)) {
            cost = agent_coord_load_us(core, load->agent, job->model);
            loads_it = true;
        }
        int64_t there = finish_us(load) + cost + expect / load->lanes;
        if (there >= best)
            continue;
        best = there;
        *ret_move = (struct rebalance_move){.to = to,
                                            .to_id = load->agent->id,
                                            .cost_us = cost,
                                            .gain_us = here - there,
                                            .loads = loads_it};
    }
    // A move must be worth it in itself, and against what is waited anyway.
    return best < here && here - best >= core->limits.rebalance_gain_us &&
           (here - best) * 5 >= here;
}

static uint32_t longest(const struct agent_coord *core, const struct load *loads)
{
    uint32_t slot = UINT32_MAX;
    for (uint32_t i = 0; i < core->n_agents; i++) {
        if (loads[i].agent != NULL && loads[i].last != NULL &&
            (slot == UINT32_MAX || finish_us(&loads[i]) > finish_us(&loads[slot])))
            slot = i;
    }
    return slot;
}

static int64_t makespan_us(const struct agent_coord *core, const struct load *loads)
{
    int64_t most = 0;
    for (uint32_t i = 0; i < core->n_agents; i++) {
        if (loads[i].agent != NULL && finish_us(&loads[i]) > most)
            most = finish_us(&loads[i]);
    }
    return most;
}

static void fill(const struct agent_coord *core, struct coord_rebalance *plan, struct load *loads)
{
    uint32_t from;
    look(core, loads, &plan->unmeasured);
    plan->before_us = makespan_us(core, loads);
    while (plan->count < MOVES_MAX && (from = longest(core, loads)) != UINT32_MAX) {
        struct load *load = &loads[from];
        struct coord_job *job = movable(core, load);
        struct rebalance_move move;
        if (job == NULL)
            continue; // `last` is NULL now: it is not looked at again
        if (!choose(core, plan, loads, from, &move)) {
            load->last = NULL; // what would finish last gains nothing: nor do those before it
            continue;
        }
        int64_t here = agent_coord_expect_us(core, load->agent, job->model);
        int64_t there = agent_coord_expect_us(core, loads[move.to].agent, job->model);
        move.job = job->id;
        move.attempt = job->attempt;
        move.from = from;
        move.from_id = load->agent->id;
        plan->moves[plan->count++] = move;
        plan->gain_us += move.gain_us;
        load->work_us -= here;
        loads[move.to].work_us += there + move.cost_us * loads[move.to].lanes;
        loads[move.to].room--;
        load->last = TAILQ_PREV(load->last, coord_jobs, link);
    }
    plan->after_us = makespan_us(core, loads);
}

// ---- plans

static struct coord_rebalance **place_of(struct agent_coord *core, uint64_t number)
{
    for (size_t i = 0; i < PLANS_KEPT; i++) {
        if (core->plans[i] != NULL && core->plans[i]->number == number)
            return &core->plans[i];
    }
    return NULL;
}

static void plan_make(struct agent_coord *core, const struct agent_event *event)
{
    struct load *loads = calloc(core->n_agents + 1, sizeof *loads);
    struct coord_rebalance *plan = calloc(1, sizeof *plan + MOVES_MAX * sizeof plan->moves[0]);
    if (loads == NULL || plan == NULL) {
        free(loads);
        free(plan);
        agent_coord_reply(core, event->token, AGENT_REPLY_BUSY, 0, "out of memory");
        return;
    }
    plan->number = ++core->next_plan;
    plan->made_us = core->now_us;
    fill(core, plan, loads);
    plan->n_loads = agent_coord_relocations(core, plan->loads);
    free(loads);
    struct coord_rebalance **place = &core->plans[plan->number % PLANS_KEPT];
    free(*place);
    *place = plan;
    struct coord_rebalance *fitted =
        realloc(*place, sizeof *plan + (plan->count + 1) * sizeof plan->moves[0]);
    if (fitted != NULL)
        *place = fitted;
    // Nothing is recorded of a plan: it is answered at once.
    agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_REPLY,
                                                 .token = event->token,
                                                 .reply = AGENT_REPLY_OK,
                                                 .id = (*place)->number,
                                                 .text = ""});
}

void agent_coord_plans_free(struct agent_coord *core)
{
    for (size_t i = 0; i < PLANS_KEPT; i++)
        free(core->plans[i]);
}

static int64_t rests_us(const struct agent_coord *core)
{
    int64_t left = core->rebalanced_us + core->limits.rebalance_rest_us - core->now_us;
    return core->rebalanced_us != 0 && left > 0 ? left : 0;
}

bool agent_coord_rebalance_plan(const struct agent_coord *core, uint64_t number,
                                struct agent_rebalance_view *ret_view)
{
    const struct coord_rebalance *plan = NULL;
    for (size_t i = 0; i < PLANS_KEPT && plan == NULL; i++) {
        if (core->plans[i] != NULL && core->plans[i]->number == number)
            plan = core->plans[i];
    }
    if (plan == NULL)
        return false;
    *ret_view = (struct agent_rebalance_view){.number = number,
                                              .moves = plan->count,
                                              .loads = plan->n_loads,
                                              .unmeasured = plan->unmeasured,
                                              .gain_us = plan->gain_us,
                                              .before_us = plan->before_us,
                                              .after_us = plan->after_us,
                                              .rests_us = rests_us(core)};
    return true;
}

static const char *name_at(const struct agent_coord *core, uint32_t slot, uint32_t id)
{
    const struct coord_agent *agent = slot < core->n_agents ? core->agents[slot] : NULL;
    return agent != NULL && agent->id == id ? agent_coord_chars(agent->name) : "";
}

bool agent_coord_rebalance_move(const struct agent_coord *core, uint64_t number, uint32_t index,
                                struct agent_rebalance_move *ret_move)
{
    for (size_t i = 0; i < PLANS_KEPT; i++) {
        const struct coord_rebalance *plan = core->plans[i];
        if (plan == NULL || plan->number != number || index >= plan->count)
            continue;
        const struct rebalance_move *move = &plan->moves[index];
        const struct coord_job *job = agent_coord_job_find(core, move->job);
        *ret_move = (struct agent_rebalance_move){
            .job = move->job,
            .model = job != NULL ? agent_coord_chars(job->model->name) : "",
            .version = job != NULL ? job->model->version : 0,
            .from = name_at(core, move->from, move->from_id),
            .to = name_at(core, move->to, move->to_id),
            .cost_us = move->cost_us,
            .gain_us = move->gain_us,
            .loads = move->loads,
        };
        return true;
    }
    return false;
}

bool agent_coord_rebalance_load(const struct agent_coord *core, uint64_t number, uint32_t index,
                                struct agent_rebalance_load *ret_load)
{
    for (size_t i = 0; i < PLANS_KEPT; i++) {
        const struct coord_rebalance *plan = core->plans[i];
        if (plan == NULL || plan->number != number || index >= plan->n_loads)
            continue;
        const struct coord_relocation *load = &plan->loads[index];
        const struct coord_model *model = agent_coord_model_find(core, load->hash);
        *ret_load = (struct agent_rebalance_load){
            .model = model != NULL ? agent_coord_chars(model->name) : "",
            .version = model != NULL ? model->version : 0,
            .to = name_at(core, load->to, load->to_id),
            .evicts = load->evicts,
            .cost_us = load->cost_us,
            .lost_us = load->lost_us,
            .gain_us = load->gain_us,
        };
        return true;
    }
    return false;
}

// ---- carried out

// What is no longer so; NULL: the move can be made.
static const char *stale(const struct agent_coord *core, const struct rebalance_move *move)
{
    const struct coord_job *job = agent_coord_job_find(core, move->job);
    const struct coord_agent *from = core->agents[move->from], *to = core->agents[move->to];
    if (job == NULL || job->where >= COORD_ENDING)
        return "has ended";
    if (job->where != COORD_HELD || job->agent != from || from->id != move->from_id ||
        job->attempt != move->attempt)
        return "is somewhere else";
    if (job->state != AGENT_JOB_ASSIGNED)
        return "has begun";
    if (to == NULL || to->id != move->to_id ||
        agent_coord_rejects(core, to, job->model) != AGENT_RULE_NONE)
        return "would not be taken there any more";
    return NULL;
}

static bool is_still_true(struct agent_coord *core, const struct coord_rebalance *plan,
                          const struct agent_event *event)
{
    uint32_t count = 0;
    uint64_t first = 0;
    const char *why = NULL;
    for (uint32_t i = 0; i < plan->count; i++) {
        const char *now = stale(core, &plan->moves[i]);
        if (now == NULL)
            continue;
        if (count++ == 0) {
            first = plan->moves[i].job;
            why = now;
        }
    }
    if (count > 0)
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, 0,
                          "the world has changed since the plan: %" PRIu32 " of %" PRIu32
                          " moves can't be made; job %" PRIu64 " %s",
                          count, plan->count, first, why);
    return count == 0 &&
           agent_coord_relocations_hold(core, plan->loads, plan->n_loads, event->token);
}

static void detail_write(struct coord_operation *operation)
{
    const struct coord_rebalance *plan = operation->rebalance;
    char text[96];
    snprintf(text, sizeof text, "moves=%" PRIu32 " moved=%" PRIu32 " stayed=%" PRIu32, plan->count,
             plan->moved, plan->stayed);
    agent_coord_text_set(&operation->detail, text);
}

static void ask_all(struct agent_coord *core, struct coord_rebalance *plan)
{
    for (uint32_t i = 0; i < plan->count; i++) {
        struct coord_job *job = agent_coord_job_find(core, plan->moves[i].job);
        plan->moves[i].state = MOVE_ASKED;
        job->moving = true;
        agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_REVOKE,
                                                     .link = job->agent->link,
                                                     .id = job->id,
                                                     .attempt = job->attempt});
    }
}

static void end(struct agent_coord *core, struct coord_operation *operation,
                enum agent_operation_state state, const char *why, const char *by)
{
    const struct coord_rebalance *plan = operation->rebalance;
    char text[160];
    snprintf(text, sizeof text,
             "%" PRIu32 " of %" PRIu32 " jobs moved, %" PRIu32 " had begun or ended%s", plan->moved,
             plan->count, plan->stayed, why);
    if (plan->n_loads > 0)
        agent_coord_add(text, sizeof text, "; %" PRIu32 " model%s told to load", plan->n_loads,
                        plan->n_loads == 1 ? " was" : "s were");
    detail_write(operation);
    agent_coord_operation_end(core, operation, state, text, "", by);
}

static void begin(struct agent_coord *core, struct coord_rebalance **place,
                  const struct agent_event *event)
{
    struct coord_operation *operation =
        agent_coord_operation_new(core, &agent_coord_kind_rebalance, event);
    char target[64];
    if (operation == NULL)
        return;
    operation->rebalance = *place;
    *place = NULL;
    const struct coord_rebalance *plan = operation->rebalance;
    snprintf(target, sizeof target, "%" PRIu32 " job%s, %" PRIu32 " model%s", plan->count,
             plan->count == 1 ? "" : "s", plan->n_loads, plan->n_loads == 1 ? "" : "s");
    operation->target = agent_coord_text_new(target);
    operation->deadline_us = core->now_us + CONFIRM_US;
    core->rebalanced_us = core->now_us;
    detail_write(operation);
    agent_coord_operation_start(core, operation, "", event);
    ask_all(core, operation->rebalance);
    agent_coord_relocate(core, plan->loads, plan->n_loads);
    agent_coord_wait_reply(core, event->token, operation->id);
    if (plan->count == 0)
        end(core, operation, AGENT_OPERATION_DONE, "", NULL);
}

static const struct coord_operation *running(const struct agent_coord *core)
{
    const struct coord_operation *operation;
    TAILQ_FOREACH(operation, &core->operations, all)
    {
        if (operation->kind == &agent_coord_kind_rebalance &&
            operation->state == AGENT_OPERATION_RUNNING)
            return operation;
    }
    return NULL;
}

void agent_coord_rebalance(struct agent_coord *core, const struct agent_event *event)
{
    if (event->id == 0) {
        plan_make(core, event);
        return;
    }
    struct coord_rebalance **place = place_of(core, event->id);
    const struct coord_operation *other = running(core);
    if (!core->ledger_ok)
        agent_coord_reply_unwritten(core, event->token);
    else if (place == NULL)
        agent_coord_reply(core, event->token, AGENT_REPLY_NOT_FOUND, 0,
                          "that plan is not known here: the last %d since the start are kept",
                          PLANS_KEPT);
    else if (other != NULL)
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, other->id,
                          "operation %" PRIu64 " rebalances already", other->id);
    else if ((*place)->count + (*place)->n_loads == 0)
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, 0, "the plan has no moves");
    else if (rests_us(core) > 0 && !event->force)
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, 0,
                          "it was rebalanced a moment ago: again in %" PRId64
                          " s, or now with force",
                          rests_us(core) / 1000000 + 1);
    else if (is_still_true(core, *place, event))
        begin(core, place, event);
}

static struct rebalance_move *move_of(struct agent_coord *core, uint64_t job,
                                      struct coord_operation **ret_operation)
{
    struct coord_operation *operation;
    TAILQ_FOREACH(operation, &core->operations, all)
    {
        struct coord_rebalance *plan = operation->rebalance;
        if (plan == NULL || operation->state != AGENT_OPERATION_RUNNING)
            continue;
        for (uint32_t i = 0; i < plan->count; i++) {
            if (plan->moves[i].job == job && plan->moves[i].state == MOVE_ASKED) {
                *ret_operation = operation;
                return &plan->moves[i];
            }
        }
    }
    return NULL;
}

static void settle(struct agent_coord *core, struct coord_operation *operation,
                   struct rebalance_move *move, bool moved)
{
    struct coord_rebalance *plan = operation->rebalance;
    move->state = moved ? MOVE_MOVED : MOVE_STAYED;
    plan->moved += moved;
    plan->stayed += !moved;
    if (plan->moved + plan->stayed == plan->count)
        end(core, operation, AGENT_OPERATION_DONE, "", NULL);
    else
        agent_coord_operation_changed(core, operation);
}

void agent_coord_move_over(struct agent_coord *core, struct coord_job *job)
{
    struct coord_operation *operation;
    struct rebalance_move *move = move_of(core, job->id, &operation);
    job->moving = false;
    if (move != NULL)
        settle(core, operation, move, false);
}

void agent_coord_moved(struct agent_coord *core, struct coord_job *job)
{
    struct coord_operation *operation = NULL;
    struct rebalance_move *move = move_of(core, job->id, &operation);
    struct coord_agent *to = move != NULL ? core->agents[move->to] : NULL;
    char why[96];
    snprintf(why, sizeof why, "given back by %s to be moved", agent_coord_chars(job->agent->name));
    job->moving = false;
    agent_coord_requeue(core, job, why);
    // Where the place is gone it waits at the front of its queue like any other; where it began
    // meanwhile and runs a second time elsewhere, that goes on.
    if (to != NULL && to->id == move->to_id && job->where == COORD_READY &&
        agent_coord_rejects(core, to, job->model) == AGENT_RULE_NONE) {
        snprintf(why, sizeof why, "moved by rebalance %" PRIu64, operation->id);
        struct agent_text *text = agent_coord_text_new(why);
        agent_coord_hold(core, job, to);
        agent_coord_job_log(core, job, AGENT_JOB_ASSIGNED, text);
        agent_coord_text_unref(text);
        agent_coord_act(
            core, &(struct agent_action){
                      .kind = AGENT_ACTION_DISPATCH,
                      .link = to->link,
                      .id = job->id,
                      .attempt = job->attempt,
                      .deadline_us = job->deadline_us == 0 ? 0 : job->deadline_us - core->now_us});
        agent_coord_agent_refresh(core, to);
    }
    if (move != NULL)
        settle(core, operation, move, true);
}

static void tick(struct agent_coord *core, struct coord_operation *operation)
{
    if (core->now_us >= operation->deadline_us)
        end(core, operation, AGENT_OPERATION_DONE, "; the others were not confirmed in time", NULL);
}

// What is under way ends as it would have.
static void cancel(struct agent_coord *core, struct coord_operation *operation,
                   const struct agent_event *event)
{
    end(core, operation, AGENT_OPERATION_CANCELLED, "", event->by);
}

static void recover(struct agent_coord *core, struct coord_operation *operation)
{
    if (operation->state != AGENT_OPERATION_RUNNING)
        return;
    operation->state = AGENT_OPERATION_CANCELLED;
    operation->finished_us = core->now_us;
    agent_coord_text_set(&operation->text,
                         "the coordinator was started again: every waiting job was placed anew");
    agent_coord_append_operation(core, operation);
}

static void view(const struct agent_coord *core, const struct coord_operation *operation,
                 struct agent_operation_view *view)
{
    (void)core;
    const char *detail = agent_coord_chars(operation->detail);
    const struct coord_rebalance *plan = operation->rebalance;
    view->moves =
        plan != NULL ? plan->count : (uint32_t)agent_coord_detail_number(detail, "moves=");
    view->moved =
        plan != NULL ? plan->moved : (uint32_t)agent_coord_detail_number(detail, "moved=");
    view->stayed =
        plan != NULL ? plan->stayed : (uint32_t)agent_coord_detail_number(detail, "stayed=");
    if (operation->state == AGENT_OPERATION_RUNNING)
        view->remaining = view->moves - view->moved - view->stayed;
}

static void rebalance_free(struct coord_operation *operation)
{
    free(operation->rebalance);
}

const struct coord_operation_kind agent_coord_kind_rebalance = {
    .name = "rebalance",
    .recover = recover,
    .cancel = cancel,
    .tick = tick,
    .view = view,
    .free = rebalance_free,
};
