// Messages about jobs.
#include "cursor.h"
#include "net_msg.h"
#include "tensor.h"

static void write_ref(struct net_writer *w, const struct net_job_ref *ref)
{
    net_write_u64(w, ref->job);
    net_write_u64(w, ref->epoch);
    net_write_u32(w, ref->attempt);
}

static void read_ref(struct net_reader *r, struct net_job_ref *ret_ref)
{
    ret_ref->job = net_read_u64(r, "job");
    ret_ref->epoch = net_read_u64(r, "epoch");
    ret_ref->attempt = net_read_u32(r, "attempt");
}

enum net_status net_dispatch_encode(struct net_buf *buf, const struct net_dispatch *msg,
                                    struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_DISPATCH);
    write_ref(&w, &msg->ref);
    net_write_u32(&w, msg->deadline_ms);
    net_write_u8(&w, msg->priority);
    net_write_check(&w, net_model_name_valid(msg->model.data, msg->model.len), "model",
                    "is no model name");
    net_write_text(&w, "model", msg->model, NET_MODEL_NAME_MAX);
    net_write_u32(&w, msg->model_version);
    net_write_raw(&w, msg->model_hash, NET_HASH_SIZE);
    net_write_tensors(&w, msg->packed, msg->inputs, msg->n_inputs);
    return net_writer_end(&w, err);
}

enum net_status net_dispatch_decode(const struct net_frame *frame, struct net_dispatch *ret_msg,
                                    struct net_error *err)
{
    struct net_reader r;
    struct net_dispatch msg;
    net_reader_init(&r, frame, NET_MSG_DISPATCH);
    read_ref(&r, &msg.ref);
    msg.deadline_ms = net_read_u32(&r, "deadline");
    msg.priority = net_read_u8(&r, "priority");
    msg.model = net_read_text(&r, "model", NET_MODEL_NAME_MAX);
    net_read_check(&r, net_model_name_valid(msg.model.data, msg.model.len), NET_ERR_PROTOCOL,
                   "model", "is no model name");
    msg.model_version = net_read_u32(&r, "model version");
    net_read_raw(&r, "model hash", msg.model_hash, NET_HASH_SIZE);
    msg.n_inputs = net_read_tensors(&r, msg.inputs, &msg.packed);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        NET_COPY_WITH_TENSORS(ret_msg, &msg, inputs, msg.n_inputs);
    return status;
}

#define REF_SIZE 20
#define DISPATCH_SIZE_MIN (REF_SIZE + 4 + 1 + 2 + 1 + 4 + NET_HASH_SIZE + 1)

enum net_status net_dispatch_forward(struct net_buf *buf, struct net_bytes body,
                                     const struct net_job_ref *ref, uint32_t deadline_ms,
                                     struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_DISPATCH);
    net_write_check(&w, body.len >= DISPATCH_SIZE_MIN, "body", "is too short");
    net_write_reserve(&w, body.len);
    write_ref(&w, ref);
    net_write_u32(&w, deadline_ms);
    if (!w.status)
        net_write_raw(&w, body.data + REF_SIZE + 4, body.len - REF_SIZE - 4);
    return net_writer_end(&w, err);
}

enum net_status net_started_encode(struct net_buf *buf, const struct net_started *msg,
                                   struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_STARTED);
    net_write_check(&w, msg->n_refs > 0 && msg->n_refs <= NET_STARTED_MAX, "jobs",
                    "must be 1 to 256");
    net_write_u32(&w, msg->n_refs);
    for (uint32_t i = 0; i < msg->n_refs && !w.status; i++)
        write_ref(&w, &msg->refs[i]);
    return net_writer_end(&w, err);
}

enum net_status net_started_decode(const struct net_frame *frame, struct net_started *ret_msg,
                                   struct net_error *err)
{
    struct net_reader r;
    struct net_started msg;
    net_reader_init(&r, frame, NET_MSG_STARTED);
    msg.n_refs = net_read_u32(&r, "jobs");
    net_read_check(&r, msg.n_refs > 0 && msg.n_refs <= NET_STARTED_MAX, NET_ERR_PROTOCOL, "jobs",
                   "are not 1 to 256");
    for (uint32_t i = 0; i < msg.n_refs && !r.status; i++)
        read_ref(&r, &msg.refs[i]);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_result_encode(struct net_buf *buf, const struct net_result *msg,
                                  struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_RESULT);
    write_ref(&w, &msg->ref);
    net_write_check(&w, msg->outcome < NET_OUTCOME_COUNT, "outcome", "is not known");
    net_write_u8(&w, msg->outcome);
    net_write_u8(&w, msg->device);
    net_write_u32(&w, msg->queue_us);
    net_write_u32(&w, msg->load_us);
    net_write_u32(&w, msg->compute_us);
    net_write_u32(&w, msg->copy_us);
    net_write_u32(&w, msg->batch);
    net_write_u16(&w, msg->error_code);
    net_write_reason(&w, msg->error_text);
    net_write_check(&w, msg->outcome == NET_OUTCOME_DONE || msg->n_outputs == 0, "outputs",
                    "belong to a job that is done");
    net_write_tensors(&w, msg->packed, msg->outputs, msg->n_outputs);
    return net_writer_end(&w, err);
}

enum net_status net_result_decode(const struct net_frame *frame, struct net_result *ret_msg,
                                  struct net_error *err)
{
    struct net_reader r;
    struct net_result msg;
    net_reader_init(&r, frame, NET_MSG_RESULT);
    read_ref(&r, &msg.ref);
    msg.outcome = net_read_u8(&r, "outcome");
    net_read_check(&r, msg.outcome < NET_OUTCOME_COUNT, NET_ERR_PROTOCOL, "outcome",
                   "is not known");
    msg.device = net_read_u8(&r, "device");
    msg.queue_us = net_read_u32(&r, "queue time");
    msg.load_us = net_read_u32(&r, "load time");
    msg.compute_us = net_read_u32(&r, "compute time");
    msg.copy_us = net_read_u32(&r, "copy time");
    msg.batch = net_read_u32(&r, "batch");
    msg.error_code = net_read_u16(&r, "error code");
    msg.error_text = net_read_text(&r, "error text", NET_TEXT_MAX);
    msg.n_outputs = net_read_tensors(&r, msg.outputs, &msg.packed);
    net_read_check(&r, msg.outcome == NET_OUTCOME_DONE || msg.n_outputs == 0, NET_ERR_PROTOCOL,
                   "outputs", "belong to a job that is not done");
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        NET_COPY_WITH_TENSORS(ret_msg, &msg, outputs, msg.n_outputs);
    return status;
}

struct net_bytes net_result_packed(struct net_bytes body)
{
    // ref, outcome, device, five numbers, error code, error text
    const size_t before = REF_SIZE + 2 + 5 * 4 + 2;
    if (body.len < before + 2)
        return (struct net_bytes){NULL, 0};
    size_t at = before + 2 + net_get_u16(body.data + before);
    return at < body.len ? (struct net_bytes){body.data + at, body.len - at}
                         : (struct net_bytes){NULL, 0};
}

enum net_status net_cancel_encode(struct net_buf *buf, const struct net_cancel *msg,
                                  struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_CANCEL);
    write_ref(&w, &msg->ref);
    return net_writer_end(&w, err);
}

enum net_status net_cancel_decode(const struct net_frame *frame, struct net_cancel *ret_msg,
                                  struct net_error *err)
{
    struct net_reader r;
    struct net_cancel msg;
    net_reader_init(&r, frame, NET_MSG_CANCEL);
    read_ref(&r, &msg.ref);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}
