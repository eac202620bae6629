/* The agent against a test double of the coordinator, with real executors on whatever OpenCL device
 * this host has (PoCL, where there is no card). */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "agent_log.h"
#include "coordinator_double.h"
#include "net_link.h"
#include "worker.h"

extern char **environ;

static struct coordinator_double coordinator;
static struct agent_worker *worker;
static char dir[64];

static const int64_t noop_dims[] = {1, 16};

static void worker_start(const char *const *more_flags)
{
    static struct agent_config_loaded loaded;
    static struct agent_device devices[AGENT_DEVICES_MAX];
    char error[AGENT_CONFIG_ERROR_MAX];
    struct agent_error err;
    char cache[96];
    snprintf(cache, sizeof(cache), "%s/cache", dir);
    const char *flags[32] = {"--executor-path", EXECUTOR_DOUBLE, "--cache-dir", cache,
                             "--name",          "test",          "--config",    "/dev/null"};
    int n_flags = 8;
    for (; more_flags != NULL && *more_flags != NULL; more_flags++)
        flags[n_flags++] = *more_flags;
    struct agent_config_sources sources = {
        .flags = flags, .flag_count = n_flags, .environment = (const char *const *)environ};
    cr_assert_eq(agent_config_load(&sources, &loaded, error), 0, "%s", error);
    int n = agent_devices_probe(EXECUTOR_DOUBLE, 60000, devices, error);
    cr_assert_geq(n, 0, "%s", error);
    if (n == 0)
        cr_skip_test("no OpenCL device on this host");
    struct agent_worker_options options = {.config = &loaded.values,
                                           .coordinator = double_address(&coordinator),
                                           .devices = devices,
                                           .n_devices = 1};
    cr_assert_eq(agent_worker_create(&options, &worker, &err), AGENT_OK, "%s", err.text);
    cr_assert(double_wait_link(&coordinator, 1));
}

static void setup(void)
{
    snprintf(dir, sizeof(dir), "/tmp/stoker-worker-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    setenv("STOKER_TEST_MARKS", dir, 1);
    agent_log_open(AGENT_LOG_STDERR, AGENT_LOG_WARNING, "agent");
    double_start(&coordinator, MODELS_DIR);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static void teardown(void)
{
    agent_worker_destroy(worker);
    double_stop(&coordinator);
    cr_assert_eq(nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

TestSuite(worker, .init = setup, .fini = teardown, .timeout = 170);

static void send_jobs(uint32_t first, uint32_t n, float value)
{
    struct net_buf frames = {0};
    for (uint32_t i = 0; i < n; i++)
        double_dispatch(&coordinator, &frames, first + i, "noop", noop_dims, 2, value + (float)i);
    double_send(&coordinator, &frames);
}

static void expect_done(uint32_t job, float value)
{
    const struct double_result *result = &coordinator.jobs[job];
    cr_expect_eq(result->answers, 1, "job %u was answered %u times", job, result->answers);
    cr_expect_eq(result->outcome, NET_OUTCOME_DONE, "job %u: %s", job, result->text);
    cr_expect_eq(result->n_values, 16, "job %u", job);
    for (size_t i = 0; i < result->n_values; i++)
        cr_expect_float_eq(result->values[i], value, 1e-6f, "job %u", job);
}

Test(worker, jobs_are_batched_and_each_gets_its_own_rows)
{
    worker_start(NULL);
    send_jobs(1, 40, 1.0f);
    cr_assert(double_wait_results(&coordinator, 40));
    for (uint32_t i = 0; i < 40; i++)
        expect_done(1 + i, 1.0f + (float)i);
    cr_expect_eq(coordinator.started, 40);
    cr_expect(double_wait_telemetry(&coordinator, "\"state\":\"resident\""));
    cr_expect_not_null(strstr(coordinator.telemetry, "\"kernels_per_s\":"));
    cr_expect_not_null(strstr(coordinator.telemetry, "\"copy\":"));
    cr_expect_not_null(strstr(coordinator.telemetry, "\"name\":\"input\",\"dtype\":\"float32\""));
}

/* A run of the noop model costs next to nothing, and so does a row more. */
Test(worker, more_rows_run_at_once_where_measuring_says_so)
{
    uint32_t n = 0;
    worker_start(NULL);
    for (uint32_t burst = 0; burst < 8; burst++, n += 120) {
        send_jobs(1 + n, 120, (float)n - 2000);
        cr_assert(double_wait_results(&coordinator, n + 120));
    }
    for (uint32_t i = 0; i < n; i++)
        expect_done(1 + i, (float)i - 2000);
    cr_expect_gt(coordinator.jobs[n - 119].batch, 1, "a burst of 120 begins with a batch of one");
    pthread_mutex_lock(&coordinator.lock);
    coordinator.telemetry[0] = '\0'; /* the next, not one from the midst of it */
    pthread_mutex_unlock(&coordinator.lock);
    cr_expect(double_wait_telemetry(&coordinator, "\"batch\":[{\"device\":0,\"rows\":"));
    cr_expect_null(strstr(coordinator.telemetry, "\"rows\":1,"), "%s", coordinator.telemetry);
}

static int compare_longs(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

/* A link that coalesces small frames costs 40 ms here and there; a loaded machine a few. */
Test(worker, a_job_alone_is_answered_at_once)
{
    long took_us[21];
    worker_start(NULL);
    send_jobs(1, 1, 1.0f);
    cr_assert(double_wait_results(&coordinator, 1));
    for (uint32_t i = 0; i < 21; i++) {
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        send_jobs(2 + i, 1, 1.0f);
        cr_assert(double_wait_results(&coordinator, 2 + i));
        clock_gettime(CLOCK_MONOTONIC, &to);
        took_us[i] = (to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000;
    }
    qsort(took_us, 21, sizeof(*took_us), compare_longs);
    cr_expect_lt(took_us[10], 20000, "the median was %ld us", took_us[10]);
}

Test(worker, the_digits_model_answers_with_probabilities)
{
    static const int64_t dims[] = {2, 1, 8, 8};
    struct net_buf frames = {0};
    worker_start(NULL);
    double_dispatch(&coordinator, &frames, 1, "digits", dims, 4, 0.5f);
    double_send(&coordinator, &frames);
    cr_assert(double_wait_results(&coordinator, 1));
    const struct double_result *result = &coordinator.jobs[1];
    cr_assert_eq(result->outcome, NET_OUTCOME_DONE, "%s", result->text);
    cr_assert_eq(result->n_values, 20);
    for (size_t row = 0; row < 2; row++) {
        float sum = 0;
        for (size_t i = 0; i < 10; i++)
            sum += result->values[row * 10 + i];
        cr_expect_float_eq(sum, 1.0f, 1e-4f);
    }
}

Test(worker, inputs_that_do_not_fit_fail_with_the_reason_and_nothing_else_does)
{
    static const int64_t wrong[] = {1, 1, 9, 9};
    struct net_buf frames = {0};
    worker_start(NULL);
    double_dispatch(&coordinator, &frames, 1, "digits", wrong, 4, 0.5f);
    double_dispatch(&coordinator, &frames, 2, "noop", noop_dims, 2, 3.0f);
    double_send(&coordinator, &frames);
    cr_assert(double_wait_results(&coordinator, 2));
    cr_expect_eq(coordinator.jobs[1].outcome, NET_OUTCOME_FAILED_PERMANENT);
    cr_expect_eq(coordinator.jobs[1].error, NET_JOB_ERROR_BAD_INPUT);
    cr_expect_not_null(strstr(coordinator.jobs[1].text, "1x1x9x9"), "%s", coordinator.jobs[1].text);
    expect_done(2, 3.0f);
}

Test(worker, a_crash_of_the_driver_costs_only_the_job_that_causes_it)
{
    struct net_buf frames = {0};
    worker_start(NULL);
    for (uint32_t i = 1; i <= 12; i++)
        double_dispatch(&coordinator, &frames, i, "noop", noop_dims, 2, i == 5 ? 666.0f : (float)i);
    double_send(&coordinator, &frames);
    cr_assert(double_wait_results(&coordinator, 12));
    for (uint32_t i = 1; i <= 12; i++)
        if (i != 5)
            expect_done(i, (float)i);
    cr_expect_eq(coordinator.jobs[5].outcome, NET_OUTCOME_FAILED_RETRYABLE);
    cr_expect_eq(coordinator.jobs[5].error, NET_JOB_ERROR_EXECUTOR_DIED);
    cr_expect(double_wait_telemetry(&coordinator, "\"restarts\":2"));
}

Test(worker, a_hang_is_ended_and_its_job_run_again)
{
    static const char *const flags[] = {"--executor-hang", "300ms", NULL};
    worker_start(flags);
    send_jobs(1, 1, 1.0f);
    cr_assert(double_wait_results(&coordinator, 1));
    send_jobs(2, 1, 777.0f);
    cr_assert(double_wait_results(&coordinator, 2));
    expect_done(2, 777.0f);
    cr_expect(double_wait_telemetry(&coordinator, "\"restarts\":1"));
}

static void damage_files(void)
{
    char path[600], folder[128];
    snprintf(folder, sizeof(folder), "%s/cache/agents/test/files", dir);
    DIR *listing = opendir(folder);
    cr_assert_not_null(listing);
    struct dirent *entry;
    while ((entry = readdir(listing)) != NULL) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        int fd = entry->d_name[0] == '.' ? -1 : open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        cr_assert_eq(pwrite(fd, "garbage", 7, 8), 7);
        close(fd);
    }
    closedir(listing);
}

Test(worker, a_damaged_model_file_is_found_and_fetched_again)
{
    worker_start(NULL);
    send_jobs(1, 1, 1.0f);
    cr_assert(double_wait_results(&coordinator, 1));
    uint32_t reads = coordinator.reads;
    agent_worker_destroy(worker);
    worker_start(NULL);
    cr_assert(double_wait_link(&coordinator, 2));
    send_jobs(2, 1, 2.0f);
    cr_assert(double_wait_results(&coordinator, 2));
    expect_done(2, 2.0f);
    cr_expect_eq(coordinator.reads, reads, "a whole file is not fetched again");
    agent_worker_destroy(worker);
    damage_files();
    worker_start(NULL);
    cr_assert(double_wait_link(&coordinator, 3));
    send_jobs(3, 1, 3.0f);
    cr_assert(double_wait_results(&coordinator, 3));
    expect_done(3, 3.0f);
    cr_expect_gt(coordinator.reads, reads, "the damage was not noticed");
}

Test(worker, what_was_damaged_before_it_was_sent_is_asked_for_again)
{
    worker_start(NULL);
    coordinator.corrupts_chunk = true;
    send_jobs(1, 1, 1.0f);
    cr_assert(double_wait_results(&coordinator, 1));
    expect_done(1, 1.0f);
    cr_expect_eq(coordinator.reads, 2);
}

Test(worker, a_drained_agent_is_empty_and_a_stopped_one_says_goodbye)
{
    struct net_buf frames = {0};
    worker_start(NULL);
    send_jobs(1, 1, 1.0f);
    cr_assert(double_wait_results(&coordinator, 1));
    struct net_drain drain = {.operation = 9, .deadline_ms = 1000};
    net_drain_encode(&frames, &drain, NULL);
    double_send(&coordinator, &frames);
    cr_assert(double_wait_drained(&coordinator, 1));
    send_jobs(2, 1, 2.0f);
    cr_assert(double_wait_results(&coordinator, 2));
    cr_expect_eq(coordinator.jobs[2].outcome, NET_OUTCOME_RETURNED);
    cr_expect(double_wait_telemetry(&coordinator, "\"models\":[]"));
    agent_worker_close(worker, 10000);
    agent_worker_wait(worker);
    cr_expect(double_wait_goodbye(&coordinator));
}

Test(worker, an_agent_comes_back_after_its_link_was_cut)
{
    worker_start(NULL);
    send_jobs(1, 1, 1.0f);
    cr_assert(double_wait_results(&coordinator, 1));
    pthread_mutex_lock(&coordinator.lock);
    net_link_close(coordinator.link, NULL);
    coordinator.link = NULL;
    pthread_mutex_unlock(&coordinator.lock);
    cr_assert(double_wait_link(&coordinator, 2));
    send_jobs(2, 3, 2.0f);
    cr_assert(double_wait_results(&coordinator, 4));
    for (uint32_t i = 0; i < 3; i++)
        expect_done(2 + i, 2.0f + (float)i);
}
