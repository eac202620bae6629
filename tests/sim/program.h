// The parts of the program `sim` round the runs.
#ifndef SIM_PROGRAM_H
#define SIM_PROGRAM_H

#include "tests/sim/sim.h"

struct sim_job_options {
    uint64_t first, last;
    uint32_t faults, steps, processes, check_every;
};

// Prints progress and what fails. Returns the program's exit code.
int sim_seeds(const struct sim_job_options *options, bool is_loud);
int sim_minimize(const struct sim_job_options *options);
int sim_crash_each(const struct sim_job_options *options);

// Runs the scenario in a process of its own, so that a crash is a result like another.
void sim_run_apart(const struct sim_scenario *scenario, uint32_t check_every,
                   struct sim_result *ret_result);

// Runs `each` for every number from first to last in several processes, until `stop_after` have
// failed. `*ret_number` is the smallest that failed; returns how many did.
typedef void sim_each_fn(const struct sim_job_options *options, uint64_t number,
                         struct sim_result *ret_result);
uint64_t sim_spread(const struct sim_job_options *options, sim_each_fn *each, uint64_t stop_after,
                    bool is_loud, uint64_t *ret_number, struct sim_result *ret_result);

// Planted mistakes; in a build without them these say so.
bool sim_plant(const char *name);
void sim_plants_list(void);
int sim_plants(const struct sim_job_options *options);

#endif
