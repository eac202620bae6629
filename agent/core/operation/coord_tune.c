// Tuning: a device of an agent measures kernels for a model, as an operation that can be followed
// and cancelled. It lives as long as the agent's process: when the link, or this coordinator, was
// away, the same operation is asked for again and the agent says how far it is. What was learnt is
// kept on the agent, so that a tuning that is lost is only time.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"

static void tune_free(struct coord_tune *tune)
{
    if (tune == NULL)
        return;
    agent_coord_text_unref(tune->model);
    agent_coord_text_unref(tune->name);
    free(tune);
}

static void operation_free(struct coord_operation *operation)
{
    tune_free(operation->tune);
}

// The tuning of a device that runs; NULL: none does.
static const struct coord_operation *running_on(const struct agent_coord *core,
                                                const struct coord_agent *agent, uint8_t device)
{
    const struct coord_operation *operation;
    TAILQ_FOREACH(operation, &core->operations, all)
    {
        if (operation->tune != NULL && operation->state == AGENT_OPERATION_RUNNING &&
            strcmp(operation->tune->view.agent, agent_coord_chars(agent->name)) == 0 &&
            operation->tune->view.what.device == device)
            return operation;
    }
    return NULL;
}

static struct coord_tune *tune_new(struct agent_text *name, const struct agent_tune *what)
{
    struct coord_tune *tune = calloc(1, sizeof *tune);
    if (tune == NULL)
        return NULL;
    tune->model = agent_coord_text_new(what->model);
    tune->name = agent_coord_text_ref(name);
    memcpy(tune->hash, what->hash, sizeof tune->hash);
    tune->view = (struct agent_tune_view){.agent = agent_coord_chars(tune->name), .what = *what};
    tune->view.what.model = agent_coord_chars(tune->model);
    tune->view.what.hash = tune->hash;
    return tune;
}

static void detail_write(struct coord_operation *operation)
{
    const struct coord_tune *tune = operation->tune;
    const struct agent_tune *what = &tune->view.what;
    char text[AGENT_NAME_MAX + AGENT_MODEL_NAME_MAX + 256];
    char instance[2 * sizeof tune->instance + 1], hash[2][33];
    agent_coord_instance_hex(tune->instance, instance);
    agent_coord_instance_hex(tune->hash, hash[0]);
    agent_coord_instance_hex(tune->hash + 16, hash[1]);
    snprintf(text, sizeof text,
             "device=%u version=%" PRIu32 " rows=%" PRIu32 " budget_ms=%" PRIu32
             "\n%s %s%s %s %s\n",
             what->device, what->version, what->rows, what->budget_ms, instance, hash[0], hash[1],
             tune->view.agent, what->model);
    agent_coord_text_set(&operation->detail, text);
}

// Names of agents and models have no blanks: HELLO and the repository refuse others.
static struct coord_tune *detail_read(const char *detail)
{
    char instance[33], hash[65], agent[AGENT_NAME_MAX + 1], model[AGENT_MODEL_NAME_MAX + 1];
    uint8_t bytes[AGENT_HASH_SIZE];
    const char *line = strchr(detail, '\n');
    if (line == NULL ||
        sscanf(line + 1, "%32s %64s %63s %127s", instance, hash, agent, model) != 4 ||
        strlen(hash) != 64)
        return NULL;
    agent_coord_instance_parse(hash, bytes);
    agent_coord_instance_parse(hash + 32, bytes + 16);
    struct agent_tune what = {
        .model = model,
        .version = (uint32_t)agent_coord_detail_number(detail, "version="),
        .hash = bytes,
        .device = (uint8_t)agent_coord_detail_number(detail, "device="),
        .rows = (uint32_t)agent_coord_detail_number(detail, "rows="),
        .budget_ms = (uint32_t)agent_coord_detail_number(detail, "budget_ms="),
    };
    struct agent_text *name = agent_coord_text_new(agent);
    struct coord_tune *tune = name != NULL ? tune_new(name, &what) : NULL;
    agent_coord_text_unref(name);
    if (tune != NULL)
        agent_coord_instance_parse(instance, tune->instance);
    return tune;
}

static void away(struct agent_coord *core, struct coord_operation *operation, const char *why)
{
    char text[AGENT_TEXT_MAX];
    snprintf(text, sizeof text, "%.300s; waits for %s to come back", why,
             operation->tune->view.agent);
    operation->tune->agent = NULL;
    operation->tune->away_us = core->now_us;
    agent_coord_text_set(&operation->text, text);
    agent_coord_operation_changed(core, operation);
}

static void recover(struct agent_coord *core, struct coord_operation *operation)
{
    operation->tune = detail_read(agent_coord_chars(operation->detail));
    if (operation->state != AGENT_OPERATION_RUNNING)
        return;
    if (operation->tune != NULL) {
        const struct agent_tune *what = &operation->tune->view.what;
        agent_coord_model_get(core, what->model, what->version, what->hash);
        away(core, operation, "the coordinator was started again");
        return;
    }
    operation->state = AGENT_OPERATION_FAILED;
    operation->finished_us = operation->started_us;
    agent_coord_text_set(&operation->text,
                         "the coordinator was started again; what was learnt is kept");
}

static void ask(struct agent_coord *core, const struct coord_operation *operation)
{
    agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_TUNE,
                                                 .link = operation->tune->agent->link,
                                                 .id = operation->id,
                                                 .tune = &operation->tune->view.what});
}

static void start(struct agent_coord *core, struct coord_operation *operation,
                  struct coord_agent *agent, const struct agent_event *event)
{
    const struct agent_tune *what = &event->tune;
    const char *name = agent_coord_chars(agent->name);
    char target[AGENT_TEXT_MAX];
    snprintf(target, sizeof target, "%s:%" PRIu32 " on %s device %u", what->model, what->version,
             name, what->device);
    operation->target = agent_coord_text_new(target);
    /* Known from now on, though no job may ever have asked for it: its agent will tell of it. */
    agent_coord_model_get(core, what->model, what->version, what->hash);
    operation->deadline_us = core->now_us + (int64_t)what->budget_ms * 1000;
    operation->tune->agent = agent;
    memcpy(operation->tune->instance, agent->instance, sizeof agent->instance);
    detail_write(operation);
    agent_coord_operation_start(core, operation, name, event);
    ask(core, operation);
    agent_coord_wait_reply(core, event->token, operation->id);
}

void agent_coord_tune(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_agent *agent = agent_coord_agent_asked(core, event);
    const struct coord_operation *other;
    if (agent == NULL)
        return;
    if (!core->ledger_ok) {
        agent_coord_reply_unwritten(core, event->token);
    } else if (agent->link == 0 || agent->admin == AGENT_ADMIN_DRAINING ||
               agent->admin == AGENT_ADMIN_DRAINED) {
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, 0,
                          "%s is %s: it can't be tuned", event->agent,
                          agent_coord_agent_state(agent));
    } else if ((other = running_on(core, agent, event->tune.device)) != NULL) {
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, other->id,
                          "device %u of %s is being tuned already: operation %" PRIu64,
                          event->tune.device, event->agent, other->id);
    } else {
        struct coord_tune *tune = tune_new(agent->name, &event->tune);
        struct coord_operation *operation = NULL;
        if (tune == NULL)
            agent_coord_reply(core, event->token, AGENT_REPLY_BUSY, 0, "out of memory");
        else
            operation = agent_coord_operation_new(core, &agent_coord_kind_tune, event);
        if (operation == NULL) {
            tune_free(tune);
            return;
        }
        operation->tune = tune;
        start(core, operation, agent, event);
    }
}

static void end(struct agent_coord *core, struct coord_operation *operation,
                enum agent_operation_state state, const char *text)
{
    operation->tune->agent = NULL;
    agent_coord_operation_end(core, operation, state, text, operation->tune->view.agent, NULL);
}

static void end_reported(struct agent_coord *core, struct coord_operation *operation,
                         const char *why)
{
    const struct agent_tune_view *view = &operation->tune->view;
    const struct agent_tune_figures *figures = &view->figures;
    char text[AGENT_TEXT_MAX] = "nothing faster found";
    if (view->state == AGENT_TUNING_FAILED) {
        end(core, operation, AGENT_OPERATION_FAILED, why);
        return;
    }
    if (figures->kept)
        snprintf(text, sizeof text, "%.3f ms before, %.3f ms now", (double)figures->before_us / 1e3,
                 (double)figures->after_us / 1e3);
    end(core, operation,
        view->state == AGENT_TUNING_DONE ? AGENT_OPERATION_DONE : AGENT_OPERATION_CANCELLED, text);
}

void agent_coord_tune_state(struct agent_coord *core, const struct agent_event *event)
{
    const struct agent_tune_state *state = &event->tune_state;
    struct coord_agent *agent = agent_coord_agent_by_link(core, event->link);
    struct coord_operation *operation = agent_coord_operation_find(core, state->operation);
    if (agent == NULL || operation == NULL || operation->tune == NULL ||
        operation->tune->agent != agent)
        return;
    operation->tune->view.state = state->state;
    operation->tune->view.figures = state->figures;
    if (state->state >= AGENT_TUNING_DONE) {
        end_reported(core, operation, event->reason);
        return;
    }
    agent_coord_text_set(&operation->text, event->reason);
    agent_coord_operation_changed(core, operation);
}

static void cancel(struct agent_coord *core, struct coord_operation *operation,
                   const struct agent_event *event)
{
    // An agent that comes back stops what nobody asks for again.
    if (operation->tune->agent == NULL)
        agent_coord_operation_end(core, operation, AGENT_OPERATION_CANCELLED,
                                  "its agent is away; what was learnt is kept",
                                  operation->tune->view.agent, event->by);
    else
        agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_TUNE_STOP,
                                                     .link = operation->tune->agent->link,
                                                     .id = operation->id});
}

void agent_coord_tunes_lose(struct agent_coord *core, const struct coord_agent *agent,
                            const char *why)
{
    struct coord_operation *operation;
    TAILQ_FOREACH(operation, &core->operations, all)
    {
        if (operation->tune != NULL && operation->tune->agent == agent)
            away(core, operation, why);
    }
}

void agent_coord_tunes_resume(struct agent_coord *core, struct coord_agent *agent)
{
    struct coord_operation *operation;
    TAILQ_FOREACH(operation, &core->operations, all)
    {
        struct coord_tune *tune = operation->tune;
        if (tune == NULL || operation->state != AGENT_OPERATION_RUNNING || tune->agent != NULL ||
            strcmp(tune->view.agent, agent_coord_chars(agent->name)) != 0)
            continue;
        if (memcmp(tune->instance, agent->instance, sizeof tune->instance) != 0) {
            end(core, operation, AGENT_OPERATION_FAILED,
                "its agent was started again; what was learnt is kept");
            continue;
        }
        tune->agent = agent;
        agent_coord_text_set(&operation->text, NULL);
        ask(core, operation);
    }
}

static void tick(struct agent_coord *core, struct coord_operation *operation)
{
    const struct coord_tune *tune = operation->tune;
    if (tune->agent == NULL && core->now_us - tune->away_us > core->limits.absent_us)
        end(core, operation, AGENT_OPERATION_FAILED,
            "its agent has not come back; what was learnt is kept");
}

static void view(const struct agent_coord *core, const struct coord_operation *operation,
                 struct agent_operation_view *view)
{
    (void)core;
    view->tune = operation->tune != NULL ? &operation->tune->view : NULL;
}

const struct coord_operation_kind agent_coord_kind_tune = {
    .name = "tune",
    .recover = recover,
    .cancel = cancel,
    .tick = tick,
    .view = view,
    .free = operation_free,
};
