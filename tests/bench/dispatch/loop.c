#include "loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_NS 10000000000

enum { READ_SIZE = 64 * 1024, EVENTS = 256 };

int64_t loop_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void give_up(const char *what)
{
    fprintf(stderr, "dispatch: %s: %s\n", what, strerror(errno));
    exit(1);
}

void loop_init(struct loop *loop)
{
    loop->dirty = NULL;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0)
        give_up("epoll");
}

bool loop_connect(struct loop *loop, struct conn *conn, const char *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    char host[64];
    int port = 0, on = 1;

    if (sscanf(address, "tcp://%63[0-9.]:%d", host, &port) != 2 || port < 1 || port > 65535 ||
        inet_pton(AF_INET, host, &to.sin_addr) != 1) {
        fprintf(stderr, "dispatch: '%s' is not such as tcp://127.0.0.1:7412\n", address);
        exit(2);
    }
    to.sin_port = htons((uint16_t)port);
    conn->loop = loop;
    conn->in_len = conn->out_at = conn->out_len = 0;
    conn->wants_write = false;
    conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (conn->fd < 0)
        give_up("socket");
    if (connect(conn->fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        close(conn->fd);
        conn->fd = -1;
        return false;
    }
    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, conn->fd, &event) != 0)
        give_up("epoll_ctl");
    return true;
}

void loop_connect_server(struct loop *loop, struct conn *conn, const char *address)
{
    int64_t until_ns = loop_now_ns() + PATIENCE_NS;
    while (!loop_connect(loop, conn, address)) {
        struct timespec pause = {0, 20000000};
        if (loop_now_ns() > until_ns) {
            fprintf(stderr, "dispatch: nobody listens at %s\n", address);
            exit(1);
        }
        nanosleep(&pause, NULL);
    }
}

void loop_close(struct conn *conn)
{
    if (conn->fd < 0)
        return;
    close(conn->fd);
    conn->fd = -1;
    if (conn->closed == NULL) {
        fprintf(stderr, "dispatch: connection %u was closed by the server\n", conn->index);
        exit(1);
    }
    conn->closed(conn);
}

static uint8_t *grown(uint8_t *data, size_t *room, size_t need)
{
    if (need <= *room)
        return data;
    size_t size = *room == 0 ? 4096 : *room;
    while (size < need)
        size *= 2;
    *room = size;
    data = realloc(data, size);
    if (data == NULL)
        give_up("memory");
    return data;
}

uint8_t *loop_room(struct conn *conn, size_t len)
{
    if (!conn->is_dirty) {
        conn->is_dirty = true;
        conn->next_dirty = conn->loop->dirty;
        conn->loop->dirty = conn;
    }
    if (conn->out_at > 0 && conn->out_len + len > conn->out_room) {
        memmove(conn->out, conn->out + conn->out_at, conn->out_len - conn->out_at);
        conn->out_len -= conn->out_at;
        conn->out_at = 0;
    }
    conn->out = grown(conn->out, &conn->out_room, conn->out_len + len);
    conn->out_len += len;
    return conn->out + conn->out_len - len;
}

void loop_send(struct conn *conn, const void *data, size_t len)
{
    memcpy(loop_room(conn, len), data, len);
}

void loop_print(struct conn *conn, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n > 0 && (size_t)n < sizeof(text))
        loop_send(conn, text, (size_t)n);
}

static void watch(struct conn *conn, bool wants_write)
{
    struct epoll_event event = {.events = wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN,
                                .data.ptr = conn};
    if (conn->wants_write == wants_write)
        return;
    conn->wants_write = wants_write;
    epoll_ctl(conn->loop->epoll, EPOLL_CTL_MOD, conn->fd, &event);
}

static void flush(struct conn *conn)
{
    while (conn->fd >= 0 && conn->out_at < conn->out_len) {
        ssize_t n = send(conn->fd, conn->out + conn->out_at, conn->out_len - conn->out_at,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            watch(conn, true);
            return;
        }
        if (n < 0) {
            loop_close(conn);
            return;
        }
        conn->out_at += (size_t)n;
    }
    conn->out_at = conn->out_len = 0;
    if (conn->fd >= 0)
        watch(conn, false);
}

static void flush_all(struct loop *loop)
{
    while (loop->dirty != NULL) {
        struct conn *conn = loop->dirty;
        loop->dirty = conn->next_dirty;
        conn->is_dirty = false;
        flush(conn);
    }
}

static void receive(struct conn *conn)
{
    if (conn->in_room < conn->in_len + READ_SIZE / 4)
        conn->in = grown(conn->in, &conn->in_room, conn->in_len + READ_SIZE);
    ssize_t n = recv(conn->fd, conn->in + conn->in_len, conn->in_room - conn->in_len, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        loop_close(conn);
        return;
    }
    conn->in_len += (size_t)n;
    size_t used = conn->take(conn, conn->in, conn->in_len);
    conn->in_len -= used;
    memmove(conn->in, conn->in + used, conn->in_len);
}

void loop_round(struct loop *loop, int64_t until_ns)
{
    struct epoll_event events[EVENTS];
    flush_all(loop);
    int64_t wait_ns = until_ns - loop_now_ns();
    struct timespec wait = {0};
    if (wait_ns > 0)
        wait = (struct timespec){wait_ns / 1000000000, wait_ns % 1000000000};
    int n = epoll_pwait2(loop->epoll, events, EVENTS, &wait, NULL);
    for (int i = 0; i < n; i++) {
        struct conn *conn = events[i].data.ptr;
        if (events[i].events & EPOLLOUT)
            flush(conn);
        if (conn->fd >= 0 && (events[i].events & ~(uint32_t)EPOLLOUT))
            receive(conn);
    }
}
