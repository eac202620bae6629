// The process ends, or the disk gives errors, at each write that the ledger makes: what was
// acknowledged is there, what was not is there whole or not at all.
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/agent/disk_double.h"
#include "tests/agent/ledger_rig.h"

TestSuite(ledger_disk, .init = begin, .fini = finish, .timeout = 120);

#define JOBS 12

// Ends or goes through all: 12 jobs in 4 transactions each of their own kind. What was acknowledged
// goes to the pipe.
static void live(int to, enum disk_double_mode mode, int at)
{
    disk_double_install();
    disk_double_set(mode, at);
    struct agent_ledger *ledger = must_open();
    struct agent_blob *blob = agent_blob_new("in", 3);
    uint64_t seq = 0;
    for (uint64_t id = 1; id <= JOBS; id++) {
        struct agent_record job = job_record(id), end = end_record(id);
        struct agent_record attempt = {.kind = AGENT_RECORD_ATTEMPT,
                                       .attempt = {id, 1, 1, 0, "one", 1, 2, "lost"}};
        const uint64_t gone[] = {id - 3};
        struct agent_record forget = {.kind = AGENT_RECORD_FORGET, .forget = {gone, 1}};
        append(ledger, ++seq, &job, blob);
        wait_for(seq);
        uint64_t said[2] = {id, 0};
        if (write(to, said, sizeof said) != sizeof said)
            _exit(1);
        append(ledger, ++seq, &attempt, NULL);
        append(ledger, ++seq, &end, blob);
        if (id > 3 && id % 2)
            append(ledger, ++seq, &forget, NULL);
        wait_for(seq);
        said[1] = 1;
        if (write(to, said, sizeof said) != sizeof said)
            _exit(1);
    }
    agent_ledger_close(ledger);
    _exit(disk_double_count() < 100000 ? 0 : 1);
}

struct seen {
    bool there[JOBS + 2], ended[JOBS + 2];
};

static void see(void *user, const struct agent_job_record *job, struct agent_blob *input)
{
    struct seen *seen = user;
    cr_assert(job->id >= 1 && job->id <= JOBS + 1);
    cr_assert_not(seen->there[job->id], "twice there");
    seen->there[job->id] = true;
    seen->ended[job->id] = job->state == AGENT_JOB_DONE;
    cr_assert(job->state == AGENT_JOB_DONE || (input != NULL && input->size == 3));
    cr_assert_str_eq(job->model, "digits");
}

// Returns whether it went through to its end.
static bool one_life(enum disk_double_mode mode, int at)
{
    int ends[2], status;
    uint64_t said[2], admitted = 0, ended = 0;
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0)
        live(ends[1], mode, at);
    close(ends[1]);
    while (read(ends[0], said, sizeof said) == sizeof said) {
        admitted = said[0];
        ended = said[1] ? said[0] : ended;
    }
    close(ends[0]);
    waitpid(child, &status, 0);
    struct agent_ledger *ledger = must_open();
    struct seen seen = {0};
    struct agent_error err = {0};
    struct agent_ledger_reader reader = {.on_job = see, .recent = 100, .user = &seen};
    uint64_t next = 0;
    cr_assert_eq(agent_ledger_recover(ledger, &reader, &next, &err), AGENT_OK, "write %d: %s", at,
                 err.text);
    cr_assert_gt(next, admitted);
    for (uint64_t id = 1; id <= admitted; id++) {
        bool forgotten = id % 2 == 0 && id + 3 <= (ended > admitted ? ended : admitted);
        cr_assert(seen.there[id] || forgotten, "write %d: job %d is lost", at, (int)id);
        cr_assert(!seen.there[id] || seen.ended[id] || id > ended,
                  "write %d: the end of %d is lost", at, (int)id);
    }
    agent_ledger_close(ledger);
    cr_assert_eq(remove_tree(folder), 0);
    cr_assert_eq(mkdir(folder, 0700), 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

Test(ledger_disk, the_process_may_end_at_every_write)
{
    int at = 1;
    while (!one_life(DISK_ENDS, at))
        at += at < 40 ? 1 : 7;
    cr_assert_gt(at, 60, "only %d writes", at);
}

Test(ledger_disk, every_write_may_be_torn)
{
    int at = 1;
    while (!one_life(DISK_TEARS, at))
        at += at < 40 ? 1 : 7;
    cr_assert_gt(at, 60, "only %d writes", at);
}

// The disk stops working in the middle; what was appended meanwhile is written when it is back.
static void comes_back(enum disk_double_mode mode, const char *advice)
{
    disk_double_install();
    struct agent_ledger *ledger = must_open();
    struct agent_blob *blob = agent_blob_new("in", 3);
    struct agent_record job = job_record(1), end = end_record(1), second = job_record(2);
    append(ledger, 1, &job, blob);
    wait_for(1);
    disk_double_set(mode, 1);
    append(ledger, 2, &end, blob);
    append(ledger, 3, &second, blob);
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.failed)
        pthread_cond_wait(&waiter.wake, &waiter.lock);
    cr_assert_eq(waiter.seq, 1);
    cr_assert_not_null(strstr(waiter.text, path), "%s", waiter.text);
    cr_assert_not_null(strstr(waiter.text, advice), "%s", waiter.text);
    pthread_mutex_unlock(&waiter.lock);
    struct found found = look(ledger);
    cr_assert_eq(found.live, 1, "reading goes on");
    disk_double_set(DISK_WORKS, 0);
    wait_for(3);
    cr_assert_eq(agent_ledger_close(ledger), AGENT_OK);
    ledger = must_open();
    found = look(ledger);
    cr_assert_eq(found.ended, 1);
    cr_assert_eq(found.live, 1);
    agent_ledger_close(ledger);
    agent_blob_unref(blob);
}

Test(ledger_disk, a_disk_with_errors_is_told_and_survived)
{
    comes_back(DISK_FAILS, "kernel's log");
}

Test(ledger_disk, a_full_disk_is_told_and_survived)
{
    comes_back(DISK_FULL, "free space");
}

/* The transaction that told the highest id was taken back and another forgets less: it still
 * counts. */
Test(ledger_disk, a_forgotten_id_is_not_used_again_after_a_failure)
{
    disk_double_install();
    struct agent_ledger *ledger = must_open();
    for (uint64_t id = 1; id <= 9; id++) {
        struct agent_record job = job_record(id), end = end_record(id);
        append(ledger, 2 * id - 1, &job, NULL);
        append(ledger, 2 * id, &end, NULL);
    }
    wait_for(18);
    const uint64_t high[] = {9}, rest[] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct agent_record first = {.kind = AGENT_RECORD_FORGET, .forget = {high, 1}};
    struct agent_record second = {.kind = AGENT_RECORD_FORGET, .forget = {rest, 8}};
    append(ledger, 19, &first, NULL);
    wait_for(19);
    disk_double_set(DISK_FAILS, 1);
    append(ledger, 20, &second, NULL);
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.failed)
        pthread_cond_wait(&waiter.wake, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    disk_double_set(DISK_WORKS, 0);
    wait_for(20);
    agent_ledger_close(ledger);
    ledger = must_open();
    struct found found = look(ledger);
    cr_assert_eq(found.jobs, 0);
    cr_assert_eq(found.next, 10);
    agent_ledger_close(ledger);
}
