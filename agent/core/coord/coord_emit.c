#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"

void agent_coord_act(struct agent_coord *core, const struct agent_action *action)
{
    core->sink->act(core->sink->user, action);
}

uint64_t agent_coord_append(struct agent_coord *core, const struct agent_record *record)
{
    uint64_t seq = ++core->seq;
    agent_coord_act(
        core, &(struct agent_action){.kind = AGENT_ACTION_APPEND, .seq = seq, .record = record});
    return seq;
}

void agent_coord_append_job(struct agent_coord *core, const struct coord_job *job,
                            enum agent_record_kind kind)
{
    struct agent_record record = {
        .kind = kind,
        .job = {
            .id = job->id,
            .model = agent_coord_chars(job->model->name),
            .version = job->model->version,
            .priority = job->priority,
            .state = job->end_state,
            .device = job->device,
            .key = agent_coord_chars(job->key),
            .tenant = agent_coord_chars(job->tenant_name),
            .agent = agent_coord_chars(job->agent_name),
            .submitted_us = job->submitted_us,
            .started_us = job->started_us,
            .finished_us = job->finished_us,
            .deadline_us = job->deadline_us,
            .input_bytes = job->input_bytes,
            .output_bytes = job->output_bytes,
            .rows = job->rows,
            .attempts = job->failures + (job->end_state == AGENT_JOB_DONE && !job->cached),
            .batch = job->batch,
            .timing = job->timing,
            .error_code = job->error_code,
            .error_text = agent_coord_chars(job->error),
            .cached = job->cached,
        }};
    memcpy(record.job.hash, job->model->hash, AGENT_HASH_SIZE);
    uint64_t seq = ++core->seq;
    agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_APPEND,
                                                 .token = core->token,
                                                 .seq = seq,
                                                 .record = &record,
                                                 .id = job->id,
                                                 .attempt = job->attempt});
}

void agent_coord_append_attempt(struct agent_coord *core, const struct coord_job *job,
                                const char *text)
{
    struct agent_record record = {.kind = AGENT_RECORD_ATTEMPT};
    record.attempt = (struct agent_attempt_record){.job = job->id,
                                                   .number = job->dispatches,
                                                   .failures = job->failures,
                                                   .device = job->device,
                                                   .agent = agent_coord_chars(job->agent_name),
                                                   .started_us = job->started_us,
                                                   .ended_us = core->now_us,
                                                   .text = text};
    agent_coord_append(core, &record);
}

void agent_coord_append_operation(struct agent_coord *core, const struct coord_operation *operation)
{
    struct agent_record record = {.kind = AGENT_RECORD_OPERATION};
    record.operation = (struct agent_operation_record){
        .id = operation->id,
        .kind = operation->kind->name,
        .target = agent_coord_chars(operation->target),
        .by = agent_coord_chars(operation->by),
        .reason = agent_coord_chars(operation->reason),
        .state = operation->finishing ? AGENT_OPERATION_DONE : operation->state,
        .was_cordoned = operation->was_cordoned,
        .started_us = operation->started_us,
        .deadline_us = operation->deadline_us,
        .finished_us = operation->finished_us,
        .requeued = operation->requeued,
        .text = agent_coord_chars(operation->text),
        .detail = agent_coord_chars(operation->detail),
    };
    agent_coord_append(core, &record);
}

void agent_coord_append_agent(struct agent_coord *core, const struct coord_agent *agent,
                              const char *by)
{
    struct agent_record record = {.kind = AGENT_RECORD_AGENT};
    record.agent = (struct agent_agent_record){.name = agent_coord_chars(agent->name),
                                               .admin = agent->admin,
                                               .reason = agent_coord_chars(agent->reason),
                                               .by = by != NULL ? by : ""};
    agent_coord_append(core, &record);
}

void agent_coord_append_audit(struct agent_coord *core, const char *who, const char *what,
                              const char *target, const char *why)
{
    struct agent_record record = {.kind = AGENT_RECORD_AUDIT};
    record.audit = (struct agent_audit_record){.time_us = core->now_us,
                                               .who = who != NULL ? who : "",
                                               .what = what,
                                               .target = target,
                                               .why = why != NULL ? why : ""};
    agent_coord_append(core, &record);
}

void agent_coord_reply(struct agent_coord *core, uint64_t token, enum agent_reply reply,
                       uint64_t id, const char *format, ...)
{
    if (token == 0)
        return;
    char text[AGENT_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct agent_action action = {
        .kind = AGENT_ACTION_REPLY, .token = token, .reply = reply, .id = id, .text = text};
    if (reply == AGENT_REPLY_BUSY)
        action.retry_after_ms = 1000;
    agent_coord_act(core, &action);
}

void agent_coord_reply_unwritten(struct agent_coord *core, uint64_t token)
{
    agent_coord_reply(core, token, AGENT_REPLY_UNAVAILABLE, 0, "the ledger can't be written: %s",
                      agent_coord_chars(core->ledger_error));
}

void agent_coord_reply_busy(struct agent_coord *core, uint64_t token, int64_t wait_us,
                            const char *format, ...)
{
    char text[AGENT_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    uint32_t wait_ms = (uint32_t)((wait_us + 999) / 1000);
    agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_REPLY,
                                                 .token = token,
                                                 .reply = AGENT_REPLY_BUSY,
                                                 .retry_after_ms = wait_ms,
                                                 .text = text});
}

void agent_coord_notice(struct agent_coord *core, enum agent_notice_kind kind,
                        enum agent_notice_severity severity, const char *agent, uint64_t job,
                        const char *format, ...)
{
    // What happens to every job is not even formatted where nobody has room to hear of it.
    if (!core->sink->job_notices && !agent_notice_kept(kind))
        return;
    char text[AGENT_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_NOTICE,
                                                 .notice = kind,
                                                 .severity = severity,
                                                 .agent = agent != NULL ? agent : "",
                                                 .id = job,
                                                 .text = text});
}

static const struct {
    const char *name;
    bool kept;
} notices[] = {
#define AGENT_COORD_EVENT(upper, text, keep, help) {text, keep},
#include "agent/core/coord/notices.def"
#undef AGENT_COORD_EVENT
};

const char *agent_notice_name(enum agent_notice_kind kind)
{
    return (unsigned)kind < AGENT_NOTICE_KINDS ? notices[kind].name : "unknown";
}

bool agent_notice_kept(enum agent_notice_kind kind)
{
    return (unsigned)kind < AGENT_NOTICE_KINDS && notices[kind].kept;
}
