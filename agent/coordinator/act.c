// What the core decides, carried out. During a step only what can't look at the core is done; the
// rest is noted and done after it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/control.h"
#include "agent/coordinator/io.h"

void agent_io_note(struct agent_coordinator *c, const struct io_after *after, const char *text)
{
    if (c->n_after == c->after_room) {
        size_t room = c->after_room == 0 ? 256 : c->after_room * 2;
        struct io_after *grown = realloc(c->after, room * sizeof *grown);
        if (grown == NULL) {
            agent_io_fail(c, "out of memory");
            return;
        }
        c->after = grown;
        c->after_room = room;
    }
    c->after[c->n_after] = *after;
    c->after[c->n_after++].text = text != NULL && text[0] != '\0' ? strdup(text) : NULL;
}

// The inputs of a job that was admitted: from now on they are kept under its id.
static struct agent_blob *adopt_input(struct agent_coordinator *c,
                                      const struct agent_action *action)
{
    if (agent_io_is_submission(action->token))
        return agent_io_submission_adopt(c, action->token, action->id);
    struct io_call *call = agent_idmap_get(&c->tokens, action->token);
    if (call == NULL)
        return NULL;
    size_t part = (size_t)(action->token - call->first_token);
    struct agent_blob *input = call->inputs[part];
    struct io_job *job = agent_io_job_new(c, action->id, input);
    if (job == NULL) {
        agent_io_fail(c, "out of memory");
        return input;
    }
    job->content = call->contents[part];
    call->contents[part] = NULL;
    return input;
}

static bool is_from(struct agent_coordinator *c, const struct io_offer *offer, const char *agent)
{
    const struct io_link *link = agent_io_link(c, offer->link);
    return link != NULL && strcmp(link->name, agent) == 0;
}

// The output that a job takes: jobs end in the order of the step's results, so that it is among the
// next; those that the core has not taken, stale ones or another agent's, are passed over.
static struct io_offer *find_offer(struct agent_coordinator *c, const struct agent_action *action)
{
    for (size_t i = c->offers_taken; i < c->n_offers; i++) {
        struct io_offer *offer = &c->offers[i];
        if (offer->job == action->id && offer->output != NULL &&
            offer->attempt == action->attempt && is_from(c, offer, action->record->job.agent)) {
            c->offers_taken = i + 1;
            return offer;
        }
    }
    return NULL;
}

static struct agent_blob *adopt_output(struct agent_coordinator *c,
                                       const struct agent_action *action)
{
    struct io_job *job = agent_io_job(c, action->id);
    struct io_offer *offer = NULL;
    if (action->record->job.cached && job != NULL && job->content != NULL)
        return job->output = agent_blob_ref(job->content->output);
    if (action->record->job.state == AGENT_JOB_DONE && job != NULL)
        offer = find_offer(c, action);
    if (offer == NULL)
        return NULL;
    job->output = offer->output;
    offer->output = NULL;
    return job->output;
}

static void append(struct agent_coordinator *c, const struct agent_action *action)
{
    struct agent_blob *blob = NULL;
    if (action->record->kind == AGENT_RECORD_JOB) {
        blob = adopt_input(c, action);
        agent_rate_add(&c->stats.submitted, c->step_us, 1);
    } else if (action->record->kind == AGENT_RECORD_END) {
        blob = adopt_output(c, action);
        if (strcmp(action->record->job.error_code, AGENT_CODE_POISONED) == 0)
            agent_io_note(
                c, &(struct io_after){.kind = IO_AFTER_POISONED, .id = action->record->job.id},
                NULL);
    }
    if (agent_ledger_append(c->ledger, action->seq, action->record, blob) != AGENT_OK)
        agent_io_fail(c, "out of memory");
}

static void forget(struct agent_coordinator *c, uint64_t id)
{
    struct io_job *job = agent_io_job(c, id);
    if (job != NULL)
        agent_io_job_free(c, job);
}

void agent_io_act(void *user, const struct agent_action *action)
{
    struct agent_coordinator *c = user;
    switch (action->kind) {
    case AGENT_ACTION_APPEND:
        append(c, action);
        break;
    case AGENT_ACTION_REPLY:
        agent_io_note(c,
                      &(struct io_after){.kind = IO_AFTER_REPLY,
                                         .id = action->token,
                                         .subject = action->id,
                                         .reply = action->reply,
                                         .existing = action->existing,
                                         .retry_after_ms = action->retry_after_ms},
                      action->text);
        break;
    case AGENT_ACTION_DISPATCH:
        agent_io_send_dispatch(c, action);
        break;
    case AGENT_ACTION_WELCOME:
    case AGENT_ACTION_REFUSE:
    case AGENT_ACTION_REVOKE:
    case AGENT_ACTION_DRAIN:
    case AGENT_ACTION_RESUME:
    case AGENT_ACTION_RESTART:
    case AGENT_ACTION_UNLOAD:
    case AGENT_ACTION_LOAD:
    case AGENT_ACTION_TUNE:
    case AGENT_ACTION_TUNE_STOP:
        agent_io_send_simple(c, action);
        break;
    case AGENT_ACTION_CLOSE:
        agent_io_note(c, &(struct io_after){.kind = IO_AFTER_CLOSE, .id = action->link},
                      action->text);
        break;
    case AGENT_ACTION_ENDED:
        agent_io_note(c, &(struct io_after){.kind = IO_AFTER_ENDED, .id = action->id}, NULL);
        break;
    case AGENT_ACTION_FORGET:
        forget(c, action->id);
        break;
    case AGENT_ACTION_OPERATION:
        agent_io_note(c, &(struct io_after){.kind = IO_AFTER_OPERATION, .id = action->id}, NULL);
        break;
    case AGENT_ACTION_NOTICE:
        agent_io_notice(c, action);
        break;
    }
}

static void ended(struct agent_coordinator *c, uint64_t id)
{
    struct agent_job_view view;
    struct io_job *job = agent_io_job(c, id);
    if (agent_coord_job(c->core, id, &view)) {
        agent_io_count_end(c, &view);
        if (job != NULL && view.state == AGENT_JOB_DONE)
            agent_io_content_keep(c, job);
        if (job != NULL)
            agent_io_submission_ended(c, job, &view);
    }
    if (job == NULL)
        return;
    struct io_call *call;
    while ((call = TAILQ_FIRST(&job->waiters)) != NULL) {
        agent_call_unpark(call);
        agent_call_job_ended(call, job->output);
    }
    agent_io_job_free(c, job);
}

void agent_io_after(struct agent_coordinator *c)
{
    // What is done here may fill the next step, which is then taken at once and has its own list.
    struct io_after *list = c->after;
    size_t count = c->n_after, room = c->after_room;
    c->after = NULL;
    c->n_after = c->after_room = 0;
    for (size_t i = 0; i < count; i++) {
        struct io_after after = list[i];
        struct io_link *link;
        struct agent_event *event;
        switch (after.kind) {
        case IO_AFTER_REPLY:
            if (agent_io_is_submission(after.id))
                agent_io_submission_answered(c, &after);
            else
                agent_call_answered(c, &after);
            break;
        case IO_AFTER_ENDED:
            ended(c, after.id);
            break;
        case IO_AFTER_OPERATION:
            agent_io_calls_operation(c, after.id);
            break;
        case IO_AFTER_POISONED:
            agent_io_poisoned(c, after.id);
            break;
        case IO_AFTER_DAMAGED:
            event = agent_io_event(c, AGENT_EVENT_CANCEL);
            event->id = after.id;
            event->by = "coordinator";
            event->reason = "its inputs in the ledger are damaged";
            break;
        case IO_AFTER_CLOSE:
            link = agent_io_link(c, after.id);
            if (link != NULL)
                agent_io_link_close(c, link, after.text != NULL ? after.text : "");
            break;
        }
        free(after.text);
    }
    if (c->after == NULL) {
        c->after = list;
        c->after_room = room;
    } else {
        free(list);
    }
}
