/* Devices, their memory and their cache of programs. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "cx.h"
#include "device/cache.h"
#include "device/device.h"
#include "device/queue.h"

static char folder[] = "/tmp/cx-test-XXXXXX";

static void make_folder(void)
{
    cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}

/* Skips the test where OpenCL finds nothing. */
static struct cx_device *open_device(const struct cx_device_options *options)
{
    struct cx_error err;
    struct cx_device *device = NULL;
    enum cx_status status = cx_device_open(NULL, options, &device, &err);
    if (status == CX_NO_DEVICE)
        cr_skip_test("no OpenCL device: %s", err.text);
    cr_assert_eq(status, CX_OK, "%s", err.text);
    return device;
}

Test(device, each_is_described_and_opens_by_its_id)
{
    struct cx_device_info *devices = NULL;
    size_t n = 0;
    struct cx_error err;
    if (cx_devices_list(&devices, &n, &err) != CX_OK || n == 0)
        cr_skip_test("no OpenCL device");
    for (size_t i = 0; i < n; i++) {
        struct cx_device *device = NULL;
        cr_assert_gt(strlen(devices[i].name), 0);
        cr_assert_gt(devices[i].compute_units, 0);
        cr_assert_gt(devices[i].global_bytes, 1 << 20);
        cr_assert_geq(devices[i].float_width, 1);
        cr_assert_neq(devices[i].family, CX_FAMILY_AUTO);
        cr_assert_eq(cx_device_open(devices[i].id, NULL, &device, &err), CX_OK, "%s", err.text);
        cr_assert_str_eq(cx_device_describe(device)->id, devices[i].id);
        cx_device_close(device);
        /* The numbers alone do too, for people who type. */
        char numbers[sizeof devices[i].id];
        snprintf(numbers, sizeof numbers, "%u:%u", devices[i].platform, devices[i].index);
        cr_assert_eq(cx_device_open(numbers, NULL, &device, &err), CX_OK, "%s", err.text);
        cx_device_close(device);
    }
    free(devices);
}

Test(device, an_id_of_other_hardware_is_refused)
{
    struct cx_device *device = NULL;
    struct cx_error err;
    cr_assert_eq(cx_device_open("0:0-00000000", NULL, &device, &err), CX_NO_DEVICE);
    cr_assert_null(device);
    cr_assert_eq(cx_device_open("97:3", NULL, &device, &err), CX_NO_DEVICE);
}

Test(arena, memory_that_was_given_back_is_used_again)
{
    struct cx_device *device = open_device(NULL);
    struct cx_error err;
    struct cx_buffer *a = NULL, *b = NULL;
    struct cx_device_stats before, after;
    cr_assert_eq(cx_buffer_create(device, 3000000, &a, &err), CX_OK, "%s", err.text);
    cx_buffer_destroy(a);
    cx_device_stats_get(device, &before);
    cr_assert_eq(before.arena_bytes_live, 0);
    cr_assert_geq(before.arena_bytes_idle, 3000000);
    cr_assert_eq(cx_buffer_create(device, 2900000, &b, &err), CX_OK, "%s", err.text);
    cx_device_stats_get(device, &after);
    cr_assert_eq(after.arena_hits, before.arena_hits + 1);
    cr_assert_eq(after.arena_misses, before.arena_misses);
    cr_assert_eq(after.arena_bytes_peak, before.arena_bytes_peak);
    cx_buffer_destroy(b);
    cx_device_trim(device);
    cx_device_stats_get(device, &after);
    cr_assert_eq(after.arena_bytes_idle, 0);
    cx_device_close(device);
}

Test(arena, a_slice_is_a_window_on_its_block)
{
    struct cx_device *device = open_device(NULL);
    struct cx_error err;
    struct cx_buffer *block = NULL, *slice = NULL;
    uint64_t align = cx_device_align(device);
    unsigned char out[16] = {0};
    cr_assert_eq(cx_buffer_create(device, 8 * align, &block, &err), CX_OK, "%s", err.text);
    cr_assert_eq(cx_buffer_slice(block, 3 * align, align, &slice, &err), CX_OK, "%s", err.text);
    cr_assert_eq(cx_buffer_write(slice, 4, "abcd", 4, &err), CX_OK, "%s", err.text);
    cr_assert_eq(cx_buffer_read(block, 3 * align + 4, out, 4, &err), CX_OK, "%s", err.text);
    cr_assert_arr_eq(out, "abcd", 4);
    cx_buffer_destroy(slice);
    cr_assert_eq(cx_buffer_slice(block, 1, align, &slice, &err), CX_INTERNAL);
    cr_assert_eq(cx_buffer_slice(block, cx_buffer_bytes(block), align, &slice, &err), CX_INTERNAL);
    cx_buffer_destroy(block);
    cx_device_close(device);
}

Test(arena, the_limit_holds_and_idle_memory_counts)
{
    struct cx_device_options options = {.memory_bytes_max = 8 << 20};
    struct cx_device *device = open_device(&options);
    struct cx_error err;
    struct cx_buffer *a = NULL, *b = NULL;
    cr_assert_eq(cx_buffer_create(device, 6 << 20, &a, &err), CX_OK, "%s", err.text);
    cr_assert_eq(cx_buffer_create(device, 3 << 20, &b, &err), CX_MEMORY);
    cr_assert_not_null(strstr(err.text, "8 MiB"), "%s", err.text);
    /* Once idle, the first makes room. */
    cx_buffer_destroy(a);
    cr_assert_eq(cx_buffer_create(device, 2 << 20, &b, &err), CX_OK, "%s", err.text);
    cx_buffer_destroy(b);
    uint64_t too_large = cx_device_describe(device)->alloc_bytes_max + 1;
    cr_assert_eq(cx_buffer_create(device, too_large, &b, &err), CX_LIMIT);
    cx_device_close(device);
}

/* ---- entries of the cache ---- */

static const XXH128_hash_t key_a = {1, 2}, key_b = {3, 4};

static void entry_path(XXH128_hash_t key, char *path, size_t bytes)
{
    snprintf(path, bytes, "%s/%016llx%016llx.bin", folder, (unsigned long long)key.high64,
             (unsigned long long)key.low64);
}

static void flip_byte(const char *path, off_t at)
{
    unsigned char byte;
    int fd = open(path, O_RDWR);
    cr_assert_geq(fd, 0);
    cr_assert_eq(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static enum cx_cache_result load(const struct cx_cache *cache, XXH128_hash_t key)
{
    unsigned char *data = NULL;
    size_t bytes = 0;
    enum cx_cache_result result = cx_cache_load(cache, key, &data, &bytes);
    free(data);
    return result;
}

Test(cache, an_entry_with_any_byte_changed_is_rejected, .init = make_folder, .fini = remove_folder)
{
    struct cx_cache cache;
    const unsigned char payload[100] = "payload";
    char path[256];
    cr_assert(cx_cache_init(&cache, folder, 1 << 20));
    cr_assert_eq(load(&cache, key_a), CX_CACHE_MISS);
    cx_cache_store(&cache, key_a, payload, sizeof payload);
    cr_assert_eq(load(&cache, key_a), CX_CACHE_HIT);
    entry_path(key_a, path, sizeof path);
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    for (off_t at = 0; at < info.st_size; at++) {
        cx_cache_store(&cache, key_a, payload, sizeof payload);
        flip_byte(path, at);
        cr_assert_eq(load(&cache, key_a), CX_CACHE_REJECTED, "byte %ld", (long)at);
        cr_assert_eq(load(&cache, key_a), CX_CACHE_MISS, "byte %ld", (long)at);
    }
    cx_cache_finish(&cache);
}

Test(cache, a_cut_or_foreign_entry_is_rejected, .init = make_folder, .fini = remove_folder)
{
    struct cx_cache cache;
    const unsigned char payload[100] = "payload";
    char path[256], other[256];
    cr_assert(cx_cache_init(&cache, folder, 1 << 20));
    entry_path(key_a, path, sizeof path);
    entry_path(key_b, other, sizeof other);
    for (off_t bytes = 0; bytes < 100; bytes += 13) {
        cx_cache_store(&cache, key_a, payload, sizeof payload);
        cr_assert_eq(truncate(path, bytes), 0);
        cr_assert_eq(load(&cache, key_a), CX_CACHE_REJECTED);
    }
    cx_cache_store(&cache, key_a, payload, sizeof payload);
    cr_assert_eq(rename(path, other), 0);
    cr_assert_eq(load(&cache, key_b), CX_CACHE_REJECTED);
    cx_cache_finish(&cache);
}

Test(cache, the_oldest_go_when_it_is_full, .init = make_folder, .fini = remove_folder)
{
    struct cx_cache cache;
    unsigned char payload[1000] = {0};
    char path[256];
    uint64_t removed = 0;
    cr_assert(cx_cache_init(&cache, folder, 5000));
    for (uint64_t i = 0; i < 10; i++) {
        const XXH128_hash_t key = {i, i};
        removed += cx_cache_store(&cache, key, payload, sizeof payload);
        /* Ages in the order of writing, whatever the file system's clock resolves. */
        const struct timespec ages[2] = {{1000 + (time_t)i, 0}, {1000 + (time_t)i, 0}};
        entry_path(key, path, sizeof path);
        cr_assert_eq(utimensat(AT_FDCWD, path, ages, 0), 0);
    }
    cr_assert_eq(removed, 6);
    cr_assert_eq(load(&cache, (XXH128_hash_t){0, 0}), CX_CACHE_MISS);
    cr_assert_eq(load(&cache, (XXH128_hash_t){9, 9}), CX_CACHE_HIT);
    cx_cache_finish(&cache);
}

/* ---- programs in the cache ---- */

static struct cx_device_stats measure_with_cache(void)
{
    struct cx_device_options options = {.cache_dir = folder};
    struct cx_device *device = open_device(&options);
    struct cx_error err;
    struct cx_device_stats stats;
    double gflops = 0, gbytes = 0;
    cr_assert_eq(cx_device_measure(device, &gflops, &gbytes, &err), CX_OK, "%s", err.text);
    cr_assert_gt(gflops, 0);
    cr_assert_gt(gbytes, 0);
    cx_device_stats_get(device, &stats);
    while (cx_device_idle(device))
        continue;
    cx_device_close(device);
    return stats;
}

/* The one entry in the folder of programs. */
static void find_entry(char *path, size_t bytes)
{
    char programs[128];
    snprintf(programs, sizeof programs, "%s/programs", folder);
    DIR *dir = opendir(programs);
    cr_assert_not_null(dir);
    path[0] = '\0';
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
        if (strstr(e->d_name, ".bin") != NULL)
            snprintf(path, bytes, "%s/%.64s", programs, e->d_name);
    closedir(dir);
    cr_assert_gt(strlen(path), 0);
}

Test(cache, programs_are_found_again_and_bad_ones_rebuilt, .init = make_folder,
     .fini = remove_folder)
{
    struct cx_device_stats stats = measure_with_cache();
    cr_assert_eq(stats.program_misses, 1);
    stats = measure_with_cache();
    cr_assert_eq(stats.program_hits, 1);
    cr_assert_eq(stats.program_misses, 0);

    char path[256];
    find_entry(path, sizeof path);
    flip_byte(path, 60);
    stats = measure_with_cache();
    cr_assert_eq(stats.program_rejected, 1);
    cr_assert_eq(stats.program_misses, 1);
    stats = measure_with_cache();
    cr_assert_eq(stats.program_hits, 1);

    /* Whole by its checksum, but nothing that a driver would take. */
    unsigned long long high = 0, low = 0;
    const char *name = strrchr(path, '/') + 1;
    cr_assert_eq(sscanf(name, "%16llx%16llx", &high, &low), 2);
    struct cx_cache cache;
    char programs[128];
    snprintf(programs, sizeof programs, "%s/programs", folder);
    cr_assert(cx_cache_init(&cache, programs, 1 << 20));
    cx_cache_store(&cache, (XXH128_hash_t){low, high}, (const unsigned char *)"garbage", 7);
    cx_cache_finish(&cache);
    stats = measure_with_cache();
    cr_assert_eq(stats.program_rejected, 1);
    cr_assert_eq(stats.program_misses, 1);
}
