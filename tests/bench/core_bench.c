// What the coordinator's core costs a job, all of it: taken, committed, placed by the strategy in
// force, answered, committed; and what it keeps of one. A sink answers each dispatch at once. One
// line a figure: name value unit.
//
//     core_bench [STRATEGY]
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/core/coord/coord.h"

#define CHUNK 256 // submissions of a step
#define AHEAD 4   // chunks that are out at once: 1,024 jobs
#define AGENTS_MAX 5000
#define MODELS_MAX 64

struct bench {
    struct agent_coord *core;
    struct agent_sink sink;
    uint64_t seq, models, tenants, submitted;
    int64_t now_us;
    struct agent_event answers[65536];
    size_t count;
    uint8_t hashes[MODELS_MAX][AGENT_HASH_SIZE];
    char tenant_names[256][8];
};

static struct bench bench;

static void act(void *user, const struct agent_action *action)
{
    (void)user;
    if (action->kind == AGENT_ACTION_APPEND)
        bench.seq = action->seq;
    if (action->kind != AGENT_ACTION_DISPATCH)
        return;
    struct agent_event *event = &bench.answers[bench.count++];
    *event = (struct agent_event){.kind = AGENT_EVENT_RESULT, .link = action->link};
    event->result = (struct agent_result){
        .ref = {.job = action->id, .epoch = 1, .attempt = action->attempt},
        .outcome = AGENT_OUTCOME_DONE,
        .compute_us = 10,
        .batch = 1,
        .error_code = "",
        .error_text = "",
    };
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void step(const struct agent_event *events, size_t count)
{
    agent_coord_step(bench.core, events, count, bench.now_us, &bench.sink);
}

static void commit(void)
{
    struct agent_event committed = {.kind = AGENT_EVENT_COMMITTED, .seq = bench.seq};
    step(&committed, 1);
}

static void join(uint32_t link)
{
    char name[16];
    snprintf(name, sizeof name, "agent-%u", link);
    struct agent_event hello = {.kind = AGENT_EVENT_HELLO, .link = link};
    hello.hello.name = name;
    hello.hello.instance[0] = (uint8_t)link;
    hello.hello.credit = 64;
    step(&hello, 1);
}

static void start(uint32_t agents, uint32_t models, uint32_t tenants, const char *strategy)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.jobs_kept_max = 10000;
    limits.jobs_live_max = 2000000;
    limits.agents_max = AGENTS_MAX;
    limits.lost_us = limits.suspect_us = INT64_MAX / 4;
    if (strategy != NULL)
        limits.strategy = strategy;
    memset(&bench, 0, sizeof bench);
    bench.sink = (struct agent_sink){.act = act};
    bench.models = models;
    bench.tenants = tenants;
    bench.now_us = 1000000000;
    struct agent_error err = {0};
    if (agent_coord_create(&limits, &bench.core, &err) != AGENT_OK) {
        fprintf(stderr, "core_bench: %s\n", err.text);
        exit(1);
    }
    for (uint32_t i = 1; i <= agents; i++)
        join(i);
    for (uint32_t i = 0; i < models; i++) {
        bench.hashes[i][0] = (uint8_t)(i + 1);
        bench.hashes[i][1] = (uint8_t)(i + 7);
    }
    for (uint32_t i = 0; i < tenants; i++)
        snprintf(bench.tenant_names[i], sizeof bench.tenant_names[i], "t%u", i);
}

static void submit(size_t count)
{
    static struct agent_event events[CHUNK];
    for (size_t i = 0; i < count; i++) {
        uint64_t n = bench.submitted++;
        events[i] = (struct agent_event){.kind = AGENT_EVENT_SUBMIT, .token = 1};
        events[i].submit =
            (struct agent_submit){.model = "noop",
                                  .version = 1,
                                  .hash = bench.hashes[n % bench.models],
                                  .priority = 2,
                                  .key = "",
                                  .tenant = bench.tenant_names[n / bench.models % bench.tenants],
                                  .input_bytes = 64,
                                  .rows = 1};
    }
    step(events, count);
}

// The answers to what was dispatched `AHEAD` chunks ago, as the coordinator would hear them.
static void answer(void)
{
    static struct agent_event now[65536];
    size_t count = bench.count < CHUNK ? bench.count : CHUNK;
    memcpy(now, bench.answers, count * sizeof now[0]);
    memmove(bench.answers, bench.answers + count, (bench.count - count) * sizeof now[0]);
    bench.count -= count;
    step(now, count);
}

static double round_trips(uint32_t jobs)
{
    struct agent_event tick = {.kind = AGENT_EVENT_TICK};
    double began = seconds();
    for (uint32_t done = 0; done < jobs; done += CHUNK) {
        bench.now_us += 100;
        submit(CHUNK);
        commit();
        answer();
        commit();
        if (done % (16 * CHUNK) == 0)
            step(&tick, 1);
    }
    return (seconds() - began) / jobs;
}

static void run(uint32_t agents, uint32_t models, uint32_t tenants, const char *strategy)
{
    start(agents, models, tenants, strategy);
    for (int i = 0; i < AHEAD; i++) {
        submit(CHUNK);
        commit();
    }
    round_trips(20000); // all is learnt and warm, and the first results have been forgotten
    double best = 1;
    for (int i = 0; i < 5; i++) {
        double took = round_trips(20000);
        best = took < best ? took : best;
    }
    printf("core_%u_agents_%u_flows %.0f ns/job\n", agents, models * tenants, best * 1e9);
    fflush(stdout);
    agent_coord_destroy(bench.core);
}

static void memory(void)
{
    enum { JOBS = 200000 };
    start(0, 1, 1, NULL);
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    for (int i = 0; i < JOBS; i += CHUNK) {
        submit(CHUNK);
        commit();
    }
    size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
    printf("core_live_job %zu bytes\n", (after - before) / JOBS);
    agent_coord_destroy(bench.core);
}

int main(int argc, char **argv)
{
    static const uint32_t agents[] = {1, 10, 50, 100, 1000, AGENTS_MAX};
    const char *strategy = argc > 1 ? argv[1] : NULL;
    for (size_t i = 0; i < sizeof agents / sizeof agents[0]; i++)
        run(agents[i], 1, 1, strategy);
    run(50, 10, 10, strategy);
    run(50, 40, 100, strategy);
    memory();
    return 0;
}
