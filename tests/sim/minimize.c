// Makes a scenario that fails small: leaves out what it fails without, in halves, quarters and at
// last one by one, and then shrinks the cluster.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sim/program.h"

#define RUNS_MAX 3000

void sim_run_apart(const struct sim_scenario *scenario, uint32_t check_every,
                   struct sim_result *ret_result)
{
    struct sim_result *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0;
    if (shared == MAP_FAILED)
        exit(2);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        sim_run(scenario, false, check_every, shared);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        exit(2);
    *ret_result = *shared;
    if (!WIFEXITED(status)) {
        ret_result->has_failed = true;
        ret_result->what = "the process died";
        snprintf(ret_result->text, sizeof ret_result->text, "the process died: signal %d",
                 WTERMSIG(status));
    }
    munmap(shared, sizeof *shared);
}

struct shrink {
    struct sim_scenario *best;
    const char *what;
    char text[512];
    uint32_t runs;
};

static bool still_fails(struct shrink *shrink, const struct sim_scenario *scenario)
{
    struct sim_result result;
    if (shrink->runs >= RUNS_MAX)
        return false;
    shrink->runs++;
    sim_run_apart(scenario, 1, &result);
    if (!result.has_failed || result.what != shrink->what)
        return false;
    *shrink->best = *scenario;
    memcpy(shrink->text, result.text, sizeof shrink->text);
    return true;
}

// Calls and operations are named by their op's place, so what is left out leaves its place behind:
// it moves past the end of the run.
static bool without(struct shrink *shrink, size_t from, size_t count)
{
    static struct sim_scenario tried;
    bool is_less = false;
    tried = *shrink->best;
    for (size_t i = from; i < from + count && i < tried.n_ops; i++) {
        is_less = is_less || tried.ops[i].at_us != INT64_MAX;
        tried.ops[i].at_us = INT64_MAX;
    }
    return is_less && still_fails(shrink, &tried);
}

static void leave_out(struct shrink *shrink)
{
    for (size_t size = shrink->best->n_ops / 2; size > 0; size /= 2) {
        for (size_t from = 0; from < shrink->best->n_ops; from += size)
            without(shrink, from, size);
    }
    for (size_t i = 0; i < shrink->best->n_ops; i++)
        without(shrink, i, 1);
}

static void shrink_cluster(struct shrink *shrink)
{
    static struct sim_scenario tried;
    for (bool is_smaller = true; is_smaller;) {
        tried = *shrink->best;
        tried.agents--;
        is_smaller = tried.agents > 0 && still_fails(shrink, &tried);
    }
    tried = *shrink->best;
    tried.devices = 1;
    if (shrink->best->devices > 1)
        still_fails(shrink, &tried);
    int64_t last_us = 0;
    for (size_t i = 0; i < shrink->best->n_ops; i++) {
        if (shrink->best->ops[i].at_us != INT64_MAX && shrink->best->ops[i].at_us > last_us)
            last_us = shrink->best->ops[i].at_us;
    }
    for (bool is_smaller = true; is_smaller;) {
        tried = *shrink->best;
        tried.faults_end_us = tried.faults_end_us * 2 / 3;
        is_smaller = tried.faults_end_us > last_us && still_fails(shrink, &tried);
    }
}

static void drop_holes(struct sim_scenario *scenario)
{
    while (scenario->n_ops > 0 && scenario->ops[scenario->n_ops - 1].at_us == INT64_MAX)
        scenario->n_ops--;
}

int sim_minimize(const struct sim_job_options *options)
{
    static struct sim_scenario best;
    struct sim_result result;
    sim_scenario_make(&best, options->first, options->faults, options->steps);
    sim_run_apart(&best, 1, &result);
    if (!result.has_failed) {
        printf("seed %llu does not fail\n", (unsigned long long)options->first);
        return 0;
    }
    printf("seed %llu FAILED %s\n", (unsigned long long)options->first, result.text);
    size_t n_before = best.n_ops;
    struct shrink shrink = {.best = &best, .what = result.what};
    memcpy(shrink.text, result.text, sizeof shrink.text);
    leave_out(&shrink);
    shrink_cluster(&shrink);
    leave_out(&shrink);
    drop_holes(&best);
    size_t n = 0;
    for (size_t i = 0; i < best.n_ops; i++)
        n += best.ops[i].at_us != INT64_MAX;
    printf("%zu of %zu things that happen are enough (%u runs): %s\n", n, n_before, shrink.runs,
           shrink.text);
    sim_scenario_print(&best, stdout);
    sim_run(&best, true, 1, &result);
    return 1;
}
