// What the ledger held, back into the core.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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

// HASH:AGENT, and NAME:VERSION or, of one that was taken back, nothing.
static void on_pin(struct agent_coordinator *c, const char *key, const char *value)
{
    char hex[2 * AGENT_HASH_SIZE + 1], name[AGENT_MODEL_NAME_MAX + 1];
    uint8_t hash[AGENT_HASH_SIZE];
    const char *colon = strrchr(value, ':');
    snprintf(hex, sizeof hex, "%s", key);
    if (colon == NULL || strlen(key) < sizeof hex || !agent_io_hash_parse(hex, hash))
        return;
    snprintf(name, sizeof name, "%.*s", (int)(colon - value), value);
    struct agent_event event = {.kind = AGENT_EVENT_RECOVER_PIN, .agent = key + sizeof hex};
    event.model_info.name = name;
    event.model_info.version = (uint32_t)strtoul(colon + 1, NULL, 10);
    event.model_info.hash = hash;
    agent_coord_step(c->core, &event, 1, agent_io_now_us(c), &c->sink);
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
    if (strncmp(key, "pin:", 4) == 0) {
        on_pin(recovery->c, key + 4, value);
        return;
    }
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
