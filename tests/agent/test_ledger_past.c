// What the ledger knows of the past, and what it is asked.
#include "tests/agent/ledger_rig.h"

TestSuite(ledger_past, .init = begin, .fini = finish);

static pthread_mutex_t answer_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answer_wake = PTHREAD_COND_INITIALIZER;
static int answers;

static void answered(struct agent_query *query)
{
    (void)query;
    pthread_mutex_lock(&answer_lock);
    answers++;
    pthread_cond_signal(&answer_wake);
    pthread_mutex_unlock(&answer_lock);
}

static void ask(struct agent_ledger *ledger, struct agent_query *query)
{
    query->done = answered;
    answers = 0;
    cr_assert_eq(agent_ledger_ask(ledger, query), AGENT_OK);
    pthread_mutex_lock(&answer_lock);
    while (answers == 0)
        pthread_cond_wait(&answer_wake, &answer_lock);
    pthread_mutex_unlock(&answer_lock);
}

// Jobs 1 to `count`, ended each at its number of microseconds, odd ones by agent "one".
static struct agent_ledger *with_ended(uint64_t count)
{
    struct agent_ledger *ledger = must_open();
    struct agent_blob *blob = agent_blob_new("out", 4);
    for (uint64_t id = 1; id <= count; id++) {
        struct agent_record job = job_record(id), end = end_record(id);
        char key[16];
        snprintf(key, sizeof key, "k%d", (int)id);
        job.job.key = end.job.key = key;
        end.job.finished_us = (int64_t)id;
        end.job.agent = id % 2 ? "one" : "two";
        end.job.tenant = id % 3 == 0 ? "guests" : "";
        end.job.state = id % 10 == 0 ? AGENT_JOB_FAILED : AGENT_JOB_DONE;
        end.job.error_text = id % 10 == 0 ? "it burnt" : "";
        agent_ledger_append(ledger, 2 * id - 1, &job, blob);
        agent_ledger_append(ledger, 2 * id, &end, blob);
        agent_ledger_flush(ledger);
    }
    agent_blob_unref(blob);
    wait_for(2 * count);
    return ledger;
}

Test(ledger_past, a_job_that_has_ended_is_told_with_its_attempts_and_outputs)
{
    struct agent_ledger *ledger = with_ended(20);
    struct agent_record attempt = {.kind = AGENT_RECORD_ATTEMPT,
                                   .attempt = {10, 1, 1, 0, "three", 5, 6, "its executor died"}};
    append(ledger, 41, &attempt, NULL);
    wait_for(41);
    struct agent_query query = {.kind = AGENT_QUERY_JOB, .id = 10};
    ask(ledger, &query);
    cr_assert_eq(query.status, AGENT_OK, "%s", query.err.text);
    cr_assert_eq(query.n_jobs, 1);
    cr_assert_str_eq(query.jobs[0].model, "digits");
    cr_assert_str_eq(query.jobs[0].key, "k10");
    cr_assert_str_eq(query.jobs[0].agent, "two");
    cr_assert_str_eq(query.jobs[0].tenant, "default");
    cr_assert_str_eq(query.jobs[0].error_text, "it burnt");
    cr_assert_eq(query.jobs[0].state, AGENT_JOB_FAILED);
    cr_assert_eq(query.n_attempts, 1);
    cr_assert_str_eq(query.attempts[0].agent, "three");
    cr_assert_str_eq(query.attempts[0].text, "its executor died");
    cr_assert_null(query.blob);
    agent_query_finish(&query);
    query = (struct agent_query){.kind = AGENT_QUERY_JOB, .id = 9, .output = true};
    ask(ledger, &query);
    cr_assert_str_eq((const char *)query.blob->bytes, "out");
    agent_query_finish(&query);
    query = (struct agent_query){.kind = AGENT_QUERY_JOB, .id = 21};
    ask(ledger, &query);
    cr_assert_eq(query.status, AGENT_ERR_NOT_FOUND);
    agent_query_finish(&query);
    agent_ledger_close(ledger);
}

static void expect_jobs(struct agent_ledger *ledger, struct agent_query_filter filter,
                        uint64_t total, size_t rows, uint64_t first)
{
    struct agent_query query = {.kind = AGENT_QUERY_JOBS, .filter = filter};
    query.filter.count = true;
    ask(ledger, &query);
    cr_assert_eq(query.status, AGENT_OK, "%s", query.err.text);
    cr_expect_eq(query.total, total, "%d match, not %d", (int)query.total, (int)total);
    cr_expect_eq(query.n_jobs, rows, "%d rows, not %d", (int)query.n_jobs, (int)rows);
    cr_expect(rows == 0 || query.jobs[0].id == first);
    for (size_t i = 1; i < query.n_jobs; i++)
        cr_expect(query.jobs[i].id < query.jobs[i - 1].id);
    agent_query_finish(&query);
}

Test(ledger_past, jobs_are_found_by_what_a_person_asks_for)
{
    struct agent_ledger *ledger = with_ended(100);
    expect_jobs(ledger, (struct agent_query_filter){.state = -1, .limit = 10}, 100, 10, 100);
    expect_jobs(ledger, (struct agent_query_filter){.state = -1, .limit = 10, .before = 6}, 100, 5,
                5);
    expect_jobs(ledger, (struct agent_query_filter){.state = AGENT_JOB_FAILED, .limit = 100}, 10,
                10, 100);
    expect_jobs(ledger, (struct agent_query_filter){.state = -1, .agent = "one", .limit = 100}, 50,
                50, 99);
    expect_jobs(ledger, (struct agent_query_filter){.state = -1, .agent = "who", .limit = 100}, 0,
                0, 0);
    expect_jobs(ledger, (struct agent_query_filter){.state = -1, .tenant = "guests", .limit = 100},
                33, 33, 99);
    expect_jobs(ledger, (struct agent_query_filter){.state = -1, .tenant = "default", .limit = 100},
                67, 67, 100);
    expect_jobs(ledger, (struct agent_query_filter){.state = -1, .model = "digits", .limit = 1},
                100, 1, 100);
    expect_jobs(
        ledger,
        (struct agent_query_filter){.state = -1, .since_us = 20, .until_us = 30, .limit = 100}, 10,
        10, 29);
    agent_ledger_close(ledger);
}

Test(ledger_past, who_did_what_is_told)
{
    struct agent_ledger *ledger = must_open();
    static const char *const targets[] = {"one", "two", "one"};
    for (uint64_t i = 0; i < 3; i++) {
        struct agent_record record = {
            .kind = AGENT_RECORD_AUDIT,
            .audit = {0, (int64_t)i + 1, "me", i == 2 ? "uncordon" : "cordon", targets[i], "dust"}};
        append(ledger, i + 1, &record, NULL);
    }
    wait_for(3);
    struct agent_query query = {.kind = AGENT_QUERY_AUDIT,
                                .filter = {.target = "one", .limit = 10}};
    ask(ledger, &query);
    cr_assert_eq(query.n_audits, 2);
    cr_assert_str_eq(query.audits[0].what, "uncordon");
    cr_assert_str_eq(query.audits[1].why, "dust");
    agent_query_finish(&query);
    agent_ledger_close(ledger);
}

struct kept {
    uint64_t count, last;
    bool keys;
};

static void found_kept(void *user, const struct agent_kept_record *record)
{
    struct kept *kept = user;
    char key[16];
    snprintf(key, sizeof key, "k%d", (int)record->id);
    kept->keys = record->id > kept->last && strcmp(record->key, key) == 0 &&
                 record->finished_us == (int64_t)record->id && record->output_bytes == 4;
    kept->count++;
    kept->last = record->id;
}

static void count_job(void *user, const struct agent_job_record *job, struct agent_blob *input)
{
    (void)input;
    struct kept *kept = user;
    cr_assert_gt(job->id, kept->last, "whole ones come after the others, in their order");
    kept->last = job->id;
}

Test(ledger_past, only_the_newest_are_read_whole_at_a_start)
{
    struct agent_ledger *ledger = with_ended(100);
    struct agent_record live = job_record(101),
                        attempt = {.kind = AGENT_RECORD_ATTEMPT,
                                   .attempt = {101, 3, 2, 0, "one", 5, 6, "lost"}};
    append(ledger, 201, &live, NULL);
    append(ledger, 202, &attempt, NULL);
    wait_for(202);
    agent_ledger_close(ledger);
    ledger = must_open();
    struct kept kept = {0};
    struct agent_error err = {0};
    uint64_t next = 0;
    struct agent_ledger_reader reader = {
        .on_kept = found_kept, .on_job = count_job, .recent = 30, .user = &kept};
    cr_assert_eq(agent_ledger_recover(ledger, &reader, &next, &err), AGENT_OK, "%s", err.text);
    cr_assert_eq(kept.count, 70);
    cr_assert(kept.keys);
    cr_assert_eq(kept.last, 101);
    cr_assert_eq(next, 102);
    agent_ledger_close(ledger);
}

static void live_job(void *user, const struct agent_job_record *job, struct agent_blob *input)
{
    (void)input;
    *(struct agent_job_record *)user = *job;
}

Test(ledger_past, failures_of_a_live_job_survive)
{
    struct agent_ledger *ledger = must_open();
    struct agent_record live = job_record(1);
    append(ledger, 1, &live, NULL);
    for (uint32_t i = 1; i <= 3; i++) {
        struct agent_record attempt = {.kind = AGENT_RECORD_ATTEMPT,
                                       .attempt = {1, i, i == 3 ? 2 : i, 0, "one", 5, 6, "lost"}};
        append(ledger, i + 1, &attempt, NULL);
    }
    wait_for(4);
    struct agent_job_record found = {0};
    struct agent_ledger_reader reader = {.on_job = live_job, .user = &found};
    uint64_t next = 0;
    cr_assert_eq(agent_ledger_recover(ledger, &reader, &next, NULL), AGENT_OK);
    cr_assert_eq(found.attempts, 2);
    cr_assert_eq(found.dispatches, 3);
    agent_ledger_close(ledger);
}

Test(ledger_past, forgetting_takes_what_it_is_told_and_nothing_else)
{
    struct agent_ledger *ledger = with_ended(50);
    const uint64_t ids[] = {1, 2, 3, 7, 9, 10, 11, 50};
    struct agent_record forget = {.kind = AGENT_RECORD_FORGET, .forget = {ids, 8}};
    append(ledger, 101, &forget, NULL);
    wait_for(101);
    expect_jobs(ledger, (struct agent_query_filter){.state = -1, .limit = 100}, 42, 42, 49);
    agent_ledger_close(ledger);
    ledger = must_open();
    struct found found = {0};
    struct agent_ledger_reader reader = {.user = &found};
    cr_assert_eq(agent_ledger_recover(ledger, &reader, &found.next, NULL), AGENT_OK);
    cr_assert_eq(found.next, 51, "the highest id is forgotten and not used again");
    agent_ledger_close(ledger);
}

/* A record that the database never takes must not stop everything behind it. */
Test(ledger_past, a_refused_record_is_told_and_left_out)
{
    struct agent_ledger *ledger = must_open();
    change("CREATE TRIGGER no BEFORE INSERT ON live WHEN new.id=2 BEGIN SELECT raise(ABORT,'no'); "
           "END");
    for (uint64_t id = 1; id <= 3; id++) {
        struct agent_record record = job_record(id);
        agent_ledger_append(ledger, id, &record, NULL);
    }
    agent_ledger_flush(ledger);
    wait_for(3);
    cr_assert_eq(refused_seq, 2);
    cr_assert_not_null(strstr(refused_text, path), "%s", refused_text);
    struct agent_ledger_stats stats;
    agent_ledger_stats(ledger, &stats);
    cr_assert_eq(stats.refused, 1);
    cr_assert_eq(look(ledger).live, 2);
    agent_ledger_close(ledger);
}

Test(ledger_past, an_end_whose_outputs_are_refused_is_kept_without_them)
{
    struct agent_ledger *ledger = must_open();
    change("CREATE TRIGGER no BEFORE INSERT ON ended WHEN new.output IS NOT NULL"
           " BEGIN SELECT raise(ABORT,'no'); END");
    struct agent_record job = job_record(1), end = end_record(1);
    struct agent_blob *output = agent_blob_new("out", 4);
    append(ledger, 1, &job, NULL);
    append(ledger, 2, &end, output);
    agent_blob_unref(output);
    wait_for(2);
    cr_assert_eq(refused_seq, 2);
    struct agent_query query = {.kind = AGENT_QUERY_JOB, .id = 1, .output = true};
    ask(ledger, &query);
    cr_assert_eq(query.status, AGENT_OK);
    cr_assert_eq(query.jobs[0].state, AGENT_JOB_DONE);
    cr_assert_null(query.blob);
    agent_query_finish(&query);
    agent_ledger_close(ledger);
}
