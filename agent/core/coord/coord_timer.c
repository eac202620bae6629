// When something happens to a job by itself: its backoff is over, its deadline passes, or it can't
// be met any more.
#include "agent/core/coord/coord_internal.h"

void agent_coord_timer_clear(struct agent_coord *core, struct coord_job *job)
{
    agent_heap_remove(&core->timers, &job->timer);
}

// After it no agent, as fast as any was lately, would end in time.
int64_t agent_coord_latest_start_us(const struct coord_job *job)
{
    bool waits = job->where == COORD_READY || job->where == COORD_DELAYED;
    return job->deadline_us - (waits ? job->model->least_us : 0);
}

void agent_coord_timer_set(struct agent_coord *core, struct coord_job *job)
{
    int64_t due = job->deadline_us != 0 ? agent_coord_latest_start_us(job) : INT64_MAX;
    if (job->where == COORD_DELAYED && job->not_before_us < due)
        due = job->not_before_us;
    if (due == INT64_MAX)
        agent_coord_timer_clear(core, job);
    else
        agent_heap_set(&core->timers, &job->timer, due);
}

struct coord_job *agent_coord_timer_due(const struct agent_coord *core)
{
    const struct agent_heap *timers = &core->timers;
    if (timers->count == 0 || timers->entries[0].key > core->now_us)
        return NULL;
    return AGENT_CONTAINER(timers->entries[0].node, struct coord_job, timer);
}

// xorshift64*: the core has no other source of chance than its seed.
uint64_t agent_coord_random(struct agent_coord *core)
{
    core->random ^= core->random >> 12;
    core->random ^= core->random << 25;
    core->random ^= core->random >> 27;
    return core->random * 0x2545f4914f6cdd1du;
}

int64_t agent_coord_backoff_us(struct agent_coord *core, uint32_t failures)
{
    int64_t wait = core->limits.backoff_us_min;
    for (uint32_t i = 1; i < failures && wait < core->limits.backoff_us_max; i++)
        wait *= 2;
    if (wait > core->limits.backoff_us_max)
        wait = core->limits.backoff_us_max;
    uint64_t draw = agent_coord_random(core);
    return wait / 2 + (int64_t)(draw % (uint64_t)(wait / 2 + 1));
}
