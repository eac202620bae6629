// Models that nobody can load. An agent that tried keeps its reason; when every agent that is there
// has refused the model or has no device for it, and none comes for a bounded time, the jobs that
// wait for it fail with these reasons, instead of waiting for ever.
#include "coord_refusal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/planted.h"

#define CODE_NO_DEVICE "no_device"
#define FAILS_MAX 1024 // jobs that one tick ends

static bool is_lasting(const char *code)
{
    return strcmp(code, "bad_model") == 0 || strcmp(code, "unsupported") == 0;
}

void agent_coord_refusal_set(struct coord_on *on, const char *code, const char *text)
{
    if (code == NULL)
        code = "";
    // An agent tells it twice, once without the code.
    if (on->refusal != NULL && code[0] == '\0')
        return;
    if (on->refusal == NULL)
        on->refusal = calloc(1, sizeof *on->refusal);
    if (on->refusal == NULL)
        return; // it is one that may take the model, as far as anybody knows
    snprintf(on->refusal->code, sizeof on->refusal->code, "%.*s", AGENT_CODE_MAX, code);
    snprintf(on->refusal->text, sizeof on->refusal->text, "%.*s", COORD_REFUSAL_TEXT - 1,
             text != NULL ? text : "");
}

void agent_coord_refusal_clear(struct coord_on *on)
{
    free(on->refusal);
    on->refusal = NULL;
}

static bool may_take(const struct agent_coord *core, const struct coord_agent *agent,
                     const struct coord_model *model)
{
    // One that went away may come back, but nobody waits for it longer than for a new one.
    if (agent->link == 0 && core->now_us - agent->lost_us > core->limits.unloadable_us)
        return false;
    const struct coord_on *on = agent_coord_on(model, agent->slot);
    return agent_coord_fits(agent, model) == AGENT_RULE_NONE && (on == NULL || on->refusal == NULL);
}

enum verdict { OPEN, TRIED, REFUSED };

// OPEN: somebody might take it, or nobody is there at all, and jobs just wait for an agent. TRIED:
// all have refused it, and one of them is about to try again.
static enum verdict verdict_of(const struct agent_coord *core, const struct coord_model *model)
{
    bool any = false, tried = false;
    if (model->n_usable > 0)
        return OPEN;
    for (uint32_t slot = 0; slot < core->n_agents; slot++) {
        const struct coord_agent *agent = core->agents[slot];
        if (agent == NULL)
            continue;
        if (may_take(core, agent, model))
            return OPEN;
        any = any || agent->link != 0;
        const struct coord_on *on = agent_coord_on(model, slot);
        tried = tried || (on != NULL && on->refusal != NULL && on->state != AGENT_MODEL_FAILED);
    }
    return !any ? OPEN : tried ? TRIED : REFUSED;
}

// What lasts says more than what may pass, and that more than a device that is missing.
static const char *code_of(const struct agent_coord *core, const struct coord_model *model)
{
    const char *code = CODE_NO_DEVICE;
    for (uint32_t slot = 0; slot < core->n_agents && slot < model->on_room; slot++) {
        const struct coord_refusal *refusal = model->on[slot].refusal;
        if (refusal == NULL || refusal->code[0] == '\0')
            continue;
        code = refusal->code;
        if (is_lasting(code))
            break;
    }
    return code;
}

void agent_coord_refusal_add(const struct coord_agent *agent, const struct coord_model *model,
                             enum agent_rule rule, char *text, size_t size)
{
    const struct coord_on *on = agent_coord_on(model, agent->slot);
    const struct coord_refusal *refusal = on != NULL ? on->refusal : NULL;
    if (rule != AGENT_RULE_MODEL_FAILED || refusal == NULL || refusal->text[0] == '\0')
        return;
    agent_coord_add(text, size, ": %s", refusal->text);
}

// Until the jobs fail, as long as nothing changes.
static int64_t left_us(const struct agent_coord *core, const struct coord_model *model)
{
    int64_t left = model->refused_us + core->limits.unloadable_us - core->now_us;
    return left > 0 ? left : 0;
}

void agent_coord_refused_add(const struct agent_coord *core, const struct coord_model *model,
                             char *text, size_t size)
{
    if (model->refused_us == 0 || core->limits.unloadable_us == 0 ||
        verdict_of(core, model) != REFUSED)
        return;
    agent_coord_add(text, size,
                    "; no agent can take %s:%" PRIu32 ": its jobs fail in %" PRId64
                    " s unless one comes that can",
                    agent_coord_chars(model->name), model->version,
                    (left_us(core, model) + 999999) / 1000000);
}

static void fail_jobs(struct agent_coord *core, struct coord_model *model)
{
    char why[AGENT_TEXT_MAX - 64], text[AGENT_TEXT_MAX], code[AGENT_CODE_MAX + 1];
    struct coord_flow *flow;
    uint32_t count = 0;
    agent_coord_why(core, model, why, sizeof why);
    snprintf(text, sizeof text, "no agent can load its model: %s", why);
    snprintf(code, sizeof code, "%s", code_of(core, model));
    LIST_FOREACH(flow, &model->flows, of_model)
    {
        struct coord_job *job;
        while (count < FAILS_MAX && (job = agent_coord_queue_head(core, flow)) != NULL) {
            agent_coord_end(core, job, AGENT_JOB_FAILED, code, text);
            count++;
        }
    }
}

void agent_coord_refusals_tick(struct agent_coord *core)
{
    for (uint32_t i = 0; i < core->n_models && core->limits.unloadable_us > 0; i++) {
        struct coord_model *model = core->models[i];
        if (model == NULL || model->queued == 0)
            continue;
        enum verdict verdict = verdict_of(core, model);
        if (verdict == OPEN) {
            model->refused_us = 0;
            continue;
        }
        if (model->refused_us == 0)
            model->refused_us = core->now_us;
        if (verdict == REFUSED && left_us(core, model) == 0 && !AGENT_PLANTED(UNLOADABLE_FOR_EVER))
            fail_jobs(core, model);
    }
}
