// What the ledger takes. Each job is admitted, committed, ended, committed, as the coordinator does
// it: by one thread that appends what a step decided and lets it go together. One line a figure:
// name value unit. `ledger_bench FOLDER` keeps its file there; `ledger_bench FOLDER kept N`
// measures a start with N ended jobs instead, and 100,000 that have not ended.
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "agent/ledger/ledger.h"

#define RING (1u << 20)
#define LIVE 100000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake;
static uint64_t committed; // under lock

struct waiting {
    uint64_t seq, id;
    int64_t begun_us;
    bool ending;
};

static struct waiting ring[RING];
static uint64_t ring_first, ring_end, next_id = 1, next_seq = 1;
static int64_t wall_us; // the wall clock's time less that of latencies
static uint32_t *latencies;
static size_t n_latencies;
static struct agent_blob *input, *output;

static void on_commit(void *user, uint64_t seq)
{
    (void)user;
    pthread_mutex_lock(&lock);
    committed = seq;
    pthread_cond_signal(&wake);
    pthread_mutex_unlock(&lock);
}

static void on_failure(void *user, const char *text)
{
    (void)user;
    fprintf(stderr, "%s\n", text);
    exit(1);
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static double cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static uint64_t wait_until(uint64_t more_than, int64_t until_us)
{
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    pthread_mutex_lock(&lock);
    int status = 0;
    while (committed <= more_than && status == 0)
        status = pthread_cond_timedwait(&wake, &lock, &until);
    uint64_t now = committed;
    pthread_mutex_unlock(&lock);
    return now;
}

static uint64_t kept_max, forgotten; // 0: none are forgotten

// As retention does it: what is beyond the limit, in pieces.
static void forget(struct agent_ledger *ledger)
{
    uint64_t ids[256];
    while (kept_max != 0 && next_id - forgotten > kept_max + 256) {
        for (int i = 0; i < 256; i++)
            ids[i] = ++forgotten;
        struct agent_record record = {.kind = AGENT_RECORD_FORGET, .forget = {ids, 256}};
        if (agent_ledger_append(ledger, next_seq++, &record, NULL) != AGENT_OK)
            exit(1);
    }
}

static void append(struct agent_ledger *ledger, uint64_t id, bool ending, int64_t begun_us)
{
    static const char *const agents[] = {"ember-01", "ember-02", "ember-03", "kiln.example.org"};
    struct agent_record record = {.kind = ending ? AGENT_RECORD_END : AGENT_RECORD_JOB};
    record.job = (struct agent_job_record){.id = id,
                                           .model = id % 3 ? "digits" : "resnet18-quantized",
                                           .version = 1,
                                           .priority = 2,
                                           .key = "",
                                           .tenant = "default",
                                           .submitted_us = begun_us + wall_us,
                                           .input_bytes = 64,
                                           .rows = 1};
    record.job.hash[0] = id % 3 ? 7 : 9;
    if (ending) {
        record.job.state = AGENT_JOB_DONE;
        record.job.agent = agents[id % 4];
        record.job.started_us = begun_us + wall_us + 900;
        record.job.finished_us = begun_us + wall_us + 5000;
        record.job.attempts = record.job.batch = 1;
        record.job.timing = (struct agent_timing){5000, 4000, 0, 900, 100};
        record.job.output_bytes = 64;
    }
    if (agent_ledger_append(ledger, next_seq, &record, ending ? output : input) != AGENT_OK)
        exit(1);
    ring[ring_end++ % RING] = (struct waiting){next_seq++, id, begun_us, ending};
}

// What was committed goes on: admitted jobs end, ended ones are counted. Returns how many ended.
static uint32_t take(struct agent_ledger *ledger, uint64_t seq)
{
    uint32_t ended = 0;
    int64_t now = now_us();
    while (ring_first != ring_end && ring[ring_first % RING].seq <= seq) {
        struct waiting waiting = ring[ring_first++ % RING];
        if (waiting.ending) {
            latencies[n_latencies++] = (uint32_t)(now - waiting.begun_us);
            ended++;
        } else {
            append(ledger, waiting.id, true, waiting.begun_us);
        }
    }
    forget(ledger);
    return ended;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void report(const char *name, int64_t took_us, double cpu)
{
    qsort(latencies, n_latencies, sizeof *latencies, compare);
    double n = (double)n_latencies;
    printf("ledger_%s_jobs %.0f jobs/s\n", name, n * 1e6 / (double)took_us);
    static const double parts[] = {0.5, 0.95, 0.99, 0.999};
    static const char *const names[] = {"p50", "p95", "p99", "p999"};
    for (int i = 0; i < 4; i++)
        printf("ledger_%s_%s %.2f ms\n", name, names[i],
               latencies[(size_t)(n * parts[i])] / 1000.0);
    printf("ledger_%s_cpu %.2f us/job\n", name, cpu * 1e6 / n);
    n_latencies = 0;
}

// `outstanding` jobs at a time: one that ends makes room for the next.
static void closed(struct agent_ledger *ledger, uint32_t outstanding, uint32_t jobs)
{
    char name[48];
    int64_t start = now_us();
    double cpu = cpu_s();
    uint32_t begun = 0, ended = 0;
    uint64_t seq = next_seq - 1;
    for (; begun < outstanding; begun++)
        append(ledger, next_id++, false, now_us());
    while (ended < jobs) {
        agent_ledger_flush(ledger);
        seq = wait_until(seq, now_us() + 10000000);
        uint32_t now = take(ledger, seq);
        ended += now;
        for (int64_t at = now_us(); now > 0 && begun < jobs; now--, begun++)
            append(ledger, next_id++, false, at);
    }
    snprintf(name, sizeof name, "closed_%" PRIu32, outstanding);
    report(name, now_us() - start, cpu_s() - cpu);
}

// So many a second, however long they take; latencies count from when each was due.
static void open_loop(struct agent_ledger *ledger, uint32_t per_s, uint32_t jobs)
{
    char name[48];
    int64_t start = now_us();
    double cpu = cpu_s();
    uint32_t begun = 0, ended = 0;
    uint64_t seq = next_seq - 1;
    while (ended < jobs) {
        int64_t now = now_us();
        for (; begun < jobs && start + (int64_t)begun * 1000000 / per_s <= now; begun++)
            append(ledger, next_id++, false, start + (int64_t)begun * 1000000 / per_s);
        agent_ledger_flush(ledger);
        seq = wait_until(seq, start + (int64_t)begun * 1000000 / per_s);
        ended += take(ledger, seq);
    }
    snprintf(name, sizeof name, "open_%" PRIu32 "%s", per_s, kept_max != 0 ? "_forgetting" : "");
    report(name, now_us() - start, cpu_s() - cpu);
}

static void fill(struct agent_ledger *ledger, uint32_t jobs)
{
    uint64_t seq = next_seq - 1;
    for (uint32_t i = 0; i < jobs + LIVE; i++) {
        append(ledger, next_id++, false, now_us());
        if (i < jobs)
            append(ledger, next_id - 1, true, now_us());
        if (i % 512 == 0)
            agent_ledger_flush(ledger);
        while (next_seq - seq > 8192)
            seq = wait_until(seq, now_us() + 10000000);
    }
    agent_ledger_flush(ledger);
    while (seq < next_seq - 1)
        seq = wait_until(seq, now_us() + 10000000);
}

static uint64_t found;

static void on_kept(void *user, const struct agent_kept_record *kept)
{
    (void)user;
    found += kept->id != 0;
}

static void on_job(void *user, const struct agent_job_record *job, struct agent_blob *blob)
{
    (void)user;
    (void)blob;
    found += job->id != 0;
}

static struct agent_ledger *must_open(const char *path)
{
    struct agent_ledger *ledger = NULL;
    struct agent_error err = {0};
    struct agent_ledger_options options = {
        .path = path, .on_commit = on_commit, .on_failure = on_failure};
    if (agent_ledger_open(&options, &ledger, &err) != AGENT_OK) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return ledger;
}

static void start_with_kept(const char *path, uint32_t jobs)
{
    struct agent_ledger *ledger = must_open(path);
    int64_t start = now_us();
    fill(ledger, jobs);
    printf("ledger_fill %.2f s\n", (double)(now_us() - start) / 1e6);
    agent_ledger_close(ledger);
    start = now_us();
    ledger = must_open(path);
    printf("ledger_open %.3f s\n", (double)(now_us() - start) / 1e6);
    uint64_t next = 0;
    struct agent_ledger_reader reader = {.on_kept = on_kept, .on_job = on_job, .recent = 10000};
    start = now_us();
    if (agent_ledger_recover(ledger, &reader, &next, NULL) != AGENT_OK)
        exit(1);
    printf("ledger_recover_%" PRIu64 "_jobs %.3f s\n", found, (double)(now_us() - start) / 1e6);
    struct agent_ledger_stats stats;
    agent_ledger_stats(ledger, &stats);
    printf("ledger_bytes_per_job %.0f bytes\n", (double)stats.bytes / (double)found);
    agent_ledger_close(ledger);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/stoker-bench-XXXXXX", path[4096];
    uint8_t bytes[64] = {1};
    bool own = argc < 2;
    if (own && mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/ledger.db", own ? folder : argv[1]);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&wake, &monotonic);
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    wall_us = (int64_t)wall.tv_sec * 1000000 + wall.tv_nsec / 1000 - now_us();
    latencies = calloc(4000000, sizeof *latencies);
    input = agent_blob_new(bytes, sizeof bytes);
    output = agent_blob_new(bytes, sizeof bytes);
    if (latencies == NULL || input == NULL || output == NULL)
        return 1;
    if (argc > 3 && strcmp(argv[2], "kept") == 0) {
        start_with_kept(path, (uint32_t)strtoul(argv[3], NULL, 10));
        return 0;
    }
    struct agent_ledger *ledger = must_open(path);
    closed(ledger, 1, 500);
    closed(ledger, 1024, 500000);
    closed(ledger, 8192, 500000);
    open_loop(ledger, 5000, 20000);
    open_loop(ledger, 20000, 100000);
    open_loop(ledger, 100000, 400000);
    // The same while as many are forgotten as end: the file stays as it is.
    struct agent_ledger_stats stats;
    kept_max = next_id - 1;
    agent_ledger_stats(ledger, &stats);
    printf("ledger_bytes_before %" PRIu64 " bytes\n", stats.bytes);
    open_loop(ledger, 100000, 400000);
    agent_ledger_stats(ledger, &stats);
    printf("ledger_bytes_after %" PRIu64 " bytes\n", stats.bytes);
    printf("ledger_commits %" PRIu64 " commits\nledger_checkpoints %" PRIu64 " checkpoints\n",
           stats.commits, stats.checkpoints);
    agent_ledger_close(ledger);
    return !own || (remove(path) == 0 && remove(folder) == 0) ? 0 : 1;
}
