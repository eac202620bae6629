// Calls that wait: for the core's answer, a job's end, an operation, an event.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/control.h"

void agent_call_unpark(struct io_call *call)
{
    struct agent_coordinator *c = call->c;
    if (call->wait == IO_WAIT_NONE)
        return;
    if (call->wait == IO_WAIT_JOB) {
        struct io_job *job = agent_io_job(c, call->subject);
        if (job != NULL)
            TAILQ_REMOVE(&job->waiters, call, waiter);
    }
    if (call->past != NULL) {
        call->past->call = NULL;
        call->past = NULL;
    }
    TAILQ_REMOVE(&c->parked, call, parked);
    if (call->wait != IO_WAIT_CORE)
        c->n_parked--;
    call->wait = IO_WAIT_NONE;
}

bool agent_call_park(struct io_call *call, enum io_wait wait, uint64_t subject, double wait_ms)
{
    struct agent_coordinator *c = call->c;
    if (wait != IO_WAIT_CORE && c->n_parked >= IO_PARKED_MAX)
        return false;
    if (wait == IO_WAIT_JOB) {
        struct io_job *job = agent_io_job(c, subject);
        if (job == NULL)
            return false;
        TAILQ_INSERT_TAIL(&job->waiters, call, waiter);
    }
    call->wait = wait;
    call->subject = subject;
    call->until_us = agent_io_now_us(c) + (int64_t)(wait_ms * 1000);
    TAILQ_INSERT_TAIL(&c->parked, call, parked);
    if (wait != IO_WAIT_CORE)
        c->n_parked++;
    return true;
}

bool agent_call_ask_parts(struct io_call *call, size_t parts)
{
    struct agent_coordinator *c = call->c;
    call->ids = calloc(parts, sizeof *call->ids);
    call->inputs = calloc(parts, sizeof(struct agent_blob *));
    call->contents = calloc(parts, sizeof(struct io_content *));
    if (call->ids == NULL || call->inputs == NULL || call->contents == NULL)
        goto fail;
    call->first_token = c->next_token + 1;
    c->next_token += parts;
    for (; call->n_parts < parts; call->n_parts++) {
        if (!agent_idmap_put(&c->tokens, call->first_token + call->n_parts, call))
            goto fail;
    }
    call->parts_open = parts;
    agent_call_park(call, IO_WAIT_CORE, 0, 0);
    return true;
fail:
    agent_call_error(call, "internal", NULL, "out of memory");
    return false;
}

struct agent_event *agent_call_ask(struct io_call *call, enum agent_event_kind kind)
{
    struct agent_coordinator *c = call->c;
    if (!agent_call_ask_parts(call, 1))
        return NULL;
    struct agent_event *event = agent_io_event(c, kind);
    event->token = call->first_token;
    return event;
}

const char *agent_io_reply_code(enum agent_reply reply)
{
    static const char *const codes[] = {"",     "bad_request", "not_found",
                                        "busy", "conflict",    "unavailable"};
    return codes[reply];
}

void agent_call_answered(struct agent_coordinator *c, const struct io_after *after)
{
    struct io_call *call = agent_idmap_remove(&c->tokens, after->id);
    if (call == NULL)
        return;
    call->ids[after->id - call->first_token] = after->subject;
    call->existing = call->existing || after->existing;
    if (after->reply != AGENT_REPLY_OK && call->failure == AGENT_REPLY_OK) {
        call->failure = after->reply;
        call->retry_after_ms = after->retry_after_ms;
        snprintf(call->text, sizeof call->text, "%s", after->text != NULL ? after->text : "");
    }
    if (--call->parts_open > 0)
        return;
    agent_call_unpark(call);
    // Where some jobs of many were taken, the reply names them.
    bool some = false;
    for (size_t i = 0; i < call->n_parts; i++)
        some = some || call->ids[i] != 0;
    if (call->failure != AGENT_REPLY_OK && !(call->op == NET_CONTROL_SUBMIT && some))
        agent_call_error(call, agent_io_reply_code(call->failure),
                         strncmp(call->text, "no agent named", 14) == 0 ? "stoker agents lists them"
                                                                        : NULL,
                         "%s", call->text);
    else
        agent_call_done(call);
}

void agent_io_calls_operation(struct agent_coordinator *c, uint64_t id)
{
    struct io_call *call = TAILQ_FIRST(&c->parked);
    while (call != NULL) {
        struct io_call *next = TAILQ_NEXT(call, parked);
        if (call->wait == IO_WAIT_OPERATION && call->subject == id) {
            agent_call_unpark(call);
            agent_call_operation_now(call, id);
        }
        call = next;
    }
}

void agent_io_calls_event(struct agent_coordinator *c)
{
    // Inside a step only the time is set: the tick after it answers.
    struct io_call *call;
    TAILQ_FOREACH(call, &c->parked, parked)
    {
        if (call->wait == IO_WAIT_EVENTS)
            call->until_us = 0;
    }
}

static void give_up(struct io_call *call)
{
    enum io_wait wait = call->wait;
    uint64_t subject = call->subject;
    agent_call_unpark(call);
    switch (wait) {
    case IO_WAIT_JOB:
        call->subject = subject;
        agent_call_job_ended(call, NULL);
        break;
    case IO_WAIT_OPERATION:
        agent_call_operation_now(call, subject);
        break;
    case IO_WAIT_EVENTS:
        agent_call_events_now(call);
        break;
    case IO_WAIT_PAST:
        agent_call_error(call, "unavailable", NULL, "the ledger does not answer");
        break;
    default:
        agent_call_error(call, "unavailable", NULL, "the coordinator has stopped");
    }
}

void agent_io_calls_tick(struct agent_coordinator *c, int64_t now_us)
{
    struct io_call *call = TAILQ_FIRST(&c->parked);
    while (call != NULL) {
        struct io_call *next = TAILQ_NEXT(call, parked);
        if (call->wait != IO_WAIT_CORE &&
            (now_us >= call->until_us || net_request_gone(call->request)))
            give_up(call);
        call = next;
    }
}

void agent_io_calls_free(struct agent_coordinator *c)
{
    struct io_call *call;
    while ((call = TAILQ_FIRST(&c->parked)) != NULL) {
        agent_call_unpark(call);
        agent_call_error(call, "unavailable", NULL, "the coordinator has stopped");
    }
}
