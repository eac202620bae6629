#include "coord_decision.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"

static void see(const struct agent_coord *core, struct coord_decision *decision,
                const struct agent_candidate *candidate)
{
    if (decision->n_seen == COORD_SEEN_MAX)
        return;
    decision->seen[decision->n_seen++] = (struct coord_seen){
        .agent = core->agents[candidate->slot]->id,
        .slot = candidate->slot,
        .held = candidate->held,
        .credit = candidate->credit,
        .run_us = candidate->run_us,
        .load_us = candidate->load_us < UINT32_MAX ? (uint32_t)candidate->load_us : UINT32_MAX,
        .wait_us = candidate->wait_us,
        .score = candidate->score,
        .rule = candidate->rule,
        .resident = candidate->resident,
        .prefetched = candidate->prefetched,
    };
}

// In a small cluster nobody is left out: those that take no work are not among the looked at.
static void see_closed(const struct agent_coord *core, struct coord_decision *decision)
{
    for (uint32_t slot = 0; core->n_agents <= COORD_SEEN_MAX && slot < core->n_agents; slot++) {
        const struct coord_agent *agent = core->agents[slot];
        if (agent == NULL || agent->open || agent->looked_at == core->pick_number)
            continue;
        struct agent_candidate closed = {.slot = slot,
                                         .rule = agent->closed_rule,
                                         .held = agent_coord_agent_holds(agent),
                                         .credit = agent->credit};
        see(core, decision, &closed);
    }
}

uint64_t agent_coord_decision_add(struct agent_coord *core, const struct agent_pick *pick,
                                  const struct agent_candidate *chosen, uint32_t queued)
{
    if (core->decisions == NULL)
        return 0;
    uint64_t number = ++core->next_decision;
    struct coord_decision *decision = &core->decisions[number % core->limits.decisions_max];
    decision->number = number;
    decision->time_us = core->now_us;
    decision->strategy = core->strategy;
    decision->mean_wait_us = pick->mean_wait_us;
    decision->looked_at = pick->looked_at;
    decision->open = core->open_agents;
    decision->jobs = 0;
    decision->queued = queued;
    decision->bound_percent = pick->bound_percent;
    decision->choice = (uint8_t)(pick->count == 1 && pick->choice != AGENT_CHOICE_STICKY &&
                                         pick->choice != AGENT_CHOICE_FIRST
                                     ? AGENT_CHOICE_ONLY
                                     : pick->choice);
    decision->n_seen = 0;
    see(core, decision, chosen);
    if (pick->second != NULL && pick->second != chosen)
        see(core, decision, pick->second);
    for (uint32_t i = 0; i < pick->count; i++) {
        if (&pick->candidates[i] != chosen && &pick->candidates[i] != pick->second)
            see(core, decision, &pick->candidates[i]);
    }
    for (uint32_t i = 0; i < pick->n_rejected; i++)
        see(core, decision, &pick->rejected[i]);
    see_closed(core, decision);
    return number;
}

const struct coord_decision *agent_coord_decision(const struct agent_coord *core, uint64_t number)
{
    if (core->decisions == NULL || number == 0)
        return NULL;
    const struct coord_decision *decision = &core->decisions[number % core->limits.decisions_max];
    return decision->number == number ? decision : NULL;
}

void agent_coord_decision_jobs(struct agent_coord *core, uint64_t number, uint32_t jobs)
{
    if (agent_coord_decision(core, number) != NULL)
        core->decisions[number % core->limits.decisions_max].jobs = jobs;
}

const char *agent_coord_seen_name(const struct agent_coord *core, const struct coord_seen *seen)
{
    const struct coord_agent *agent = seen->slot < core->n_agents ? core->agents[seen->slot] : NULL;
    return agent != NULL && agent->id == seen->agent ? agent_coord_chars(agent->name)
                                                     : "(an agent that is forgotten)";
}

// "4.2 ms", for people.
static const char *span(int64_t us, char text[24])
{
    if (us < 1000)
        snprintf(text, 24, "%" PRId64 " us", us);
    else if (us < 1000000)
        snprintf(text, 24, "%.1f ms", (double)us / 1e3);
    else
        snprintf(text, 24, "%.1f s", (double)us / 1e6);
    return text;
}

void agent_coord_add(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, size - used, format, args);
    va_end(args);
}

static const char *const sentences[AGENT_CHOICES] = {
#define AGENT_CHOICE(symbol, name, help) [AGENT_CHOICE_##symbol] = (help),
#include "agent/core/placement/choices.def"
#undef AGENT_CHOICE
};

void agent_coord_seen_text(const struct coord_seen *seen, char *text, size_t size)
{
    char wait[24], load[24];
    text[0] = '\0';
    if (seen->rule != AGENT_RULE_NONE) {
        agent_coord_add(text, size, "%s", agent_rule_text((enum agent_rule)seen->rule));
        return;
    }
    agent_coord_add(text, size, "holds %" PRIu32 " of %" PRIu32, seen->held, seen->credit);
    if (seen->wait_us > 0)
        agent_coord_add(text, size, ", would begin in %s", span(seen->wait_us, wait));
    if (seen->load_us > 0)
        agent_coord_add(text, size, ", of that %s to load the model", span(seen->load_us, load));
    else if (!seen->resident)
        agent_coord_add(text, size, ", has to load the model");
    else if (seen->prefetched)
        agent_coord_add(text, size, ", had the model loaded beforehand");
}

void agent_coord_decision_text(const struct agent_coord *core, uint64_t number, char *text,
                               size_t size)
{
    const struct coord_decision *decision = agent_coord_decision(core, number);
    char of[120];
    text[0] = '\0';
    if (decision == NULL)
        return;
    agent_coord_seen_text(&decision->seen[0], of, sizeof of);
    agent_coord_add(text, size, "%s: %s: %s", decision->strategy->name, sentences[decision->choice],
                    of);
    const char *separator = "; ";
    for (uint8_t i = 1; i < decision->n_seen && strlen(text) + 160 < size; i++) {
        const struct coord_seen *seen = &decision->seen[i];
        agent_coord_seen_text(seen, of, sizeof of);
        agent_coord_add(text, size, "%s%s %s", separator, agent_coord_seen_name(core, seen), of);
        separator = "; ";
    }
}
