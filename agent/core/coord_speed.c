#include "coord_speed.h"

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
    return on != NULL && on->job_us != 0 ? on->job_us : model->job_us;
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

void agent_coord_speed_result(struct agent_coord *core, const struct coord_agent *agent,
                              struct coord_model *model, const struct agent_result *result)
{
    (void)core;
    int64_t run = (int64_t)result->compute_us + result->copy_us;
    model->run_us = model->run_us == 0 ? run : (model->run_us * 7 + run) / 8;
    // Jobs that ran together shared the device.
    int64_t share = result->batch > 1 ? run / result->batch : run;
    struct coord_on *on = agent_coord_on_get(model, agent->slot);
    if (on != NULL)
        on->job_us = smooth(on->job_us, share);
    model->job_us = smooth(model->job_us, share);
}

void agent_coord_speed_loaded(struct agent_coord *core, const struct coord_agent *agent,
                              struct coord_model *model, int64_t load_us)
{
    (void)core;
    if (load_us <= 0)
        return;
    struct coord_on *on = agent_coord_on_get(model, agent->slot);
    if (on != NULL)
        on->load_us = smooth(on->load_us, load_us);
    model->load_us = smooth(model->load_us, load_us);
}
