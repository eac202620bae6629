// Messages about tuning: a device measures kernels instead of running jobs.
#include "cursor.h"
#include "net_msg.h"

enum net_status net_tune_encode(struct net_buf *buf, const struct net_tune *msg,
                                struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_TUNE);
    net_write_u64(&w, msg->operation);
    net_write_u8(&w, msg->device);
    net_write_raw(&w, msg->hash, NET_HASH_SIZE);
    net_write_check(&w, msg->rows > 0, "rows", "must be at least 1");
    net_write_u32(&w, msg->rows);
    net_write_check(&w, msg->budget_ms > 0, "budget", "must be at least 1 ms");
    net_write_u32(&w, msg->budget_ms);
    return net_writer_end(&w, err);
}

enum net_status net_tune_decode(const struct net_frame *frame, struct net_tune *ret_msg,
                                struct net_error *err)
{
    struct net_reader r;
    struct net_tune msg;
    net_reader_init(&r, frame, NET_MSG_TUNE);
    msg.operation = net_read_u64(&r, "operation");
    msg.device = net_read_u8(&r, "device");
    net_read_raw(&r, "hash", msg.hash, NET_HASH_SIZE);
    msg.rows = net_read_u32(&r, "rows");
    net_read_check(&r, msg.rows > 0, NET_ERR_PROTOCOL, "rows", "is 0");
    msg.budget_ms = net_read_u32(&r, "budget");
    net_read_check(&r, msg.budget_ms > 0, NET_ERR_PROTOCOL, "budget", "is 0");
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_tune_stop_encode(struct net_buf *buf, const struct net_tune_stop *msg,
                                     struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_TUNE_STOP);
    net_write_u64(&w, msg->operation);
    return net_writer_end(&w, err);
}

enum net_status net_tune_stop_decode(const struct net_frame *frame, struct net_tune_stop *ret_msg,
                                     struct net_error *err)
{
    struct net_reader r;
    struct net_tune_stop msg;
    net_reader_init(&r, frame, NET_MSG_TUNE_STOP);
    msg.operation = net_read_u64(&r, "operation");
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_tune_state_encode(struct net_buf *buf, const struct net_tune_state *msg,
                                      struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_TUNE_STATE);
    net_write_u64(&w, msg->operation);
    net_write_check(&w, msg->state < NET_TUNING_COUNT, "state", "is not known");
    net_write_u8(&w, msg->state);
    net_write_check(&w, msg->kept <= 1, "kept", "is neither 0 nor 1");
    net_write_u8(&w, msg->kept);
    net_write_check(&w, msg->complete <= 1, "complete", "is neither 0 nor 1");
    net_write_u8(&w, msg->complete);
    net_write_u32(&w, msg->candidates);
    net_write_u32(&w, msg->measured);
    net_write_u32(&w, msg->refused);
    net_write_u32(&w, msg->changed);
    net_write_u64(&w, msg->before_us);
    net_write_u64(&w, msg->after_us);
    net_write_u32(&w, msg->elapsed_ms);
    net_write_u32(&w, msg->budget_ms);
    net_write_reason(&w, msg->text);
    return net_writer_end(&w, err);
}

enum net_status net_tune_state_decode(const struct net_frame *frame, struct net_tune_state *ret_msg,
                                      struct net_error *err)
{
    struct net_reader r;
    struct net_tune_state msg;
    net_reader_init(&r, frame, NET_MSG_TUNE_STATE);
    msg.operation = net_read_u64(&r, "operation");
    msg.state = net_read_u8(&r, "state");
    net_read_check(&r, msg.state < NET_TUNING_COUNT, NET_ERR_PROTOCOL, "state", "is not known");
    msg.kept = net_read_u8(&r, "kept");
    net_read_check(&r, msg.kept <= 1, NET_ERR_PROTOCOL, "kept", "is neither 0 nor 1");
    msg.complete = net_read_u8(&r, "complete");
    net_read_check(&r, msg.complete <= 1, NET_ERR_PROTOCOL, "complete", "is neither 0 nor 1");
    msg.candidates = net_read_u32(&r, "candidates");
    msg.measured = net_read_u32(&r, "measured");
    msg.refused = net_read_u32(&r, "refused");
    msg.changed = net_read_u32(&r, "changed");
    msg.before_us = net_read_u64(&r, "time before");
    msg.after_us = net_read_u64(&r, "time after");
    msg.elapsed_ms = net_read_u32(&r, "elapsed time");
    msg.budget_ms = net_read_u32(&r, "budget");
    msg.text = net_read_text(&r, "text", NET_TEXT_MAX);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}
