#include "device/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device/file.h"

#define ENTRY_MAGIC "CXPROG1"
#define ENTRY_BYTES_MAX (UINT64_C(64) << 20)
#define ENTRY_NAME_BYTES 40
#define FOLDER_ENTRIES_MAX 65536
#define PATH_BYTES 4096

/* In front of the payload. Read and written by one machine only: no byte order to care for, a
 * folder that was carried elsewhere fails the key. */
struct entry_header {
    char magic[8];
    uint64_t key_low;
    uint64_t key_high;
    uint64_t payload_bytes;
    uint64_t payload_hash;
};

bool cx_cache_init(struct cx_cache *cache, const char *folder, uint64_t bytes_max)
{
    memset(cache, 0, sizeof *cache);
    cache->bytes_max = bytes_max;
    if (folder == NULL)
        return true;
    if (!cx_file_make_folders(folder) || access(folder, W_OK | X_OK) != 0)
        return false;
    cache->folder = strdup(folder);
    return cache->folder != NULL;
}

void cx_cache_finish(struct cx_cache *cache)
{
    free(cache->folder);
    memset(cache, 0, sizeof *cache);
}

static bool entry_path(const struct cx_cache *cache, XXH128_hash_t key, char *path, size_t bytes)
{
    int n = snprintf(path, bytes, "%s/%016" PRIx64 "%016" PRIx64 ".bin", cache->folder,
                     (uint64_t)key.high64, (uint64_t)key.low64);
    return n > 0 && (size_t)n < bytes;
}

static unsigned char *read_entry(int fd, XXH128_hash_t key, size_t *ret_bytes)
{
    struct entry_header header;
    struct stat info;
    if (fstat(fd, &info) != 0 || !cx_file_read(fd, &header, sizeof header))
        return NULL;
    if (memcmp(header.magic, ENTRY_MAGIC, sizeof header.magic) != 0 ||
        header.key_low != key.low64 || header.key_high != key.high64 || header.payload_bytes == 0 ||
        header.payload_bytes > ENTRY_BYTES_MAX ||
        (uint64_t)info.st_size != sizeof header + header.payload_bytes)
        return NULL;
    unsigned char *data = malloc(header.payload_bytes);
    if (data == NULL)
        return NULL;
    if (!cx_file_read(fd, data, header.payload_bytes) ||
        XXH3_64bits(data, header.payload_bytes) != header.payload_hash) {
        free(data);
        return NULL;
    }
    *ret_bytes = header.payload_bytes;
    return data;
}

enum cx_cache_result cx_cache_load(const struct cx_cache *cache, XXH128_hash_t key,
                                   unsigned char **ret_data, size_t *ret_bytes)
{
    char path[PATH_BYTES];
    if (cache->folder == NULL || !entry_path(cache, key, path, sizeof path))
        return CX_CACHE_MISS;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return CX_CACHE_MISS;
    unsigned char *data = read_entry(fd, key, ret_bytes);
    if (data != NULL)
        futimens(fd, NULL); /* the age that eviction goes by */
    close(fd);
    if (data == NULL) {
        unlink(path);
        return CX_CACHE_REJECTED;
    }
    *ret_data = data;
    return CX_CACHE_HIT;
}

void cx_cache_remove(const struct cx_cache *cache, XXH128_hash_t key)
{
    char path[PATH_BYTES];
    if (cache->folder != NULL && entry_path(cache, key, path, sizeof path))
        unlink(path);
}

struct aged {
    char name[ENTRY_NAME_BYTES];
    struct timespec used;
    uint64_t bytes;
};

static int aged_compare(const void *a, const void *b)
{
    const struct timespec *x = &((const struct aged *)a)->used;
    const struct timespec *y = &((const struct aged *)b)->used;
    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

static struct aged *list_entries(DIR *dir, size_t *ret_n, uint64_t *ret_total)
{
    struct aged *list = NULL;
    size_t n = 0, room = 0;
    uint64_t total = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL && n < FOLDER_ENTRIES_MAX;
         entry = readdir(dir)) {
        size_t name_n = strlen(entry->d_name);
        struct stat info;
        if (name_n < 4 || name_n >= ENTRY_NAME_BYTES ||
            strcmp(entry->d_name + name_n - 4, ".bin") != 0 ||
            fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (n == room) {
            room = room == 0 ? 64 : room * 2;
            struct aged *grown = realloc(list, room * sizeof *list);
            if (grown == NULL)
                break;
            list = grown;
        }
        memcpy(list[n].name, entry->d_name, name_n + 1);
        list[n].used = info.st_mtim;
        list[n].bytes = (uint64_t)info.st_size;
        total += list[n].bytes;
        n++;
    }
    *ret_n = n;
    *ret_total = total;
    return list;
}

static uint64_t evict(const struct cx_cache *cache)
{
    DIR *dir = opendir(cache->folder);
    if (dir == NULL)
        return 0;
    size_t n = 0;
    uint64_t total = 0, removed = 0;
    struct aged *list = list_entries(dir, &n, &total);
    if (total > cache->bytes_max && list != NULL) {
        qsort(list, n, sizeof *list, aged_compare);
        /* The newest stays even when it alone is over the bound: it was just asked for. */
        for (size_t i = 0; i + 1 < n && total > cache->bytes_max; i++) {
            if (unlinkat(dirfd(dir), list[i].name, 0) != 0)
                continue;
            total -= list[i].bytes;
            removed++;
        }
    }
    free(list);
    closedir(dir);
    return removed;
}

uint64_t cx_cache_store(const struct cx_cache *cache, XXH128_hash_t key, const unsigned char *data,
                        size_t bytes)
{
    char path[PATH_BYTES];
    if (cache->folder == NULL || bytes == 0 || bytes > ENTRY_BYTES_MAX ||
        !entry_path(cache, key, path, sizeof path))
        return 0;
    const struct entry_header header = {ENTRY_MAGIC, key.low64, key.high64, bytes,
                                        XXH3_64bits(data, bytes)};
    const struct cx_file_part parts[] = {{&header, sizeof header}, {data, bytes}};
    return cx_file_replace(cache->folder, path, parts, 2) ? evict(cache) : 0;
}
