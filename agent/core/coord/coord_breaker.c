// A circuit breaker an agent. What it answered last decides: when too much of that are failures of
// its devices (not of the inputs, not of one model) it gets no new work for a while; then one job,
// as a probe, says whether it is well again. Failures of a job that turns out to be poisonous are
// taken back: they were the job's.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"

#define OPEN_IN_A_ROW 5
#define OPEN_OF 16 // answers at least, of which half are failures
#define OPEN_US_MIN INT64_C(1000000)
#define OPEN_US_MAX INT64_C(60000000)

// Whether the code says something of the agent: what is wrong with inputs, models and memory isn't
// told from here.
bool agent_coord_is_agent_s(const char *code)
{
    static const char *const codes[] = {"device", "executor_died", "executor_hung", "internal"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (strcmp(codes[i], code) == 0)
            return true;
    }
    return false;
}

static void note(struct coord_breaker *breaker, uint64_t failed_job)
{
    breaker->answers[breaker->next] = failed_job;
    breaker->next = (uint8_t)((breaker->next + 1) % COORD_ANSWERS);
    if (breaker->count < COORD_ANSWERS)
        breaker->count++;
}

// Newest first; `back` from 0.
static uint64_t answer(const struct coord_breaker *breaker, uint32_t back)
{
    return breaker->answers[(breaker->next + COORD_ANSWERS - 1 - back) % COORD_ANSWERS];
}

static bool is_bad(const struct coord_breaker *breaker, uint32_t *ret_row, uint32_t *ret_failures)
{
    uint32_t row = 0, failures = 0;
    bool in_row = true;
    for (uint32_t i = 0; i < breaker->count; i++) {
        bool failed = answer(breaker, i) != 0;
        in_row = in_row && failed;
        row += in_row;
        failures += failed;
    }
    *ret_row = row;
    *ret_failures = failures;
    return row >= OPEN_IN_A_ROW || (breaker->count >= OPEN_OF && failures * 2 >= breaker->count);
}

static void open_up(struct agent_coord *core, struct coord_agent *agent, const char *code)
{
    struct coord_breaker *breaker = &agent->breaker;
    int64_t wait = OPEN_US_MIN;
    for (uint32_t i = 0; i < breaker->opened && wait < OPEN_US_MAX; i++)
        wait *= 2;
    if (wait > OPEN_US_MAX)
        wait = OPEN_US_MAX;
    uint32_t row, failures;
    is_bad(breaker, &row, &failures);
    breaker->state = COORD_BREAKER_OPEN;
    breaker->until_us = core->now_us + wait;
    breaker->probe = 0;
    if (breaker->opened < UINT8_MAX)
        breaker->opened++;
    char why[160];
    snprintf(why, sizeof why,
             "%" PRIu32 " of its last %u jobs failed there (%.23s); one is tried again in %.0f s",
             failures, breaker->count, code, (double)wait / 1e6);
    agent_coord_text_set(&agent->doubt, why);
    core->world++;
    agent_coord_agent_refresh(core, agent);
    agent_coord_notice(core, AGENT_NOTICE_AGENT_SUSPECT, AGENT_NOTICE_WARNING,
                       agent_coord_chars(agent->name), 0, "%s", why);
}

static void close_down(struct agent_coord *core, struct coord_agent *agent, const char *why)
{
    struct coord_breaker *breaker = &agent->breaker;
    breaker->state = COORD_BREAKER_CLOSED;
    breaker->until_us = 0;
    breaker->probe = 0;
    breaker->count = breaker->next = 0;
    agent_coord_text_set(&agent->doubt, NULL);
    core->world++;
    agent_coord_agent_refresh(core, agent);
    agent_coord_notice(core, AGENT_NOTICE_AGENT_RECOVERED, AGENT_NOTICE_INFO,
                       agent_coord_chars(agent->name), 0, "%s; gets new work again", why);
}

void agent_coord_breaker_done(struct agent_coord *core, struct coord_agent *agent, uint64_t job)
{
    struct coord_breaker *breaker = &agent->breaker;
    note(breaker, 0);
    if (breaker->state == COORD_BREAKER_HALF_OPEN && breaker->probe == job)
        close_down(core, agent, "the job that was tried there is done");
    else if (breaker->state == COORD_BREAKER_CLOSED && breaker->opened > 0 &&
             breaker->count == COORD_ANSWERS)
        breaker->opened = 0; // well for long enough
}

void agent_coord_breaker_failed(struct agent_coord *core, struct coord_agent *agent, uint64_t job,
                                const char *code)
{
    struct coord_breaker *breaker = &agent->breaker;
    uint32_t row, failures;
    if (!agent_coord_is_agent_s(code)) {
        agent_coord_breaker_leave(agent, job);
        return;
    }
    note(breaker, job);
    if (breaker->state == COORD_BREAKER_HALF_OPEN
            ? breaker->probe == job
            : breaker->state == COORD_BREAKER_CLOSED && is_bad(breaker, &row, &failures))
        open_up(core, agent, code);
}

void agent_coord_breaker_leave(struct coord_agent *agent, uint64_t job)
{
    if (agent->breaker.probe == job)
        agent->breaker.probe = 0;
}

void agent_coord_breaker_held(struct coord_agent *agent, uint64_t job)
{
    if (agent->breaker.state == COORD_BREAKER_HALF_OPEN)
        agent->breaker.probe = job;
}

void agent_coord_breaker_forgive(struct agent_coord *core, struct coord_agent *agent, uint64_t job)
{
    struct coord_breaker *breaker = &agent->breaker;
    uint32_t row, failures;
    bool any = false;
    for (uint32_t i = 0; i < breaker->count; i++) {
        uint64_t *slot = &breaker->answers[(breaker->next + COORD_ANSWERS - 1 - i) % COORD_ANSWERS];
        any = any || *slot == job;
        if (*slot == job)
            *slot = 0;
    }
    if (!any || breaker->state == COORD_BREAKER_CLOSED || is_bad(breaker, &row, &failures))
        return;
    if (breaker->opened > 0)
        breaker->opened--;
    close_down(core, agent, "what failed there was a poisonous job");
}

void agent_coord_breaker_tick(struct agent_coord *core, struct coord_agent *agent)
{
    struct coord_breaker *breaker = &agent->breaker;
    if (breaker->state != COORD_BREAKER_OPEN || core->now_us < breaker->until_us)
        return;
    breaker->state = COORD_BREAKER_HALF_OPEN;
    agent_coord_text_set(&agent->doubt, "failed too often; one job at a time until one is done");
    core->world++;
    agent_coord_agent_refresh(core, agent);
}

void agent_coord_breaker_reset(struct coord_agent *agent)
{
    agent->breaker = (struct coord_breaker){.opened = agent->breaker.opened};
}
