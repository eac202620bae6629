#include <stdio.h>
#include <stdlib.h>

#include "agent/coordinator/io.h"

static uint64_t name_key(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name != '\0'; name++)
        hash = (hash ^ (uint8_t)*name) * 0x100000001b3u;
    return hash;
}

struct io_agent_stats *agent_io_agent_stats(struct agent_coordinator *c, const char *agent)
{
    return agent_idmap_get(&c->stats_by_agent, name_key(agent));
}

// Made with an agent's first job: they are large.
static struct io_agent_stats *stats_of(struct agent_coordinator *c, const char *agent)
{
    uint64_t key = name_key(agent);
    struct io_agent_stats *stats = agent_idmap_get(&c->stats_by_agent, key);
    if (stats != NULL || agent[0] == '\0')
        return stats;
    stats = calloc(1, sizeof *stats);
    if (stats == NULL || !agent_idmap_put(&c->stats_by_agent, key, stats)) {
        free(stats);
        return NULL;
    }
    snprintf(stats->name, sizeof stats->name, "%s", agent);
    return stats;
}

void agent_io_stats_free(struct agent_coordinator *c)
{
    for (size_t i = 0; i < c->stats_by_agent.capacity; i++)
        free(c->stats_by_agent.entries[i].value);
    agent_idmap_finish(&c->stats_by_agent);
}

void agent_io_count_end(struct agent_coordinator *c, const struct agent_job_view *job)
{
    if (job->state != AGENT_JOB_DONE)
        return;
    int64_t now = c->step_us;
    agent_rate_add(&c->stats.done, now, 1);
    agent_window_add(&c->stats.total, now, job->timing.total_us);
    agent_window_add(&c->stats.queue, now, job->timing.queue_us);
    agent_window_add(&c->stats.load, now, job->timing.load_us);
    agent_window_add(&c->stats.compute, now, job->timing.compute_us);
    agent_window_add(&c->stats.copy, now, job->timing.copy_us);
    struct io_agent_stats *stats = stats_of(c, job->agent);
    if (stats == NULL)
        return;
    agent_window_add(&stats->total, now, job->timing.total_us);
    agent_rate_add(&stats->done, now, 1);
}
