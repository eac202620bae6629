#include "tests/net/samples.h"

#include <stdlib.h>
#include <string.h>

static uint64_t next(uint64_t *state)
{
    // splitmix64
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static struct net_text some_text(uint64_t *state)
{
    static const char *const texts[] = {"",    "x", "fan failed", "Gerät weg", "{\"a\":[1,2]}",
                                        "模型"};
    return net_text_of(texts[next(state) % 6]);
}

static struct net_text some_name(uint64_t *state)
{
    static const char *const names[] = {"a", "ember-01", "lab.east_2", "0"};
    return net_text_of(names[next(state) % 4]);
}

static void some_bytes(uint64_t *state, uint8_t *dst, size_t len)
{
    for (size_t i = 0; i < len; i++)
        dst[i] = (uint8_t)next(state);
}

static void some_ref(uint64_t *state, struct net_job_ref *ret_ref)
{
    *ret_ref = (struct net_job_ref){next(state), next(state), (uint32_t)next(state)};
}

static uint8_t some_tensors(uint64_t *state, struct net_tensor *tensors)
{
    static const uint8_t bytes[2048];
    static const uint8_t dtypes[] = {1, 2, 7, 9, 10, 11, 15, 16};
    uint8_t count = (uint8_t)(next(state) % 4);
    for (uint8_t i = 0; i < count; i++) {
        struct net_tensor *t = &tensors[i];
        *t = (struct net_tensor){.name = some_text(state), .dtype = dtypes[next(state) % 8]};
        t->rank = (uint8_t)(next(state) % 4);
        size_t len = net_dtype_size(t->dtype);
        for (uint8_t d = 0; d < t->rank; d++) {
            t->dims[d] = (int64_t)(next(state) % 5);
            len *= (size_t)t->dims[d];
        }
        t->data = (struct net_bytes){bytes, len};
    }
    return count;
}

static void fill_hello(struct net_hello *m, uint64_t *s)
{
    m->version = NET_PROTOCOL_VERSION;
    m->name = some_name(s);
    some_bytes(s, m->instance, sizeof(m->instance));
    m->software = some_text(s);
    m->capabilities = some_text(s);
}

static void fill_welcome(struct net_welcome *m, uint64_t *s)
{
    *m = (struct net_welcome){NET_PROTOCOL_VERSION, next(s), (uint32_t)next(s),
                              50 + (uint32_t)(next(s) % 1000), some_name(s)};
}

static void fill_refuse(struct net_refuse *m, uint64_t *s)
{
    *m = (struct net_refuse){(uint16_t)next(s), some_text(s)};
}

static void fill_heartbeat(struct net_heartbeat *m, uint64_t *s)
{
    *m = (struct net_heartbeat){next(s), next(s)};
}

static void fill_heartbeat_ack(struct net_heartbeat_ack *m, uint64_t *s)
{
    *m = (struct net_heartbeat_ack){next(s), next(s)};
}

static void fill_goodbye(struct net_goodbye *m, uint64_t *s)
{
    m->text = some_text(s);
}

static void fill_telemetry(struct net_telemetry *m, uint64_t *s)
{
    m->json = some_text(s);
}

static void fill_credit(struct net_credit *m, uint64_t *s)
{
    *m = (struct net_credit){(uint32_t)next(s), some_text(s)};
}

static void fill_dispatch(struct net_dispatch *m, uint64_t *s)
{
    some_ref(s, &m->ref);
    m->deadline_ms = (uint32_t)next(s);
    m->priority = (uint8_t)next(s);
    m->model = some_name(s);
    m->model_version = (uint32_t)next(s);
    some_bytes(s, m->model_hash, sizeof(m->model_hash));
    m->n_inputs = some_tensors(s, m->inputs);
}

static void fill_started(struct net_started *m, uint64_t *s)
{
    m->n_refs = 1 + (uint32_t)(next(s) % NET_STARTED_MAX);
    for (uint32_t i = 0; i < m->n_refs; i++)
        some_ref(s, &m->refs[i]);
}

static void fill_result(struct net_result *m, uint64_t *s)
{
    some_ref(s, &m->ref);
    m->outcome = (uint8_t)(next(s) % NET_OUTCOME_COUNT);
    m->device = (uint8_t)next(s);
    m->queue_us = (uint32_t)next(s);
    m->load_us = (uint32_t)next(s);
    m->compute_us = (uint32_t)next(s);
    m->copy_us = (uint32_t)next(s);
    m->batch = (uint32_t)next(s);
    m->error_code = (uint16_t)next(s);
    m->error_text = some_text(s);
    m->n_outputs = m->outcome == NET_OUTCOME_DONE ? some_tensors(s, m->outputs) : 0;
}

static void fill_cancel(struct net_cancel *m, uint64_t *s)
{
    some_ref(s, &m->ref);
}

static void fill_model_want(struct net_model_want *m, uint64_t *s)
{
    some_bytes(s, m->hash, sizeof(m->hash));
}

static void fill_model_manifest(struct net_model_manifest *m, uint64_t *s)
{
    static const char *const paths[] = {"model.onnx", "data/weights.bin", "labels.txt"};
    some_bytes(s, m->hash, sizeof(m->hash));
    m->name = some_name(s);
    m->version = (uint32_t)next(s);
    m->n_files = (uint16_t)(1 + next(s) % 5);
    for (uint16_t i = 0; i < m->n_files; i++) {
        m->files[i].path = net_text_of(paths[next(s) % 3]);
        m->files[i].size = next(s);
        some_bytes(s, m->files[i].sha256, NET_HASH_SIZE);
    }
    m->config = some_text(s);
}

static void fill_model_read(struct net_model_read *m, uint64_t *s)
{
    some_bytes(s, m->sha256, sizeof(m->sha256));
    m->offset = next(s);
    m->len = 1 + (uint32_t)(next(s) % NET_CHUNK_MAX);
}

static void fill_model_chunk(struct net_model_chunk *m, uint64_t *s)
{
    static const uint8_t bytes[] = "weights, more or less";
    some_bytes(s, m->sha256, sizeof(m->sha256));
    m->offset = next(s) % 1000;
    m->bytes = (struct net_bytes){bytes, 1 + next(s) % sizeof(bytes)};
    m->total = m->offset + m->bytes.len + next(s) % 1000;
}

static void fill_model_denied(struct net_model_denied *m, uint64_t *s)
{
    some_bytes(s, m->hash, sizeof(m->hash));
    m->text = some_text(s);
}

static void fill_model_unload(struct net_model_unload *m, uint64_t *s)
{
    some_bytes(s, m->hash, sizeof(m->hash));
}

static void fill_model_load(struct net_model_load *m, uint64_t *s)
{
    some_bytes(s, m->hash, sizeof(m->hash));
    m->flags = (uint8_t)(next(s) % (NET_LOAD_FLAGS + 1));
}

static void fill_model_state(struct net_model_state *m, uint64_t *s)
{
    some_bytes(s, m->hash, sizeof(m->hash));
    m->state = (uint8_t)(next(s) % NET_RESIDENCY_COUNT);
    m->device = (uint8_t)next(s);
    m->bytes = next(s);
    m->load_us = (uint32_t)next(s);
    m->text = some_text(s);
}

static void fill_drain(struct net_drain *m, uint64_t *s)
{
    *m = (struct net_drain){next(s), (uint32_t)next(s)};
}

static void fill_drained(struct net_drained *m, uint64_t *s)
{
    *m = (struct net_drained){next(s), (uint32_t)next(s)};
}

static void fill_resume(struct net_resume *m, uint64_t *s)
{
    m->operation = next(s);
}

static void fill_restart(struct net_restart *m, uint64_t *s)
{
    m->operation = next(s);
}

static void fill_tune(struct net_tune *m, uint64_t *s)
{
    m->operation = next(s);
    m->device = (uint8_t)next(s);
    some_bytes(s, m->hash, sizeof(m->hash));
    m->rows = 1 + (uint32_t)(next(s) % 100);
    m->budget_ms = 1 + (uint32_t)(next(s) % 100000);
}

static void fill_tune_stop(struct net_tune_stop *m, uint64_t *s)
{
    m->operation = next(s);
}

static void fill_tune_state(struct net_tune_state *m, uint64_t *s)
{
    m->operation = next(s);
    m->state = (uint8_t)(next(s) % NET_TUNING_COUNT);
    m->kept = (uint8_t)(next(s) % 2);
    m->complete = (uint8_t)(next(s) % 2);
    m->candidates = (uint32_t)next(s);
    m->measured = (uint32_t)next(s);
    m->refused = (uint32_t)next(s);
    m->changed = (uint32_t)next(s);
    m->before_us = next(s);
    m->after_us = next(s);
    m->elapsed_ms = (uint32_t)next(s);
    m->budget_ms = (uint32_t)next(s);
    m->text = some_text(s);
}

static void fill_submit_hello(struct net_submit_hello *m, uint64_t *s)
{
    m->version = NET_PROTOCOL_VERSION;
    m->name = some_name(s);
    m->tenant = next(s) % 2 ? some_name(s) : net_text_of("");
    m->software = some_text(s);
}

static void fill_submit_welcome(struct net_submit_welcome *m, uint64_t *s)
{
    *m = (struct net_submit_welcome){NET_PROTOCOL_VERSION, next(s), 50 + (uint32_t)(next(s) % 1000),
                                     1 + (uint32_t)(next(s) % NET_SUBMIT_CREDIT_MAX), some_name(s)};
}

static void fill_submit_credit(struct net_submit_credit *m, uint64_t *s)
{
    m->credit = 1 + (uint32_t)(next(s) % NET_SUBMIT_CREDIT_MAX);
}

static void fill_submit(struct net_submit *m, uint64_t *s)
{
    m->seq = next(s);
    m->flags = (uint8_t)(1 + next(s) % 3);
    m->priority = (uint8_t)(next(s) % NET_PRIORITIES);
    m->deadline_ms = (uint32_t)next(s);
    m->model = some_name(s);
    m->model_version = (uint32_t)next(s);
    m->key = some_text(s);
    m->n_inputs = some_tensors(s, m->inputs);
    if (m->n_inputs == 0)
        m->inputs[m->n_inputs++] = (struct net_tensor){.dtype = 1, .rank = 1};
}

static void fill_submitted(struct net_submitted *m, uint64_t *s)
{
    m->seq = next(s);
    m->status = (uint8_t)(next(s) % NET_SUBMISSION_COUNT);
    m->job = next(s);
    m->retry_after_ms = (uint32_t)next(s);
    m->code = some_text(s);
    m->text = some_text(s);
}

static void fill_job_result(struct net_job_result *m, uint64_t *s)
{
    m->seq = next(s);
    m->job = next(s);
    m->end = (uint8_t)(next(s) % NET_JOB_END_COUNT);
    m->total_us = next(s);
    m->queue_us = next(s);
    m->load_us = (uint32_t)next(s);
    m->compute_us = (uint32_t)next(s);
    m->copy_us = (uint32_t)next(s);
    m->agent = some_name(s);
    m->code = some_text(s);
    m->text = some_text(s);
    m->n_outputs = m->end == NET_JOB_END_DONE ? some_tensors(s, m->outputs) : 0;
}

void sample_frame(struct net_buf *buf, uint16_t type, uint64_t seed)
{
    uint64_t state = seed;
    enum net_status status = NET_ERR_INVAL;
    switch (type) {
#define NET_MESSAGE(number, upper, lower, sender, limit, help) \
    case NET_MSG_##upper: {                                    \
        static _Thread_local struct net_##lower msg;           \
        memset(&msg, 0, sizeof(msg));                          \
        fill_##lower(&msg, &state);                            \
        status = net_##lower##_encode(buf, &msg, NULL);        \
        break;                                                 \
    }
#include "net/messages.def"
    default:
        break;
    }
    if (status)
        abort();
}

// Where a message keeps its tensors as they stood; NULL: it has none.
static struct net_bytes *packed_of_none(void *msg)
{
    (void)msg;
    return NULL;
}

static struct net_bytes *packed_of_dispatch(struct net_dispatch *msg)
{
    return &msg->packed;
}

static struct net_bytes *packed_of_result(struct net_result *msg)
{
    return &msg->packed;
}

static struct net_bytes *packed_of_submit(struct net_submit *msg)
{
    return &msg->packed;
}

static struct net_bytes *packed_of_job_result(struct net_job_result *msg)
{
    return &msg->packed;
}

#define PACKED_OF(msg)                                   \
    _Generic((msg), struct net_dispatch *                \
             : packed_of_dispatch, struct net_result *   \
             : packed_of_result, struct net_submit *     \
             : packed_of_submit, struct net_job_result * \
             : packed_of_job_result, default             \
             : packed_of_none)(msg)

enum net_status sample_again(const struct net_frame *frame, struct net_buf *buf,
                             struct net_error *err)
{
    switch (frame->type) {
#define NET_MESSAGE(number, upper, lower, sender, limit, help)           \
    case NET_MSG_##upper: {                                              \
        static _Thread_local struct net_##lower msg;                     \
        enum net_status status = net_##lower##_decode(frame, &msg, err); \
        struct net_bytes *packed = PACKED_OF(&msg);                      \
        if (packed) /* so that the tensors are written as understood */  \
            *packed = (struct net_bytes){NULL, 0};                       \
        return status ? status : net_##lower##_encode(buf, &msg, err);   \
    }
#include "net/messages.def"
    default:
        return NET_ERR_PROTOCOL;
    }
}
