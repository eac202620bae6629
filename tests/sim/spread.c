// Many seeds in several processes.
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/program.h"

#define FAILURES_MAX 64

struct failure {
    uint64_t number;
    struct sim_result result;
};

struct shared {
    _Atomic uint64_t next, done, failed, events, steps, jobs, prefetches;
    uint64_t now[256]; // what each process is at
    _Atomic uint32_t n_failures;
    struct failure failures[FAILURES_MAX];
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void note_failure(struct shared *shared, uint64_t number, const struct sim_result *result)
{
    uint32_t place = atomic_fetch_add(&shared->n_failures, 1);
    atomic_fetch_add(&shared->failed, 1);
    if (place < FAILURES_MAX)
        shared->failures[place] = (struct failure){.number = number, .result = *result};
}

static void work(struct shared *shared, const struct sim_job_options *options, sim_each_fn *each,
                 uint64_t stop_after, uint32_t place)
{
    struct sim_result result;
    while (atomic_load(&shared->failed) < stop_after) {
        uint64_t number = atomic_fetch_add(&shared->next, 1);
        if (number > options->last)
            break;
        shared->now[place] = number;
        each(options, number, &result);
        atomic_fetch_add(&shared->done, 1);
        atomic_fetch_add(&shared->events, result.events);
        atomic_fetch_add(&shared->steps, result.steps + result.worker_steps);
        atomic_fetch_add(&shared->jobs, result.jobs_acked);
        atomic_fetch_add(&shared->prefetches, result.prefetches);
        if (result.has_failed)
            note_failure(shared, number, &result);
    }
}

static pid_t start(struct shared *shared, const struct sim_job_options *options, sim_each_fn *each,
                   uint64_t stop_after, uint32_t place)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        work(shared, options, each, stop_after, place);
        fflush(stdout);
        _exit(0);
    }
    if (pid < 0) {
        perror("sim: fork");
        exit(2);
    }
    return pid;
}

static void say_progress(const struct shared *shared, const struct sim_job_options *options,
                         double since)
{
    double span = seconds() - since;
    uint64_t done = atomic_load(&shared->done);
    fprintf(stderr, "%llu of %llu seeds, %.0f a second, %llu failed\n", (unsigned long long)done,
            (unsigned long long)(options->last - options->first + 1),
            span > 0 ? (double)done / span : 0, (unsigned long long)atomic_load(&shared->failed));
}

// A process that died has failed at what it was doing; another goes on behind it.
static bool reap(struct shared *shared, const struct sim_job_options *options, sim_each_fn *each,
                 uint64_t stop_after, pid_t *pids)
{
    int status;
    pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid <= 0)
        return false;
    for (uint32_t i = 0; i < options->processes; i++) {
        if (pids[i] != pid)
            continue;
        pids[i] = 0;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            continue;
        struct sim_result result = {.has_failed = true, .what = "the process died"};
        snprintf(result.text, sizeof result.text, "the process died: %s %d",
                 WIFSIGNALED(status) ? "signal" : "exit code",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        note_failure(shared, shared->now[i], &result);
        pids[i] = start(shared, options, each, stop_after, i);
    }
    return true;
}

static bool any(const pid_t *pids, uint32_t n)
{
    bool is_any = false;
    for (uint32_t i = 0; i < n; i++)
        is_any = is_any || pids[i] != 0;
    return is_any;
}

static uint64_t sum_up(const struct shared *shared, const struct sim_job_options *options,
                       bool is_loud, uint64_t *ret_number, struct sim_result *ret_result)
{
    uint32_t n = shared->n_failures < FAILURES_MAX ? shared->n_failures : FAILURES_MAX;
    const struct failure *first = NULL;
    for (uint32_t i = 0; i < n; i++) {
        const struct failure *failure = &shared->failures[i];
        if (first == NULL || failure->number < first->number)
            first = failure;
        if (is_loud)
            printf("seed %llu FAILED %s\n", (unsigned long long)failure->number,
                   failure->result.text);
    }
    *ret_result = (struct sim_result){.events = shared->events,
                                      .steps = shared->steps,
                                      .jobs_acked = shared->jobs,
                                      .prefetches = shared->prefetches,
                                      .has_failed = first != NULL};
    *ret_number = options->last;
    if (first != NULL) {
        *ret_number = first->number;
        *ret_result = first->result;
    }
    return shared->failed;
}

uint64_t sim_spread(const struct sim_job_options *options, sim_each_fn *each, uint64_t stop_after,
                    bool is_loud, uint64_t *ret_number, struct sim_result *ret_result)
{
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pids[256] = {0};
    double since = seconds(), said = since;
    if (shared == MAP_FAILED) {
        perror("sim: mmap");
        exit(2);
    }
    shared->next = options->first;
    for (uint32_t i = 0; i < options->processes; i++)
        pids[i] = start(shared, options, each, stop_after, i);
    while (any(pids, options->processes)) {
        if (!reap(shared, options, each, stop_after, pids))
            poll(NULL, 0, 5);
        if (is_loud && seconds() - said >= 5) {
            said = seconds();
            say_progress(shared, options, since);
        }
    }
    uint64_t failed = sum_up(shared, options, is_loud, ret_number, ret_result);
    uint64_t done = shared->done, events = shared->events, steps = shared->steps;
    uint64_t jobs = shared->jobs;
    double span = seconds() - since;
    if (is_loud)
        printf("%llu seeds in %.1f s (%.0f a second): %llu events, %llu steps of cores, %llu jobs "
               "acknowledged, %llu models prefetched, %llu seeds failed\n",
               (unsigned long long)done, span, (double)done / span, (unsigned long long)events,
               (unsigned long long)steps, (unsigned long long)jobs,
               (unsigned long long)ret_result->prefetches, (unsigned long long)failed);
    munmap(shared, sizeof *shared);
    return failed;
}

static void run_seed(const struct sim_job_options *options, uint64_t seed,
                     struct sim_result *ret_result)
{
    static struct sim_scenario scenario;
    sim_scenario_make(&scenario, seed, options->faults, options->steps);
    sim_run(&scenario, false, options->check_every, ret_result);
}

int sim_seeds(const struct sim_job_options *options, bool is_loud)
{
    uint64_t number;
    struct sim_result result;
    if (sim_spread(options, run_seed, 20, is_loud, &number, &result) == 0)
        return 0;
    printf("see it again: sim --seed %llu --trace     make it small: sim --minimize %llu\n",
           (unsigned long long)number, (unsigned long long)number);
    return 1;
}

// ---- a crash after each append

static void run_crashes(const struct sim_job_options *options, uint64_t seed,
                        struct sim_result *ret_result)
{
    static struct sim_scenario scenario;
    struct sim_result result;
    sim_scenario_make_short(&scenario, seed);
    sim_run(&scenario, false, 1, ret_result);
    uint64_t appends = ret_result->appends;
    for (uint64_t k = 1; k <= 2 * appends && !ret_result->has_failed; k++) {
        scenario.crash_append = (k + 1) / 2;
        scenario.crash_keeps = k % 2 == 0;
        sim_run(&scenario, false, options->check_every, &result);
        result.events += ret_result->events;
        result.steps += ret_result->steps;
        result.worker_steps += ret_result->worker_steps;
        result.jobs_acked += ret_result->jobs_acked;
        *ret_result = result;
    }
    if (ret_result->has_failed) {
        char text[400];
        snprintf(text, sizeof text, "%.390s", ret_result->text);
        snprintf(ret_result->text, sizeof ret_result->text,
                 "with a crash after append %llu, %s on the disk: %s",
                 (unsigned long long)scenario.crash_append, scenario.crash_keeps ? "" : "not",
                 text);
    }
}

int sim_crash_each(const struct sim_job_options *options)
{
    uint64_t number;
    struct sim_result result;
    return sim_spread(options, run_crashes, 20, true, &number, &result) != 0;
}
