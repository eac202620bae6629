// Doubles of those who submit, who ask again until somebody answers if their job has a key, and of
// operators, who don't.
#include <string.h>

#include "agent/core/strategy/strategy.h"
#include "tests/sim/sim.h"

#define TRIES_MAX 60

static const char *const tenants[SIM_TENANTS] = {"", "lab", "shop"};

uint32_t sim_client_call(const struct sim *sim, uint64_t token)
{
    uint32_t i = 0;
    while (i < sim->scenario->n_ops && (token == 0 || sim->calls[i].token != token))
        i++;
    return i;
}

static uint64_t new_token(struct sim *sim, uint32_t op)
{
    sim->calls[op].op = op;
    return sim->calls[op].token = ++sim->next_token;
}

static void fire_again(struct sim *sim, const struct sim_event *event)
{
    if (!sim->calls[event->a].is_over && sim->calls[event->a].token == 0)
        sim_client_do(sim, (uint32_t)event->a);
}

static void again(struct sim *sim, uint32_t op, int64_t us)
{
    struct sim_call *call = &sim->calls[op];
    call->token = 0;
    if (++call->tries > TRIES_MAX)
        call->is_over = true;
    else
        sim_at(sim, sim->now_us + us, fire_again, op, 0, 0);
}

static void submit(struct sim *sim, uint32_t index)
{
    const struct sim_op *op = &sim->scenario->ops[index];
    struct sim_call *call = &sim->calls[index];
    static uint8_t hashes[SIM_MODELS_MAX][AGENT_HASH_SIZE];
    static const char *const names[SIM_MODELS_MAX] = {"m0", "m1", "m2", "m3", "m4", "m5"};
    if (op->c != 0)
        snprintf(call->key, sizeof call->key, "key-%u", op->c);
    call->tenant = tenants[(op->d >> 8 & 255) % SIM_TENANTS];
    if (!sim->coordinator.is_up) {
        again(sim, index, sim_between(&sim->clients, 100 * SIM_MS, 600 * SIM_MS));
        return;
    }
    sim_model_hash(op->a, hashes[op->a]);
    struct agent_event event = {.kind = AGENT_EVENT_SUBMIT, .token = new_token(sim, index)};
    event.submit = (struct agent_submit){
        .model = names[op->a],
        .version = 1,
        .hash = hashes[op->a],
        .priority = (uint8_t)op->b,
        .deadline_us = op->us == 0 ? 0 : sim_coordinator_now(sim) + op->us,
        .key = call->key,
        .tenant = call->tenant,
        .input_bytes = 100,
        .rows = op->d >> 16,
    };
    if ((op->d & SIM_JOB_POISON) != 0)
        event.submit.content = sim_poison_content(op->a);
    sim_coordinator_call(sim, &event);
}

// The event is taken later: what it points to stays.
static void about_model(struct agent_event *event, uint32_t model, bool everywhere)
{
    static uint8_t hashes[SIM_MODELS_MAX][AGENT_HASH_SIZE];
    static const char *const names[SIM_MODELS_MAX] = {"m0", "m1", "m2", "m3", "m4", "m5"};
    sim_model_hash(model, hashes[model]);
    event->agent = everywhere ? "" : event->agent;
    event->model_info.name = names[model];
    event->model_info.version = 1;
    event->model_info.hash = hashes[model];
}

static void operate(struct sim *sim, uint32_t index)
{
    static const struct {
        enum sim_op_kind op;
        enum agent_event_kind event;
    } kinds[] = {
        {SIM_OP_CANCEL, AGENT_EVENT_CANCEL},
        {SIM_OP_CORDON, AGENT_EVENT_CORDON},
        {SIM_OP_UNCORDON, AGENT_EVENT_UNCORDON},
        {SIM_OP_DRAIN, AGENT_EVENT_DRAIN},
        {SIM_OP_DRAIN_ALL, AGENT_EVENT_DRAIN_ALL},
        {SIM_OP_RESTART, AGENT_EVENT_RESTART},
        {SIM_OP_REBALANCE, AGENT_EVENT_REBALANCE},
        {SIM_OP_OPERATION_CANCEL, AGENT_EVENT_OPERATION_CANCEL},
        {SIM_OP_TUNE, AGENT_EVENT_TUNE},
        {SIM_OP_TENANT, AGENT_EVENT_TENANT},
        {SIM_OP_STRATEGY, AGENT_EVENT_STRATEGY},
        {SIM_OP_LIMITS, AGENT_EVENT_LIMITS},
        {SIM_OP_LOAD, AGENT_EVENT_LOAD},
        {SIM_OP_PIN, AGENT_EVENT_PIN},
        {SIM_OP_UNPIN, AGENT_EVENT_UNPIN},
    };
    const struct sim_op *op = &sim->scenario->ops[index];
    struct agent_event event = {.by = "operator", .reason = "because", .force = true};
    static uint8_t hash[AGENT_HASH_SIZE];
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        event.kind = kinds[i].op == op->kind ? kinds[i].event : event.kind;
    event.agent = sim->hosts[op->a % SIM_AGENTS_MAX].name;
    event.deadline_us = op->us;
    if (op->kind == SIM_OP_DRAIN_ALL || op->kind == SIM_OP_RESTART) {
        event.keep_percent = op->b;
        event.force = op->c % 2 == 0;
        event.back_us = 5 * SIM_S;
    }
    if (op->kind == SIM_OP_TENANT) {
        event.tenant.name = tenants[op->a % SIM_TENANTS];
        event.tenant.set = (struct agent_tenant_set){.weight_set = true,
                                                     .rate_set = op->c % 2 == 0,
                                                     .weight = 1 + op->b,
                                                     .rate_milli = op->c * UINT64_C(2000)};
    }
    if (op->kind == SIM_OP_REBALANCE)
        event.id = sim->calls[index].plan;
    if (op->kind == SIM_OP_CANCEL || op->kind == SIM_OP_OPERATION_CANCEL)
        event.id = sim->calls[op->a].job;
    if (op->kind == SIM_OP_STRATEGY)
        event.agent = agent_strategy_at(op->c)->name;
    if (op->kind == SIM_OP_LOAD || op->kind == SIM_OP_PIN || op->kind == SIM_OP_UNPIN)
        about_model(&event, op->c, op->b == 1);
    if (op->kind == SIM_OP_TUNE) {
        sim_model_hash(op->c, hash);
        event.tune = (struct agent_tune){.model = "m0",
                                         .version = 1,
                                         .hash = hash,
                                         .device = (uint8_t)op->b,
                                         .rows = 1,
                                         .budget_ms = (uint32_t)(op->us / 1000)};
    }
    if (op->kind == SIM_OP_LIMITS) {
        event.limits = sim->coordinator.limits;
        event.limits.jobs_live_max = op->a;
        event.limits.jobs_kept_max = op->b;
        event.limits.attempts_max = op->c;
        sim->coordinator.limits = event.limits;
    }
    event.token = new_token(sim, index);
    sim->calls[index].is_over = true; // whatever the answer is
    sim_coordinator_call(sim, &event);
}

void sim_client_do(struct sim *sim, uint32_t op)
{
    if (sim->scenario->ops[op].kind == SIM_OP_SUBMIT)
        submit(sim, op);
    else if (sim->coordinator.is_up)
        operate(sim, op);
}

// The plan has been looked at, and is to be carried out.
static void fire_plan(struct sim *sim, const struct sim_event *event)
{
    sim_client_do(sim, (uint32_t)event->a);
}

void sim_client_reply(struct sim *sim, const struct sim_out *reply)
{
    uint32_t index = sim_client_call(sim, reply->token);
    if (index == sim->scenario->n_ops)
        return; // a call that was cut off meanwhile
    struct sim_call *call = &sim->calls[index];
    bool has_key = call->key[0] != '\0';
    sim_oracle_reply(sim, index, reply);
    if (sim->scenario->ops[index].kind == SIM_OP_REBALANCE && call->plan == 0 &&
        reply->reply == AGENT_REPLY_OK) {
        call->plan = reply->id;
        sim_at(sim, sim->now_us + sim->scenario->ops[index].us, fire_plan, index, 0, 0);
    }
    if (sim->scenario->ops[index].kind != SIM_OP_SUBMIT) {
        call->job = reply->reply == AGENT_REPLY_OK ? reply->id : 0;
        call->token = 0;
        return;
    }
    switch (reply->reply) {
    case AGENT_REPLY_OK:
        call->job = reply->id;
        call->is_over = true;
        call->token = 0;
        // The answer may get lost on its way.
        if (has_key && call->tries == 0 && sim_chance(&sim->clients, 16) == 0) {
            call->is_over = false;
            again(sim, index, 300 * SIM_MS);
        }
        break;
    case AGENT_REPLY_BUSY:
        again(sim, index, (int64_t)(reply->retry_after_ms + 10) * SIM_MS);
        break;
    case AGENT_REPLY_UNAVAILABLE: // it may have been taken all the same
        if (has_key)
            again(sim, index, 500 * SIM_MS);
        else
            call->is_over = true;
        break;
    case AGENT_REPLY_CONFLICT:
        call->is_over = true;
        call->token = 0;
        if ((sim->scenario->ops[index].d & SIM_JOB_POISON) != 0)
            break;
        // fall through
    default:
        sim_fail(sim, "a good submission is refused", "reply %d", (int)reply->reply);
    }
}

void sim_client_cut(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->scenario->n_ops; i++) {
        struct sim_call *call = &sim->calls[i];
        if (call->token == 0 || sim->scenario->ops[i].kind != SIM_OP_SUBMIT || call->is_over) {
            call->token = 0;
            continue;
        }
        if (call->key[0] != '\0')
            again(sim, i, sim_between(&sim->clients, 200 * SIM_MS, SIM_S));
        else
            call->is_over = true; // without a key there is no asking again
        call->token = 0;
    }
}
