// The coordinator's real core among simulated agents in simulated time: each agent double has
// memory for so many models, loads what a job asks for and evicts what was used longest ago, and
// runs one job at a time at its own speed. For tests and benches of placement.
#ifndef PLACE_WORLD_H
#define PLACE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#define PLACE_AGENTS_MAX 64
#define PLACE_MODELS_MAX 64

struct place_options {
    const char *strategy;
    uint32_t agents, models;
    uint32_t room;        // models that fit an agent's memory
    uint32_t credit;      // jobs that an agent holds
    uint32_t job_us;      // of a job on an agent of speed 1
    uint32_t load_us;     // of a model
    double speeds[8];     // of agent i: speeds[i % n_speeds]
    uint32_t n_speeds;    // 0: all 1
    double zipf;          // exponent of the models' popularity; 0: all alike
    uint32_t jobs;        // in all
    uint32_t outstanding; // closed loop: so many are in the system
    double utilization;   // open loop, if above 0: arrivals at this share of what all agents can do
    uint32_t warm_jobs;   // first ones, that aren't counted
    bool tells_nothing;   // of its models
    uint64_t seed;
};

struct place_result {
    uint64_t hits, misses; // jobs that came where their model was, and that did not
    uint64_t loads, evictions;
    uint64_t jobs[PLACE_AGENTS_MAX];
    double busy_us[PLACE_AGENTS_MAX]; // running jobs
    double max_over_mean;             // of the busy times
    double span_us;                   // from the first counted submission to the last end
    double ideal;                     // share of the span that agents spent running, at best 1
    double p50_us, p95_us, p99_us, max_us;
};

// Runs it to the end. False with a line on stderr when the core lost a job or counts wrong.
bool place_world_run(const struct place_options *options, struct place_result *ret_result);

#endif
