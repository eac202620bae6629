#include "coord_speed.h"

#include "agent/core/placement/coord_index.h"

// Until a model was loaded somewhere: what a slow disk and the packing of weights make of a byte.
#define LOAD_BYTES_PER_US 200

// The newest counts an eighth. 0 means that nothing was measured, so a measured one is at least 1.
static uint32_t smooth(uint32_t old, int64_t value)
{
    if (value < 1)
        value = 1;
    if (value > UINT32_MAX)
        value = UINT32_MAX;
    return old == 0 ? (uint32_t)value : (uint32_t)(((int64_t)old * 7 + value + 7) / 8);
}

int64_t agent_coord_expect_us(const struct agent_coord *core, const struct coord_agent *agent,
                              const struct coord_model *model)
{
    (void)core;
    const struct coord_on *on = agent_coord_on(model, agent->slot);
    if (on != NULL && on->job_us != 0)
        return on->job_us;
    return ((int64_t)model->job_us * agent->slowness) >> COORD_SLOWNESS_SHIFT;
}

int64_t agent_coord_load_us(const struct agent_coord *core, const struct coord_agent *agent,
                            const struct coord_model *model)
{
    (void)core;
    const struct coord_on *on = agent_coord_on(model, agent->slot);
    if (on != NULL && on->load_us != 0)
        return on->load_us;
    if (model->load_us != 0)
        return model->load_us;
    return (int64_t)(model->bytes / LOAD_BYTES_PER_US);
}

int64_t agent_coord_load_left_us(const struct agent_coord *core, const struct coord_agent *agent,
                                 const struct coord_model *model)
{
    const struct coord_on *on = agent_coord_on(model, agent->slot);
    if (on != NULL && on->state == AGENT_MODEL_RESIDENT)
        return 0;
    int64_t load = agent_coord_load_us(core, agent, model);
    if (on == NULL || on->state != AGENT_MODEL_LOADING)
        return load;
    // One that takes longer than it should is not about to end, either.
    int64_t left = on->since_us + load - core->now_us;
    return left > load / 8 ? left : load / 8;
}

// How slow the agent is, by all models: what it takes for the models that it has not run yet.
static void learn_slowness(struct coord_agent *agent, const struct coord_model *model,
                           int64_t share)
{
    if (model->job_us < COORD_JOB_US_MIN || share < COORD_JOB_US_MIN)
        return;
    int64_t slowness = (share << COORD_SLOWNESS_SHIFT) / model->job_us;
    if (slowness > UINT32_MAX / 1024)
        slowness = UINT32_MAX / 1024;
    agent->slowness = (uint32_t)(((int64_t)agent->slowness * 15 + slowness + 15) / 16);
}

void agent_coord_speed_result(struct agent_coord *core, struct coord_agent *agent,
                              struct coord_model *model, const struct agent_result *result)
{
    int64_t run = (int64_t)result->compute_us + result->copy_us;
    model->run_us = model->run_us == 0 ? run : (model->run_us * 7 + run) / 8;
    // Jobs that ran together shared the device.
    int64_t share = result->batch > 1 ? run / result->batch : run;
    struct coord_on *on = agent_coord_on_get(model, agent->slot);
    if (on != NULL)
        on->job_us = smooth(on->job_us, share);
    model->job_us = smooth(model->job_us, share);
    core->job_us = smooth(core->job_us, share);
    learn_slowness(agent, model, share);
    // An agent that doesn't tell of its models has those that it has run.
    if (on != NULL && (on->state == AGENT_MODEL_UNKNOWN || on->assumed))
        agent_coord_residency_set(core, agent, model, AGENT_MODEL_RESIDENT);
}

void agent_coord_speed_loaded(struct agent_coord *core, const struct coord_agent *agent,
                              struct coord_model *model, int64_t load_us)
{
    (void)core;
    struct coord_on *on = agent_coord_on_get(model, agent->slot);
    // Agents tell of the last load again and again.
    if (load_us <= 0 || (on != NULL && on->load_told_us == load_us))
        return;
    if (on != NULL) {
        on->load_us = smooth(on->load_us, load_us);
        on->load_told_us = load_us;
    }
    model->load_us = smooth(model->load_us, load_us);
}

void agent_coord_speed_taken(struct agent_coord *core, struct coord_job *job)
{
    struct coord_agent *agent = job->agent;
    struct coord_model *model = job->model;
    int64_t work = agent_coord_expect_us(core, agent, model);
    if (work < COORD_JOB_US_MIN)
        work = COORD_JOB_US_MIN;
    job->work_us = work < UINT32_MAX ? (uint32_t)work : UINT32_MAX;
    agent->backlog_us += job->work_us;
    int64_t each = agent->n_devices > 1 ? job->work_us / agent->n_devices : job->work_us;
    agent->recent_us += each;
    core->recent_us += each;
    model->held++;
    model->demand_us += job->work_us;
    core->demand_us += job->work_us;
    struct coord_on *on = agent_coord_on_get(model, agent->slot);
    if (on == NULL)
        return;
    on->held++;
    on->used_us = core->now_us;
    if (on->at == 0 && on->state != AGENT_MODEL_FAILED &&
        agent_coord_residency_set(core, agent, model, AGENT_MODEL_LOADING))
        on->assumed = true;
}

void agent_coord_speed_released(struct agent_coord *core, struct coord_job *job)
{
    struct coord_agent *agent = job->agent;
    struct coord_model *model = job->model;
    agent->backlog_us -= job->work_us;
    job->work_us = 0;
    model->held--;
    if (agent->slot >= model->on_room)
        return;
    struct coord_on *on = &model->on[agent->slot];
    if (on->held > 0)
        on->held--;
    // It was taken back before the agent said anything of the model.
    if (on->held == 0 && on->assumed && on->state == AGENT_MODEL_LOADING)
        agent_coord_residency_set(core, agent, model, AGENT_MODEL_UNKNOWN);
}

void agent_coord_speed_count(struct agent_coord *core, struct coord_agent *agent)
{
    int64_t wait = agent_coord_agent_wait_us(agent);
    core->wait_us += wait - agent->wait_us;
    agent->wait_us = wait;
}
