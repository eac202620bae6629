// Messages about jobs.
#include "cursor.h"
#include "net_msg.h"

size_t net_dtype_size(uint8_t dtype)
{
    // Indexed by ONNX's TensorProto.DataType; 0 where elements have no fixed size.
    static const uint8_t sizes[] = {0, 4, 1, 1, 2, 2, 4, 8, 0, 1, 2, 8, 4, 8, 8, 16, 2};
    return dtype < sizeof(sizes) ? sizes[dtype] : 0;
}

// Whether `len` is the product of the dims and the element size.
static bool tensor_fits(const struct net_tensor *tensor)
{
    uint64_t bytes = net_dtype_size(tensor->dtype);
    bool empty = false;
    for (uint8_t i = 0; i < tensor->rank; i++) {
        if (tensor->dims[i] < 0)
            return false;
        empty = empty || tensor->dims[i] == 0;
    }
    for (uint8_t i = 0; i < tensor->rank && !empty; i++)
        if (__builtin_mul_overflow(bytes, (uint64_t)tensor->dims[i], &bytes))
            return false;
    return tensor->data.len == (empty ? 0 : bytes);
}

static void write_tensor(struct net_writer *w, const struct net_tensor *tensor)
{
    net_write_text(w, "tensor name", tensor->name, NET_TENSOR_NAME_MAX);
    net_write_check(w, net_dtype_size(tensor->dtype) > 0, "tensor dtype", "can not be sent");
    net_write_check(w, tensor->rank <= NET_RANK_MAX, "tensor rank", "is too great");
    if (w->status)
        return;
    net_write_check(w, tensor_fits(tensor), "tensor bytes", "do not fit its shape");
    net_write_u8(w, tensor->dtype);
    net_write_u8(w, tensor->rank);
    for (uint8_t i = 0; i < tensor->rank; i++)
        net_write_u64(w, (uint64_t)tensor->dims[i]);
    net_write_bytes64(w, tensor->data);
}

static void write_tensors(struct net_writer *w, const struct net_tensor *tensors, uint8_t count)
{
    net_write_check(w, count <= NET_TENSORS_MAX, "tensors", "are too many");
    net_write_u8(w, count);
    size_t bytes = 0;
    for (uint8_t i = 0; i < count && !w->status; i++)
        if (__builtin_add_overflow(bytes, tensors[i].data.len, &bytes))
            bytes = SIZE_MAX;
    net_write_reserve(w, bytes);
    for (uint8_t i = 0; i < count && !w->status; i++)
        write_tensor(w, &tensors[i]);
}

static void read_tensor(struct net_reader *r, struct net_tensor *ret_tensor)
{
    struct net_tensor *t = ret_tensor;
    t->name = net_read_text(r, "tensor name", NET_TENSOR_NAME_MAX);
    t->dtype = net_read_u8(r, "tensor dtype");
    net_read_check(r, net_dtype_size(t->dtype) > 0, NET_ERR_PROTOCOL, "tensor dtype",
                   "is not one that is sent");
    t->rank = net_read_u8(r, "tensor rank");
    net_read_check(r, t->rank <= NET_RANK_MAX, NET_ERR_PROTOCOL, "tensor rank", "is too great");
    if (r->status)
        return;
    for (uint8_t i = 0; i < t->rank; i++)
        t->dims[i] = (int64_t)net_read_u64(r, "tensor dims");
    for (uint8_t i = t->rank; i < NET_RANK_MAX; i++)
        t->dims[i] = 0;
    t->data = net_read_bytes64(r, "tensor bytes", (size_t)(r->end - r->at));
    if (!r->status)
        net_read_check(r, tensor_fits(t), NET_ERR_PROTOCOL, "tensor bytes", "do not fit its shape");
}

static uint8_t read_tensors(struct net_reader *r, struct net_tensor *tensors)
{
    uint8_t count = net_read_u8(r, "tensors");
    net_read_check(r, count <= NET_TENSORS_MAX, NET_ERR_PROTOCOL, "tensors", "are too many");
    for (uint8_t i = 0; i < count && !r->status; i++)
        read_tensor(r, &tensors[i]);
    return count;
}

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
    write_tensors(&w, msg->inputs, msg->n_inputs);
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
    msg.n_inputs = read_tensors(&r, msg.inputs);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
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
    write_tensors(&w, msg->outputs, msg->n_outputs);
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
    msg.n_outputs = read_tensors(&r, msg.outputs);
    net_read_check(&r, msg.outcome == NET_OUTCOME_DONE || msg.n_outputs == 0, NET_ERR_PROTOCOL,
                   "outputs", "belong to a job that is not done");
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
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
