#include "coordinator_double.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "agent/repository/repository.h"
#include "net_link.h"

static void on_open(void *user, struct net_link *link)
{
    (void)user;
    (void)link;
}

static void send_welcome(struct coordinator_double *d, struct net_buf *out)
{
    struct net_welcome welcome = {.version = NET_PROTOCOL_VERSION,
                                  .epoch = 1,
                                  .agent_id = 1,
                                  .heartbeat_ms = 100,
                                  .cluster = net_text_of("stoker")};
    net_welcome_encode(out, &welcome, NULL);
    d->links++;
}

static void send_manifest(struct coordinator_double *d, const struct net_frame *frame,
                          struct net_buf *out)
{
    struct net_model_want want;
    static struct net_model_manifest manifest;
    cr_assert_eq(net_model_want_decode(frame, &want, NULL), NET_OK);
    const struct agent_model *model = agent_model_set_find_hash(d->models, want.hash);
    if (model == NULL) {
        struct net_model_denied denied = {.text = net_text_of("no such model")};
        memcpy(denied.hash, want.hash, sizeof(denied.hash));
        net_model_denied_encode(out, &denied, NULL);
        return;
    }
    agent_model_manifest(model, &manifest);
    cr_assert_eq(net_model_manifest_encode(out, &manifest, NULL), NET_OK);
}

static void send_chunk(struct coordinator_double *d, const struct net_frame *frame,
                       struct net_buf *out)
{
    struct net_model_read read;
    static uint8_t buffer[NET_CHUNK_MAX];
    uint32_t got;
    uint64_t total;
    cr_assert_eq(net_model_read_decode(frame, &read, NULL), NET_OK);
    cr_assert_eq(agent_model_set_read(d->models, read.sha256, read.offset, read.len, buffer, &got,
                                      &total, NULL),
                 AGENT_OK);
    if (d->corrupts_chunk)
        buffer[got / 2] ^= 1;
    d->corrupts_chunk = false;
    d->reads++;
    struct net_model_chunk chunk = {
        .offset = read.offset, .total = total, .bytes = {.data = buffer, .len = got}};
    memcpy(chunk.sha256, read.sha256, sizeof(chunk.sha256));
    net_model_chunk_encode(out, &chunk, NULL);
}

static void take_result(struct coordinator_double *d, const struct net_frame *frame)
{
    static struct net_result result;
    struct net_error err;
    cr_assert_eq(net_result_decode(frame, &result, &err), NET_OK, "%s", err.text);
    cr_assert_lt(result.ref.job, DOUBLE_JOBS_MAX);
    struct double_result *job = &d->jobs[result.ref.job];
    job->answers++;
    job->outcome = result.outcome;
    job->error = result.error_code;
    job->batch = result.batch;
    net_text_copy(result.error_text, job->text, sizeof(job->text));
    if (result.n_outputs > 0) {
        job->n_values = result.outputs[0].data.len / sizeof(float);
        cr_assert_leq(job->n_values, DOUBLE_OUTPUT_MAX);
        memcpy(job->values, result.outputs[0].data.data, result.outputs[0].data.len);
    }
    d->results++;
}

static void take_frame(struct coordinator_double *d, const struct net_frame *frame,
                       struct net_buf *out)
{
    struct net_telemetry telemetry;
    struct net_heartbeat heartbeat;
    struct net_started started;
    switch (frame->type) {
    case NET_MSG_HELLO:
        send_welcome(d, out);
        return;
    case NET_MSG_HEARTBEAT:
        cr_assert_eq(net_heartbeat_decode(frame, &heartbeat, NULL), NET_OK);
        net_heartbeat_ack_encode(
            out, &(struct net_heartbeat_ack){.seq = heartbeat.seq, .sent_ms = heartbeat.sent_ms},
            NULL);
        return;
    case NET_MSG_TELEMETRY:
        cr_assert_eq(net_telemetry_decode(frame, &telemetry, NULL), NET_OK);
        net_text_copy(telemetry.json, d->telemetry, sizeof(d->telemetry));
        return;
    case NET_MSG_STARTED:
        cr_assert_eq(net_started_decode(frame, &started, NULL), NET_OK);
        d->started += started.n_refs;
        return;
    case NET_MSG_RESULT:
        take_result(d, frame);
        return;
    case NET_MSG_MODEL_WANT:
        send_manifest(d, frame, out);
        return;
    case NET_MSG_MODEL_READ:
        send_chunk(d, frame, out);
        return;
    case NET_MSG_DRAINED:
        d->drained++;
        return;
    case NET_MSG_GOODBYE:
        d->goodbye = true;
        return;
    default:
        return;
    }
}

static void on_batch(void *user, struct net_link *link, struct net_batch *batch)
{
    struct coordinator_double *d = user;
    struct net_buf out = {0};
    pthread_mutex_lock(&d->lock);
    d->link = link;
    for (size_t i = 0; i < batch->n_frames; i++)
        take_frame(d, &batch->frames[i], &out);
    if (out.len > 0)
        net_link_send(link, &out);
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
    net_buf_free(&out);
    net_batch_free(batch);
}

static void on_close(void *user, struct net_link *link, const struct net_error *reason)
{
    struct coordinator_double *d = user;
    (void)reason;
    pthread_mutex_lock(&d->lock);
    if (d->link == link)
        d->link = NULL;
    pthread_mutex_unlock(&d->lock);
    net_link_free(link);
}

void double_start(struct coordinator_double *d, const char *models_dir)
{
    struct net_error net_err;
    struct agent_error err;
    memset(d, 0, sizeof(*d));
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->changed, NULL);
    cr_assert_eq(agent_repository_scan(models_dir, NULL, &d->models, &err), AGENT_OK, "%s",
                 err.text);
    struct net_link_listener_options options = {
        .address = "tcp://127.0.0.1:0",
        .events = {.on_open = on_open, .on_batch = on_batch, .on_close = on_close, .user = d},
    };
    cr_assert_eq(net_link_listener_create(&options, &d->listener, &net_err), NET_OK, "%s",
                 net_err.text);
}

void double_stop(struct coordinator_double *d)
{
    net_link_listener_free(d->listener);
    agent_model_set_destroy(d->models);
}

const char *double_address(const struct coordinator_double *d)
{
    return net_link_listener_address(d->listener);
}

/* One step of a wait: true when the minute is over. The lock is held. */
static bool wait_over(struct coordinator_double *d, const struct timespec *until)
{
    return pthread_cond_timedwait(&d->changed, &d->lock, until) != 0;
}

static struct timespec minute_from_now(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 60;
    return until;
}

#define WAIT_FOR(d, condition)                     \
    do {                                           \
        struct timespec until = minute_from_now(); \
        pthread_mutex_lock(&(d)->lock);            \
        bool holds = (condition);                  \
        while (!holds && !wait_over(d, &until))    \
            holds = (condition);                   \
        pthread_mutex_unlock(&(d)->lock);          \
        return holds;                              \
    } while (0)

bool double_wait_link(struct coordinator_double *d, uint32_t links)
{
    WAIT_FOR(d, d->links >= links && d->link != NULL);
}

bool double_wait_results(struct coordinator_double *d, uint32_t results)
{
    WAIT_FOR(d, d->results >= results);
}

bool double_wait_telemetry(struct coordinator_double *d, const char *part)
{
    WAIT_FOR(d, strstr(d->telemetry, part) != NULL);
}

bool double_wait_goodbye(struct coordinator_double *d)
{
    WAIT_FOR(d, d->goodbye);
}

bool double_wait_drained(struct coordinator_double *d, uint32_t drained)
{
    WAIT_FOR(d, d->drained >= drained);
}

void double_dispatch(struct coordinator_double *d, struct net_buf *frames, uint32_t job,
                     const char *model, const int64_t *dims, uint32_t rank, float value)
{
    static struct net_dispatch dispatch;
    static float data[DOUBLE_OUTPUT_MAX];
    struct net_error err;
    size_t count = 1;
    const struct agent_model *found = agent_model_set_find(d->models, model, 0);
    cr_assert_not_null(found);
    memset(&dispatch, 0, sizeof(dispatch));
    dispatch.ref = (struct net_job_ref){.job = job, .epoch = 1, .attempt = 1};
    dispatch.model = net_text_of(model);
    dispatch.model_version = 1;
    memcpy(dispatch.model_hash, found->hash, sizeof(dispatch.model_hash));
    dispatch.n_inputs = 1;
    dispatch.inputs[0] = (struct net_tensor){.dtype = 1, .rank = (uint8_t)rank};
    for (uint32_t i = 0; i < rank; i++) {
        dispatch.inputs[0].dims[i] = dims[i];
        count *= (size_t)dims[i];
    }
    cr_assert_leq(count, DOUBLE_OUTPUT_MAX);
    for (size_t i = 0; i < count; i++)
        data[i] = value;
    dispatch.inputs[0].data =
        (struct net_bytes){.data = (const uint8_t *)data, .len = count * sizeof(float)};
    cr_assert_eq(net_dispatch_encode(frames, &dispatch, &err), NET_OK, "%s", err.text);
}

void double_send(struct coordinator_double *d, struct net_buf *frames)
{
    pthread_mutex_lock(&d->lock);
    cr_assert_not_null(d->link);
    cr_assert_eq(net_link_send(d->link, frames), NET_OK);
    pthread_mutex_unlock(&d->lock);
    net_buf_free(frames);
}
