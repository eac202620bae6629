// A ledger in a folder of its own, with callbacks that can be waited for. Each test is a process.
#ifndef LEDGER_RIG_H
#define LEDGER_RIG_H

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <sqlite3.h>

#include "agent/ledger/ledger.h"
#include "tests/agent/remove_tree.h"

static char folder[64], path[96];

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    uint64_t seq;
    bool failed;
    char text[512]; // of the failure
};

static struct waiter waiter = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false, ""};

static inline void on_commit(void *user, uint64_t seq)
{
    (void)user;
    pthread_mutex_lock(&waiter.lock);
    waiter.seq = seq;
    pthread_cond_broadcast(&waiter.wake);
    pthread_mutex_unlock(&waiter.lock);
}

static inline void on_failure(void *user, const char *text)
{
    (void)user;
    pthread_mutex_lock(&waiter.lock);
    waiter.failed = true;
    snprintf(waiter.text, sizeof waiter.text, "%s", text);
    pthread_cond_broadcast(&waiter.wake);
    pthread_mutex_unlock(&waiter.lock);
}

static uint64_t refused_seq;
static char refused_text[512];

static inline void on_refused(void *user, uint64_t seq, const char *text)
{
    (void)user;
    refused_seq = seq;
    snprintf(refused_text, sizeof refused_text, "%s", text);
}

static inline void wait_for(uint64_t seq)
{
    pthread_mutex_lock(&waiter.lock);
    while (waiter.seq < seq)
        pthread_cond_wait(&waiter.wake, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
}

static inline enum agent_status open_as(const char *file, enum agent_durability durability,
                                        struct agent_ledger **ledger, struct agent_error *err)
{
    struct agent_ledger_options options = {
        .path = file,
        .durability = durability,
        .on_commit = on_commit,
        .on_failure = on_failure,
        .on_refused = on_refused,
    };
    return agent_ledger_open(&options, ledger, err);
}

static inline enum agent_status open_at(const char *file, struct agent_ledger **ledger,
                                        struct agent_error *err)
{
    return open_as(file, AGENT_DURABILITY_COMMIT, ledger, err);
}

static inline struct agent_ledger *must_open_as(enum agent_durability durability)
{
    struct agent_ledger *ledger = NULL;
    struct agent_error err = {0};
    cr_assert_eq(open_as(path, durability, &ledger, &err), AGENT_OK, "%s", err.text);
    return ledger;
}

static inline struct agent_ledger *must_open(void)
{
    return must_open_as(AGENT_DURABILITY_COMMIT);
}

static inline void begin(void)
{
    snprintf(folder, sizeof folder, "/tmp/stoker-ledger-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/ledger.db", folder);
}

static inline void finish(void)
{
    cr_assert_eq(remove_tree(folder), 0);
}

static inline struct agent_record job_record(uint64_t id)
{
    struct agent_record record = {.kind = AGENT_RECORD_JOB};
    record.job = (struct agent_job_record){.id = id,
                                           .model = "digits",
                                           .version = 1,
                                           .priority = 2,
                                           .key = "key",
                                           .submitted_us = 5,
                                           .input_bytes = 3,
                                           .rows = 1};
    record.job.hash[31] = 7;
    return record;
}

static inline struct agent_record end_record(uint64_t id)
{
    struct agent_record record = job_record(id);
    record.kind = AGENT_RECORD_END;
    record.job.state = AGENT_JOB_DONE;
    record.job.agent = "one";
    record.job.finished_us = 99;
    record.job.attempts = 2;
    record.job.timing.total_us = 94;
    record.job.output_bytes = 4;
    return record;
}

static inline void append(struct agent_ledger *ledger, uint64_t seq,
                          const struct agent_record *record, struct agent_blob *blob)
{
    cr_assert_eq(agent_ledger_append(ledger, seq, record, blob), AGENT_OK);
    agent_ledger_flush(ledger);
}

static inline void change(const char *sql)
{
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

struct found {
    uint64_t jobs, live, ended, operations, agents, events, next;
    char last_input[8], meta[16], text[32];
};

static inline void found_job(void *user, const struct agent_job_record *job,
                             struct agent_blob *input)
{
    struct found *found = user;
    found->jobs++;
    found->live += job->state == AGENT_JOB_QUEUED;
    found->ended += job->state == AGENT_JOB_DONE && job->attempts == 2 &&
                    job->timing.total_us == 94 && strcmp(job->agent, "one") == 0;
    cr_assert_eq(job->hash[31], 7);
    cr_assert_str_eq(job->key, "key");
    if (input != NULL)
        memcpy(found->last_input, input->bytes, input->size < 8 ? input->size : 8);
}

static inline void found_operation(void *user, const struct agent_operation_record *operation)
{
    struct found *found = user;
    found->operations++;
    snprintf(found->text, sizeof found->text, "%s", operation->reason);
}

static inline void found_agent(void *user, const struct agent_agent_record *agent)
{
    struct found *found = user;
    found->agents += agent->admin == AGENT_ADMIN_CORDONED;
}

static inline void found_meta(void *user, const char *key, const char *value)
{
    struct found *found = user;
    if (strcmp(key, "strategy") == 0)
        snprintf(found->meta, sizeof found->meta, "%s", value);
}

static inline void found_event(void *user, const struct agent_event_record *event)
{
    struct found *found = user;
    found->events += strcmp(event->json, "{\"kind\":1}") == 0;
}

static inline struct found look(struct agent_ledger *ledger)
{
    struct found found = {0};
    struct agent_error err = {0};
    struct agent_ledger_reader reader = {.on_job = found_job,
                                         .on_operation = found_operation,
                                         .on_agent = found_agent,
                                         .on_meta = found_meta,
                                         .on_event = found_event,
                                         .recent = 1000,
                                         .user = &found};
    cr_assert_eq(agent_ledger_recover(ledger, &reader, &found.next, &err), AGENT_OK, "%s",
                 err.text);
    return found;
}

static inline void on_answer(struct agent_query *query)
{
    pthread_mutex_lock(&waiter.lock);
    query->user = NULL;
    pthread_cond_broadcast(&waiter.wake);
    pthread_mutex_unlock(&waiter.lock);
}

// The outputs of an ended job, whose reference the caller owns; NULL: there are none.
static inline struct agent_blob *output_of(struct agent_ledger *ledger, uint64_t id)
{
    struct agent_query query = {
        .kind = AGENT_QUERY_JOB, .id = id, .output = true, .done = on_answer, .user = &query};
    cr_assert_eq(agent_ledger_ask(ledger, &query), AGENT_OK);
    pthread_mutex_lock(&waiter.lock);
    while (query.user != NULL)
        pthread_cond_wait(&waiter.wake, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    struct agent_blob *blob = query.blob != NULL ? agent_blob_ref(query.blob) : NULL;
    agent_query_finish(&query);
    return blob;
}

#endif
