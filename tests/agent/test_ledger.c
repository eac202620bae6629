// The ledger: what it acknowledged is there after a kill -9, and what is not its own file is
// refused.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/agent/ledger_rig.h"

TestSuite(ledger, .init = begin, .fini = finish);

Test(ledger, gives_back_what_it_was_given)
{
    struct agent_ledger *ledger = must_open();
    uint64_t epoch = agent_ledger_epoch(ledger);
    struct agent_blob *input = agent_blob_new("in", 3), *output = agent_blob_new("out", 4);
    for (uint64_t id = 1; id <= 3; id++) {
        struct agent_record record = job_record(id);
        append(ledger, id, &record, input);
    }
    struct agent_record records[] = {
        end_record(2),
        {.kind = AGENT_RECORD_FORGET, .forget = {(const uint64_t[]){3}, 1}},
        {.kind = AGENT_RECORD_OPERATION,
         .operation = {.id = 9, .kind = "drain", .target = "one", .by = "me", .reason = "fan"}},
        {.kind = AGENT_RECORD_AGENT, .agent = {"one", AGENT_ADMIN_CORDONED, "dust", "me"}},
        {.kind = AGENT_RECORD_AUDIT, .audit = {0, 1, "me", "cordon", "one", "dust"}},
        {.kind = AGENT_RECORD_META, .meta = {"strategy", "round-robin"}},
        {.kind = AGENT_RECORD_EVENT, .event = {1, 2, "{\"kind\":1}"}},
    };
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
        append(ledger, 4 + i, &records[i], i == 0 ? output : NULL);
    wait_for(10);
    struct agent_blob *read = NULL;
    cr_assert_not_null(read = output_of(ledger, 2));
    cr_assert_str_eq((const char *)read->bytes, "out");
    cr_assert_null(output_of(ledger, 1));
    agent_blob_unref(read);
    agent_blob_unref(input);
    agent_blob_unref(output);
    cr_assert_eq(agent_ledger_close(ledger), AGENT_OK);
    ledger = must_open();
    cr_assert_eq(agent_ledger_epoch(ledger), epoch + 1);
    struct found found = look(ledger);
    cr_assert_eq(found.jobs, 2);
    cr_assert_eq(found.live, 1);
    cr_assert_eq(found.ended, 1);
    cr_assert_str_eq(found.last_input, "in");
    cr_assert_eq(found.operations, 1);
    cr_assert_str_eq(found.text, "fan");
    cr_assert_eq(found.agents, 1);
    cr_assert_eq(found.events, 1);
    cr_assert_str_eq(found.meta, "round-robin");
    cr_assert_eq(found.next, 4, "a forgotten job's id is not used again");
    agent_ledger_close(ledger);
}

// In a process of its own: appends without end and says over a pipe what was committed.
static void write_until_killed(int to)
{
    struct agent_ledger *ledger = must_open();
    struct agent_blob *input = agent_blob_new("in", 3);
    for (uint64_t id = 1;; id++) {
        struct agent_record record = job_record(id);
        append(ledger, id, &record, input);
        if (id % 50 == 0)
            wait_for(id - 49);
        pthread_mutex_lock(&waiter.lock);
        uint64_t seq = waiter.seq;
        pthread_mutex_unlock(&waiter.lock);
        if (write(to, &seq, sizeof seq) != sizeof seq)
            _exit(1);
    }
}

Test(ledger, what_was_committed_survives_a_kill, .timeout = 60)
{
    uint64_t committed = 0;
    for (int round = 0; round < 5; round++) {
        int ends[2];
        cr_assert_eq(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0)
            write_until_killed(ends[1]);
        close(ends[1]);
        uint64_t seq;
        uint64_t target = 200 + (uint64_t)round * 137;
        while (read(ends[0], &seq, sizeof seq) == sizeof seq && seq < target)
            continue;
        kill(child, SIGKILL);
        while (read(ends[0], &seq, sizeof seq) == sizeof seq)
            committed = seq;
        close(ends[0]);
        waitpid(child, NULL, 0);
        struct agent_ledger *ledger = must_open();
        struct found found = look(ledger);
        cr_assert_geq(found.jobs, committed);
        cr_assert_geq(found.next, committed + 1);
        agent_ledger_close(ledger);
    }
}

Test(ledger, says_what_is_wrong_with_a_file_that_is_none)
{
    struct agent_ledger *ledger = NULL;
    struct agent_error err = {0};
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 4096; i++)
        fputs("this is not a database ", file);
    fclose(file);
    cr_assert_eq(open_at(path, &ledger, &err), AGENT_ERR_CORRUPT);
    cr_assert_not_null(strstr(err.text, path));
    cr_assert_not_null(strstr(err.text, "backup"));
}

/* A job that was acknowledged is never dropped without a word. */
Test(ledger, a_damaged_job_is_named_not_skipped)
{
    struct agent_ledger *ledger = must_open();
    struct agent_blob *input = agent_blob_new("in", 3);
    struct agent_error err = {0};
    struct found found = {0};
    struct agent_ledger_reader reader = {.on_job = found_job, .user = &found};
    for (uint64_t id = 1; id <= 2; id++) {
        struct agent_record record = job_record(id);
        append(ledger, id, &record, input);
    }
    wait_for(2);
    agent_blob_unref(input);
    agent_ledger_close(ledger);
    change("UPDATE live SET model=77 WHERE id=2");
    ledger = must_open();
    cr_assert_eq(agent_ledger_recover(ledger, &reader, &found.next, &err), AGENT_ERR_CORRUPT);
    cr_assert_not_null(strstr(err.text, "row 2 of 'jobs'"), "%s", err.text);
    agent_ledger_close(ledger);
}

// The tables of version 1, as the first releases made them.
static const char first_schema[] =
    "PRAGMA application_id=1398033234; PRAGMA user_version=1;"
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE jobs(id INTEGER PRIMARY KEY AUTOINCREMENT, state INT, model TEXT, version INT,"
    " hash BLOB, priority INT, deadline_us INT, key TEXT, submitted_us INT, input_bytes INT,"
    " rows INT, agent TEXT, device INT, started_us INT, finished_us INT, attempts INT, batch INT,"
    " total_us INT, queue_us INT, load_us INT, compute_us INT, copy_us INT, output_bytes INT,"
    " error_code TEXT, error_text TEXT, input BLOB, output BLOB);"
    "CREATE TABLE operations(id INTEGER PRIMARY KEY, kind TEXT, target TEXT, requested_by TEXT,"
    " reason TEXT, state INT, was_cordoned INT, started_us INT, deadline_us INT, finished_us INT,"
    " requeued INT);"
    "CREATE TABLE agents(name TEXT PRIMARY KEY, admin INT, reason TEXT, decided_by TEXT)"
    " WITHOUT ROWID;"
    "CREATE TABLE events(seq INTEGER PRIMARY KEY, time_us INT, json TEXT);"
    "CREATE TABLE audit(id INTEGER PRIMARY KEY, time_us INT, who TEXT, what TEXT, target TEXT,"
    " why TEXT);"
    "INSERT INTO jobs(id,state,model,version,hash,priority,key,input) VALUES(4,0,'digits',1,"
    " x'0000000000000000000000000000000000000000000000000000000000000007',2,'key',x'696e00');"
    "INSERT INTO meta VALUES('epoch','41');"
    "INSERT INTO jobs(id,state,model,version,hash,priority,key,agent,device,finished_us,attempts,"
    " total_us,output_bytes,output,error_code,error_text) VALUES(2,3,'digits',1,"
    " x'0000000000000000000000000000000000000000000000000000000000000007',2,'key','one',0,99,2,94,"
    " 4,x'6f757400','','');"
    "INSERT INTO jobs(id) VALUES(6); DELETE FROM jobs WHERE id=6;"
    "INSERT INTO operations VALUES(9,'drain','one','me','fan',1,0,1,2,3,0);";

Test(ledger, a_file_of_the_first_version_is_brought_up_to_date)
{
    change(first_schema);
    struct agent_ledger *ledger = must_open();
    struct found found = look(ledger);
    cr_assert_eq(found.live, 1);
    cr_assert_str_eq(found.last_input, "in");
    cr_assert_str_eq(found.text, "fan");
    cr_assert_eq(found.ended, 1);
    cr_assert_eq(found.next, 7, "a forgotten job's id is not used again");
    cr_assert_eq(agent_ledger_epoch(ledger), 42);
    struct agent_blob *read = NULL;
    cr_assert_not_null(read = output_of(ledger, 2));
    cr_assert_str_eq((const char *)read->bytes, "out");
    agent_blob_unref(read);
    struct agent_record record = {
        .kind = AGENT_RECORD_OPERATION,
        .operation = {.id = 10, .kind = "drain", .target = "one", .by = "me", .reason = "dust"}};
    agent_ledger_append(ledger, 1, &record, NULL);
    agent_ledger_flush(ledger);
    wait_for(1);
    cr_assert_eq(refused_seq, 0, "%s", refused_text);
    agent_ledger_close(ledger);
    ledger = must_open();
    found = look(ledger);
    cr_assert_str_eq(found.text, "dust");
    agent_ledger_close(ledger);
}

Test(ledger, refuses_a_newer_format_and_another_program_s_file)
{
    struct agent_ledger *ledger = must_open();
    struct agent_error err = {0};
    agent_ledger_close(ledger);
    change("PRAGMA user_version=9999");
    cr_assert_eq(open_at(path, &ledger, &err), AGENT_ERR_VERSION);
    change("PRAGMA user_version=1; PRAGMA application_id=77");
    cr_assert_eq(open_at(path, &ledger, &err), AGENT_ERR_CORRUPT);
}

Test(ledger, tries_again_when_the_disk_was_full, .timeout = 60)
{
    struct agent_ledger *ledger = must_open();
    struct rlimit before, small = {.rlim_cur = 512 << 10, .rlim_max = RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    struct agent_blob *big = agent_blob_new(NULL, 1 << 20);
    memset(big->bytes, 1, big->size);
    struct agent_record record = job_record(1);
    append(ledger, 1, &record, big);
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.failed)
        pthread_cond_wait(&waiter.wake, &waiter.lock);
    cr_assert_eq(waiter.seq, 0);
    pthread_mutex_unlock(&waiter.lock);
    setrlimit(RLIMIT_FSIZE, &before);
    wait_for(1);
    agent_blob_unref(big);
    cr_assert_eq(agent_ledger_close(ledger), AGENT_OK);
    ledger = must_open();
    cr_assert_eq(look(ledger).live, 1);
    agent_ledger_close(ledger);
}

/* Memory only: acknowledged by the flush, results of late jobs at hand, and the epoch still rises.
 */
Test(ledger, none_keeps_results_in_memory_and_counts_the_epoch)
{
    struct agent_ledger *ledger = must_open();
    uint64_t epoch = agent_ledger_epoch(ledger);
    agent_ledger_close(ledger);
    ledger = must_open_as(AGENT_DURABILITY_NONE);
    cr_assert_eq(agent_ledger_epoch(ledger), epoch + 1);
    struct agent_record job = job_record(1), end = end_record(1);
    struct agent_blob *output = agent_blob_new("out", 4), *read = NULL;
    agent_ledger_append(ledger, 1, &job, output);
    agent_ledger_append(ledger, 2, &end, output);
    cr_assert_eq(waiter.seq, 0);
    agent_ledger_flush(ledger);
    cr_assert_eq(waiter.seq, 2);
    cr_assert_not_null(read = output_of(ledger, 1));
    cr_assert_str_eq((const char *)read->bytes, "out");
    agent_blob_unref(read);
    struct agent_record forget = {.kind = AGENT_RECORD_FORGET,
                                  .forget = {(const uint64_t[]){1}, 1}};
    append(ledger, 3, &forget, NULL);
    cr_assert_null(output_of(ledger, 1));
    for (uint64_t id = 2; id < 10010; id++) {
        end.job.id = id;
        agent_ledger_append(ledger, id + 2, &end, output);
    }
    cr_assert_null(output_of(ledger, 2));
    cr_assert_not_null(read = output_of(ledger, 10009));
    agent_blob_unref(read);
    agent_ledger_close(ledger);
    cr_assert_eq(atomic_load(&output->refs), 1);
    agent_blob_unref(output);
    ledger = must_open();
    cr_assert_eq(agent_ledger_epoch(ledger), epoch + 2);
    cr_assert_eq(look(ledger).jobs, 0);
    agent_ledger_close(ledger);
}

Test(ledger, none_does_not_walk_over_acknowledged_jobs)
{
    struct agent_ledger *ledger = must_open();
    struct agent_error err = {0};
    struct agent_record job = job_record(1);
    append(ledger, 1, &job, NULL);
    wait_for(1);
    agent_ledger_close(ledger);
    cr_assert_eq(open_as(path, AGENT_DURABILITY_NONE, &ledger, &err), AGENT_ERR_LOCKED);
    cr_assert_not_null(strstr(err.text, "1 jobs"), "%s", err.text);
}
