// Placement in simulated time: how often jobs go where their model is, how even the load is, how
// much of the agents' time is used. One line a strategy and case; the times are the simulation's.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/strategy.h"
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

int main(int argc, char **argv)
{
    (void)argc;
    wanted = argv + 1;
    // 20 models, of which half fit an agent; and the same where half fit all agents together.
    each_strategy("zipf_half_fit_an_agent", (struct place_options){.agents = 10,
                                                                   .models = 20,
                                                                   .room = 10,
                                                                   .credit = 64,
                                                                   .job_us = 5000,
                                                                   .load_us = 500000,
                                                                   .zipf = 1,
                                                                   .jobs = 100000,
                                                                   .warm_jobs = 50000,
                                                                   .utilization = 0.7});
    each_strategy("zipf_half_fit_saturated", (struct place_options){.agents = 10,
                                                                    .models = 20,
                                                                    .room = 10,
                                                                    .credit = 64,
                                                                    .job_us = 5000,
                                                                    .load_us = 500000,
                                                                    .zipf = 1,
                                                                    .jobs = 60000,
                                                                    .warm_jobs = 10000,
                                                                    .outstanding = 512});
    each_strategy("zipf_half_fit_in_all", (struct place_options){.agents = 5,
                                                                 .models = 20,
                                                                 .room = 2,
                                                                 .credit = 64,
                                                                 .job_us = 5000,
                                                                 .load_us = 500000,
                                                                 .zipf = 1,
                                                                 .jobs = 60000,
                                                                 .warm_jobs = 10000,
                                                                 .outstanding = 1024});
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
