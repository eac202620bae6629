#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_index.h"
#include "agent/core/placement/coord_speed.h"
#include "agent/core/planted.h"

struct coord_agent *agent_coord_agent_by_link(const struct agent_coord *core, uint64_t link)
{
    return agent_idmap_get(&core->by_link, link);
}

struct coord_agent *agent_coord_agent_by_name(const struct agent_coord *core, const char *name)
{
    struct agent_named *named = agent_names_get(&core->by_agent, name);
    return named != NULL ? AGENT_CONTAINER(named, struct coord_agent, named) : NULL;
}

struct coord_agent *agent_coord_agent_asked(struct agent_coord *core,
                                            const struct agent_event *event)
{
    struct coord_agent *agent = agent_coord_agent_by_name(core, event->agent);
    if (agent == NULL)
        agent_coord_reply(core, event->token, AGENT_REPLY_NOT_FOUND, 0, "no agent named '%.64s'",
                          event->agent);
    return agent;
}

uint32_t agent_coord_agent_room(const struct coord_agent *agent)
{
    uint32_t holds = agent_coord_agent_holds(agent);
    // Each may have to be revoked one day.
    uint32_t limit = agent->credit < agent->revoked_room ? agent->credit : agent->revoked_room;
    if (holds >= limit)
        return 0;
    if (agent->breaker.state == COORD_BREAKER_HALF_OPEN)
        return agent->breaker.probe == 0;
    return limit - holds;
}

bool agent_coord_agent_doubted(const struct coord_agent *agent)
{
    return agent->suspect || agent->rests_until_us != 0 ||
           agent->breaker.state == COORD_BREAKER_OPEN;
}

const char *agent_coord_agent_state(const struct coord_agent *agent)
{
    if (agent->admin == AGENT_ADMIN_DRAINED)
        return "drained";
    if (agent->link == 0)
        return "lost";
    if (agent_coord_agent_doubted(agent))
        return "suspect";
    if (agent->admin == AGENT_ADMIN_DRAINING)
        return "draining";
    return agent->admin == AGENT_ADMIN_CORDONED ? "cordoned" : "ready";
}

void agent_coord_agent_refresh(struct agent_coord *core, struct coord_agent *agent)
{
    bool open = agent->link != 0 && agent->admin == AGENT_ADMIN_NONE &&
                (!agent_coord_agent_doubted(agent) || AGENT_PLANTED(SUSPECT_PICKED)) &&
                !agent->paused && agent_coord_agent_room(agent) > 0;
    if (open != agent->open) {
        agent->open = open;
        *(open ? &agent->opened_us : &agent->closed_us) = core->now_us;
    }
    if (!open)
        agent->closed_rule = (uint8_t)agent_coord_closed(agent);
    bool ready = agent->link != 0 && agent->admin == AGENT_ADMIN_NONE && agent->credit > 0 &&
                 !agent_coord_agent_doubted(agent);
    core->ready_agents += (uint32_t)ready - agent->ready;
    agent_coord_residency_ready(agent, ready);
    agent_coord_speed_count(core, agent);
    agent_coord_index_update(core, agent);
}

void agent_coord_agent_free(struct coord_agent *agent)
{
    if (agent == NULL)
        return;
    agent_coord_text_unref(agent->name);
    agent_coord_text_unref(agent->reason);
    agent_coord_text_unref(agent->doubt);
    free(agent->devices);
    free(agent->models);
    free(agent->revoked);
    free(agent);
}

// A free slot, or that of the agent that was lost first, unless an operator has a stake in it.
static bool find_slot(struct agent_coord *core, uint32_t *ret_slot)
{
    struct coord_agent *oldest = NULL;
    if (core->n_agents < core->limits.agents_max) {
        *ret_slot = core->n_agents;
        return true;
    }
    for (uint32_t i = 0; i < core->limits.agents_max; i++) {
        struct coord_agent *agent = core->agents[i];
        if (agent == NULL) {
            *ret_slot = i;
            return true;
        }
        if (agent->link == 0 && agent->admin == AGENT_ADMIN_NONE && agent->drain == NULL &&
            (oldest == NULL || agent->lost_us < oldest->lost_us))
            oldest = agent;
    }
    if (oldest == NULL)
        return false;
    *ret_slot = oldest->slot;
    agent_coord_residency_forget(core, oldest);
    core->recent_us -= oldest->recent_us;
    core->agents[oldest->slot] = NULL;
    agent_names_remove(&core->by_agent, &oldest->named);
    agent_coord_agent_free(oldest);
    return true;
}

struct coord_agent *agent_coord_agent_get(struct agent_coord *core, const char *name)
{
    struct coord_agent *agent = agent_coord_agent_by_name(core, name);
    if (agent != NULL)
        return agent;
    uint32_t slot;
    agent = calloc(1, sizeof *agent);
    if (agent == NULL)
        return NULL;
    agent->name = agent_coord_text_new(name);
    if (agent->name == NULL || !agent_names_reserve(&core->by_agent) || !find_slot(core, &slot)) {
        agent_coord_agent_free(agent);
        return NULL;
    }
    agent->id = ++core->next_agent;
    agent->slot = slot;
    agent->lost_us = core->now_us;
    agent->slowness = 1u << COORD_SLOWNESS_SHIFT;
    TAILQ_INIT(&agent->jobs);
    TAILQ_INIT(&agent->hedges);
    core->agents[slot] = agent;
    agent_names_put(&core->by_agent, &agent->named, agent->name->chars);
    if (slot >= core->n_agents)
        core->n_agents = slot + 1;
    core->world++;
    return agent;
}

void agent_coord_agent_grow(struct coord_agent *agent)
{
    uint32_t room = agent->revoked_room;
    if (room >= agent->credit || agent_coord_agent_holds(agent) * 2 < room)
        return;
    room = room == 0 ? COORD_CHUNK : room * 2;
    room = room < agent->credit ? room : agent->credit;
    struct coord_revoked *revoked = realloc(agent->revoked, room * sizeof *revoked);
    if (revoked == NULL)
        return; // it takes no more than fits, and the next job tries again
    agent->revoked = revoked;
    agent->revoked_room = room;
}

static uint32_t lose_jobs(struct agent_coord *core, struct coord_agent *agent, const char *why)
{
    uint32_t count = 0;
    struct coord_job *job;
    // From the back, as each goes to the front of its queue.
    while ((job = TAILQ_LAST(&agent->jobs, coord_jobs)) != NULL) {
        count++;
        if (job->state == AGENT_JOB_RUNNING)
            job->failures++;
        if (job->failures >= core->limits.attempts_max) {
            agent->failed++;
            agent_coord_end(core, job, AGENT_JOB_FAILED, "agent_lost",
                            "every attempt ended with the loss of its agent");
            continue;
        }
        agent->requeued++;
        if (agent->drain != NULL)
            agent->drain->requeued++;
        agent_coord_requeue(core, job, why);
    }
    return count;
}

void agent_coord_agent_lose(struct agent_coord *core, struct coord_agent *agent, const char *why,
                            bool close, enum agent_notice_severity severity)
{
    const char *name = agent_coord_chars(agent->name);
    uint64_t link = agent->link;
    agent_idmap_remove(&core->by_link, link);
    agent->link = 0;
    agent->lost_us = core->now_us;
    agent->revoked_count = 0;
    agent_coord_hedges_lose(agent);
    agent->suspect = agent->paused = false;
    agent->rests_until_us = 0;
    agent_coord_breaker_reset(agent);
    agent_coord_text_set(&agent->doubt, NULL);
    if (severity != AGENT_NOTICE_INFO)
        agent_coord_flap_count(core, agent);
    agent_coord_residency_lose(core, agent);
    agent_coord_agent_refresh(core, agent);
    core->world++;
    uint32_t jobs = lose_jobs(core, agent, why);
    agent_coord_tunes_lose(core, agent, why);
    if (agent->admin == AGENT_ADMIN_NONE)
        agent_coord_text_set(&agent->reason, why);
    if (jobs > 0)
        agent_coord_notice(core, AGENT_NOTICE_AGENT_LOST, severity, name, 0,
                           "%s; %" PRIu32 " jobs requeued", why, jobs);
    else
        agent_coord_notice(core, AGENT_NOTICE_AGENT_LOST, severity, name, 0, "%s", why);
    if (close)
        agent_coord_act(
            core, &(struct agent_action){.kind = AGENT_ACTION_CLOSE, .link = link, .text = why});
    agent_coord_drain_check(core, agent);
}

static void refuse(struct agent_coord *core, uint64_t link, enum agent_refusal refusal,
                   const char *text)
{
    agent_coord_act(
        core, &(struct agent_action){
                  .kind = AGENT_ACTION_REFUSE, .link = link, .refusal = refusal, .text = text});
}

// Without memory the agent is one of which nothing is known.
static void take_devices(struct coord_agent *agent, const struct agent_device_info *devices,
                         uint32_t count)
{
    if (count > AGENT_DEVICES_MAX)
        count = AGENT_DEVICES_MAX;
    free(agent->devices);
    agent->n_devices = 0;
    agent->devices = count > 0 ? malloc(count * sizeof *devices) : NULL;
    if (agent->devices == NULL)
        return;
    memcpy(agent->devices, devices, count * sizeof *devices);
    agent->n_devices = count;
}

void agent_coord_devices(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_agent *agent = agent_coord_agent_by_link(core, event->link);
    if (agent == NULL)
        return;
    agent->devices_ready = event->devices.ready;
    agent->devices_total = event->devices.total;
}

void agent_coord_hello(struct agent_coord *core, const struct agent_event *event)
{
    uint64_t link = event->link;
    uint32_t credit = event->hello.credit > 65536 ? 65536 : event->hello.credit;
    if (core->stopping) {
        refuse(core, link, AGENT_REFUSAL_STOPPING, "the coordinator is stopping");
        return;
    }
    struct coord_agent *agent = agent_coord_agent_get(core, event->hello.name);
    if (agent == NULL) {
        refuse(core, link, AGENT_REFUSAL_FULL, "no more agents are admitted");
        return;
    }
    if (agent->link != 0) {
        bool same = memcmp(agent->instance, event->hello.instance, sizeof agent->instance) == 0;
        if (!same && !agent_coord_agent_silent(core, agent)) {
            refuse(core, link, AGENT_REFUSAL_NAME_TAKEN, "another agent of this name is connected");
            return;
        }
        agent_coord_agent_lose(core, agent, "its agent connected again", true, AGENT_NOTICE_INFO);
        agent_coord_flap_count(core, agent);
    }
    if (!agent_idmap_put(&core->by_link, link, agent)) {
        refuse(core, link, AGENT_REFUSAL_FULL, "out of memory");
        return;
    }
    agent->link = link;
    agent_coord_alive_again(core, agent, event->hello.instance);
    memcpy(agent->instance, event->hello.instance, sizeof agent->instance);
    agent->credit = credit;
    agent_coord_agent_grow(agent);
    agent->can_restart = event->hello.can_restart;
    agent->can_load = event->hello.can_load;
    agent->can_prefetch = event->hello.can_load && event->hello.can_prefetch;
    agent->devices_ready = 0;
    agent->devices_total = event->hello.n_devices;
    take_devices(agent, event->hello.devices, event->hello.n_devices);
    agent_coord_residency_devices(core, agent);
    agent->heard_us = agent->connected_us = core->now_us;
    agent->drained_said = false;
    if (agent->admin == AGENT_ADMIN_NONE)
        agent_coord_text_set(&agent->reason, NULL);
    agent_coord_flap_rest(core, agent);
    core->world++;
    agent_coord_agent_refresh(core, agent);
    agent_coord_act(core, &(struct agent_action){
                              .kind = AGENT_ACTION_WELCOME, .link = link, .agent_id = agent->id});
    agent_coord_notice(core, AGENT_NOTICE_AGENT_JOINED, AGENT_NOTICE_INFO,
                       agent_coord_chars(agent->name), 0, "takes %" PRIu32 " jobs at a time%s%s",
                       credit, agent->admin != AGENT_ADMIN_NONE ? "; is " : "",
                       agent->admin != AGENT_ADMIN_NONE ? agent_coord_agent_state(agent) : "");
    agent_coord_pins_resume(core, agent);
    agent_coord_tunes_resume(core, agent);
    agent_coord_drain_resume(core, agent);
}

void agent_coord_credit(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_agent *agent = agent_coord_agent_by_link(core, event->link);
    uint32_t credit = event->credit > 65536 ? 65536 : event->credit;
    if (agent == NULL)
        return;
    agent->credit = credit;
    agent_coord_agent_grow(agent);
    if (agent->admin == AGENT_ADMIN_NONE)
        agent_coord_text_set(&agent->reason, event->reason);
    agent_coord_agent_refresh(core, agent);
}

void agent_coord_link_lost(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_agent *agent = agent_coord_agent_by_link(core, event->link);
    if (agent == NULL)
        return;
    bool left = event->kind == AGENT_EVENT_GOODBYE;
    char why[AGENT_TEXT_MAX];
    snprintf(why, sizeof why, "%s%.400s", left ? "its agent has left: " : "",
             event->reason != NULL ? event->reason : "the connection ended");
    agent_coord_agent_lose(core, agent, why, left, left ? AGENT_NOTICE_INFO : AGENT_NOTICE_WARNING);
}

void agent_coord_recover_agent(struct agent_coord *core, const struct agent_agent_record *record)
{
    if (record->admin == AGENT_ADMIN_NONE || record->admin >= AGENT_ADMIN_STATES)
        return;
    struct coord_agent *agent = agent_coord_agent_get(core, record->name);
    if (agent == NULL)
        return;
    agent->admin = record->admin;
    agent->lost_us = core->now_us;
    agent_coord_text_set(&agent->reason, record->reason);
}
