// Messages about the link and the agent as a whole.
#include <string.h>

#include "cursor.h"
#include "net_msg.h"

enum net_status net_hello_encode(struct net_buf *buf, const struct net_hello *msg,
                                 struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_HELLO);
    net_write_raw(&w, NET_MAGIC, 4);
    net_write_u16(&w, msg->version);
    net_write_check(&w, net_agent_name_valid(msg->name.data, msg->name.len), "name",
                    "must be 1 to 63 of a-z 0-9 . _ -, beginning with a letter or digit");
    net_write_text(&w, "name", msg->name, NET_NAME_MAX);
    net_write_raw(&w, msg->instance, NET_INSTANCE_SIZE);
    net_write_text(&w, "software", msg->software, NET_SOFTWARE_MAX);
    net_write_long_text(&w, "capabilities", msg->capabilities, NET_JSON_HELLO_MAX);
    return net_writer_end(&w, err);
}

enum net_status net_hello_decode(const struct net_frame *frame, struct net_hello *ret_msg,
                                 struct net_error *err)
{
    struct net_reader r;
    struct net_hello msg;
    uint8_t magic[4];
    net_reader_init(&r, frame, NET_MSG_HELLO);
    net_read_raw(&r, "magic", magic, sizeof(magic));
    net_read_check(&r, memcmp(magic, NET_MAGIC, sizeof(magic)) == 0, NET_ERR_PROTOCOL, "magic",
                   "is not an agent's");
    msg.version = net_read_u16(&r, "version");
    // Nothing behind the version is looked at: another version may have another layout.
    net_read_check(&r, msg.version == NET_PROTOCOL_VERSION, NET_ERR_VERSION, "version",
                   "is not spoken here");
    msg.name = net_read_text(&r, "name", NET_NAME_MAX);
    net_read_check(&r, net_agent_name_valid(msg.name.data, msg.name.len), NET_ERR_PROTOCOL, "name",
                   "is not 1 to 63 of a-z 0-9 . _ -, beginning with a letter or digit");
    net_read_raw(&r, "instance", msg.instance, NET_INSTANCE_SIZE);
    msg.software = net_read_text(&r, "software", NET_SOFTWARE_MAX);
    msg.capabilities = net_read_long_text(&r, "capabilities", NET_JSON_HELLO_MAX);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_welcome_encode(struct net_buf *buf, const struct net_welcome *msg,
                                   struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_WELCOME);
    net_write_u16(&w, msg->version);
    net_write_u64(&w, msg->epoch);
    net_write_u32(&w, msg->agent_id);
    net_write_check(
        &w, msg->heartbeat_ms >= NET_HEARTBEAT_MS_MIN && msg->heartbeat_ms <= NET_HEARTBEAT_MS_MAX,
        "heartbeat", "is out of range");
    net_write_u32(&w, msg->heartbeat_ms);
    net_write_check(&w, net_agent_name_valid(msg->cluster.data, msg->cluster.len), "cluster",
                    "must be 1 to 63 of a-z 0-9 . _ -, beginning with a letter or digit");
    net_write_text(&w, "cluster", msg->cluster, NET_NAME_MAX);
    return net_writer_end(&w, err);
}

enum net_status net_welcome_decode(const struct net_frame *frame, struct net_welcome *ret_msg,
                                   struct net_error *err)
{
    struct net_reader r;
    struct net_welcome msg;
    net_reader_init(&r, frame, NET_MSG_WELCOME);
    msg.version = net_read_u16(&r, "version");
    net_read_check(&r, msg.version == NET_PROTOCOL_VERSION, NET_ERR_VERSION, "version",
                   "is not spoken here");
    msg.epoch = net_read_u64(&r, "epoch");
    msg.agent_id = net_read_u32(&r, "agent id");
    msg.heartbeat_ms = net_read_u32(&r, "heartbeat");
    net_read_check(
        &r, msg.heartbeat_ms >= NET_HEARTBEAT_MS_MIN && msg.heartbeat_ms <= NET_HEARTBEAT_MS_MAX,
        NET_ERR_PROTOCOL, "heartbeat", "is out of range");
    msg.cluster = net_read_text(&r, "cluster", NET_NAME_MAX);
    net_read_check(&r, net_agent_name_valid(msg.cluster.data, msg.cluster.len), NET_ERR_PROTOCOL,
                   "cluster", "is not 1 to 63 of a-z 0-9 . _ -, beginning with a letter or digit");
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_refuse_encode(struct net_buf *buf, const struct net_refuse *msg,
                                  struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_REFUSE);
    net_write_u16(&w, msg->code);
    net_write_reason(&w, msg->text);
    return net_writer_end(&w, err);
}

enum net_status net_refuse_decode(const struct net_frame *frame, struct net_refuse *ret_msg,
                                  struct net_error *err)
{
    struct net_reader r;
    struct net_refuse msg;
    net_reader_init(&r, frame, NET_MSG_REFUSE);
    msg.code = net_read_u16(&r, "code");
    msg.text = net_read_text(&r, "text", NET_TEXT_MAX);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_heartbeat_encode(struct net_buf *buf, const struct net_heartbeat *msg,
                                     struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_HEARTBEAT);
    net_write_u64(&w, msg->seq);
    net_write_u64(&w, msg->sent_ms);
    return net_writer_end(&w, err);
}

enum net_status net_heartbeat_decode(const struct net_frame *frame, struct net_heartbeat *ret_msg,
                                     struct net_error *err)
{
    struct net_reader r;
    struct net_heartbeat msg;
    net_reader_init(&r, frame, NET_MSG_HEARTBEAT);
    msg.seq = net_read_u64(&r, "seq");
    msg.sent_ms = net_read_u64(&r, "sent");
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_heartbeat_ack_encode(struct net_buf *buf, const struct net_heartbeat_ack *msg,
                                         struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_HEARTBEAT_ACK);
    net_write_u64(&w, msg->seq);
    net_write_u64(&w, msg->sent_ms);
    return net_writer_end(&w, err);
}

enum net_status net_heartbeat_ack_decode(const struct net_frame *frame,
                                         struct net_heartbeat_ack *ret_msg, struct net_error *err)
{
    struct net_reader r;
    struct net_heartbeat_ack msg;
    net_reader_init(&r, frame, NET_MSG_HEARTBEAT_ACK);
    msg.seq = net_read_u64(&r, "seq");
    msg.sent_ms = net_read_u64(&r, "sent");
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_goodbye_encode(struct net_buf *buf, const struct net_goodbye *msg,
                                   struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_GOODBYE);
    net_write_reason(&w, msg->text);
    return net_writer_end(&w, err);
}

enum net_status net_goodbye_decode(const struct net_frame *frame, struct net_goodbye *ret_msg,
                                   struct net_error *err)
{
    struct net_reader r;
    struct net_goodbye msg;
    net_reader_init(&r, frame, NET_MSG_GOODBYE);
    msg.text = net_read_text(&r, "text", NET_TEXT_MAX);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_telemetry_encode(struct net_buf *buf, const struct net_telemetry *msg,
                                     struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_TELEMETRY);
    net_write_long_text(&w, "json", msg->json, NET_JSON_TELEMETRY_MAX);
    return net_writer_end(&w, err);
}

enum net_status net_telemetry_decode(const struct net_frame *frame, struct net_telemetry *ret_msg,
                                     struct net_error *err)
{
    struct net_reader r;
    struct net_telemetry msg;
    net_reader_init(&r, frame, NET_MSG_TELEMETRY);
    msg.json = net_read_long_text(&r, "json", NET_JSON_TELEMETRY_MAX);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_credit_encode(struct net_buf *buf, const struct net_credit *msg,
                                  struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_CREDIT);
    net_write_u32(&w, msg->jobs);
    net_write_reason(&w, msg->text);
    return net_writer_end(&w, err);
}

enum net_status net_credit_decode(const struct net_frame *frame, struct net_credit *ret_msg,
                                  struct net_error *err)
{
    struct net_reader r;
    struct net_credit msg;
    net_reader_init(&r, frame, NET_MSG_CREDIT);
    msg.jobs = net_read_u32(&r, "jobs");
    msg.text = net_read_text(&r, "text", NET_TEXT_MAX);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_drain_encode(struct net_buf *buf, const struct net_drain *msg,
                                 struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_DRAIN);
    net_write_u64(&w, msg->operation);
    net_write_u32(&w, msg->deadline_ms);
    return net_writer_end(&w, err);
}

enum net_status net_drain_decode(const struct net_frame *frame, struct net_drain *ret_msg,
                                 struct net_error *err)
{
    struct net_reader r;
    struct net_drain msg;
    net_reader_init(&r, frame, NET_MSG_DRAIN);
    msg.operation = net_read_u64(&r, "operation");
    msg.deadline_ms = net_read_u32(&r, "deadline");
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_drained_encode(struct net_buf *buf, const struct net_drained *msg,
                                   struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_DRAINED);
    net_write_u64(&w, msg->operation);
    net_write_u32(&w, msg->remaining);
    return net_writer_end(&w, err);
}

enum net_status net_drained_decode(const struct net_frame *frame, struct net_drained *ret_msg,
                                   struct net_error *err)
{
    struct net_reader r;
    struct net_drained msg;
    net_reader_init(&r, frame, NET_MSG_DRAINED);
    msg.operation = net_read_u64(&r, "operation");
    msg.remaining = net_read_u32(&r, "remaining");
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_resume_encode(struct net_buf *buf, const struct net_resume *msg,
                                  struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_RESUME);
    net_write_u64(&w, msg->operation);
    return net_writer_end(&w, err);
}

enum net_status net_resume_decode(const struct net_frame *frame, struct net_resume *ret_msg,
                                  struct net_error *err)
{
    struct net_reader r;
    struct net_resume msg;
    net_reader_init(&r, frame, NET_MSG_RESUME);
    msg.operation = net_read_u64(&r, "operation");
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_restart_encode(struct net_buf *buf, const struct net_restart *msg,
                                  struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_RESTART);
    net_write_u64(&w, msg->operation);
    return net_writer_end(&w, err);
}

enum net_status net_restart_decode(const struct net_frame *frame, struct net_restart *ret_msg,
                                  struct net_error *err)
{
    struct net_reader r;
    struct net_restart msg;
    net_reader_init(&r, frame, NET_MSG_RESTART);
    msg.operation = net_read_u64(&r, "operation");
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}
