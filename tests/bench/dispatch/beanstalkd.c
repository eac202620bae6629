// beanstalkd: a job is put, reserved by a worker and deleted; the submitter hears of the put only,
// so a job is done when it is acknowledged and its deletion too.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

struct worker {
    struct conn conn;
    uint32_t slot; // whose deletion is under way
};

struct state {
    struct worker *workers;
    struct conn *submitters;
    uint32_t *put_first, *put_count; // ring of slots whose answer is due, for each submitter
    uint32_t *put;
    uint32_t next;
};

static const uint8_t *line_end(const uint8_t *data, size_t len)
{
    return memchr(data, '\n', len);
}

static void give_up(const uint8_t *line, size_t len)
{
    fprintf(stderr, "dispatch: beanstalkd answers '%.*s'\n", (int)(len > 80 ? 80 : len),
            (const char *)line);
    exit(1);
}

static size_t take_put(struct conn *conn, const uint8_t *data, size_t len)
{
    struct bench *bench = conn->user;
    struct state *state = bench->state;
    uint32_t i = conn->index;
    size_t used = 0;
    for (const uint8_t *end; (end = line_end(data + used, len - used)) != NULL;) {
        if (memcmp(data + used, "INSERTED ", 9) != 0)
            give_up(data + used, (size_t)(end - data) - used);
        used = (size_t)(end - data) + 1;
        uint32_t slot = state->put[i * bench->n_slots + state->put_first[i]];
        state->put_first[i] = (state->put_first[i] + 1) % bench->n_slots;
        state->put_count[i]--;
        bench_done(bench, slot);
    }
    return used;
}

// RESERVED id bytes\r\n payload \r\n, or DELETED\r\n.
static size_t take_work(struct conn *conn, const uint8_t *data, size_t len)
{
    struct bench *bench = conn->user;
    struct worker *worker = (struct worker *)conn;
    size_t used = 0;
    for (const uint8_t *end; (end = line_end(data + used, len - used)) != NULL;) {
        unsigned long long id = 0;
        size_t bytes = 0, line = (size_t)(end - data) + 1 - used;
        if (memcmp(data + used, "DELETED", 7) == 0) {
            bench_done(bench, worker->slot);
            used += line;
            continue;
        }
        if (memcmp(data + used, "WATCHING", 8) == 0) {
            used += line;
            continue;
        }
        if (sscanf((const char *)data + used, "RESERVED %llu %zu", &id, &bytes) != 2)
            give_up(data + used, line);
        if (len - used < line + bytes + 2)
            break;
        worker->slot = bench_slot_of(bench, data + used + line, bytes);
        loop_print(conn, "delete %llu\r\nreserve\r\n", id);
        used += line + bytes + 2;
    }
    return used;
}

static void start(struct bench *bench)
{
    struct state *state = bench->state = calloc(1, sizeof(*state));
    const struct bench_options *options = &bench->options;
    state->workers = calloc(options->workers, sizeof(*state->workers));
    state->submitters = calloc(options->submitters, sizeof(*state->submitters));
    for (uint32_t i = 0; i < options->workers + options->submitters; i++) {
        bool works = i < options->workers;
        struct conn *conn =
            works ? &state->workers[i].conn : &state->submitters[i - options->workers];
        *conn = (struct conn){.index = works ? i : i - options->workers,
                              .user = bench,
                              .take = works ? take_work : take_put};
        loop_connect_server(&bench->loop, conn, options->address);
        if (works)
            loop_print(conn, "reserve\r\n");
    }
}

static bool ready(struct bench *bench)
{
    (void)bench;
    return true;
}

static void submit(struct bench *bench, uint32_t slot)
{
    struct state *state = bench->state;
    size_t bytes = bench->options.payload;
    if (state->put == NULL) {
        state->put = calloc((size_t)bench->n_slots * bench->options.submitters, sizeof(uint32_t));
        state->put_first = calloc(bench->options.submitters, sizeof(uint32_t));
        state->put_count = calloc(bench->options.submitters, sizeof(uint32_t));
    }
    uint32_t i = state->next++ % bench->options.submitters;
    struct conn *conn = &state->submitters[i];
    uint32_t at = (state->put_first[i] + state->put_count[i]++) % bench->n_slots;
    state->put[i * bench->n_slots + at] = slot;
    bench->slots[slot].waits_for = 2;
    loop_print(conn, "put 100 0 60 %zu\r\n", bytes);
    bench_fill(bench, loop_room(conn, bytes), slot);
    loop_send(conn, "\r\n", 2);
}

const struct bench_system bench_beanstalkd = {
    .name = "beanstalkd",
    .start = start,
    .ready = ready,
    .submit = submit,
    .help = "put, reserve, delete; no result",
};
