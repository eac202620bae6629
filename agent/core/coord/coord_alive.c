// Which agents are there. The end of a link is noticed by itself; a host that dies silently, or
// whose cable is pulled, by its silence. Slow is not dead: how much silence is too much follows
// each agent's own heartbeats (detector.h), and a coordinator that slept itself counts none of it.
// Agents whose links break again and again get no new work for a while that grows.
#include <stdio.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"

#define SLACK_TIMES 9                  // at most so many times the limit on top of it
#define ASLEEP_US_MAX INT64_C(5000000) // of our own sleep, that counts for others
#define FLAP_FORGET_US INT64_C(60000000)
#define FLAPS_FREE 3 // so many times an agent may come and go without a word
#define REST_US_MIN INT64_C(500000)
#define REST_US_MAX INT64_C(10000000)

void agent_coord_heard(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_agent *agent = agent_coord_agent_by_link(core, event->link);
    if (agent == NULL)
        return;
    agent->heard_us = core->now_us;
    if (agent->suspect) {
        agent->suspect = false;
        if (!agent_coord_agent_doubted(agent))
            agent_coord_text_set(&agent->doubt, NULL);
        core->world++;
        agent_coord_agent_refresh(core, agent);
    }
}

void agent_coord_beat(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_agent *agent = agent_coord_agent_by_link(core, event->link);
    if (agent == NULL)
        return;
    agent_detector_beat(&agent->detector, core->now_us, core->limits.heartbeat_us);
    agent_coord_heard(core, event);
}

static int64_t limit_us(const struct agent_coord *core, const struct coord_agent *agent,
                        int64_t base_us)
{
    return base_us + core->asleep_us +
           agent_detector_slack_us(&agent->detector, base_us * SLACK_TIMES);
}

bool agent_coord_agent_silent(const struct agent_coord *core, const struct coord_agent *agent)
{
    int64_t usual = core->limits.heartbeat_us * 3 / 2;
    return core->now_us - agent->heard_us > limit_us(core, agent, usual);
}

static void check_silence(struct agent_coord *core, struct coord_agent *agent)
{
    int64_t silent = core->now_us - agent->heard_us;
    if (silent <= limit_us(core, agent, core->limits.suspect_us))
        return;
    char why[64];
    snprintf(why, sizeof why, "silent for %.1f s", (double)silent / 1e6);
    if (silent > limit_us(core, agent, core->limits.lost_us)) {
        agent->lost_silent = true;
        agent_coord_agent_lose(core, agent, why, true, AGENT_NOTICE_WARNING);
    } else if (!agent->suspect) {
        agent->suspect = true;
        agent_coord_text_set(&agent->doubt, why);
        core->world++;
        agent_coord_agent_refresh(core, agent);
        agent_coord_notice(core, AGENT_NOTICE_AGENT_SUSPECT, AGENT_NOTICE_WARNING,
                           agent_coord_chars(agent->name), 0, "%s; gets no new work", why);
    }
}

// One that was given up and is the same process was slow, unless it was away for very long.
void agent_coord_alive_again(struct agent_coord *core, struct coord_agent *agent,
                             const uint8_t *instance)
{
    int64_t silent = core->now_us - agent->heard_us;
    if (agent->lost_silent && silent < core->limits.lost_us * (SLACK_TIMES + 1) &&
        memcmp(agent->instance, instance, sizeof agent->instance) == 0)
        agent_detector_wronged(&agent->detector, silent);
    agent_detector_skip(&agent->detector);
    agent->lost_silent = false;
}

void agent_coord_flap_count(struct agent_coord *core, struct coord_agent *agent)
{
    if (core->now_us - agent->connected_us > FLAP_FORGET_US)
        agent->flaps = 0;
    agent->flaps++;
}

void agent_coord_flap_rest(struct agent_coord *core, struct coord_agent *agent)
{
    if (agent->flaps <= FLAPS_FREE)
        return;
    int64_t rest = REST_US_MIN;
    for (uint32_t i = FLAPS_FREE + 1; i < agent->flaps && rest < REST_US_MAX; i++)
        rest *= 2;
    if (rest > REST_US_MAX)
        rest = REST_US_MAX;
    agent->rests_until_us = core->now_us + rest;
    char why[128];
    snprintf(why, sizeof why, "lost %u times in a row soon after it came; no new work for %.1f s",
             agent->flaps, (double)rest / 1e6);
    agent_coord_text_set(&agent->doubt, why);
    agent_coord_notice(core, AGENT_NOTICE_AGENT_SUSPECT, AGENT_NOTICE_WARNING,
                       agent_coord_chars(agent->name), 0, "%s", why);
}

static void end_rest(struct agent_coord *core, struct coord_agent *agent)
{
    agent->rests_until_us = 0;
    agent_coord_text_set(&agent->doubt, NULL);
    core->world++;
    agent_coord_agent_refresh(core, agent);
}

// While the coordinator slept it heard nobody: that silence was its own. What came meanwhile may
// still be on its way to us, so for a while all limits are wider, too.
static void count_sleep(struct agent_coord *core)
{
    int64_t gap = core->ticked_us == 0 ? 0 : core->now_us - core->ticked_us;
    core->ticked_us = core->now_us;
    if (core->now_us - core->woken_us >= 1000000) {
        core->asleep_us /= 2;
        core->woken_us = core->now_us;
    }
    if (gap <= core->limits.stall_us)
        return;
    int64_t asleep = gap < ASLEEP_US_MAX ? gap : ASLEEP_US_MAX;
    if (asleep > core->asleep_us)
        core->asleep_us = asleep;
    core->woken_us = core->now_us;
    for (uint32_t i = 0; i < core->n_agents; i++) {
        struct coord_agent *agent = core->agents[i];
        if (agent == NULL || agent->link == 0)
            continue;
        agent_detector_skip(&agent->detector);
        agent->heard_us += gap;
        if (agent->heard_us > core->now_us)
            agent->heard_us = core->now_us;
    }
}

static bool is_sound(const struct coord_agent *agent)
{
    return agent->link != 0 && agent->admin == AGENT_ADMIN_NONE && agent->credit > 0 &&
           !agent_coord_agent_doubted(agent);
}

void agent_coord_agents_tick(struct agent_coord *core)
{
    struct coord_agent *resting = NULL;
    bool any_sound = false;
    count_sleep(core);
    agent_coord_hedges_tick(core);
    for (uint32_t i = 0; i < core->n_agents; i++) {
        struct coord_agent *agent = core->agents[i];
        if (agent == NULL || agent->link == 0)
            continue;
        if (agent->paused && core->now_us - agent->paused_us > COORD_PAUSE_US) {
            agent->paused = false;
            agent_coord_agent_refresh(core, agent);
        }
        if (agent->rests_until_us != 0 && core->now_us >= agent->rests_until_us)
            end_rest(core, agent);
        agent_coord_breaker_tick(core, agent);
        if (core->now_us - agent->heard_us > core->limits.suspect_us)
            check_silence(core, agent);
        any_sound = any_sound || is_sound(agent);
        if (agent->link != 0 && agent->rests_until_us != 0 && !agent->suspect &&
            (resting == NULL || agent->flaps < resting->flaps))
            resting = agent;
    }
    // A doubtful agent is better than none.
    if (!any_sound && resting != NULL && core->n_where[COORD_READY] > 0)
        end_rest(core, resting);
}
