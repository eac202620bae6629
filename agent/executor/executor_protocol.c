#include "executor_protocol.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

uint32_t agent_executor_packet_bytes(uint32_t kind)
{
    switch (kind) {
    case EXECUTOR_READY:
        return sizeof(struct executor_ready);
    case EXECUTOR_LOAD:
        return sizeof(struct executor_load);
    case EXECUTOR_LOADED:
        return sizeof(struct executor_loaded);
    case EXECUTOR_UNLOAD:
        return sizeof(struct executor_unload);
    case EXECUTOR_RUN:
        return sizeof(struct executor_run);
    case EXECUTOR_STOP:
        return sizeof(struct executor_stop);
    case EXECUTOR_RAN:
        return sizeof(struct executor_ran);
    case EXECUTOR_PROGRESS:
        return sizeof(struct executor_progress);
    case EXECUTOR_TUNE:
        return sizeof(struct executor_tune);
    case EXECUTOR_TUNE_STOP:
        return sizeof(struct executor_tune_stop);
    case EXECUTOR_TUNING:
    case EXECUTOR_TUNED:
        return sizeof(struct executor_tuned);
    default:
        return 0;
    }
}

int agent_executor_packet_send(int fd, union executor_packet *packet, enum executor_kind kind)
{
    uint32_t bytes = agent_executor_packet_bytes(kind);
    packet->header =
        (struct executor_header){.version = EXECUTOR_VERSION, .kind = kind, .bytes = bytes};
    for (;;) {
        ssize_t sent = send(fd, packet, bytes, MSG_NOSIGNAL);
        if (sent == (ssize_t)bytes)
            return 0;
        if (sent < 0 && errno == EINTR)
            continue;
        return sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 1 : -1;
    }
}

int agent_executor_packet_receive(int fd, union executor_packet *ret_packet)
{
    ssize_t got;
    do
        got = recv(fd, ret_packet, sizeof(*ret_packet), 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? 1 : -1;
    const struct executor_header *header = &ret_packet->header;
    if ((size_t)got < sizeof(*header) || header->version != EXECUTOR_VERSION ||
        header->bytes != (uint32_t)got ||
        agent_executor_packet_bytes(header->kind) != header->bytes)
        return -1;
    return 0;
}
