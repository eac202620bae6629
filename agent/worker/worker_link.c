/* The link to the coordinator: frames in become events, answers become frames. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "agent_log.h"
#include "worker_internal.h"

void agent_worker_post(struct agent_worker *worker, struct note *note)
{
    uint64_t one = 1;
    pthread_mutex_lock(&worker->lock);
    *worker->tail = note;
    worker->tail = &note->next;
    pthread_mutex_unlock(&worker->lock);
    ssize_t ignored = write(worker->wake_fd, &one, sizeof(one)); /* full means awake */
    (void)ignored;
}

/* ---- on NNG's threads */

static void on_open(void *user, struct net_link *link)
{
    struct agent_worker *worker = user;
    struct net_buf frames = {0};
    struct net_hello hello = {.version = NET_PROTOCOL_VERSION,
                              .name = net_text_of(worker->name),
                              .software = net_text_of("stokerd " STOKER_VERSION),
                              .capabilities = net_text_of(worker->capabilities)};
    memcpy(hello.instance, worker->instance, sizeof(hello.instance));
    struct note *note = calloc(1, sizeof(*note));
    struct net_error err;
    if (note == NULL || net_hello_encode(&frames, &hello, &err) != NET_OK ||
        net_link_send(link, &frames) != NET_OK) {
        net_link_close(link, NULL);
        net_link_free(link);
        net_buf_free(&frames);
        free(note);
        return;
    }
    net_buf_free(&frames);
    note->kind = NOTE_OPEN;
    note->link = link;
    agent_worker_post(worker, note);
}

static void on_batch(void *user, struct net_link *link, struct net_batch *batch)
{
    struct note *note = calloc(1, sizeof(*note));
    if (note == NULL) {
        net_batch_free(batch);
        net_link_close(link, NULL); /* better no link than one with a hole */
        return;
    }
    note->kind = NOTE_BATCH;
    note->link = link;
    note->batch = batch;
    agent_worker_post(user, note);
}

static void on_close(void *user, struct net_link *link, const struct net_error *reason)
{
    struct note *note = calloc(1, sizeof(*note));
    if (note == NULL)
        return; /* the silence is noticed instead */
    note->kind = NOTE_CLOSE;
    note->link = link;
    snprintf(note->text, sizeof(note->text), "%s", reason->status == NET_OK ? "" : reason->text);
    agent_worker_post(user, note);
}

static void on_retry(void *user, const struct net_error *reason, uint32_t retry_ms)
{
    struct agent_worker *worker = user;
    if (atomic_load(&worker->is_over))
        return;
    agent_log(AGENT_LOG_WARNING, "no link to the coordinator",
              LOG_STR("address", worker->coordinator), LOG_STR("reason", reason->text),
              LOG_INT("retry_ms", retry_ms));
}

static uint32_t random_bits(void *user)
{
    uint32_t bits = 0;
    (void)user;
    if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) < 0)
        bits = (uint32_t)getpid();
    return bits;
}

enum agent_status agent_worker_dial(struct agent_worker *worker, struct net_tls *tls,
                                    struct agent_error *err)
{
    struct net_error net_err;
    struct net_link_dialer_options options = {
        .address = worker->coordinator,
        .tls = tls,
        .random = random_bits,
        .on_retry = on_retry,
        .backoff_ms_max = 2000, // so that a fleet is back within 3 s of a coordinator
        .events = {.on_open = on_open, .on_batch = on_batch, .on_close = on_close, .user = worker},
    };
    if (net_link_dialer_create(&options, &worker->dialer, &net_err) != NET_OK)
        return agent_error_set(err, AGENT_ERR_NET, "%s: %s", worker->coordinator, net_err.text);
    return AGENT_OK;
}

/* ---- on the owner's thread: in */

static void link_drop(struct agent_worker *worker)
{
    if (worker->link == NULL)
        return;
    bool was_welcome = worker->is_welcome;
    agent_fetch_set_link(worker->fetch, NULL);
    net_link_free(worker->link);
    worker->link = NULL;
    worker->is_welcome = false;
    net_buf_reset(&worker->out);
    if (was_welcome)
        agent_worker_apply(worker, &(struct worker_event){.kind = WORKER_LINK_DOWN});
}

static void link_refuse(struct agent_worker *worker, enum net_status status, const char *text)
{
    struct net_error reason = {.status = status};
    snprintf(reason.text, sizeof(reason.text), "%s", text);
    agent_log(AGENT_LOG_WARNING, "link closed by this side", LOG_STR("reason", reason.text));
    net_link_close(worker->link, &reason);
    link_drop(worker);
}

static void on_welcome(struct agent_worker *worker, const struct net_welcome *welcome)
{
    char cluster[NET_NAME_MAX + 1];
    net_text_copy(welcome->cluster, cluster, sizeof(cluster));
    if (strcmp(cluster, worker->config.cluster_name) != 0) {
        char text[256];
        snprintf(text, sizeof(text), "the coordinator's cluster is '%s', this agent's '%s'",
                 cluster, worker->config.cluster_name);
        link_refuse(worker, NET_ERR_PROTOCOL, text);
        return;
    }
    worker->is_welcome = true;
    worker->heartbeat_us = (uint64_t)welcome->heartbeat_ms * 1000;
    worker->heartbeat_due_us = 0;
    worker->telemetry_due_us = 0;
    agent_log(AGENT_LOG_INFO, "link up", LOG_STR("coordinator", net_link_peer(worker->link)),
              LOG_STR("cluster", cluster), LOG_INT("epoch", welcome->epoch),
              LOG_INT("agent_id", welcome->agent_id));
    agent_fetch_set_link(worker->fetch, worker->link);
    agent_worker_apply(worker,
                       &(struct worker_event){.kind = WORKER_LINK_UP, .epoch = welcome->epoch});
}

static void on_refuse(struct agent_worker *worker, const struct net_refuse *refuse)
{
    char text[NET_TEXT_MAX + 1];
    net_text_copy(refuse->text, text, sizeof(text));
    agent_log(AGENT_LOG_ERROR, "the coordinator refuses this agent",
              LOG_STR("reason", net_refusal_text((enum net_refusal)refuse->code)),
              LOG_STR("text", text), LOG_STR("name", worker->config.agent_name));
}

static struct worker_ref ref_of(const struct net_job_ref *ref)
{
    return (struct worker_ref){.job = ref->job, .epoch = ref->epoch, .attempt = ref->attempt};
}

static struct net_job_ref net_ref_of(const struct worker_ref *ref)
{
    return (struct net_job_ref){.job = ref->job, .epoch = ref->epoch, .attempt = ref->attempt};
}

static void on_dispatch(struct agent_worker *worker, const struct net_dispatch *dispatch)
{
    struct worker_event event = {.kind = WORKER_DISPATCH};
    struct worker_job *job = agent_worker_job_copy(dispatch);
    event.dispatch.ref = ref_of(&dispatch->ref);
    if (job == NULL) { /* somebody else may have the memory */
        struct worker_action action = {.kind = WORKER_DO_RESULT,
                                       .device = WORKER_NO_DEVICE,
                                       .ref = event.dispatch.ref,
                                       .outcome = WORKER_RETURNED,
                                       .error = WORKER_ERROR_MEMORY};
        agent_worker_send_result(worker, &action);
        return;
    }
    memcpy(event.dispatch.hash, dispatch->model_hash, WORKER_HASH_SIZE);
    if (dispatch->deadline_ms > 0)
        event.dispatch.deadline_us =
            agent_worker_clock_us() + (uint64_t)dispatch->deadline_ms * 1000;
    event.dispatch.priority = dispatch->priority;
    event.dispatch.rows = job->rows;
    event.dispatch.signature = agent_worker_job_signature(dispatch);
    event.dispatch.payload = job;
    agent_worker_apply(worker, &event);
}

static void on_heartbeat(struct agent_worker *worker, const struct net_heartbeat *heartbeat)
{
    struct net_heartbeat_ack ack = {.seq = heartbeat->seq, .sent_ms = heartbeat->sent_ms};
    net_heartbeat_ack_encode(&worker->out, &ack, NULL);
}

static void on_restart(struct agent_worker *worker, uint64_t operation)
{
    if (worker->is_closing || worker->on_restart == NULL)
        return;
    agent_log(AGENT_LOG_INFO, "restart wanted", LOG_INT("operation", operation));
    if (worker->on_restart(worker->on_end_user))
        agent_worker_close(worker, (uint32_t)worker->config.drain_grace_ms);
}

static bool on_operation(struct agent_worker *worker, const struct net_frame *frame,
                         struct net_error *err)
{
    struct net_restart restart;
    if (frame->type != NET_MSG_RESTART)
        return agent_worker_tune_frame(worker, frame, err);
    if (net_restart_decode(frame, &restart, err) != NET_OK)
        return false;
    on_restart(worker, restart.operation);
    return true;
}

static bool on_model(struct agent_worker *worker, const struct net_frame *frame,
                     struct net_error *err)
{
    struct net_model_unload unload;
    struct net_model_load load;
    struct worker_event event = {.kind = WORKER_UNLOAD};
    if (frame->type == NET_MSG_MODEL_UNLOAD) {
        if (net_model_unload_decode(frame, &unload, err) != NET_OK)
            return false;
        memcpy(event.hash, unload.hash, WORKER_HASH_SIZE);
    } else {
        if (net_model_load_decode(frame, &load, err) != NET_OK)
            return false;
        memcpy(event.hash, load.hash, WORKER_HASH_SIZE);
        event.kind = WORKER_LOAD;
        event.is_pinned = (load.flags & NET_LOAD_PINNED) != 0;
        event.is_spare = (load.flags & NET_LOAD_SPARE) != 0;
        event.is_pin_only = (load.flags & NET_LOAD_PIN_ONLY) != 0;
    }
    agent_worker_apply(worker, &event);
    return true;
}

/* Decodes one frame's body; false: the peer does not speak our protocol. */
static bool on_frame(struct agent_worker *worker, const struct net_frame *frame,
                     struct net_error *err)
{
    static struct net_dispatch dispatch; /* one thread; large for a stack */
    union {
        struct net_welcome welcome;
        struct net_refuse refuse;
        struct net_heartbeat heartbeat;
        struct net_cancel cancel;
        struct net_drain drain;
        struct net_resume resume;
    } u;
    enum net_status status = NET_OK;
    struct worker_event event = {.kind = WORKER_TICK};
    switch ((enum net_type)frame->type) {
    case NET_MSG_WELCOME:
        if ((status = net_welcome_decode(frame, &u.welcome, err)) == NET_OK)
            on_welcome(worker, &u.welcome);
        return status == NET_OK;
    case NET_MSG_REFUSE:
        if ((status = net_refuse_decode(frame, &u.refuse, err)) == NET_OK)
            on_refuse(worker, &u.refuse);
        return status == NET_OK;
    case NET_MSG_HEARTBEAT:
        if ((status = net_heartbeat_decode(frame, &u.heartbeat, err)) == NET_OK)
            on_heartbeat(worker, &u.heartbeat);
        return status == NET_OK;
    case NET_MSG_DISPATCH:
        if ((status = net_dispatch_decode(frame, &dispatch, err)) == NET_OK)
            on_dispatch(worker, &dispatch);
        return status == NET_OK;
    case NET_MSG_CANCEL:
        status = net_cancel_decode(frame, &u.cancel, err);
        event = (struct worker_event){.kind = WORKER_CANCEL};
        event.ref = status == NET_OK ? ref_of(&u.cancel.ref) : event.ref;
        break;
    case NET_MSG_MODEL_UNLOAD:
    case NET_MSG_MODEL_LOAD:
        return on_model(worker, frame, err);
    case NET_MSG_DRAIN:
        if (worker->is_closing)
            return true; /* it drains already, for itself */
        status = net_drain_decode(frame, &u.drain, err);
        event.kind = WORKER_DRAIN;
        event.operation = status == NET_OK ? u.drain.operation : 0;
        break;
    case NET_MSG_RESUME:
        if (worker->is_closing)
            return true;
        status = net_resume_decode(frame, &u.resume, err);
        event.kind = WORKER_RESUME;
        break;
    case NET_MSG_RESTART:
    case NET_MSG_TUNE:
    case NET_MSG_TUNE_STOP:
        return on_operation(worker, frame, err);
    case NET_MSG_MODEL_MANIFEST:
    case NET_MSG_MODEL_CHUNK:
    case NET_MSG_MODEL_DENIED:
        agent_fetch_frame(worker->fetch, frame);
        return true;
    default:
        return true; /* HEARTBEAT_ACK, GOODBYE: that they came is all they say */
    }
    if (status == NET_OK)
        agent_worker_apply(worker, &event);
    return status == NET_OK;
}

static void on_batch_note(struct agent_worker *worker, const struct note *note)
{
    struct net_error err;
    for (size_t i = 0; i < note->batch->n_frames && worker->link == note->link; i++) {
        if (!on_frame(worker, &note->batch->frames[i], &err))
            link_refuse(worker, err.status, err.text);
    }
    /* Everything that came together has been taken: now it may become batches. */
    agent_worker_apply(worker, &(struct worker_event){.kind = WORKER_TICK});
}

static void on_fetched(struct agent_worker *worker, const struct note *note)
{
    struct worker_model_view view;
    agent_worker_core_model(worker->core, note->model, &view);
    if (view.state != WORKER_MODEL_FETCHING ||
        memcmp(view.hash, note->hash, sizeof(view.hash)) != 0)
        return; /* the slot is another model's by now */
    struct worker_model *model = &worker->models[note->model];
    struct worker_event event = {.kind = WORKER_FETCHED,
                                 .model = note->model,
                                 .bytes = note->bytes,
                                 .rows_max = note->rows_max};
    memset(model, 0, sizeof(*model));
    if (note->is_fetched) {
        snprintf(model->path, sizeof(model->path), "%s", note->text);
        agent_log(AGENT_LOG_INFO, "model fetched", LOG_STR("path", model->path),
                  LOG_INT("bytes", note->bytes));
    } else {
        event.kind = WORKER_NOT_FETCHED;
        event.error = WORKER_ERROR_NO_MODEL;
        event.text = note->text;
        agent_log(AGENT_LOG_WARNING, "model not fetched", LOG_STR("reason", note->text));
    }
    agent_worker_apply(worker, &event);
}

static void on_reload(struct agent_worker *worker, const struct note *note)
{
    const struct agent_config *config = note->config;
    worker->config = *config;
    struct worker_settings settings = {
        .batch_rows_max = (uint32_t)config->batch_size_max,
        .batch_delay_us = (uint64_t)config->batch_delay_us,
        .batch_us_max = (uint64_t)config->batch_latency_us,
        .run_us_max = (uint64_t)config->executor_hang_ms * 1000,
        .load_us_max = (uint64_t)config->executor_load_ms * 1000,
        .failures_max = (uint32_t)config->executor_failures_max,
    };
    agent_worker_core_set(worker->core, &settings);
}

void agent_worker_on_note(struct agent_worker *worker, struct note *note)
{
    switch (note->kind) {
    case NOTE_OPEN:
        link_drop(worker);
        worker->link = note->link;
        break;
    case NOTE_BATCH:
        on_batch_note(worker, note);
        net_batch_free(note->batch);
        break;
    case NOTE_CLOSE:
        if (note->link == worker->link) {
            agent_log(AGENT_LOG_WARNING, "link down", LOG_STR("reason", note->text));
            link_drop(worker);
        }
        break;
    case NOTE_FETCHED:
        on_fetched(worker, note);
        break;
    case NOTE_RELOAD:
        on_reload(worker, note);
        free(note->config);
        break;
    }
    free(note);
}

/* ---- out */

void agent_worker_flush(struct agent_worker *worker)
{
    if (worker->link == NULL || worker->out.len == 0)
        return;
    enum net_status status = net_link_send(worker->link, &worker->out);
    /* BUSY: kept, and tried again soon. CLOSED: on_close follows. */
    if (status != NET_OK && status != NET_ERR_BUSY)
        net_buf_reset(&worker->out);
}

void agent_worker_heartbeat(struct agent_worker *worker)
{
    uint64_t now_us = agent_worker_clock_us();
    if (worker->link == NULL || !worker->is_welcome)
        return;
    /* An agent that slept itself heard nobody: what came meanwhile is still to be read. */
    bool was_asleep = now_us - worker->awake_us > 2 * worker->heartbeat_us;
    worker->awake_us = now_us;
    if (was_asleep)
        worker->patient_until_us = now_us + (uint64_t)worker->config.heartbeat_patience_ms * 1000;
    if (net_link_idle_ms(worker->link) > (uint64_t)worker->config.heartbeat_patience_ms &&
        now_us >= worker->patient_until_us) {
        link_refuse(worker, NET_ERR_TIMEOUT, "the coordinator is silent");
        return;
    }
    if (now_us < worker->heartbeat_due_us)
        return;
    worker->heartbeat_due_us = now_us + worker->heartbeat_us;
    struct net_heartbeat heartbeat = {.seq = ++worker->heartbeat_seq, .sent_ms = net_clock_ms()};
    net_heartbeat_encode(&worker->out, &heartbeat, NULL);
}

void agent_worker_farewell(struct agent_worker *worker)
{
    struct net_goodbye goodbye = {.text = net_text_of("the agent stops")};
    if (worker->link == NULL)
        return;
    net_goodbye_encode(&worker->out, &goodbye, NULL);
    agent_worker_flush(worker);
    net_link_close_flushed(worker->link, NULL, FAREWELL_MS);
}

static enum net_outcome outcome_of(enum worker_outcome outcome)
{
    static const enum net_outcome outcomes[] = {
        [WORKER_DONE] = NET_OUTCOME_DONE,
        [WORKER_FAILED_PERMANENT] = NET_OUTCOME_FAILED_PERMANENT,
        [WORKER_FAILED_RETRYABLE] = NET_OUTCOME_FAILED_RETRYABLE,
        [WORKER_CANCELLED] = NET_OUTCOME_CANCELLED,
        [WORKER_EXPIRED] = NET_OUTCOME_EXPIRED,
        [WORKER_RETURNED] = NET_OUTCOME_RETURNED,
    };
    return outcomes[outcome];
}

enum net_job_error agent_worker_job_error_of(enum worker_error error)
{
    static const enum net_job_error errors[] = {
        [WORKER_ERROR_NONE] = NET_JOB_ERROR_NONE,
        [WORKER_ERROR_INPUT] = NET_JOB_ERROR_BAD_INPUT,
        [WORKER_ERROR_MODEL] = NET_JOB_ERROR_BAD_MODEL,
        [WORKER_ERROR_UNSUPPORTED] = NET_JOB_ERROR_UNSUPPORTED,
        [WORKER_ERROR_NO_MODEL] = NET_JOB_ERROR_NO_MODEL,
        [WORKER_ERROR_MEMORY] = NET_JOB_ERROR_NO_MEMORY,
        [WORKER_ERROR_DEVICE] = NET_JOB_ERROR_DEVICE,
        [WORKER_ERROR_DIED] = NET_JOB_ERROR_EXECUTOR_DIED,
        [WORKER_ERROR_HUNG] = NET_JOB_ERROR_EXECUTOR_HUNG,
        [WORKER_ERROR_DRAINING] = NET_JOB_ERROR_DRAINING,
        [WORKER_ERROR_INTERNAL] = NET_JOB_ERROR_INTERNAL,
        [WORKER_ERROR_STOPPED] = NET_JOB_ERROR_INTERNAL,
    };
    return errors[error];
}

static void result_fail(struct net_result *result, enum net_job_error code, const char *text)
{
    result->outcome = NET_OUTCOME_FAILED_PERMANENT;
    result->error_code = (uint16_t)code;
    result->error_text = net_text_of(text);
    result->n_outputs = 0;
}

static uint32_t us_clamp(uint64_t us)
{
    return us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

static void outputs_fill(struct agent_worker *worker, const struct worker_action *action,
                         struct net_result *result)
{
    const struct worker_job *job = action->payload;
    uint32_t n = worker->devices[action->device].ran.n_outputs;
    for (uint32_t i = 0; i < n; i++) {
        const char *wrong = agent_worker_output(worker, action, job, i, &result->outputs[i]);
        if (wrong != NULL) {
            result_fail(result, NET_JOB_ERROR_BAD_MODEL, wrong);
            return;
        }
    }
    result->n_outputs = (uint8_t)n;
}

void agent_worker_send_result(struct agent_worker *worker, const struct worker_action *action)
{
    static struct net_result result; /* one thread; large for a stack */
    struct net_error err;
    if (worker->link == NULL)
        return;
    memset(&result, 0, sizeof(result));
    result.ref = net_ref_of(&action->ref);
    result.outcome = (uint8_t)outcome_of(action->outcome);
    result.device = action->device == WORKER_NO_DEVICE ? NET_NO_DEVICE : (uint8_t)action->device;
    result.queue_us = us_clamp(action->queue_us);
    result.load_us = us_clamp(action->load_us);
    result.compute_us = us_clamp(action->compute_us);
    result.copy_us = us_clamp(action->copy_us);
    result.batch = action->batch;
    result.error_code = (uint16_t)agent_worker_job_error_of(action->error);
    result.error_text = net_text_of(action->text);
    if (action->outcome == WORKER_DONE)
        outputs_fill(worker, action, &result);
    enum net_status status = net_result_encode(&worker->out, &result, &err);
    if (status == NET_OK)
        return;
    result_fail(&result, status == NET_ERR_TOO_BIG ? NET_JOB_ERROR_TOO_BIG : NET_JOB_ERROR_INTERNAL,
                err.text);
    /* No memory for an answer: the link ends, so that the coordinator runs the job again. */
    if (net_result_encode(&worker->out, &result, &err) != NET_OK)
        net_link_close(worker->link, &err);
}

void agent_worker_send_begun(struct agent_worker *worker, const struct worker_action *actions,
                             size_t n)
{
    static struct net_started started;
    started.n_refs = 0;
    for (size_t i = 0; i < n && worker->link != NULL; i++) {
        if (actions[i].kind == WORKER_DO_BEGUN)
            started.refs[started.n_refs++] = net_ref_of(&actions[i].ref);
        if (started.n_refs == NET_STARTED_MAX || (i + 1 == n && started.n_refs > 0)) {
            net_started_encode(&worker->out, &started, NULL);
            started.n_refs = 0;
        }
    }
}

void agent_worker_send_residency(struct agent_worker *worker, uint32_t model, uint32_t device,
                                 enum net_residency state, uint64_t bytes, const char *text)
{
    struct worker_model_view view;
    agent_worker_core_model(worker->core, model, &view);
    struct net_model_state message = {.state = (uint8_t)state,
                                      .device = (uint8_t)device,
                                      .bytes = bytes,
                                      .load_us = us_clamp(view.load_us),
                                      .text = net_text_of(text)};
    memcpy(message.hash, view.hash, sizeof(message.hash));
    if (worker->link != NULL && worker->is_welcome)
        net_model_state_encode(&worker->out, &message, NULL);
    worker->telemetry_due_us = 0;
}
