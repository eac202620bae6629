// Placement in simulated time: how often jobs go where their model is, how even the load is, how
// much of the agents' time is used. One line a strategy and case; the times are the simulation's.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/strategy/strategy.h"
#include "tests/agent/place_world.h"

static void print(const char *what, const char *strategy, const struct place_result *r)
{
    printf("%-24s %-17s sticky %5.1f%%  max/mean %.2f  loads %5llu  ideal %5.1f%%  "
           "p50 %7.1f ms  p95 %8.1f ms  p99 %8.1f ms\n",
           what, strategy, 100.0 * (double)r->hits / (double)(r->hits + r->misses),
           r->max_over_mean, (unsigned long long)r->loads, 100 * r->ideal, r->p50_us / 1e3,
           r->p95_us / 1e3, r->p99_us / 1e3);
    fflush(stdout);
}

static char **wanted; // strategy, case

static void each_strategy(const char *what, struct place_options options)
{
    const struct agent_strategy *strategy;
    for (size_t i = 0; (strategy = agent_strategy_at(i)) != NULL; i++) {
        struct place_result result;
        options.strategy = strategy->name;
        if ((wanted[0] != NULL && strcmp(wanted[0], strategy->name) != 0) ||
            (wanted[0] != NULL && wanted[1] != NULL && strcmp(wanted[1], what) != 0))
            continue;
        if (!place_world_run(&options, &result))
            exit(1);
        print(what, strategy->name, &result);
    }
}

// ---- what a choice costs

#define PICKS 200000
#define PICK_MODELS 20

struct pick_bench {
    struct agent_coord *core;
    struct agent_sink sink;
    uint64_t seq;
};

static void on_action(void *user, const struct agent_action *action)
{
    struct pick_bench *bench = user;
    if (action->kind == AGENT_ACTION_APPEND)
        bench->seq = action->seq;
}

static void take(struct pick_bench *bench, const struct agent_event *event)
{
    agent_coord_step(bench->core, event, 1, 1000000000, &bench->sink);
    struct agent_event committed = {.kind = AGENT_EVENT_COMMITTED, .seq = bench->seq};
    agent_coord_step(bench->core, &committed, 1, 1000000000, &bench->sink);
}

// Agents with work for some models each, so that all indexes are filled.
static void fill(struct pick_bench *bench, uint32_t agents)
{
    for (uint32_t i = 1; i <= agents; i++) {
        char name[16];
        snprintf(name, sizeof name, "agent-%u", i);
        struct agent_event hello = {.kind = AGENT_EVENT_HELLO, .link = i};
        hello.hello.name = name;
        hello.hello.instance[0] = (uint8_t)i;
        hello.hello.credit = 64;
        take(bench, &hello);
    }
    for (uint32_t i = 0; i < agents * 4 + PICK_MODELS; i++) {
        uint8_t hash[AGENT_HASH_SIZE] = {(uint8_t)(i % PICK_MODELS + 1)};
        struct agent_event event = {.kind = AGENT_EVENT_SUBMIT};
        event.submit = (struct agent_submit){
            .model = "m", .version = 1, .hash = hash, .priority = 2, .key = "", .tenant = ""};
        take(bench, &event);
    }
}

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

// A choice, and the index told that the chosen one has more to do.
static double pick_ns(struct agent_coord *core)
{
    double began = now_ns();
    for (uint32_t i = 0; i < PICKS; i++) {
        struct agent_pick *pick = &core->pick;
        agent_coord_pick_init(core, core->models[i % core->n_models], pick);
        core->strategy->gather(pick);
        const struct agent_candidate *chosen =
            pick->count > 0 ? core->strategy->choose(pick) : NULL;
        if (chosen == NULL)
            continue;
        struct coord_agent *agent = core->agents[chosen->slot];
        agent->backlog_us += 5;
        agent->picked_turn = ++core->next_turn;
        core->last_slot = agent->slot;
        agent_coord_agent_refresh(core, agent);
    }
    return (now_ns() - began) / PICKS;
}

static void picks(uint32_t agents, const struct agent_strategy *strategy)
{
    struct pick_bench bench = {.sink = {.act = on_action}};
    struct agent_coord_limits limits;
    bench.sink.user = &bench;
    agent_coord_limits_init(&limits);
    limits.agents_max = 8192;
    limits.strategy = strategy->name;
    if (agent_coord_create(&limits, &bench.core, NULL) != AGENT_OK)
        exit(1);
    fill(&bench, agents);
    double best = pick_ns(bench.core);
    for (int i = 0; i < 3; i++) {
        double took = pick_ns(bench.core);
        best = took < best ? took : best;
    }
    printf("pick_%s_%u_agents %.0f ns\n", strategy->name, agents, best);
    fflush(stdout);
    agent_coord_destroy(bench.core);
}

static int all_picks(void)
{
    static const uint32_t agents[] = {50, 500, 5000};
    const struct agent_strategy *strategy;
    for (size_t i = 0; (strategy = agent_strategy_at(i)) != NULL; i++) {
        for (size_t k = 0; k < sizeof agents / sizeof agents[0]; k++)
            picks(agents[k], strategy);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "picks") == 0)
        return all_picks();
    wanted = argv + 1;
    // 20 models, of which half fit an agent; and the same where half fit all agents together.
    struct place_options zipf = {.agents = 10,
                                 .models = 20,
                                 .room = 10,
                                 .credit = 64,
                                 .job_us = 5000,
                                 .load_us = 500000,
                                 .zipf = 1,
                                 .jobs = 100000,
                                 .warm_jobs = 50000,
                                 .utilization = 0.7};
    each_strategy("zipf_half_fit_an_agent", zipf);
    zipf.utilization = 0;
    zipf.jobs = 60000;
    zipf.warm_jobs = 10000;
    zipf.outstanding = 512;
    each_strategy("zipf_half_fit_saturated", zipf);
    zipf.agents = 5;
    zipf.room = 2;
    zipf.outstanding = 1024;
    each_strategy("zipf_half_fit_in_all", zipf);
    each_strategy("5ms_jobs_50_agents", (struct place_options){.agents = 50,
                                                               .models = 1,
                                                               .room = 1,
                                                               .credit = 64,
                                                               .job_us = 5000,
                                                               .load_us = 100000,
                                                               .jobs = 100000,
                                                               .warm_jobs = 5000,
                                                               .outstanding = 1024});
    each_strategy("speeds_1_2_4", (struct place_options){.agents = 3,
                                                         .models = 1,
                                                         .room = 1,
                                                         .credit = 64,
                                                         .job_us = 8000,
                                                         .load_us = 100000,
                                                         .speeds = {1, 2, 4},
                                                         .n_speeds = 3,
                                                         .jobs = 20000,
                                                         .warm_jobs = 2000,
                                                         .outstanding = 24});
    return 0;
}
