// Frames: cutting them off a stream, and the buffer they are built in.
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "error.h"
#include "net_msg.h"

void net_buf_free(struct net_buf *buf)
{
    if (!buf)
        return;
    free(buf->data);
    *buf = (struct net_buf){NULL, 0, 0};
}

void net_buf_reset(struct net_buf *buf)
{
    buf->len = 0;
}

bool net_buf_append(struct net_buf *buf, const void *data, size_t len)
{
    if (len > buf->cap - buf->len) {
        size_t cap = buf->cap ? buf->cap : 4096;
        while (cap - buf->len < len)
            cap *= 2;
        uint8_t *grown = realloc(buf->data, cap);
        if (!grown)
            return false;
        buf->data = grown;
        buf->cap = cap;
    }
    if (len)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    return true;
}

enum net_status net_frame_split(const uint8_t *data, size_t len, enum net_sender from,
                                struct net_frame *ret_frame, size_t *ret_size, size_t *ret_need,
                                struct net_error *err)
{
    if (len < NET_FRAME_HEADER_SIZE) {
        *ret_size = 0;
        *ret_need = NET_FRAME_HEADER_SIZE;
        return NET_OK;
    }
    uint32_t body = net_get_u32(data);
    uint16_t type = net_get_u16(data + 4);
    uint16_t flags = net_get_u16(data + 6);
    const struct net_message_info *info = net_message_info(type);
    if (!info)
        return net_fail(err, NET_ERR_PROTOCOL, "message type %u is not known", type);
    if (!(info->senders & from))
        return net_fail(err, NET_ERR_PROTOCOL, "%s is not for this side to receive", info->name);
    if (flags)
        return net_fail(err, NET_ERR_PROTOCOL, "%s: flags %#x are not defined", info->name, flags);
    if (body > info->limit)
        return net_fail(err, NET_ERR_TOO_BIG, "%s: %u bytes are over its limit of %u", info->name,
                        body, info->limit);
    size_t size = NET_FRAME_HEADER_SIZE + (size_t)body;
    *ret_need = size;
    if (len < size) {
        *ret_size = 0;
        return NET_OK;
    }
    *ret_frame = (struct net_frame){type, flags, body, data + NET_FRAME_HEADER_SIZE};
    *ret_size = size;
    return NET_OK;
}
