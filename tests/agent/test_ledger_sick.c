// Large payloads in files, and disks that are full or damaged.
#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/agent/ledger_rig.h"

TestSuite(ledger_sick, .init = begin, .fini = finish, .timeout = 60);

static struct agent_blob *large(char fill)
{
    struct agent_blob *blob = agent_blob_new(NULL, 100000);
    memset(blob->bytes, fill, blob->size);
    return blob;
}

// Files below blobs/.
static int count_files(void)
{
    char blobs[128], part[512];
    int count = 0;
    snprintf(blobs, sizeof blobs, "%s/blobs", folder);
    DIR *outer = opendir(blobs);
    cr_assert_not_null(outer);
    const struct dirent *entry;
    while ((entry = readdir(outer)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(part, sizeof part, "%s/%s", blobs, entry->d_name);
        DIR *inner = opendir(part);
        const struct dirent *file;
        while (inner != NULL && (file = readdir(inner)) != NULL)
            count += file->d_name[0] != '.';
        count += inner == NULL;
        if (inner != NULL)
            closedir(inner);
    }
    closedir(outer);
    return count;
}

struct inputs {
    int count, right;
};

static void check_input(void *user, const struct agent_job_record *job, struct agent_blob *input)
{
    struct inputs *inputs = user;
    (void)job;
    inputs->count++;
    inputs->right += input != NULL && input->size == 100000 && input->bytes[99999] == 'a';
}

Test(ledger_sick, large_payloads_are_files_that_equal_ones_share)
{
    struct agent_ledger *ledger = must_open();
    struct agent_blob *a = large('a'), *b = large('b'), *read = NULL;
    for (uint64_t id = 1; id <= 3; id++) {
        struct agent_record job = job_record(id);
        append(ledger, id, &job, a);
    }
    wait_for(3);
    cr_assert_eq(count_files(), 1, "three jobs, one input");
    struct agent_ledger_stats stats;
    agent_ledger_stats(ledger, &stats);
    struct agent_record end = end_record(1);
    append(ledger, 4, &end, b);
    wait_for(4);
    cr_assert_eq(count_files(), 2);
    cr_assert_not_null(read = output_of(ledger, 1));
    cr_assert(read->size == b->size && memcmp(read->bytes, b->bytes, b->size) == 0);
    agent_blob_unref(read);
    agent_ledger_close(ledger);
    ledger = must_open();
    struct inputs inputs = {0};
    struct agent_ledger_reader reader = {.on_job = check_input, .user = &inputs};
    uint64_t next;
    cr_assert_eq(agent_ledger_recover(ledger, &reader, &next, NULL), AGENT_OK);
    cr_assert_eq(inputs.count, 2);
    cr_assert_eq(inputs.right, 2);
    // The last that has it takes the file along.
    for (uint64_t id = 2; id <= 3; id++) {
        end = end_record(id);
        append(ledger, 3 + id, &end, NULL);
    }
    wait_for(6);
    const uint64_t ids[] = {1};
    struct agent_record forget = {.kind = AGENT_RECORD_FORGET, .forget = {ids, 1}};
    append(ledger, 7, &forget, NULL);
    wait_for(7);
    agent_ledger_close(ledger); // after which nothing is left to do
    cr_assert_eq(count_files(), 0);
    agent_blob_unref(a);
    agent_blob_unref(b);
}

Test(ledger_sick, files_without_a_row_go_at_the_next_start)
{
    char path_of[256];
    struct agent_ledger *ledger = must_open();
    struct agent_blob *a = large('a');
    struct agent_record job = job_record(1);
    append(ledger, 1, &job, a);
    wait_for(1);
    agent_ledger_close(ledger);
    static const char *const names[] = {
        "blobs/part", "blobs/ab/cdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789"};
    snprintf(path_of, sizeof path_of, "%s/blobs/ab", folder);
    mkdir(path_of, 0700);
    for (int i = 0; i < 2; i++) {
        snprintf(path_of, sizeof path_of, "%s/%s", folder, names[i]);
        FILE *file = fopen(path_of, "w");
        cr_assert_not_null(file);
        fputs("half of it", file);
        fclose(file);
    }
    ledger = must_open();
    cr_assert_eq(count_files(), 1, "the one that a row has stays");
    struct inputs inputs = {0};
    struct agent_ledger_reader reader = {.on_job = check_input, .user = &inputs};
    uint64_t next;
    cr_assert_eq(agent_ledger_recover(ledger, &reader, &next, NULL), AGENT_OK);
    cr_assert_eq(inputs.right, 1);
    agent_ledger_close(ledger);
    agent_blob_unref(a);
}

/* A file that is gone or not what it was is named, and never taken for a job's input. */
Test(ledger_sick, a_damaged_file_is_named)
{
    char command[256];
    struct agent_ledger *ledger = must_open();
    struct agent_blob *a = large('a');
    struct agent_record job = job_record(1);
    append(ledger, 1, &job, a);
    wait_for(1);
    agent_ledger_close(ledger);
    snprintf(command, sizeof command,
             "printf x | dd of=$(ls -d %s/blobs/*/*) conv=notrunc >/dev/null 2>&1", folder);
    FILE *shell = popen(command, "r");
    cr_assert_eq(pclose(shell), 0);
    ledger = must_open();
    struct inputs inputs = {0};
    struct agent_error err = {0};
    struct agent_ledger_reader reader = {.on_job = check_input, .user = &inputs};
    uint64_t next;
    cr_assert_eq(agent_ledger_recover(ledger, &reader, &next, &err), AGENT_ERR_CORRUPT);
    cr_assert_not_null(strstr(err.text, "blobs"), "%s", err.text);
    cr_assert_eq(inputs.count, 0);
    agent_ledger_close(ledger);
    agent_blob_unref(a);
}

// In a process of its own: jobs with large inputs that end with large results, until it is killed.
static void churn(int to)
{
    struct agent_ledger *ledger = must_open();
    for (uint64_t id = 1, seq = 0;; id++) {
        struct agent_blob *input = large((char)id), *output = large((char)(id * 7));
        struct agent_record job = job_record(id), end = end_record(id);
        append(ledger, ++seq, &job, input);
        append(ledger, ++seq, &end, id % 2 ? output : NULL);
        wait_for(seq);
        agent_blob_unref(input);
        agent_blob_unref(output);
        if (write(to, &id, sizeof id) != sizeof id)
            _exit(1);
    }
}

Test(ledger_sick, a_kill_leaves_no_row_without_its_file)
{
    for (int round = 0; round < 4; round++) {
        int ends[2];
        cr_assert_eq(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0)
            churn(ends[1]);
        close(ends[1]);
        uint64_t id = 0;
        while (read(ends[0], &id, sizeof id) == sizeof id && id < 5 + (uint64_t)round * 3)
            continue;
        kill(child, SIGKILL);
        close(ends[0]);
        waitpid(child, NULL, 0);
        struct agent_ledger *ledger = must_open();
        struct found found = look(ledger);
        cr_assert_geq(found.ended, id);
        for (uint64_t i = 1; i <= id; i += 2) {
            struct agent_blob *read = NULL;
            cr_assert_not_null(read = output_of(ledger, i));
            cr_assert_eq(read->bytes[5], (uint8_t)(i * 7));
            agent_blob_unref(read);
        }
        agent_ledger_close(ledger);
        cr_assert_eq(remove_tree(folder), 0);
        cr_assert_eq(mkdir(folder, 0700), 0);
    }
}

static pthread_mutex_t damage_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t damage_wake = PTHREAD_COND_INITIALIZER;
static char damage[512];

static void on_damage(void *user, const char *text)
{
    (void)user;
    pthread_mutex_lock(&damage_lock);
    snprintf(damage, sizeof damage, "%s", text);
    pthread_cond_signal(&damage_wake);
    pthread_mutex_unlock(&damage_lock);
}

Test(ledger_sick, a_damaged_page_is_found_and_told_with_the_way_out)
{
    struct agent_ledger *ledger = must_open();
    struct agent_blob *blob = agent_blob_new(NULL, 3000);
    memset(blob->bytes, 1, blob->size);
    for (uint64_t id = 1; id <= 200; id++) {
        struct agent_record job = job_record(id);
        agent_ledger_append(ledger, id, &job, blob);
    }
    agent_ledger_flush(ledger);
    wait_for(200);
    agent_blob_unref(blob);
    agent_ledger_close(ledger);
    FILE *file = fopen(path, "r+");
    cr_assert_eq(fseek(file, 60 * 4096, SEEK_SET), 0);
    for (int i = 0; i < 8 * 4096; i++)
        fputc(i % 251, file);
    fclose(file);
    struct agent_ledger_options options = {
        .path = path, .on_commit = on_commit, .on_failure = on_failure, .on_damage = on_damage};
    struct agent_error err = {0};
    cr_assert_eq(agent_ledger_open(&options, &ledger, &err), AGENT_OK, "%s", err.text);
    pthread_mutex_lock(&damage_lock);
    while (damage[0] == '\0')
        pthread_cond_wait(&damage_wake, &damage_lock);
    cr_assert_not_null(strstr(damage, path), "%s", damage);
    cr_assert_not_null(strstr(damage, "backup"), "%s", damage);
    pthread_mutex_unlock(&damage_lock);
    agent_ledger_close(ledger);
}

static void ignore_job(void *user, const struct agent_job_record *job, struct agent_blob *input)
{
    (void)input;
    *(uint64_t *)user += job->id;
}

/* Whatever bytes are wrong: it opens or says why not, and reads rows or says which are damaged. */
Test(ledger_sick, damaged_bytes_never_bring_it_down)
{
    struct agent_ledger *ledger = must_open();
    for (uint64_t id = 1; id <= 60; id++) {
        struct agent_record job = job_record(id), end = end_record(id);
        agent_ledger_append(ledger, 2 * id - 1, &job, NULL);
        if (id % 2)
            agent_ledger_append(ledger, 2 * id, &end, NULL);
    }
    agent_ledger_flush(ledger);
    wait_for(119);
    agent_ledger_close(ledger);
    FILE *file = fopen(path, "r");
    static uint8_t whole[1 << 20];
    size_t size = fread(whole, 1, sizeof whole, file);
    fclose(file);
    uint32_t chance = 1;
    int opened = 0;
    for (int round = 0; round < 150; round++) {
        static uint8_t bytes[1 << 20];
        memcpy(bytes, whole, size);
        for (int i = 0; i < 1 + round % 40; i++) {
            chance = chance * 1664525 + 1013904223;
            size_t at = (chance >> 8) % size;
            chance = chance * 1664525 + 1013904223;
            bytes[at] = (uint8_t)(chance >> 24);
        }
        file = fopen(path, "w");
        fwrite(bytes, 1, size, file);
        fclose(file);
        struct agent_error err = {0};
        uint64_t sum = 0, next = 0;
        if (open_at(path, &ledger, &err) != AGENT_OK) {
            cr_assert(err.text[0] != '\0');
            continue;
        }
        opened++;
        struct agent_ledger_reader reader = {.on_job = ignore_job, .recent = 10, .user = &sum};
        if (agent_ledger_recover(ledger, &reader, &next, &err) != AGENT_OK)
            cr_assert(err.text[0] != '\0');
        agent_ledger_close(ledger);
    }
    cr_assert_gt(opened, 10);
}
