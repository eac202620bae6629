// Messages between a submitter and the coordinator.
#include <string.h>

#include "cursor.h"
#include "net_msg.h"
#include "tensor.h"

static const char name_rule[] =
    "must be 1 to 63 of a-z 0-9 . _ -, beginning with a letter or digit";

static bool is_name(struct net_text text)
{
    return net_agent_name_valid(text.data, text.len);
}

enum net_status net_submit_hello_encode(struct net_buf *buf, const struct net_submit_hello *msg,
                                        struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_SUBMIT_HELLO);
    net_write_raw(&w, NET_MAGIC, 4);
    net_write_u16(&w, msg->version);
    net_write_check(&w, is_name(msg->name), "name", name_rule);
    net_write_text(&w, "name", msg->name, NET_NAME_MAX);
    net_write_check(&w, msg->tenant.len == 0 || is_name(msg->tenant), "tenant", name_rule);
    net_write_text(&w, "tenant", msg->tenant, NET_NAME_MAX);
    net_write_text(&w, "software", msg->software, NET_SOFTWARE_MAX);
    return net_writer_end(&w, err);
}

enum net_status net_submit_hello_decode(const struct net_frame *frame,
                                        struct net_submit_hello *ret_msg, struct net_error *err)
{
    struct net_reader r;
    struct net_submit_hello msg;
    uint8_t magic[4];
    net_reader_init(&r, frame, NET_MSG_SUBMIT_HELLO);
    net_read_raw(&r, "magic", magic, sizeof(magic));
    net_read_check(&r, memcmp(magic, NET_MAGIC, sizeof(magic)) == 0, NET_ERR_PROTOCOL, "magic",
                   "is not a submitter's");
    msg.version = net_read_u16(&r, "version");
    net_read_check(&r, msg.version == NET_PROTOCOL_VERSION, NET_ERR_VERSION, "version",
                   "is not spoken here");
    msg.name = net_read_text(&r, "name", NET_NAME_MAX);
    net_read_check(&r, is_name(msg.name), NET_ERR_PROTOCOL, "name", name_rule);
    msg.tenant = net_read_text(&r, "tenant", NET_NAME_MAX);
    net_read_check(&r, msg.tenant.len == 0 || is_name(msg.tenant), NET_ERR_PROTOCOL, "tenant",
                   name_rule);
    msg.software = net_read_text(&r, "software", NET_SOFTWARE_MAX);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

static bool is_heartbeat(uint32_t ms)
{
    return ms >= NET_HEARTBEAT_MS_MIN && ms <= NET_HEARTBEAT_MS_MAX;
}

static bool is_credit(uint32_t credit)
{
    return credit >= 1 && credit <= NET_SUBMIT_CREDIT_MAX;
}

enum net_status net_submit_welcome_encode(struct net_buf *buf, const struct net_submit_welcome *msg,
                                          struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_SUBMIT_WELCOME);
    net_write_u16(&w, msg->version);
    net_write_u64(&w, msg->epoch);
    net_write_check(&w, is_heartbeat(msg->heartbeat_ms), "heartbeat", "is out of range");
    net_write_u32(&w, msg->heartbeat_ms);
    net_write_check(&w, is_credit(msg->credit), "credit", "is out of range");
    net_write_u32(&w, msg->credit);
    net_write_check(&w, is_name(msg->cluster), "cluster", name_rule);
    net_write_text(&w, "cluster", msg->cluster, NET_NAME_MAX);
    return net_writer_end(&w, err);
}

enum net_status net_submit_welcome_decode(const struct net_frame *frame,
                                          struct net_submit_welcome *ret_msg, struct net_error *err)
{
    struct net_reader r;
    struct net_submit_welcome msg;
    net_reader_init(&r, frame, NET_MSG_SUBMIT_WELCOME);
    msg.version = net_read_u16(&r, "version");
    net_read_check(&r, msg.version == NET_PROTOCOL_VERSION, NET_ERR_VERSION, "version",
                   "is not spoken here");
    msg.epoch = net_read_u64(&r, "epoch");
    msg.heartbeat_ms = net_read_u32(&r, "heartbeat");
    net_read_check(&r, is_heartbeat(msg.heartbeat_ms), NET_ERR_PROTOCOL, "heartbeat",
                   "is out of range");
    msg.credit = net_read_u32(&r, "credit");
    net_read_check(&r, is_credit(msg.credit), NET_ERR_PROTOCOL, "credit", "is out of range");
    msg.cluster = net_read_text(&r, "cluster", NET_NAME_MAX);
    net_read_check(&r, is_name(msg.cluster), NET_ERR_PROTOCOL, "cluster", name_rule);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_submit_credit_encode(struct net_buf *buf, const struct net_submit_credit *msg,
                                         struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_SUBMIT_CREDIT);
    net_write_check(&w, is_credit(msg->credit), "credit", "is out of range");
    net_write_u32(&w, msg->credit);
    return net_writer_end(&w, err);
}

enum net_status net_submit_credit_decode(const struct net_frame *frame,
                                         struct net_submit_credit *ret_msg, struct net_error *err)
{
    struct net_reader r;
    struct net_submit_credit msg;
    net_reader_init(&r, frame, NET_MSG_SUBMIT_CREDIT);
    msg.credit = net_read_u32(&r, "credit");
    net_read_check(&r, is_credit(msg.credit), NET_ERR_PROTOCOL, "credit", "is out of range");
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

static bool are_flags(uint8_t flags)
{
    return flags != 0 && (flags & ~(NET_SUBMIT_ACK | NET_SUBMIT_RESULT)) == 0;
}

enum net_status net_submit_encode(struct net_buf *buf, const struct net_submit *msg,
                                  struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_SUBMIT);
    net_write_u64(&w, msg->seq);
    net_write_check(&w, are_flags(msg->flags), "flags", "are none or not known");
    net_write_u8(&w, msg->flags);
    net_write_check(&w, msg->priority < NET_PRIORITIES, "priority", "goes from 0 to 3");
    net_write_u8(&w, msg->priority);
    net_write_u32(&w, msg->deadline_ms);
    net_write_check(&w, net_model_name_valid(msg->model.data, msg->model.len), "model",
                    "is no model name");
    net_write_text(&w, "model", msg->model, NET_MODEL_NAME_MAX);
    net_write_u32(&w, msg->model_version);
    net_write_text(&w, "key", msg->key, NET_KEY_MAX);
    net_write_check(&w, msg->packed.len > 0 || msg->n_inputs > 0, "inputs", "are none");
    net_write_tensors(&w, msg->packed, msg->inputs, msg->n_inputs);
    return net_writer_end(&w, err);
}

enum net_status net_submit_decode(const struct net_frame *frame, struct net_submit *ret_msg,
                                  struct net_error *err)
{
    struct net_reader r;
    struct net_submit msg;
    net_reader_init(&r, frame, NET_MSG_SUBMIT);
    msg.seq = net_read_u64(&r, "seq");
    msg.flags = net_read_u8(&r, "flags");
    net_read_check(&r, are_flags(msg.flags), NET_ERR_PROTOCOL, "flags", "are none or not known");
    msg.priority = net_read_u8(&r, "priority");
    net_read_check(&r, msg.priority < NET_PRIORITIES, NET_ERR_PROTOCOL, "priority",
                   "goes from 0 to 3");
    msg.deadline_ms = net_read_u32(&r, "deadline");
    msg.model = net_read_text(&r, "model", NET_MODEL_NAME_MAX);
    net_read_check(&r, net_model_name_valid(msg.model.data, msg.model.len), NET_ERR_PROTOCOL,
                   "model", "is no model name");
    msg.model_version = net_read_u32(&r, "model version");
    msg.key = net_read_text(&r, "key", NET_KEY_MAX);
    msg.n_inputs = net_read_tensors(&r, msg.inputs, &msg.packed);
    net_read_check(&r, msg.n_inputs > 0, NET_ERR_PROTOCOL, "inputs", "are none");
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        NET_COPY_WITH_TENSORS(ret_msg, &msg, inputs, msg.n_inputs);
    return status;
}

enum net_status net_submitted_encode(struct net_buf *buf, const struct net_submitted *msg,
                                     struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_SUBMITTED);
    net_write_u64(&w, msg->seq);
    net_write_check(&w, msg->status < NET_SUBMISSION_COUNT, "status", "is not known");
    net_write_u8(&w, msg->status);
    net_write_u64(&w, msg->job);
    net_write_u32(&w, msg->retry_after_ms);
    net_write_text(&w, "code", msg->code, NET_CODE_MAX);
    net_write_reason(&w, msg->text);
    return net_writer_end(&w, err);
}

enum net_status net_submitted_decode(const struct net_frame *frame, struct net_submitted *ret_msg,
                                     struct net_error *err)
{
    struct net_reader r;
    struct net_submitted msg;
    net_reader_init(&r, frame, NET_MSG_SUBMITTED);
    msg.seq = net_read_u64(&r, "seq");
    msg.status = net_read_u8(&r, "status");
    net_read_check(&r, msg.status < NET_SUBMISSION_COUNT, NET_ERR_PROTOCOL, "status",
                   "is not known");
    msg.job = net_read_u64(&r, "job");
    msg.retry_after_ms = net_read_u32(&r, "retry after");
    msg.code = net_read_text(&r, "code", NET_CODE_MAX);
    msg.text = net_read_text(&r, "text", NET_TEXT_MAX);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_job_result_encode(struct net_buf *buf, const struct net_job_result *msg,
                                      struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_JOB_RESULT);
    net_write_u64(&w, msg->seq);
    net_write_u64(&w, msg->job);
    net_write_check(&w, msg->end < NET_JOB_END_COUNT, "end", "is not known");
    net_write_u8(&w, msg->end);
    net_write_u64(&w, msg->total_us);
    net_write_u64(&w, msg->queue_us);
    net_write_u32(&w, msg->load_us);
    net_write_u32(&w, msg->compute_us);
    net_write_u32(&w, msg->copy_us);
    net_write_text(&w, "agent", msg->agent, NET_NAME_MAX);
    net_write_text(&w, "code", msg->code, NET_CODE_MAX);
    net_write_reason(&w, msg->text);
    net_write_check(&w, msg->end == NET_JOB_END_DONE || msg->n_outputs == 0, "outputs",
                    "belong to a job that is done");
    net_write_tensors(&w, msg->packed, msg->outputs, msg->n_outputs);
    return net_writer_end(&w, err);
}

enum net_status net_job_result_decode(const struct net_frame *frame, struct net_job_result *ret_msg,
                                      struct net_error *err)
{
    struct net_reader r;
    struct net_job_result msg;
    net_reader_init(&r, frame, NET_MSG_JOB_RESULT);
    msg.seq = net_read_u64(&r, "seq");
    msg.job = net_read_u64(&r, "job");
    msg.end = net_read_u8(&r, "end");
    net_read_check(&r, msg.end < NET_JOB_END_COUNT, NET_ERR_PROTOCOL, "end", "is not known");
    msg.total_us = net_read_u64(&r, "total time");
    msg.queue_us = net_read_u64(&r, "queue time");
    msg.load_us = net_read_u32(&r, "load time");
    msg.compute_us = net_read_u32(&r, "compute time");
    msg.copy_us = net_read_u32(&r, "copy time");
    msg.agent = net_read_text(&r, "agent", NET_NAME_MAX);
    msg.code = net_read_text(&r, "code", NET_CODE_MAX);
    msg.text = net_read_text(&r, "text", NET_TEXT_MAX);
    msg.n_outputs = net_read_tensors(&r, msg.outputs, &msg.packed);
    net_read_check(&r, msg.end == NET_JOB_END_DONE || msg.n_outputs == 0, NET_ERR_PROTOCOL,
                   "outputs", "belong to a job that is not done");
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        NET_COPY_WITH_TENSORS(ret_msg, &msg, outputs, msg.n_outputs);
    return status;
}
