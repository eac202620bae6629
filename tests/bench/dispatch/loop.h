// Connections of a load generator: one thread, one epoll, reads and writes as large as they come.
// What a round has to say to a peer goes out in one write at its end.
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

struct conn {
    struct loop *loop;
    int fd; // -1: closed
    uint32_t index;
    void *user;
    // Takes whole messages off the front and returns how many bytes they were.
    size_t (*take)(struct conn *conn, const uint8_t *data, size_t len);
    void (*closed)(struct conn *conn); // NULL: the end of the program
    uint8_t *in, *out;
    size_t in_len, in_room, out_at, out_len, out_room;
    bool is_dirty, wants_write;
    struct conn *next_dirty;
};

struct loop {
    int epoll;
    struct conn *dirty;
};

int64_t loop_now_ns(void);
void loop_init(struct loop *loop);
// Connects to "tcp://HOST:PORT" (an IPv4 address); blocks. False: nobody listens there.
bool loop_connect(struct loop *loop, struct conn *conn, const char *address);
// The same for a server that may be starting: tries for 10 s, then ends the program.
void loop_connect_server(struct loop *loop, struct conn *conn, const char *address);
void loop_close(struct conn *conn);
// Room for `len` more bytes, which the caller fills; sent at the end of the round.
uint8_t *loop_room(struct conn *conn, size_t len);
void loop_send(struct conn *conn, const void *data, size_t len);
void loop_print(struct conn *conn, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Sends what waits, sleeps until something arrives or `until_ns`, and hands it out.
void loop_round(struct loop *loop, int64_t until_ns);

#endif
