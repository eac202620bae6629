// The mistakes of agent/core/planted.def: each has to be found, and soon.
#include <string.h>
#include <time.h>

#include "agent/core/planted.h"
#include "tests/sim/program.h"

#ifdef STOKER_PLANTED

enum agent_planted_bug agent_planted;

static const struct {
    const char *name, *help;
} plants[] = {
    {"NONE", ""},
#define AGENT_PLANTED_BUG(name, help) {#name, help},
#include "agent/core/planted.def"
#undef AGENT_PLANTED_BUG
};

bool sim_plant(const char *name)
{
    for (int i = 0; i < AGENT_PLANTED_BUGS; i++) {
        if (strcmp(plants[i].name, name) == 0) {
            agent_planted = (enum agent_planted_bug)i;
            return true;
        }
    }
    return false;
}

void sim_plants_list(void)
{
    puts("mistakes:");
    for (int i = 1; i < AGENT_PLANTED_BUGS; i++)
        printf("  %-24s %s\n", plants[i].name, plants[i].help);
}

static void run_seed(const struct sim_job_options *options, uint64_t seed,
                     struct sim_result *ret_result)
{
    static struct sim_scenario scenario;
    sim_scenario_make(&scenario, seed, options->faults, options->steps);
    sim_run(&scenario, false, options->check_every, ret_result);
}

int sim_plants(const struct sim_job_options *options)
{
    int missed = 0;
    for (int i = 1; i < AGENT_PLANTED_BUGS; i++) {
        struct timespec from, to;
        uint64_t number;
        struct sim_result result;
        agent_planted = (enum agent_planted_bug)i;
        clock_gettime(CLOCK_MONOTONIC, &from);
        bool is_found = sim_spread(options, run_seed, 1, false, &number, &result) > 0;
        clock_gettime(CLOCK_MONOTONIC, &to);
        double span = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
        if (is_found)
            printf("%-24s seed %4llu, %5.2f s: %s\n", plants[i].name, (unsigned long long)number,
                   span, result.text);
        else
            printf("%-24s NOT FOUND in %llu seeds, %.2f s: %s\n", plants[i].name,
                   (unsigned long long)(options->last - options->first + 1), span, plants[i].help);
        fflush(stdout);
        missed += !is_found;
    }
    printf("%d of %d planted mistakes found\n", AGENT_PLANTED_BUGS - 1 - missed,
           AGENT_PLANTED_BUGS - 1);
    return missed != 0;
}

#else

bool sim_plant(const char *name)
{
    fprintf(stderr, "sim: this build has no planted mistakes, not '%s'; sim_planted has\n", name);
    return false;
}

void sim_plants_list(void)
{
}

int sim_plants(const struct sim_job_options *options)
{
    (void)options;
    return !sim_plant("any");
}

#endif
