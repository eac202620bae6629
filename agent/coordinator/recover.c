// What the ledger held, back into the core.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/coordinator/io.h"

struct recovery {
    struct agent_coordinator *c;
    uint64_t live, ended;
};

static void on_job(void *user, const struct agent_job_record *job, struct agent_blob *input)
{
    struct recovery *recovery = user;
    struct agent_coordinator *c = recovery->c;
    bool live = job->state <= AGENT_JOB_RUNNING;
    recovery->live += live;
    recovery->ended += !live;
    struct io_job *kept = live ? agent_io_job_new(c, job->id, input) : NULL;
    if (kept != NULL)
        kept->foreign = true;
    else if (live)
        agent_io_fail(c, "out of memory");
    struct agent_event event = {.kind = AGENT_EVENT_RECOVER_JOB, .job = job};
    agent_coord_step(c->core, &event, 1, agent_io_now_us(c), &c->sink);
}

static void on_kept(void *user, const struct agent_kept_record *kept)
{
    struct recovery *recovery = user;
    recovery->ended++;
    struct agent_event event = {.kind = AGENT_EVENT_RECOVER_KEPT, .kept = kept};
    agent_coord_step(recovery->c->core, &event, 1, agent_io_now_us(recovery->c),
                     &recovery->c->sink);
}

static void on_operation(void *user, const struct agent_operation_record *operation)
{
    struct recovery *recovery = user;
    struct agent_event event = {.kind = AGENT_EVENT_RECOVER_OPERATION, .operation = operation};
    agent_coord_step(recovery->c->core, &event, 1, agent_io_now_us(recovery->c),
                     &recovery->c->sink);
}

static void on_agent(void *user, const struct agent_agent_record *agent)
{
    struct recovery *recovery = user;
    struct agent_event event = {.kind = AGENT_EVENT_RECOVER_AGENT, .agent_record = agent};
    agent_coord_step(recovery->c->core, &event, 1, agent_io_now_us(recovery->c),
                     &recovery->c->sink);
}

static void on_meta(void *user, const char *key, const char *value)
{
    struct recovery *recovery = user;
    struct agent_event event = {.kind = AGENT_EVENT_RECOVER_META};
    event.meta.key = key;
    event.meta.value = value;
    agent_coord_step(recovery->c->core, &event, 1, agent_io_now_us(recovery->c),
                     &recovery->c->sink);
    uint8_t hash[AGENT_HASH_SIZE];
    if (strncmp(key, "model:", 6) != 0 || !agent_io_hash_parse(key + 6, hash))
        return;
    cJSON *shapes = cJSON_Parse(value);
    if (cJSON_IsObject(shapes))
        agent_io_shapes_set(recovery->c, key + 6, shapes);
    else
        cJSON_Delete(shapes);
}

static void on_event(void *user, const struct agent_event_record *event)
{
    struct recovery *recovery = user;
    agent_io_kept(recovery->c, event->seq, event->time_us, event->json, false);
}

enum agent_status agent_io_recover(struct agent_coordinator *c, struct agent_error *err)
{
    struct recovery recovery = {.c = c};
    struct agent_ledger_reader reader = {
        .on_job = on_job,
        .on_kept = on_kept,
        .recent = c->settings.jobs_recent_max,
        .on_operation = on_operation,
        .on_agent = on_agent,
        .on_meta = on_meta,
        .on_event = on_event,
        .user = &recovery,
    };
    uint64_t next = 1;
    enum agent_status status = agent_ledger_recover(c->ledger, &reader, &next, err);
    if (status != AGENT_OK)
        return status;
    struct agent_event event = {.kind = AGENT_EVENT_RECOVER_NEXT_ID, .id = next};
    agent_coord_step(c->core, &event, 1, agent_io_now_us(c), &c->sink);
    if (c->failed)
        return agent_error_set(err, AGENT_ERR_NOMEM, "out of memory while reading the ledger");
    agent_io_log(c, AGENT_INFO,
                 "ledger: epoch %" PRIu64 ", %" PRIu64 " jobs to do, %" PRIu64 " ended ones kept",
                 c->epoch, recovery.live, recovery.ended);
    return AGENT_OK;
}
