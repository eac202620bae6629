// Messages about models: finding, fetching, dropping.
#include <xxhash.h>

#include "cursor.h"
#include "net_msg.h"

enum net_status net_model_want_encode(struct net_buf *buf, const struct net_model_want *msg,
                                      struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_MODEL_WANT);
    net_write_raw(&w, msg->hash, NET_HASH_SIZE);
    return net_writer_end(&w, err);
}

enum net_status net_model_want_decode(const struct net_frame *frame, struct net_model_want *ret_msg,
                                      struct net_error *err)
{
    struct net_reader r;
    struct net_model_want msg;
    net_reader_init(&r, frame, NET_MSG_MODEL_WANT);
    net_read_raw(&r, "hash", msg.hash, NET_HASH_SIZE);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_model_manifest_encode(struct net_buf *buf, const struct net_model_manifest *msg,
                                          struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_MODEL_MANIFEST);
    net_write_raw(&w, msg->hash, NET_HASH_SIZE);
    net_write_check(&w, net_model_name_valid(msg->name.data, msg->name.len), "name",
                    "is no model name");
    net_write_text(&w, "name", msg->name, NET_MODEL_NAME_MAX);
    net_write_u32(&w, msg->version);
    net_write_check(&w, msg->n_files > 0 && msg->n_files <= NET_MODEL_FILES_MAX, "files",
                    "must be 1 to 256");
    net_write_u16(&w, msg->n_files);
    for (uint16_t i = 0; i < msg->n_files && !w.status; i++) {
        const struct net_model_file *file = &msg->files[i];
        net_write_check(&w, net_path_valid(file->path.data, file->path.len), "path",
                        "is no safe relative path");
        net_write_text(&w, "path", file->path, NET_PATH_MAX);
        net_write_u64(&w, file->size);
        net_write_raw(&w, file->sha256, NET_HASH_SIZE);
    }
    net_write_long_text(&w, "config", msg->config, NET_JSON_CONFIG_MAX);
    return net_writer_end(&w, err);
}

static void read_file(struct net_reader *r, struct net_model_file *ret_file)
{
    ret_file->path = net_read_text(r, "path", NET_PATH_MAX);
    net_read_check(r, net_path_valid(ret_file->path.data, ret_file->path.len), NET_ERR_PROTOCOL,
                   "path", "is no safe relative path");
    ret_file->size = net_read_u64(r, "file size");
    net_read_raw(r, "file hash", ret_file->sha256, NET_HASH_SIZE);
}

enum net_status net_model_manifest_decode(const struct net_frame *frame,
                                          struct net_model_manifest *ret_msg, struct net_error *err)
{
    struct net_reader r;
    struct net_model_manifest msg;
    net_reader_init(&r, frame, NET_MSG_MODEL_MANIFEST);
    net_read_raw(&r, "hash", msg.hash, NET_HASH_SIZE);
    msg.name = net_read_text(&r, "name", NET_MODEL_NAME_MAX);
    net_read_check(&r, net_model_name_valid(msg.name.data, msg.name.len), NET_ERR_PROTOCOL, "name",
                   "is no model name");
    msg.version = net_read_u32(&r, "version");
    msg.n_files = net_read_u16(&r, "files");
    net_read_check(&r, msg.n_files > 0 && msg.n_files <= NET_MODEL_FILES_MAX, NET_ERR_PROTOCOL,
                   "files", "are not 1 to 256");
    for (uint16_t i = 0; i < msg.n_files && !r.status; i++)
        read_file(&r, &msg.files[i]);
    msg.config = net_read_long_text(&r, "config", NET_JSON_CONFIG_MAX);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_model_read_encode(struct net_buf *buf, const struct net_model_read *msg,
                                      struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_MODEL_READ);
    net_write_raw(&w, msg->sha256, NET_HASH_SIZE);
    net_write_u64(&w, msg->offset);
    net_write_check(&w, msg->len > 0 && msg->len <= NET_CHUNK_MAX, "length", "is out of range");
    net_write_u32(&w, msg->len);
    return net_writer_end(&w, err);
}

enum net_status net_model_read_decode(const struct net_frame *frame, struct net_model_read *ret_msg,
                                      struct net_error *err)
{
    struct net_reader r;
    struct net_model_read msg;
    net_reader_init(&r, frame, NET_MSG_MODEL_READ);
    net_read_raw(&r, "file hash", msg.sha256, NET_HASH_SIZE);
    msg.offset = net_read_u64(&r, "offset");
    msg.len = net_read_u32(&r, "length");
    net_read_check(&r, msg.len > 0 && msg.len <= NET_CHUNK_MAX, NET_ERR_PROTOCOL, "length",
                   "is out of range");
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

// Whether a chunk lies in its file and says something.
static bool chunk_fits(const struct net_model_chunk *msg)
{
    return msg->offset <= msg->total && msg->bytes.len <= msg->total - msg->offset &&
           (msg->bytes.len > 0 || msg->total == 0);
}

enum net_status net_model_chunk_encode(struct net_buf *buf, const struct net_model_chunk *msg,
                                       struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_MODEL_CHUNK);
    net_write_raw(&w, msg->sha256, NET_HASH_SIZE);
    net_write_u64(&w, msg->offset);
    net_write_u64(&w, msg->total);
    net_write_check(&w, msg->bytes.len <= NET_CHUNK_MAX, "bytes", "are too many");
    net_write_check(&w, chunk_fits(msg), "range", "is not within the file");
    net_write_u32(&w, w.status ? 0 : XXH32(msg->bytes.data, msg->bytes.len, 0));
    net_write_bytes(&w, msg->bytes);
    return net_writer_end(&w, err);
}

enum net_status net_model_chunk_decode(const struct net_frame *frame,
                                       struct net_model_chunk *ret_msg, struct net_error *err)
{
    struct net_reader r;
    struct net_model_chunk msg;
    net_reader_init(&r, frame, NET_MSG_MODEL_CHUNK);
    net_read_raw(&r, "file hash", msg.sha256, NET_HASH_SIZE);
    msg.offset = net_read_u64(&r, "offset");
    msg.total = net_read_u64(&r, "total");
    uint32_t checksum = net_read_u32(&r, "checksum");
    msg.bytes = net_read_bytes(&r, "bytes", NET_CHUNK_MAX);
    if (!r.status) {
        net_read_check(&r, chunk_fits(&msg), NET_ERR_PROTOCOL, "range", "is not within the file");
        net_read_check(&r, XXH32(msg.bytes.data, msg.bytes.len, 0) == checksum, NET_ERR_CORRUPT,
                       "bytes", "do not match their checksum");
    }
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_model_denied_encode(struct net_buf *buf, const struct net_model_denied *msg,
                                        struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_MODEL_DENIED);
    net_write_raw(&w, msg->hash, NET_HASH_SIZE);
    net_write_reason(&w, msg->text);
    return net_writer_end(&w, err);
}

enum net_status net_model_denied_decode(const struct net_frame *frame,
                                        struct net_model_denied *ret_msg, struct net_error *err)
{
    struct net_reader r;
    struct net_model_denied msg;
    net_reader_init(&r, frame, NET_MSG_MODEL_DENIED);
    net_read_raw(&r, "hash", msg.hash, NET_HASH_SIZE);
    msg.text = net_read_text(&r, "text", NET_TEXT_MAX);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_model_unload_encode(struct net_buf *buf, const struct net_model_unload *msg,
                                        struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_MODEL_UNLOAD);
    net_write_raw(&w, msg->hash, NET_HASH_SIZE);
    return net_writer_end(&w, err);
}

enum net_status net_model_unload_decode(const struct net_frame *frame,
                                        struct net_model_unload *ret_msg, struct net_error *err)
{
    struct net_reader r;
    struct net_model_unload msg;
    net_reader_init(&r, frame, NET_MSG_MODEL_UNLOAD);
    net_read_raw(&r, "hash", msg.hash, NET_HASH_SIZE);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_model_load_encode(struct net_buf *buf, const struct net_model_load *msg,
                                      struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_MODEL_LOAD);
    net_write_raw(&w, msg->hash, NET_HASH_SIZE);
    net_write_check(&w, (msg->flags & ~NET_LOAD_FLAGS) == 0, "flags", "are not known");
    net_write_u8(&w, msg->flags);
    return net_writer_end(&w, err);
}

enum net_status net_model_load_decode(const struct net_frame *frame, struct net_model_load *ret_msg,
                                      struct net_error *err)
{
    struct net_reader r;
    struct net_model_load msg;
    net_reader_init(&r, frame, NET_MSG_MODEL_LOAD);
    net_read_raw(&r, "hash", msg.hash, NET_HASH_SIZE);
    msg.flags = net_read_u8(&r, "flags");
    net_read_check(&r, (msg.flags & ~NET_LOAD_FLAGS) == 0, NET_ERR_PROTOCOL, "flags",
                   "are not known");
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}

enum net_status net_model_state_encode(struct net_buf *buf, const struct net_model_state *msg,
                                       struct net_error *err)
{
    struct net_writer w;
    net_writer_init(&w, buf, NET_MSG_MODEL_STATE);
    net_write_raw(&w, msg->hash, NET_HASH_SIZE);
    net_write_check(&w, msg->state < NET_RESIDENCY_COUNT, "state", "is not known");
    net_write_u8(&w, msg->state);
    net_write_u8(&w, msg->device);
    net_write_u64(&w, msg->bytes);
    net_write_u32(&w, msg->load_us);
    net_write_reason(&w, msg->text);
    return net_writer_end(&w, err);
}

enum net_status net_model_state_decode(const struct net_frame *frame,
                                       struct net_model_state *ret_msg, struct net_error *err)
{
    struct net_reader r;
    struct net_model_state msg;
    net_reader_init(&r, frame, NET_MSG_MODEL_STATE);
    net_read_raw(&r, "hash", msg.hash, NET_HASH_SIZE);
    msg.state = net_read_u8(&r, "state");
    net_read_check(&r, msg.state < NET_RESIDENCY_COUNT, NET_ERR_PROTOCOL, "state", "is not known");
    msg.device = net_read_u8(&r, "device");
    msg.bytes = net_read_u64(&r, "bytes");
    msg.load_us = net_read_u32(&r, "load time");
    msg.text = net_read_text(&r, "text", NET_TEXT_MAX);
    enum net_status status = net_reader_end(&r, err);
    if (!status)
        *ret_msg = msg;
    return status;
}
