// Whether a job is let in. What is refused for a while is told how long: until its tenant's bucket
// has a token again, or until so many jobs or bytes have left as measured lately. Who is told so
// later gets a later time; those of one step are taken for one submitter's.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"

#define NANO 1000000000u // of a token
#define FALLBACK_US 1000000
#define SAID_US 60000000 // operators hear of a tenant's refusals this often

static bool is_valid(struct agent_coord *core, const struct agent_event *event)
{
    const struct agent_submit *submit = &event->submit;
    uint64_t token = event->token;
    if (submit->priority >= AGENT_PRIORITIES)
        agent_coord_reply(core, token, AGENT_REPLY_BAD_REQUEST, 0, "priority goes from 0 to 3");
    else if (strlen(submit->key) > AGENT_KEY_MAX)
        agent_coord_reply(core, token, AGENT_REPLY_BAD_REQUEST, 0, "a key has at most %d bytes",
                          AGENT_KEY_MAX);
    else if (submit->tenant != NULL && agent_coord_tenant_find(core, submit->tenant) == NULL &&
             !agent_tenant_name_valid(submit->tenant))
        agent_coord_reply(core, token, AGENT_REPLY_BAD_REQUEST, 0,
                          "a tenant's name has at most %d letters, digits and ._:@/-",
                          AGENT_NAME_MAX);
    else if (core->stopping)
        agent_coord_reply(core, token, AGENT_REPLY_UNAVAILABLE, 0, "the coordinator is stopping");
    else if (core->ledger_damage != NULL)
        agent_coord_reply(core, token, AGENT_REPLY_UNAVAILABLE, 0, "%s",
                          agent_coord_chars(core->ledger_damage));
    else if (!core->ledger_ok)
        agent_coord_reply_unwritten(core, token);
    else
        return true;
    return false;
}

// Answers the submitter, and from time to time the operators.
static void refuse(struct agent_coord *core, const struct agent_event *event,
                   struct coord_tenant *tenant, int64_t wait_us, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static void refuse(struct agent_coord *core, const struct agent_event *event,
                   struct coord_tenant *tenant, int64_t wait_us, const char *format, ...)
{
    char text[AGENT_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    agent_coord_reply_busy(core, event->token, wait_us, "%s", text);
    if (tenant->refusal_said_us != 0 && core->now_us - tenant->refusal_said_us < SAID_US)
        return;
    tenant->refusal_said_us = core->now_us;
    agent_coord_notice(core, AGENT_NOTICE_TENANT_REFUSED, AGENT_NOTICE_WARNING, "", 0,
                       "%s: %s; its submitters are told to come back", tenant->named.name, text);
}

// ---- the tables

// Where all of it is taken, or where the tenant would take more than its share of what is left.
// That share is so that a tenant alone takes `tenant_percent` of the whole; others leave it less.
// And where it has become full all the same, the places that become free are for those who have
// little.
static bool is_full(const struct agent_coord *core, uint64_t used, uint64_t max, uint64_t mine,
                    uint64_t more, bool *ret_mine)
{
    uint64_t percent = core->limits.tenant_percent;
    *ret_mine = false;
    if (used > max || more > max - used)
        return true;
    uint64_t left = max - used;
    *ret_mine = percent < 100 && (mine + more) * (100 - percent) > percent * left;
    return *ret_mine;
}

static bool has_places(struct agent_coord *core, const struct agent_event *event,
                       struct coord_tenant *tenant)
{
    uint32_t live = agent_coord_jobs_live(core);
    bool mine;
    if (!is_full(core, live, core->limits.jobs_live_max, tenant->live, 1, &mine))
        return true;
    struct agent_pace *pace = mine ? &tenant->ends : &core->ends;
    int64_t wait_us = agent_pace_wait_us(pace, core->now_us, 1, core->steps, FALLBACK_US);
    tenant->refused++;
    if (mine)
        refuse(core, event, tenant, wait_us,
               "%" PRIu32 " jobs of tenant %s are waiting or running, its share "
               "of %" PRIu32,
               tenant->live, tenant->named.name, core->limits.jobs_live_max);
    else
        refuse(core, event, tenant, wait_us, "%" PRIu32 " jobs are waiting or running", live);
    return false;
}

static bool has_bytes(struct agent_coord *core, const struct agent_event *event,
                      struct coord_tenant *tenant)
{
    uint64_t more = event->submit.input_bytes, max = core->limits.input_bytes_max;
    bool mine;
    if (!is_full(core, core->input_bytes, max, tenant->input_bytes, more, &mine) ||
        (mine && tenant->live == 0))
        return true;
    tenant->refused++;
    if (more == AGENT_INPUT_NOMEM) {
        refuse(core, event, tenant, FALLBACK_US, "out of memory for its inputs");
        return false;
    }
    if (more > max) {
        agent_coord_reply(core, event->token, AGENT_REPLY_BAD_REQUEST, 0,
                          "its inputs take %" PRIu64 " bytes; those of all jobs may take %" PRIu64,
                          more, max);
        return false;
    }
    struct agent_pace *pace = mine ? &tenant->bytes : &core->bytes;
    int64_t wait_us = agent_pace_wait_us(pace, core->now_us, more, core->steps, FALLBACK_US);
    if (mine)
        refuse(core, event, tenant, wait_us,
               "the inputs of tenant %s's jobs take %" PRIu64 " bytes, its share "
               "of %" PRIu64,
               tenant->named.name, tenant->input_bytes, max);
    else
        refuse(core, event, tenant, wait_us, "the inputs of waiting jobs take %" PRIu64 " bytes",
               core->input_bytes);
    return false;
}

// ---- rates

static void fill(struct agent_coord *core, struct coord_tenant *tenant, uint64_t rate_milli)
{
    uint64_t most = (uint64_t)agent_coord_tenant_burst(core, tenant) * NANO;
    uint64_t elapsed_us = (uint64_t)(core->now_us - tenant->filled_us);
    // A thousandth of a job a second is a billionth of one a microsecond.
    uint64_t gained = elapsed_us < most / rate_milli + 1 ? elapsed_us * rate_milli : most;
    tenant->filled_us = core->now_us;
    tenant->tokens = gained < most - tenant->tokens ? tenant->tokens + gained : most;
}

static bool has_token(struct agent_coord *core, const struct agent_event *event,
                      struct coord_tenant *tenant)
{
    uint64_t rate_milli = agent_coord_tenant_rate_milli(core, tenant);
    if (rate_milli == 0)
        return true;
    uint64_t most = (uint64_t)agent_coord_tenant_burst(core, tenant) * NANO;
    if (tenant->tokens > most)
        tenant->tokens = most;
    fill(core, tenant, rate_milli);
    if (tenant->tokens >= NANO)
        return true;
    int64_t due_us = core->now_us + (int64_t)((NANO - tenant->tokens) / rate_milli) + 1;
    // Many that come together come from the same submitter, who is told once.
    if (tenant->promised_step != core->steps) {
        int64_t next_us = tenant->promised_us + (int64_t)(NANO / rate_milli) + 1;
        tenant->promised_us = next_us > due_us ? next_us : due_us;
        if (tenant->promised_us > core->now_us + AGENT_PACE_WAIT_US_MAX)
            tenant->promised_us = core->now_us + AGENT_PACE_WAIT_US_MAX;
        tenant->promised_step = core->steps;
    }
    int64_t wait_us = tenant->promised_us - core->now_us;
    tenant->throttled++;
    refuse(core, event, tenant, wait_us,
           "tenant %s may submit %" PRIu64 ".%03u jobs a second, and has", tenant->named.name,
           rate_milli / 1000, (unsigned)(rate_milli % 1000));
    return false;
}

bool agent_coord_admits(struct agent_coord *core, const struct agent_event *event,
                        struct coord_tenant **ret_tenant)
{
    if (!is_valid(core, event))
        return false;
    struct coord_tenant *tenant = agent_coord_tenant_get(core, event->submit.tenant);
    if (tenant == NULL) {
        agent_coord_reply_busy(core, event->token, FALLBACK_US,
                               "%" PRIu32 " tenants have jobs, and no more are taken",
                               core->limits.tenants_max);
        return false;
    }
    if (!has_places(core, event, tenant) || !has_bytes(core, event, tenant) ||
        !has_token(core, event, tenant))
        return false;
    if (tenant->tokens >= NANO)
        tenant->tokens -= NANO;
    *ret_tenant = tenant;
    return true;
}

void agent_coord_admitted(struct agent_coord *core, struct coord_job *job)
{
    core->input_bytes += job->input_bytes;
    job->tenant->input_bytes += job->input_bytes;
}

void agent_coord_left(struct agent_coord *core, struct coord_job *job)
{
    struct coord_tenant *tenant = job->tenant;
    if (job->end_state == AGENT_JOB_DONE)
        tenant->done++;
    else if (job->end_state > AGENT_JOB_DONE)
        tenant->failed++;
    core->input_bytes -= job->input_bytes;
    tenant->input_bytes -= job->input_bytes;
    agent_pace_add(&core->ends, core->now_us, 1);
    agent_pace_add(&core->bytes, core->now_us, job->input_bytes);
    agent_pace_add(&tenant->ends, core->now_us, 1);
    agent_pace_add(&tenant->bytes, core->now_us, job->input_bytes);
}
