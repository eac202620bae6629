// Submitters' links: jobs that come in as frames, their answers and their results.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/control.h"
#include "agent/coordinator/io.h"

// Tokens of submissions have this bit and the place in their table; those of calls don't have it.
#define TOKEN_BIT ((uint64_t)1 << 62)

bool agent_io_is_submission(uint64_t token)
{
    return (token & TOKEN_BIT) != 0;
}

static struct io_submission *submission_at(struct agent_coordinator *c, uint64_t token)
{
    return &c->submissions[token & ~TOKEN_BIT];
}

// A free place; `*ret_token` is its name. NULL: no memory.
static struct io_submission *submission_new(struct agent_coordinator *c, uint64_t *ret_token)
{
    uint32_t index = c->free_submission;
    if (index != 0) {
        index--;
        c->free_submission = c->submissions[index].next_free;
    } else {
        if (c->n_submissions == c->submission_room) {
            uint32_t room = c->submission_room == 0 ? 1024 : c->submission_room * 2;
            struct io_submission *grown = realloc(c->submissions, room * sizeof *grown);
            if (grown == NULL)
                return NULL;
            c->submissions = grown;
            c->submission_room = room;
        }
        index = c->n_submissions++;
    }
    *ret_token = TOKEN_BIT | index;
    return &c->submissions[index];
}

static void submission_free(struct agent_coordinator *c, uint64_t token)
{
    struct io_submission *submission = submission_at(c, token);
    agent_blob_unref(submission->input);
    submission->input = NULL;
    agent_io_content_free(submission->content);
    submission->content = NULL;
    submission->next_free = c->free_submission;
    c->free_submission = (uint32_t)(token & ~TOKEN_BIT) + 1;
}

void agent_io_submissions_free(struct agent_coordinator *c)
{
    for (uint32_t i = 0; i < c->n_submissions; i++) {
        agent_blob_unref(c->submissions[i].input);
        agent_io_content_free(c->submissions[i].content);
    }
    free(c->submissions);
    c->submissions = NULL;
}

// ---- what comes in

static uint32_t credit_of(const struct agent_coordinator *c)
{
    uint32_t live = c->settings.jobs_live_max;
    return live < IO_SUBMIT_CREDIT ? live : IO_SUBMIT_CREDIT;
}

void agent_io_submissions_credit(struct agent_coordinator *c)
{
    struct net_submit_credit credit = {.credit = credit_of(c)};
    for (size_t i = 0; i < c->n_links; i++) {
        struct io_link *link = c->link_list[i];
        if (!link->submitter || !link->welcomed || link->closing)
            continue;
        net_submit_credit_encode(&link->out, &credit, NULL);
        agent_io_link_touch(c, link);
    }
}

static enum net_status broken(struct net_error *err, const char *text)
{
    snprintf(err->text, sizeof err->text, "%s", text);
    return err->status = NET_ERR_PROTOCOL;
}

static enum net_status take_hello(struct agent_coordinator *c, struct io_link *link,
                                  const struct net_frame *frame, struct net_error *err)
{
    struct net_submit_hello hello;
    enum net_status status = net_submit_hello_decode(frame, &hello, err);
    if (status != NET_OK)
        return status;
    if (link->welcomed)
        return broken(err, "a second SUBMIT_HELLO");
    net_text_copy(hello.name, link->name, sizeof link->name);
    net_text_copy(hello.tenant, link->tenant, sizeof link->tenant);
    net_text_copy(hello.software, link->version, sizeof link->version);
    link->submitter = link->welcomed = true;
    struct net_submit_welcome welcome = {
        .version = NET_PROTOCOL_VERSION,
        .epoch = c->epoch,
        .heartbeat_ms = c->options.heartbeat_ms,
        .credit = credit_of(c),
        .cluster = net_text_of(c->options.cluster),
    };
    return net_submit_welcome_encode(&link->out, &welcome, err);
}

// Says that a job was not taken, or that it was; the first is the last that is said of it.
static void send_submitted(struct io_link *link, const struct net_submitted *submitted)
{
    if (submitted->status == NET_SUBMISSION_BUSY || submitted->status == NET_SUBMISSION_REFUSED)
        link->open--;
    net_submitted_encode(&link->out, submitted, NULL);
}

static void refuse(struct io_link *link, uint64_t seq, const char *code, const char *text)
{
    send_submitted(link, &(struct net_submitted){.seq = seq,
                                                 .status = NET_SUBMISSION_REFUSED,
                                                 .code = net_text_of(code),
                                                 .text = net_text_of(text)});
}

// The model that a job names. Most jobs of a link name the same one as the job before.
static const struct agent_model *find_model(struct agent_coordinator *c, struct io_link *link,
                                            const struct net_submit *submit,
                                            struct io_refusal *ret_refusal)
{
    if (link->model != NULL && link->models_seen == c->models_set &&
        link->model_version == submit->model_version &&
        net_text_equal(submit->model, link->model->name))
        return link->model;
    char name[NET_MODEL_NAME_MAX + 1];
    net_text_copy(submit->model, name, sizeof name);
    const struct agent_model *model =
        agent_io_find_model(c, name, submit->model_version, ret_refusal);
    if (model == NULL || !agent_io_model_valid(model, ret_refusal))
        return NULL;
    link->model = model;
    link->model_version = submit->model_version;
    link->models_seen = c->models_set;
    return model;
}

static bool fits(struct agent_coordinator *c, const struct agent_model *model,
                 const struct net_submit *submit, struct io_refusal *ret_refusal)
{
    uint64_t bytes = 0;
    for (uint8_t i = 0; i < submit->n_inputs; i++)
        bytes += submit->inputs[i].data.len;
    if (bytes <= c->options.job_bytes_max)
        return agent_io_submit_fits(c, model, submit->inputs, submit->n_inputs, ret_refusal);
    *ret_refusal = (struct io_refusal){.code = "bad_request"};
    snprintf(ret_refusal->text, sizeof ret_refusal->text, "its inputs take more than %llu bytes",
             (unsigned long long)c->options.job_bytes_max);
    return false;
}

static void ask(struct agent_coordinator *c, struct io_link *link, const struct agent_model *model,
                const struct net_submit *submit)
{
    uint64_t token;
    struct io_inputs inputs = {.count = submit->n_inputs, .packed = submit->packed};
    struct agent_blob *input = agent_io_submit_input(c, model, &inputs, submit->priority);
    struct io_submission *submission = input != NULL ? submission_new(c, &token) : NULL;
    if (submission == NULL) {
        agent_blob_unref(input);
        refuse(link, submit->seq, "internal", "out of memory");
        return;
    }
    *submission = (struct io_submission){
        .input = input, .link_id = link->id, .seq = submit->seq, .want = submit->flags};
    struct agent_event *event = agent_io_event(c, AGENT_EVENT_SUBMIT);
    event->token = token;
    event->submit = (struct agent_submit){
        .model = model->name,
        .version = model->version,
        .hash = model->hash,
        .input_bytes = input->size,
        .priority = submit->priority,
        .deadline_us =
            submit->deadline_ms == 0 ? 0 : agent_io_now_us(c) + (int64_t)submit->deadline_ms * 1000,
        .key = submit->key.len > 0 ? agent_io_scratch(c, submit->key.data, submit->key.len) : "",
        .tenant = link->tenant,
        .rows = agent_io_rows_of(&submit->inputs[0]),
    };
    submission_at(c, token)->content = agent_io_content_ask(c, model, input, &event->submit);
}

static enum net_status take_submit(struct agent_coordinator *c, struct io_link *link,
                                   const struct net_frame *frame, struct net_error *err)
{
    struct net_submit submit;
    struct io_refusal refusal;
    enum net_status status = net_submit_decode(frame, &submit, err);
    if (status != NET_OK)
        return status;
    if (link->open >= NET_SUBMIT_CREDIT_MAX)
        return broken(err, "more jobs are open than any credit allows");
    link->open++;
    const struct agent_model *model = find_model(c, link, &submit, &refusal);
    if (model == NULL || !fits(c, model, &submit, &refusal))
        refuse(link, submit.seq, refusal.code, refusal.text);
    else if (link->open > IO_SUBMIT_CREDIT)
        refuse(link, submit.seq, "busy", "more jobs are open than the credit allows");
    else
        ask(c, link, model, &submit);
    return NET_OK;
}

enum net_status agent_io_submit_frame(struct agent_coordinator *c, struct io_link *link,
                                      const struct net_frame *frame, struct net_error *err)
{
    return frame->type == NET_MSG_SUBMIT_HELLO ? take_hello(c, link, frame, err)
                                               : take_submit(c, link, frame, err);
}

// ---- what goes out

struct agent_blob *agent_io_submission_adopt(struct agent_coordinator *c, uint64_t token,
                                             uint64_t id)
{
    struct io_submission *submission = submission_at(c, token);
    struct io_job *job = agent_io_job_new(c, id, submission->input);
    if (job == NULL) {
        agent_io_fail(c, "out of memory");
        return submission->input;
    }
    job->content = submission->content;
    submission->content = NULL;
    if ((submission->want & NET_SUBMIT_RESULT) != 0)
        agent_io_job_wait(job, submission->link_id, submission->seq);
    return submission->input;
}

static enum net_job_end end_of(enum agent_job_state state)
{
    switch (state) {
    case AGENT_JOB_DONE:
        return NET_JOB_END_DONE;
    case AGENT_JOB_CANCELLED:
        return NET_JOB_END_CANCELLED;
    case AGENT_JOB_EXPIRED:
        return NET_JOB_END_EXPIRED;
    default:
        return NET_JOB_END_FAILED;
    }
}

static void send_result(struct agent_coordinator *c, const struct io_waiter *waiter,
                        const struct agent_job_view *view, const struct agent_blob *output)
{
    struct io_link *link = agent_io_link(c, waiter->link_id);
    if (link == NULL || link->closing)
        return;
    struct net_job_result result;
    result.seq = waiter->seq;
    result.job = view->id;
    result.end = (uint8_t)end_of(view->state);
    result.total_us = view->timing.total_us;
    result.queue_us = view->timing.queue_us;
    result.load_us = view->timing.load_us;
    result.compute_us = view->timing.compute_us;
    result.copy_us = view->timing.copy_us;
    result.agent = net_text_of(view->agent);
    result.code = net_text_of(view->error_code);
    result.text = net_text_of(view->error_text);
    result.n_outputs = 0;
    result.packed = (struct net_bytes){NULL, 0};
    if (view->state == AGENT_JOB_DONE && output != NULL)
        result.packed =
            net_result_packed((struct net_bytes){.data = output->bytes, .len = output->size});
    else if (view->state == AGENT_JOB_DONE)
        result.text = net_text_of("its outputs are not kept any more");
    link->open--;
    struct net_error err = {0};
    if (net_job_result_encode(&link->out, &result, &err) != NET_OK)
        agent_io_fail(c, err.text);
}

void agent_io_submission_ended(struct agent_coordinator *c, struct io_job *job,
                               const struct agent_job_view *view)
{
    for (const struct io_waiter *waiter = &job->submitter; waiter != NULL; waiter = waiter->next) {
        if (waiter->link_id != 0)
            send_result(c, waiter, view, job->output);
    }
}

static struct agent_job_view not_there(uint64_t id, const char *code, const char *text)
{
    return (struct agent_job_view){
        .id = id, .state = AGENT_JOB_FAILED, .agent = "", .error_code = code, .error_text = text};
}

// A job whose key was known is waited for like one's own, or has ended already.
static void join_existing(struct agent_coordinator *c, uint64_t id, uint64_t link_id, uint64_t seq)
{
    struct io_job *job = agent_io_job(c, id);
    struct agent_job_view view;
    struct io_waiter waiter = {.link_id = link_id, .seq = seq};
    if (job != NULL && agent_io_job_wait(job, link_id, seq))
        return;
    if (agent_coord_job(c->core, id, &view) && view.state != AGENT_JOB_DONE) {
        send_result(c, &waiter, &view, NULL);
        return;
    }
    // The ledger has it, or its outputs.
    struct io_past *past = agent_io_past_new(c, AGENT_QUERY_JOB);
    if (past != NULL) {
        past->query.id = id;
        past->query.output = true;
        past->waiter = waiter;
    }
    if (past == NULL || !agent_io_past_ask(past)) {
        view = not_there(id, "busy", "too many questions about the past wait");
        send_result(c, &waiter, &view, NULL);
    }
}

void agent_io_submission_past(struct agent_coordinator *c, struct io_past *past)
{
    const struct agent_query *query = &past->query;
    struct agent_job_view view;
    if (!agent_coord_job(c->core, query->id, &view)) {
        if (query->status == AGENT_OK)
            agent_io_past_view(c, &query->jobs[0], &view);
        else
            view = not_there(query->id, "not_found", "ended jobs are kept for a while only");
    }
    send_result(c, &past->waiter, &view, query->blob);
}

void agent_io_submission_answered(struct agent_coordinator *c, const struct io_after *after)
{
    struct io_submission submission = *submission_at(c, after->id);
    submission_free(c, after->id);
    struct io_link *link = agent_io_link(c, submission.link_id);
    if (link == NULL || link->closing)
        return;
    bool taken = after->reply == AGENT_REPLY_OK;
    bool waits = (submission.want & NET_SUBMIT_RESULT) != 0;
    struct net_submitted submitted = {
        .seq = submission.seq,
        .status = taken ? (after->existing ? NET_SUBMISSION_EXISTING : NET_SUBMISSION_ACCEPTED)
                  : after->reply == AGENT_REPLY_BUSY ? NET_SUBMISSION_BUSY
                                                     : NET_SUBMISSION_REFUSED,
        .job = after->subject,
        .retry_after_ms = after->retry_after_ms,
        .code = net_text_of(agent_io_reply_code(after->reply)),
        .text = net_text_of(after->text),
    };
    if (!taken || (submission.want & NET_SUBMIT_ACK) != 0)
        send_submitted(link, &submitted);
    if (taken && !waits)
        link->open--;
    if (taken && waits && after->existing)
        join_existing(c, after->subject, submission.link_id, submission.seq);
}
