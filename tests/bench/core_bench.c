// What the coordinator's core costs a job: taken, placed, answered and committed, with a sink that
// answers each dispatch. One line a figure: name value unit.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/core/coord.h"

#define JOBS 200000
#define CHUNK 256

struct bench {
    uint64_t seq;
    struct agent_event answers[65536];
    size_t count;
};

static void act(void *user, const struct agent_action *action)
{
    struct bench *bench = user;
    if (action->kind == AGENT_ACTION_APPEND)
        bench->seq = action->seq;
    if (action->kind != AGENT_ACTION_DISPATCH)
        return;
    struct agent_event *event = &bench->answers[bench->count++];
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
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run(uint32_t agents)
{
    static struct bench bench;
    static const uint8_t hash[AGENT_HASH_SIZE] = {1};
    struct agent_coord *core = NULL;
    struct agent_coord_limits limits;
    struct agent_sink sink = {.act = act, .user = &bench};
    agent_coord_limits_init(&limits);
    limits.jobs_kept_max = 10000;
    limits.lost_us = limits.suspect_us = INT64_MAX / 4;
    bench = (struct bench){0};
    if (agent_coord_create(&limits, &core, NULL) != AGENT_OK)
        exit(1);
    for (uint32_t i = 1; i <= agents; i++) {
        char name[16];
        snprintf(name, sizeof name, "agent-%u", i);
        struct agent_event hello = {.kind = AGENT_EVENT_HELLO, .link = i};
        hello.hello.name = name;
        hello.hello.instance[0] = (uint8_t)i;
        hello.hello.credit = 64;
        agent_coord_step(core, &hello, 1, 1, &sink);
    }
    struct agent_event submits[CHUNK];
    for (int i = 0; i < CHUNK; i++) {
        submits[i] = (struct agent_event){.kind = AGENT_EVENT_SUBMIT, .token = 1};
        submits[i].submit = (struct agent_submit){.model = "noop",
                                                  .version = 1,
                                                  .hash = hash,
                                                  .priority = 2,
                                                  .key = "",
                                                  .input_bytes = 64,
                                                  .rows = 1};
    }
    struct agent_event tick = {.kind = AGENT_EVENT_TICK};
    double start = seconds();
    for (int done = 0; done < JOBS; done += CHUNK) {
        agent_coord_step(core, submits, CHUNK, done, &sink);
        struct agent_event committed = {.kind = AGENT_EVENT_COMMITTED, .seq = bench.seq};
        agent_coord_step(core, &committed, 1, done, &sink);
        size_t count = bench.count;
        bench.count = 0;
        agent_coord_step(core, bench.answers, count, done, &sink);
        committed.seq = bench.seq;
        agent_coord_step(core, &committed, 1, done, &sink);
        agent_coord_step(core, &tick, 1, done, &sink);
    }
    double took = seconds() - start;
    struct agent_totals totals;
    agent_coord_totals(core, &totals);
    printf("core_%u_agents_jobs %.0f jobs/s\n", agents, (double)totals.done / took);
    agent_coord_destroy(core);
}

int main(void)
{
    run(1);
    run(10);
    run(100);
    run(1000);
    return 0;
}
