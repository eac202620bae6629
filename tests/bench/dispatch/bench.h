// What dispatch measures and how: load that is the same for every system, and one table of systems.
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/core/base/hist.h"
#include "loop.h"

enum {
    BENCH_PAYLOAD_MIN = 16,
    BENCH_SLOTS_MAX = 1 << 16,
    BENCH_WORKERS_MAX = 4096,
    BENCH_MODELS_MAX = 256
};

struct bench;

// A way to get jobs done, one file each. A job is a slot: its number stands in the first bytes of
// the payload, so that whoever sees the payload knows the job.
struct bench_system {
    const char *name;
    void (*start)(struct bench *bench); // connects; ends the program when it can't
    bool (*ready)(struct bench *bench); // every worker is known to the server
    void (*submit)(struct bench *bench, uint32_t slot);
    // NULL, or called every round; returns when it wants to be called again, whatever happens.
    int64_t (*tick)(struct bench *bench, int64_t now_ns);
    void (*report)(struct bench *bench); // NULL, or figures of its own
    const char *help;
};

extern const struct bench_system bench_stoker, bench_nats, bench_jetstream, bench_gearmand,
    bench_beanstalkd;

struct bench_options {
    const char *name; // before each figure
    const char *address, *agents_address;
    const char *model;
    uint32_t workers, submitters, outstanding, payload, credit, models, models_fit;
    double rate; // jobs/s of the open loop; 0: closed
    double warm_s, measure_s, idle_s, zipf;
    int64_t service_us, load_us;
    int pid;       // of the server; 0 unknown
    uint64_t jobs; // measured at most; 0: no bound
    bool started, no_telemetry, ack, kills;
};

struct bench_slot {
    int64_t intended_ns; // when it should have been submitted
    uint32_t next_free;
    uint8_t waits_for; // answers that are due before it is done
    bool is_busy;
};

struct bench {
    struct bench_options options;
    const struct bench_system *system;
    void *state; // the system's
    struct loop loop;
    uint8_t *payload; // bytes of each job behind its slot's number

    struct bench_slot *slots;
    uint32_t n_slots, free_slot, in_flight;
    int64_t next_ns; // open loop: when the next job should be submitted
    uint64_t random;

    bool is_measuring;
    int64_t began_ns, ended_ns;
    uint64_t cpu_began_us, cpu_ended_us, own_cpu_us, all_cpu_us;
    uint64_t done, submitted, failed, strange, retried;
    struct agent_hist latency;
};

// A job that its system was given has ended. With `waits_for` above 1 the last of them counts.
void bench_done(struct bench *bench, uint32_t slot);
// It has not, and never will: its latency isn't counted, it is.
void bench_failed(struct bench *bench, uint32_t slot, const char *why);
// The slot of a payload; ends the program when there is none.
uint32_t bench_slot_of(const struct bench *bench, const uint8_t *payload, size_t len);
void bench_fill(const struct bench *bench, uint8_t *payload, uint32_t slot);
double bench_random(struct bench *bench); // 0 <= x < 1
void bench_figure(const struct bench *bench, const char *what, double value, const char *unit);

// Submits what is due and lets the world turn once, until `until_ns` at the latest.
void bench_round(struct bench *bench, int64_t until_ns);
void bench_load_start(struct bench *bench);
// 0 when there is no such process.
uint64_t bench_cpu_us(int pid);
uint64_t bench_cpu_all_us(void); // of the whole machine
double bench_resident_mib(int pid);

#endif
