// What the coordinator's core decides, as it leaves the process: after the step, in one go.
#include <string.h>

#include "tests/sim/sim.h"

struct sim_io_link *sim_coordinator_link(struct sim_coordinator *c, uint64_t id)
{
    for (size_t i = 0; i < c->n_links; i++) {
        if (c->links[i].id == id)
            return &c->links[i];
    }
    return NULL;
}

static void fire_own_close(struct sim *sim, const struct sim_event *event)
{
    if (event->b == sim->coordinator.generation)
        sim_coordinator_message(sim, event->a,
                                &(struct sim_message){.kind = SIM_CLOSED, .text = ""});
}

static void close_link(struct sim *sim, struct sim_io_link *link)
{
    if (link->is_closing)
        return;
    link->is_closing = true;
    sim_close(sim, link->id, SIM_TO_COORDINATOR, true, 0);
    sim_at(sim, sim->now_us + 1, fire_own_close, link->id, sim->coordinator.generation, 0);
}

void sim_coordinator_flush(struct sim *sim)
{
    struct sim_coordinator *c = &sim->coordinator;
    size_t n = c->n_outs;
    c->n_outs = 0;
    for (size_t i = 0; i < n; i++) {
        struct sim_out out = c->outs[i];
        if (out.kind == SIM_OUT_REPLY) {
            sim_client_reply(sim, &out);
            continue;
        }
        struct sim_io_link *link = sim_coordinator_link(c, out.link);
        if (link == NULL || link->is_closing)
            continue;
        if (out.kind == SIM_OUT_MESSAGE) {
            link->is_welcome = link->is_welcome || out.message.kind == SIM_WELCOME;
            if (!sim_send(sim, out.link, SIM_TO_AGENT, &out.message))
                close_link(sim, link); // it does not read what it is sent
        } else {
            close_link(sim, link);
        }
    }
}

static struct sim_out *out(struct sim *sim, enum sim_out_kind kind, uint64_t link)
{
    struct sim_coordinator *c = &sim->coordinator;
    c->outs = sim_grow(c->outs, &c->outs_room, c->n_outs + 1, sizeof *c->outs);
    struct sim_out *added = &c->outs[c->n_outs++];
    *added = (struct sim_out){.kind = kind, .link = link};
    return added;
}

static struct sim_message *say(struct sim *sim, const struct agent_action *action,
                               enum sim_message_kind kind)
{
    struct sim_message *message = &out(sim, SIM_OUT_MESSAGE, action->link)->message;
    message->kind = kind;
    message->id = action->id;
    message->ref = (struct agent_job_ref){
        .job = action->id, .epoch = sim->coordinator.epoch, .attempt = action->attempt};
    message->us = action->deadline_us;
    message->text = "";
    return message;
}

static void act_append(struct sim *sim, const struct agent_action *action)
{
    const struct agent_job_record *job = &action->record->job;
    sim_disk_append(sim, action);
    if (action->record->kind == AGENT_RECORD_END &&
        strcmp(job->error_code, AGENT_CODE_POISONED) == 0) {
        uint32_t model = sim_model_of_hash(job->hash);
        struct agent_event event = {.kind = AGENT_EVENT_POISON};
        event.poison.job = job->id;
        event.poison.content = event.poison.model = sim_poison_content(model);
        sim_coordinator_call(sim, &event);
    }
    // It dies before anything of this step leaves the process.
    if (sim->disk.appends == sim->scenario->crash_append)
        sim->coordinator.must_die = true;
}

static void act_reply(struct sim *sim, const struct agent_action *action)
{
    struct sim_out *reply = out(sim, SIM_OUT_REPLY, 0);
    reply->token = action->token;
    reply->id = action->id;
    reply->reply = action->reply;
    reply->existing = action->existing;
    reply->retry_after_ms = action->retry_after_ms;
}

static void act_dispatch(struct sim *sim, const struct agent_action *action)
{
    const struct sim_job *job = sim_job(sim, action->id);
    struct sim_message *message = say(sim, action, SIM_DISPATCH);
    message->is_late = sim->now_us > sim->scenario->faults_end_us + 2 * SIM_S;
    message->number = job->call; // the job's submission says what it is
}

static void act_tune(struct sim *sim, const struct agent_action *action)
{
    struct sim_message *message = say(sim, action, SIM_TUNE);
    message->model = sim_model_of_hash(action->tune->hash);
    message->number = action->tune->device;
    message->us = (int64_t)action->tune->budget_ms * 1000;
}

static void act_load(struct sim *sim, const struct agent_action *action)
{
    struct sim_message *message =
        say(sim, action, action->kind == AGENT_ACTION_LOAD ? SIM_LOAD : SIM_UNLOAD);
    message->model = sim_model_of_hash(action->hash);
    message->number =
        (action->pinned ? 1 : 0) | (action->pin_only ? 2 : 0) | (action->spare ? 4 : 0);
}

static enum sim_message_kind message_of(enum agent_action_kind kind)
{
    return kind == AGENT_ACTION_REVOKE    ? SIM_CANCEL
           : kind == AGENT_ACTION_DRAIN   ? SIM_DRAIN
           : kind == AGENT_ACTION_RESUME  ? SIM_RESUME
           : kind == AGENT_ACTION_RESTART ? SIM_RESTART
                                          : SIM_TUNE_STOP;
}

void sim_coordinator_act(void *user, const struct agent_action *action)
{
    struct sim *sim = user;
    if (sim->coordinator.must_die)
        return;
    if (action->kind != AGENT_ACTION_NOTICE)
        sim_mark(sim, action->kind, action->id ^ action->link << 32 ^ action->seq << 16);
    sim_oracle_act(sim, action);
    switch (action->kind) {
    case AGENT_ACTION_APPEND:
        act_append(sim, action);
        break;
    case AGENT_ACTION_REPLY:
        act_reply(sim, action);
        break;
    case AGENT_ACTION_WELCOME:
        say(sim, action, SIM_WELCOME)->id = sim->coordinator.epoch;
        break;
    case AGENT_ACTION_REFUSE:
        say(sim, action, SIM_REFUSE)->state = action->refusal;
        out(sim, SIM_OUT_CLOSE, action->link);
        break;
    case AGENT_ACTION_DISPATCH:
        act_dispatch(sim, action);
        break;
    case AGENT_ACTION_REVOKE:
    case AGENT_ACTION_DRAIN:
    case AGENT_ACTION_RESUME:
    case AGENT_ACTION_RESTART:
    case AGENT_ACTION_TUNE_STOP:
        say(sim, action, message_of(action->kind));
        break;
    case AGENT_ACTION_TUNE:
        act_tune(sim, action);
        break;
    case AGENT_ACTION_LOAD:
    case AGENT_ACTION_UNLOAD:
        act_load(sim, action);
        break;
    case AGENT_ACTION_CLOSE:
        out(sim, SIM_OUT_CLOSE, action->link);
        break;
    default: // ENDED, FORGET, OPERATION, NOTICE: the oracle has seen them
        break;
    }
}
