/* Load for a real cluster through its control socket: submits N jobs of one model from several
 * clients, keeps at most so many unfinished, and counts what became of them. Every job carries an
 * idempotency key and is submitted again with it until it is acknowledged, so the run survives a
 * coordinator that is killed and comes back.
 *
 *   cluster_load ADDRESS MODEL SHAPE JOBS [OUTSTANDING] [CLIENTS] [BATCH]
 *
 * Prints one line a figure: name value unit. Exit 0 when every job is done exactly once. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>
#include <openssl/evp.h>

#include "net_client.h"

enum { FLOATS_MAX = 1 << 20, PATIENCE_S = 300, REQUEST_MS = 5000, PAGE = 1000 };

struct load {
    const char *address, *model, *shape; /* shape: as in 1,1,8,8 */
    char *data;                          /* base64 of one input */
    int floats, jobs, outstanding, clients, batch;
    uint64_t run; /* makes the keys of this run its own */
    double started_s;
    atomic_int next, acknowledged, ended, retries;
    atomic_bool failed;
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void pause_ms(long ms)
{
    struct timespec span = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&span, NULL);
}

/* Asks until there is an answer, or patience ends. */
static cJSON *ask(struct load *load, struct net_client *client, const char *text)
{
    double until = now_s() + PATIENCE_S;

    while (now_s() < until) {
        char *answer = NULL;
        size_t n = 0;
        if (net_client_request(client, text, strlen(text), REQUEST_MS, &answer, &n, NULL) !=
            NET_OK) {
            atomic_fetch_add(&load->retries, 1);
            pause_ms(20);
            continue;
        }
        cJSON *reply = cJSON_ParseWithLength(answer, n);
        const cJSON *error = cJSON_GetObjectItem(reply, "error");
        const char *code = cJSON_GetStringValue(cJSON_GetObjectItem(error, "code"));
        free(answer);
        if (code == NULL)
            return reply;
        bool later = strcmp(code, "busy") == 0 || strcmp(code, "unavailable") == 0;
        if (!later)
            fprintf(stderr, "cluster_load: %s: %s\n", code,
                    cJSON_GetStringValue(cJSON_GetObjectItem(error, "message")));
        cJSON_Delete(reply);
        if (!later)
            return NULL;
        pause_ms(5);
    }
    fprintf(stderr, "cluster_load: no answer for %d s\n", PATIENCE_S);
    return NULL;
}

static bool submit(struct load *load, struct net_client *client, int first, int n)
{
    char *text = NULL;
    size_t n_text = 0;
    FILE *out = open_memstream(&text, &n_text);

    fprintf(out, "{\"v\":1,\"op\":\"submit\",\"model\":\"%s\",\"jobs\":[", load->model);
    for (int i = 0; i < n; i++)
        fprintf(out,
                "%s{\"key\":\"%llx-%d\",\"inputs\":[{\"dtype\":\"float32\",\"shape\":[%s],"
                "\"data_b64\":\"%s\"}]}",
                i ? "," : "", (unsigned long long)load->run, first + i, load->shape, load->data);
    fprintf(out, "]}");
    fclose(out);
    cJSON *reply = ask(load, client, text);
    bool ok = reply != NULL && cJSON_GetArraySize(cJSON_GetObjectItem(reply, "jobs")) == n;
    cJSON_Delete(reply);
    free(text);
    return ok;
}

static double total_of(const cJSON *status, const char *name)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItem(cJSON_GetObjectItem(status, "totals"), name));
}

/* Jobs that have not ended, or -1. */
static int unfinished(struct load *load, struct net_client *client)
{
    cJSON *reply = ask(load, client, "{\"v\":1,\"op\":\"status\"}");
    if (reply == NULL)
        return -1;
    double n = total_of(reply, "queued") + total_of(reply, "assigned") + total_of(reply, "running");
    cJSON_Delete(reply);
    return (int)n;
}

static void *run_client(void *argument)
{
    struct load *load = argument;
    struct net_client *client = NULL;

    if (net_client_open(load->address, NULL, &client, NULL) != NET_OK)
        atomic_store(&load->failed, true);
    while (!atomic_load(&load->failed)) {
        int first = atomic_fetch_add(&load->next, load->batch);
        int n = load->jobs - first < load->batch ? load->jobs - first : load->batch;
        if (n <= 0)
            break;
        int waiting = unfinished(load, client);
        while (waiting > load->outstanding) {
            pause_ms(1);
            waiting = unfinished(load, client);
        }
        if (waiting < 0 || !submit(load, client, first, n))
            atomic_store(&load->failed, true);
        else
            atomic_fetch_add(&load->acknowledged, n);
    }
    net_client_close(client);
    return NULL;
}

/* Pages through all jobs and counts those of this run by key: each key must be there once, done. */
static int count_done(struct load *load, struct net_client *client)
{
    char *seen = calloc((size_t)load->jobs, 1), prefix[32], text[160];
    int done = 0;
    double before = 0;

    snprintf(prefix, sizeof(prefix), "%llx-", (unsigned long long)load->run);
    for (;;) {
        int used = snprintf(text, sizeof(text), "{\"v\":1,\"op\":\"jobs\",\"limit\":%d", PAGE);
        snprintf(text + used, sizeof(text) - (size_t)used, before > 0 ? ",\"before\":%.0f}" : "}",
                 before);
        cJSON *reply = ask(load, client, text);
        const cJSON *job, *jobs = cJSON_GetObjectItem(reply, "jobs");
        int n = cJSON_GetArraySize(jobs);
        cJSON_ArrayForEach(job, jobs)
        {
            const char *key = cJSON_GetStringValue(cJSON_GetObjectItem(job, "key"));
            const char *state = cJSON_GetStringValue(cJSON_GetObjectItem(job, "state"));
            before = cJSON_GetNumberValue(cJSON_GetObjectItem(job, "id"));
            if (key == NULL || strncmp(key, prefix, strlen(prefix)) != 0)
                continue;
            long index = strtol(key + strlen(prefix), NULL, 10);
            if (index < 0 || index >= load->jobs || seen[index]++ != 0 ||
                strcmp(state, "done") != 0)
                fprintf(stderr, "cluster_load: job %.0f (key %s) is %s, seen %d times\n", before,
                        key, state, seen[index]);
            else
                done++;
        }
        cJSON_Delete(reply);
        if (n == 0)
            break;
    }
    free(seen);
    return done;
}

static void print_latency(struct load *load, struct net_client *client)
{
    static const char *const parts[] = {"total", "queue", "load", "compute", "copy"};
    static const char *const points[] = {"p50", "p95", "p99"};
    cJSON *reply = ask(load, client, "{\"v\":1,\"op\":\"status\"}");

    for (size_t i = 0; i < 5; i++)
        for (size_t p = 0; p < 3; p++)
            printf("cluster_%s_latency_%s %.0f us\n", parts[i], points[p],
                   cJSON_GetNumberValue(cJSON_GetObjectItem(
                       cJSON_GetObjectItem(cJSON_GetObjectItem(reply, "latency_us"), parts[i]),
                       points[p])));
    printf("cluster_requeued %.0f jobs\n", total_of(reply, "requeued"));
    cJSON_Delete(reply);
}

static bool run_load(struct load *load)
{
    struct net_client *client = NULL;
    pthread_t threads[64];
    double until;
    int done, left = 1;

    if (net_client_open(load->address, NULL, &client, NULL) != NET_OK)
        return false;
    load->started_s = now_s();
    for (int i = 0; i < load->clients; i++)
        pthread_create(&threads[i], NULL, run_client, load);
    for (int i = 0; i < load->clients; i++)
        pthread_join(threads[i], NULL);
    printf("cluster_acknowledged %d jobs\n", load->acknowledged);
    for (until = now_s() + PATIENCE_S; left > 0 && now_s() < until;) {
        left = unfinished(load, client);
        if (left > 0)
            pause_ms(2);
    }
    double seconds = now_s() - load->started_s;
    print_latency(load, client);
    done = count_done(load, client);
    printf("cluster_done_exactly_once %d jobs\n", done);
    printf("cluster_lost %d jobs\n", load->acknowledged - done);
    printf("cluster_throughput %.0f jobs/s\n", load->jobs / seconds);
    printf("cluster_request_retries %d requests\n", load->retries);
    net_client_close(client);
    return !load->failed && done == load->jobs;
}

static int argument(int argc, char **argv, int at, int otherwise, int max)
{
    long value = argc > at ? strtol(argv[at], NULL, 10) : otherwise;
    if (value < 1 || value > max) {
        fprintf(stderr, "cluster_load: argument %d is not between 1 and %d\n", at, max);
        exit(2);
    }
    return (int)value;
}

/* The product of the numbers between the commas. */
static int floats_of(const char *shape)
{
    long product = 1;
    for (const char *at = shape; product > 0 && product <= FLOATS_MAX;) {
        char *end;
        product *= strtol(at, &end, 10);
        if (*end == '\0' && end != at && product > 0 && product <= FLOATS_MAX)
            return (int)product;
        if (*end != ',' || end == at)
            break;
        at = end + 1;
    }
    fprintf(stderr, "cluster_load: shape '%s' is not such as 1,1,8,8\n", shape);
    exit(2);
}

int main(int argc, char **argv)
{
    static float values[FLOATS_MAX];
    static struct load load;
    struct timespec wall;

    if (argc < 5) {
        fprintf(stderr, "usage: cluster_load ADDRESS MODEL SHAPE JOBS [OUTSTANDING] [CLIENTS] "
                        "[BATCH]\n");
        return 2;
    }
    clock_gettime(CLOCK_REALTIME, &wall);
    load.address = argv[1];
    load.model = argv[2];
    load.shape = argv[3];
    load.floats = floats_of(argv[3]);
    load.jobs = argument(argc, argv, 4, 0, 10000000);
    load.outstanding = argument(argc, argv, 5, 1024, 1000000);
    load.clients = argument(argc, argv, 6, 2, 64);
    load.batch = argument(argc, argv, 7, 64, 256);
    load.run = (uint64_t)wall.tv_sec * 1000000 + (uint64_t)wall.tv_nsec / 1000;
    load.data = malloc((size_t)load.floats * 6 + 4);
    for (int i = 0; i < load.floats; i++)
        values[i] = (float)i;
    EVP_EncodeBlock((unsigned char *)load.data, (const unsigned char *)values, load.floats * 4);
    bool ok = run_load(&load);
    free(load.data);
    return ok ? 0 : 1;
}
