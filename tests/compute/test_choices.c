/* What tuning found, on disk. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "cx.h"
#include "device/choices.h"
#include "device/device.h"

#define WRITERS 4
#define WRITES 25

static char folder[] = "/tmp/cx-choices-XXXXXX";
static char path[128];
static const XXH128_hash_t identity = {11, 22}, other = {11, 23};
static const XXH128_hash_t key_a = {1, 2}, key_b = {3, 4};

static void make_folder(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/one.txt", folder);
}

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}

static void store(XXH128_hash_t under, XXH128_hash_t key, const char *name)
{
    struct cx_choices one = {NULL, 0, 0};
    struct cx_error err;
    cr_assert(cx_choices_set(&one, key, name));
    cr_assert_eq(cx_choices_store(folder, path, under, &one, &err), CX_OK, "%s", err.text);
    cx_choices_finish(&one);
}

static enum cx_choices_result load(XXH128_hash_t under, struct cx_choices *ret_choices)
{
    *ret_choices = (struct cx_choices){NULL, 0, 0};
    enum cx_choices_result result = cx_choices_load(path, under, ret_choices);
    cr_assert(result == CX_CHOICES_READ || ret_choices->n == 0);
    return result;
}

static size_t read_file(char *text, size_t room)
{
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file);
    size_t n = fread(text, 1, room, file);
    fclose(file);
    return n;
}

static void write_file(const char *text, size_t n)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(text, 1, n, file), n);
    fclose(file);
}

Test(choices, are_found_again_and_added_to, .init = make_folder, .fini = remove_folder)
{
    struct cx_choices choices;
    cr_assert_eq(load(identity, &choices), CX_CHOICES_NONE);
    store(identity, key_a, "rows-4");
    store(identity, key_b, "winograd-f4");
    store(identity, key_a, "rows-2");
    cr_assert_eq(load(identity, &choices), CX_CHOICES_READ);
    cr_assert_eq(choices.n, 2);
    cr_assert_str_eq(cx_choices_find(&choices, key_a), "rows-2");
    cr_assert_str_eq(cx_choices_find(&choices, key_b), "winograd-f4");
    cx_choices_finish(&choices);
}

Test(choices, of_another_device_or_version_are_not_read, .init = make_folder, .fini = remove_folder)
{
    struct cx_choices choices;
    store(identity, key_a, "rows-4");
    cr_assert_eq(load(other, &choices), CX_CHOICES_FOREIGN);
    /* The next to measure takes the file over. */
    store(other, key_b, "rows-2");
    cr_assert_eq(load(identity, &choices), CX_CHOICES_FOREIGN);
    cr_assert_eq(load(other, &choices), CX_CHOICES_READ);
    cr_assert_eq(choices.n, 1);
    cx_choices_finish(&choices);
}

Test(choices, a_file_with_any_byte_changed_or_missing_is_not_read, .init = make_folder,
     .fini = remove_folder)
{
    char text[512];
    struct cx_choices choices;
    store(identity, key_a, "rows-4");
    store(identity, key_b, "rows-2");
    size_t n = read_file(text, sizeof text);
    for (size_t at = 0; at < n; at++) {
        text[at] ^= 1;
        write_file(text, n);
        cr_assert_neq(load(identity, &choices), CX_CHOICES_READ, "byte %zu", at);
        text[at] ^= 1;
        write_file(text, at);
        cr_assert_eq(load(identity, &choices), CX_CHOICES_DAMAGED, "%zu bytes", at);
    }
    write_file(text, n);
    cr_assert_eq(load(identity, &choices), CX_CHOICES_READ);
    cx_choices_finish(&choices);
    cr_assert_eq(truncate(path, CX_CHOICES_FILE_BYTES_MAX + 1), 0);
    cr_assert_eq(load(identity, &choices), CX_CHOICES_DAMAGED);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_eq(load(identity, &choices), CX_CHOICES_DAMAGED);
}

Test(choices, the_most_there_can_be_are_read_back, .init = make_folder, .fini = remove_folder)
{
    struct cx_choices choices = {NULL, 0, 0}, back;
    struct cx_error err;
    for (uint64_t i = 0; i < CX_CHOICES_MAX; i++)
        cr_assert(
            cx_choices_set(&choices, (XXH128_hash_t){i, ~i}, "a-name-of-thirty-one-characters"));
    cr_assert_eq(cx_choices_store(folder, path, identity, &choices, &err), CX_OK, "%s", err.text);
    cr_assert_eq(load(identity, &back), CX_CHOICES_READ);
    cr_assert_eq(back.n, CX_CHOICES_MAX);
    /* One more, and the oldest is forgotten. */
    store(identity, key_a, "rows-4");
    cx_choices_finish(&back);
    cr_assert_eq(load(identity, &back), CX_CHOICES_READ);
    cr_assert_eq(back.n, CX_CHOICES_MAX);
    cr_assert_null(cx_choices_find(&back, (XXH128_hash_t){0, ~UINT64_C(0)}));
    cx_choices_finish(&back);
    cx_choices_finish(&choices);
}

Test(choices, none_is_lost_when_processes_write_at_once, .init = make_folder, .fini = remove_folder)
{
    struct cx_choices choices;
    for (uint64_t w = 0; w < WRITERS; w++) {
        if (fork() != 0)
            continue;
        for (uint64_t i = 0; i < WRITES; i++)
            store(identity, (XXH128_hash_t){w, i}, "rows-4");
        _exit(0);
    }
    for (int w = 0; w < WRITERS; w++) {
        int how = -1;
        cr_assert_gt(wait(&how), 0);
        cr_assert_eq(how, 0);
    }
    cr_assert_eq(load(identity, &choices), CX_CHOICES_READ);
    cr_assert_eq(choices.n, WRITERS * WRITES);
    cx_choices_finish(&choices);
}

Test(choices, a_writer_that_is_stuck_holds_nobody_up_for_good, .init = make_folder,
     .fini = remove_folder)
{
    char lock[128];
    struct cx_choices choices;
    store(identity, key_a, "rows-4");
    snprintf(lock, sizeof lock, "%s/lock", folder);
    int fd = open(lock, O_RDWR);
    cr_assert_eq(flock(fd, LOCK_EX), 0);
    store(identity, key_b, "rows-2");
    cr_assert_eq(load(identity, &choices), CX_CHOICES_READ);
    cr_assert_eq(choices.n, 2);
    cx_choices_finish(&choices);
    close(fd);
}

/* ---- on a device ---- */

static struct cx_device *open_device(struct cx_device_stats *ret_stats)
{
    struct cx_device_options options = {.cache_dir = folder, .family = CX_FAMILY_CPU};
    struct cx_error err;
    struct cx_device *device = NULL;
    enum cx_status status = cx_device_open(NULL, &options, &device, &err);
    if (status == CX_NO_DEVICE)
        cr_skip_test("no OpenCL device: %s", err.text);
    cr_assert_eq(status, CX_OK, "%s", err.text);
    cx_device_stats_get(device, ret_stats);
    return device;
}

Test(choices, of_a_device_survive_a_restart_and_bad_ones_are_counted, .init = make_folder,
     .fini = remove_folder)
{
    struct cx_device_stats stats;
    struct cx_choices one = {NULL, 0, 0};
    struct cx_error err;
    struct cx_device *device = open_device(&stats);
    cr_assert_eq(stats.choices, 0);
    cr_assert_eq(stats.choices_rejected, 0);
    snprintf(path, sizeof path, "%s/choices/%s-cpu.txt", folder, cx_device_describe(device)->id);
    cr_assert(cx_choices_set(&one, key_a, "rows-4"));
    cr_assert_eq(cx_device_remember(device, &one, &err), CX_OK, "%s", err.text);
    cx_choices_finish(&one);
    cx_device_close(device);

    device = open_device(&stats);
    cr_assert_eq(stats.choices, 1);
    cr_assert_str_eq(cx_choices_find(cx_device_choices(device), key_a), "rows-4");
    cx_device_close(device);

    char text[512];
    size_t n = read_file(text, sizeof text);
    text[n / 2] ^= 1;
    write_file(text, n);
    device = open_device(&stats);
    cr_assert_eq(stats.choices, 0);
    cr_assert_eq(stats.choices_rejected, 1);
    cx_device_close(device);

    text[n / 2] ^= 1;
    text[strlen("stoker-choices 1 ")] ^= 1; /* as another driver would have it */
    write_file(text, n);
    device = open_device(&stats);
    cr_assert_eq(stats.choices, 0);
    cr_assert_eq(stats.choices_rejected, 1);
    cx_device_close(device);
}
