// What the ledger takes: jobs with 64 bytes of inputs admitted and ended, both committed, and the
// time of one commit. One line a figure: name value unit.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/ledger/ledger.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static uint64_t committed;

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

static void wait_for(uint64_t seq)
{
    pthread_mutex_lock(&lock);
    while (committed < seq)
        pthread_cond_wait(&wake, &lock);
    pthread_mutex_unlock(&lock);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t next_id = 1, next_seq = 1;

// Admits and ends `jobs`, with `outstanding` of them not committed at a time.
static void run(struct agent_ledger *ledger, uint32_t jobs, uint32_t outstanding)
{
    uint8_t bytes[64] = {1};
    struct agent_blob *blob = agent_blob_new(bytes, sizeof bytes);
    double start = seconds();
    for (uint32_t i = 0; i < jobs; i++) {
        struct agent_record record = {.kind = AGENT_RECORD_JOB};
        record.job = (struct agent_job_record){
            .id = next_id++, .model = "noop", .version = 1, .priority = 2, .input_bytes = 64};
        agent_ledger_append(ledger, next_seq++, &record, blob);
        record.kind = AGENT_RECORD_END;
        record.job.state = AGENT_JOB_DONE;
        record.job.agent = "ember-01";
        agent_ledger_append(ledger, next_seq++, &record, blob);
        agent_ledger_flush(ledger);
        if (next_seq > 2 * (uint64_t)outstanding)
            wait_for(next_seq - 2 * (uint64_t)outstanding);
    }
    wait_for(next_seq - 1);
    double took = seconds() - start;
    printf("ledger_%u_outstanding_jobs %.0f jobs/s\n", outstanding, jobs / took);
    agent_blob_unref(blob);
}

int main(void)
{
    char folder[] = "/tmp/stoker-bench-XXXXXX", path[64];
    struct agent_ledger *ledger = NULL;
    struct agent_error err = {0};
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/ledger.db", folder);
    struct agent_ledger_options options = {
        .path = path, .on_commit = on_commit, .on_failure = on_failure};
    if (agent_ledger_open(&options, &ledger, &err) != AGENT_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    run(ledger, 500, 1);
    run(ledger, 20000, 256);
    run(ledger, 50000, 4096);
    agent_ledger_close(ledger);
    return remove(path) == 0 && remove(folder) == 0 ? 0 : 1;
}
