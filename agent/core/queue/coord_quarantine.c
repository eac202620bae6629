// Jobs that kill. An input can crash or hang a driver wherever it goes; tried again and again it
// would take down one agent after the other, and be taken for their fault. A job whose executor
// died or hung on several agents ends at once as `poisoned`, with its input kept for whoever looks
// into it, and none of it counts against the agents.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"

struct coord_kills {
    uint32_t count;                   // of executors
    uint32_t n;                       // different agents
    uint32_t agents[COORD_KILLS_MAX]; // their ids
};

static bool is_kill(const char *code)
{
    return strcmp(code, "executor_died") == 0 || strcmp(code, "executor_hung") == 0 ||
           strcmp(code, "device") == 0;
}

bool agent_coord_killed_on(const struct coord_job *job, const struct coord_agent *agent)
{
    for (uint32_t i = 0; job->kills != NULL && i < job->kills->n; i++) {
        if (job->kills->agents[i] == agent->id)
            return true;
    }
    return false;
}

static struct coord_agent *agent_of(const struct agent_coord *core, uint32_t id)
{
    for (uint32_t i = 0; i < core->n_agents; i++) {
        if (core->agents[i] != NULL && core->agents[i]->id == id)
            return core->agents[i];
    }
    return NULL;
}

// Agents that could be tried.
static uint32_t agents_there(const struct agent_coord *core)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < core->n_agents; i++)
        count += core->agents[i] != NULL && core->agents[i]->link != 0;
    return count;
}

// Where there are fewer agents than the limit, each of them is enough, but never a single death.
static bool is_poison(const struct agent_coord *core, const struct coord_kills *kills)
{
    uint32_t limit = core->limits.poison_agents;
    if (limit == 0)
        return false;
    if (kills->n >= limit)
        return true;
    return kills->count >= 2 && kills->count >= limit - 1 && kills->n >= agents_there(core);
}

static void quarantine(struct agent_coord *core, struct coord_job *job,
                       const struct agent_result *result)
{
    char names[160] = "", text[AGENT_TEXT_MAX];
    const struct coord_kills *kills = job->kills;
    for (uint32_t i = 0; i < kills->n; i++) {
        struct coord_agent *agent = agent_of(core, kills->agents[i]);
        if (agent == NULL)
            continue;
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? ", " : "",
                 agent_coord_chars(agent->name));
        agent_coord_breaker_forgive(core, agent, job->id);
    }
    snprintf(text, sizeof text,
             "killed %" PRIu32 " executors, on %.159s; the last: %s: %.180s; its input is kept: "
             "stoker retry %" PRIu64,
             kills->count, names, result->error_code, result->error_text, job->id);
    agent_coord_end(core, job, AGENT_JOB_FAILED, AGENT_CODE_POISONED, text);
}

bool agent_coord_quarantined(struct agent_coord *core, struct coord_job *job,
                             const struct agent_result *result)
{
    if (!is_kill(result->error_code))
        return false;
    if (job->kills == NULL)
        job->kills = calloc(1, sizeof *job->kills);
    struct coord_kills *kills = job->kills;
    if (kills == NULL)
        return false;
    kills->count++;
    if (!agent_coord_killed_on(job, job->agent) && kills->n < COORD_KILLS_MAX)
        kills->agents[kills->n++] = job->agent->id;
    if (!is_poison(core, kills))
        return false;
    quarantine(core, job, result);
    return true;
}

struct agent_candidate *agent_coord_spare(const struct agent_coord *core,
                                          const struct coord_job *job, struct agent_pick *pick,
                                          struct agent_candidate *chosen)
{
    struct agent_candidate *best = NULL;
    if (!agent_coord_killed_on(job, core->agents[chosen->slot]))
        return chosen;
    for (uint32_t i = 0; i < pick->count; i++) {
        struct agent_candidate *candidate = &pick->candidates[i];
        if (!agent_coord_killed_on(job, core->agents[candidate->slot]) &&
            (best == NULL || candidate->score < best->score))
            best = candidate;
    }
    return best != NULL ? best : chosen;
}
