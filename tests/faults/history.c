/* What submitters saw, and whether it was true. Jobs of the model `noop`, which returns its input,
 * each with an input of its own: an answer that belongs to another job is noticed.
 *
 *   fault_history run ADDRESS FILE JOBS OUTSTANDING PER_S   submits, collects every answer
 *   fault_history arm LEDGER                                counts ends in the ledger from now on
 *   fault_history check LEDGER FILE                         FILE against what the ledger holds
 *   fault_history redispatch ADDRESS AGENT PID              kills PID, AGENT's process; how long
 * its jobs took to be dispatched again
 *
 * SIGUSR1 makes `run` submit no more. Every job has an idempotency key and is submitted with it
 * until it is acknowledged; some are submitted again later, and must be the same jobs. `run` writes
 * a line a job to FILE: key, id, state. `check` wants of each: one row with that key and id, done,
 * and ended exactly once. Prints one line a figure: name value unit. Exit 0 when all is well. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>
#include <openssl/evp.h>

#include "tests/faults/history.h"

enum { COLLECTORS = 2, BATCH = 32, FLOATS = 16, DATA_MAX = 4 * FLOATS * 2, LOST_AFTER_S = 120 };

struct run {
    const char *address;
    uint64_t seed;
    int jobs, outstanding, per_s;
    uint64_t *ids; /* by index; 0 not acknowledged */
    char (*states)[12];
    atomic_int acknowledged, collected, next;
    atomic_int wrong, changed, resubmitted;
    atomic_bool failed, submitted; /* all there are */
};

static volatile sig_atomic_t stop_wanted; /* SIGUSR1: no more submissions */

static void on_signal(int signal)
{
    (void)signal;
    stop_wanted = 1;
}

static void input_of(const struct run *run, int index, char ret_data[DATA_MAX])
{
    uint64_t state = run->seed ^ ((uint64_t)index + 1) * 0x9e3779b97f4a7c15u;
    float values[FLOATS];
    for (int i = 0; i < FLOATS; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        values[i] = (float)(int32_t)(state >> 32) / 65536.0f;
    }
    EVP_EncodeBlock((unsigned char *)ret_data, (const unsigned char *)values, sizeof values);
}

static bool submit(struct run *run, struct net_client *client, int first, int n)
{
    char *text = NULL, data[DATA_MAX];
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    fprintf(out, "{\"v\":1,\"op\":\"submit\",\"model\":\"noop\",\"jobs\":[");
    for (int i = 0; i < n; i++) {
        input_of(run, first + i, data);
        fprintf(out,
                "%s{\"key\":\"%llx-%d\",\"inputs\":[{\"dtype\":\"float32\",\"shape\":[1,%d],"
                "\"data_b64\":\"%s\"}]}",
                i > 0 ? "," : "", (unsigned long long)run->seed, first + i, FLOATS, data);
    }
    fprintf(out, "]}");
    fclose(out);
    cJSON *reply = history_ask(client, text, LOST_AFTER_S);
    const cJSON *jobs = cJSON_GetObjectItem(reply, "jobs");
    bool ok = cJSON_GetArraySize(jobs) == n;
    for (int i = 0; ok && i < n; i++) {
        uint64_t id =
            (uint64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(cJSON_GetArrayItem(jobs, i), "id"));
        uint64_t *known = &run->ids[first + i];
        ok = id != 0;
        if (*known != 0 && *known != id) {
            fprintf(stderr, "history: key %d was job %llu and is %llu\n", first + i,
                    (unsigned long long)*known, (unsigned long long)id);
            atomic_fetch_add(&run->changed, 1);
        }
        if (ok)
            *known = id;
    }
    cJSON_Delete(reply);
    free(text);
    return ok;
}

static void *submitter(void *user)
{
    struct run *run = user;
    struct net_client *client = NULL;
    double begun_s = history_now_s();
    if (net_client_open(run->address, NULL, &client, NULL) != NET_OK)
        atomic_store(&run->failed, true);
    for (int first = 0; first < run->jobs && !stop_wanted && !atomic_load(&run->failed);) {
        int n = run->jobs - first < BATCH ? run->jobs - first : BATCH;
        if (first - atomic_load(&run->collected) > run->outstanding ||
            (history_now_s() - begun_s) * run->per_s < first) {
            history_pause_ms(1);
            continue;
        }
        double by_s = history_now_s() + LOST_AFTER_S;
        bool ok = submit(run, client, first, n); /* a part may be refused as busy */
        while (!ok && history_now_s() < by_s) {
            history_pause_ms(5);
            ok = submit(run, client, first, n);
        }
        if (!ok)
            atomic_store(&run->failed, true);
        first += n;
        atomic_store(&run->acknowledged, first);
        /* Now and then somebody did not hear the answer and asks again. */
        if (first % (16 * BATCH) == 0 && submit(run, client, first - n, n))
            atomic_fetch_add(&run->resubmitted, n);
    }
    atomic_store(&run->submitted, true);
    net_client_close(client);
    return NULL;
}

static void judge(struct run *run, int index, const cJSON *reply)
{
    char want[DATA_MAX];
    const cJSON *output = cJSON_GetArrayItem(cJSON_GetObjectItem(reply, "outputs"), 0);
    const char *data = cJSON_GetStringValue(cJSON_GetObjectItem(output, "data_b64"));
    const char *state =
        cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(reply, "job"), "state"));
    snprintf(run->states[index], sizeof run->states[index], "%s", state);
    input_of(run, index, want);
    if (strcmp(state, "done") == 0 && (data == NULL || strcmp(data, want) != 0)) {
        fprintf(stderr, "history: job %llu has another's result\n",
                (unsigned long long)run->ids[index]);
        atomic_fetch_add(&run->wrong, 1);
    }
}

static bool is_end(const char *state)
{
    return state != NULL && strcmp(state, "queued") != 0 && strcmp(state, "assigned") != 0 &&
           strcmp(state, "running") != 0;
}

/* Asks for one job until it has ended. */
static bool collect(struct run *run, struct net_client *client, int index)
{
    char text[96];
    double by_s = history_now_s() + LOST_AFTER_S;
    snprintf(text, sizeof text, "{\"v\":1,\"op\":\"result\",\"id\":%llu,\"wait_ms\":1000}",
             (unsigned long long)run->ids[index]);
    while (history_now_s() < by_s) {
        cJSON *reply = history_ask(client, text, LOST_AFTER_S);
        const char *state =
            cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(reply, "job"), "state"));
        bool ended = is_end(state);
        if (ended)
            judge(run, index, reply);
        cJSON_Delete(reply);
        if (ended || reply == NULL)
            return ended;
    }
    return false;
}

static void *collector(void *user)
{
    struct run *run = user;
    struct net_client *client = NULL;
    if (net_client_open(run->address, NULL, &client, NULL) != NET_OK)
        atomic_store(&run->failed, true);
    for (int i = atomic_fetch_add(&run->next, 1); i < run->jobs;
         i = atomic_fetch_add(&run->next, 1)) {
        bool all = atomic_load(&run->submitted);
        while (atomic_load(&run->acknowledged) <= i && !all) {
            history_pause_ms(1);
            all = atomic_load(&run->submitted);
        }
        if (atomic_load(&run->acknowledged) <= i)
            break;
        if (!collect(run, client, i))
            fprintf(stderr, "history: job %llu never ended\n", (unsigned long long)run->ids[i]);
        atomic_fetch_add(&run->collected, 1);
    }
    net_client_close(client);
    return NULL;
}

static int run_write(const struct run *run, const char *path)
{
    FILE *out = fopen(path, "w");
    int not_done = 0;
    if (out == NULL)
        return -1;
    for (int i = 0; i < run->acknowledged; i++) {
        fprintf(out, "%llx-%d %llu %s\n", (unsigned long long)run->seed, i,
                (unsigned long long)run->ids[i], run->states[i][0] ? run->states[i] : "unknown");
        not_done += strcmp(run->states[i], "done") != 0;
    }
    return fclose(out) == 0 ? not_done : -1;
}

static int run_main(char **argv)
{
    static struct run run;
    pthread_t threads[COLLECTORS + 1];
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    run.address = argv[0];
    run.seed = (uint64_t)wall.tv_sec * 1000000 + (uint64_t)wall.tv_nsec / 1000;
    run.jobs = (int)strtol(argv[2], NULL, 10);
    run.outstanding = (int)strtol(argv[3], NULL, 10);
    run.per_s = (int)strtol(argv[4], NULL, 10);
    run.ids = calloc((size_t)run.jobs, sizeof *run.ids);
    run.states = calloc((size_t)run.jobs, sizeof *run.states);
    if (run.jobs <= 0 || run.per_s <= 0 || run.ids == NULL || run.states == NULL)
        return 2;
    double begun_s = history_now_s();
    signal(SIGUSR1, on_signal);
    pthread_create(&threads[0], NULL, submitter, &run);
    for (int i = 1; i <= COLLECTORS; i++)
        pthread_create(&threads[i], NULL, collector, &run);
    for (int i = 0; i <= COLLECTORS; i++)
        pthread_join(threads[i], NULL);
    int not_done = run_write(&run, argv[1]);
    printf("history_acknowledged %d jobs\n", run.acknowledged);
    printf("history_not_done %d jobs\n", not_done);
    printf("history_wrong_results %d jobs\n", run.wrong);
    printf("history_submitted_again %d jobs\n", run.resubmitted);
    printf("history_keys_changed %d jobs\n", run.changed);
    printf("history_jobs_per_s %.0f 1/s\n", run.acknowledged / (history_now_s() - begun_s));
    return !run.failed && not_done == 0 && run.wrong == 0 && run.changed == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 7 && strcmp(argv[1], "run") == 0)
        return run_main(argv + 2);
    if (argc == 3 && strcmp(argv[1], "arm") == 0)
        return history_arm(argv[2]);
    if (argc == 4 && strcmp(argv[1], "check") == 0)
        return history_check(argv[2], argv[3]);
    if (argc == 5 && strcmp(argv[1], "redispatch") == 0)
        return history_redispatch(argv[2], argv[3], (pid_t)strtol(argv[4], NULL, 10));
    fprintf(stderr, "usage: fault_history run ADDRESS FILE JOBS OUTSTANDING PER_S\n"
                    "       fault_history arm LEDGER\n"
                    "       fault_history check LEDGER FILE\n"
                    "       fault_history redispatch ADDRESS AGENT PID\n");
    return 2;
}
