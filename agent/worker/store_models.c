/* Manifests laid out as folders, and the bound on what they take. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_internal.h"

enum { DEPTH_MAX = 16, MODELS_MAX = 4096 };

struct model_entry {
    char name[2 * STORE_HASH_SIZE + 1];
    struct timespec used;
};

/* Removes a folder with all below it. The names come from our own layout. */
static void remove_tree(const char *path, int depth)
{
    DIR *dir = depth < DEPTH_MAX ? opendir(path) : NULL;
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char child[STORE_PATH_MAX];
        struct stat info;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (snprintf(child, sizeof(child), "%s/%s", path, entry->d_name) >= (int)sizeof(child) ||
            lstat(child, &info) != 0)
            continue;
        if (S_ISDIR(info.st_mode))
            remove_tree(child, depth + 1);
        else
            unlink(child);
    }
    if (dir != NULL)
        closedir(dir);
    rmdir(path);
}

/* Makes the folders that a file's path within its model needs. */
static int make_parents(char *path, size_t from)
{
    for (size_t i = from; path[i] != '\0'; i++) {
        if (path[i] != '/')
            continue;
        path[i] = '\0';
        int failed = mkdir(path, 0755) != 0 && errno != EEXIST;
        path[i] = '/';
        if (failed)
            return -1;
    }
    return 0;
}

static int link_files(struct store *store, const char *dir, const struct store_file *files,
                      size_t n, char *ret_error)
{
    for (size_t i = 0; i < n; i++) {
        char from[STORE_PATH_MAX], to[STORE_PATH_MAX];
        agent_store_file_path(store, files[i].sha256, from);
        if (snprintf(to, sizeof(to), "%s/%s", dir, files[i].path) >= (int)sizeof(to)) {
            errno = ENAMETOOLONG;
            return agent_store_fail(ret_error, "can not link", files[i].path);
        }
        if (make_parents(to, strlen(dir) + 1) != 0 || link(from, to) != 0)
            return agent_store_fail(ret_error, "can not link", to);
    }
    return 0;
}

int agent_store_assemble(struct store *store, const uint8_t *hash, const struct store_file *files,
                         size_t n, char *ret_path, char *ret_error)
{
    char hex[2 * STORE_HASH_SIZE + 1], dir[STORE_PATH_MAX], temporary[STORE_PATH_MAX];
    bool has_model = false;
    for (size_t i = 0; i < n; i++)
        has_model |= strcmp(files[i].path, "model.onnx") == 0;
    if (!has_model) {
        snprintf(ret_error, STORE_ERROR_MAX, "the manifest names no model.onnx");
        return -1;
    }
    agent_store_hex(hash, hex);
    snprintf(dir, sizeof(dir), "%.1100s/%s", store->models, hex);
    snprintf(temporary, sizeof(temporary), "%.1100s/%s.new", store->models, hex);
    /* Made anew each time: links to files that were found damaged since would still hold those. */
    remove_tree(temporary, 0);
    remove_tree(dir, 0);
    if (mkdir(temporary, 0755) != 0)
        return agent_store_fail(ret_error, "can not make", temporary);
    if (link_files(store, temporary, files, n, ret_error) != 0) {
        remove_tree(temporary, 0);
        return -1;
    }
    if (rename(temporary, dir) != 0)
        return agent_store_fail(ret_error, "can not make", dir);
    snprintf(ret_path, STORE_PATH_MAX, "%.1180s/model.onnx", dir);
    return 0;
}

static uint64_t files_bytes(const struct store *store, bool remove_unlinked)
{
    uint64_t bytes = 0;
    DIR *dir = opendir(store->files);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char path[STORE_PATH_MAX];
        struct stat info;
        bool is_file = strlen(entry->d_name) == 2 * STORE_HASH_SIZE;
        if (snprintf(path, sizeof(path), "%s/%s", store->files, entry->d_name) >=
                (int)sizeof(path) ||
            stat(path, &info) != 0 || !S_ISREG(info.st_mode))
            continue;
        if (remove_unlinked && is_file && info.st_nlink == 1)
            unlink(path);
        else
            bytes += (uint64_t)info.st_size;
    }
    if (dir != NULL)
        closedir(dir);
    return bytes;
}

static bool hash_parse(const char *hex, uint8_t *ret_hash)
{
    if (strlen(hex) != 2 * STORE_HASH_SIZE ||
        strspn(hex, "0123456789abcdef") != 2 * STORE_HASH_SIZE)
        return false;
    for (size_t i = 0; i < STORE_HASH_SIZE; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        ret_hash[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return true;
}

static int compare_age(const void *a, const void *b)
{
    const struct model_entry *x = a, *y = b;
    if (x->used.tv_sec != y->used.tv_sec)
        return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
    return (x->used.tv_nsec > y->used.tv_nsec) - (x->used.tv_nsec < y->used.tv_nsec);
}

/* The models that nobody uses, oldest first. A model's folder is made when it is fetched or found.
 */
static size_t models_list(const struct store *store, struct model_entry *list,
                          bool (*is_used)(void *user, const uint8_t *hash), void *user)
{
    size_t n = 0;
    DIR *dir = opendir(store->models);
    struct dirent *entry;
    while (dir != NULL && n < MODELS_MAX && (entry = readdir(dir)) != NULL) {
        char path[STORE_PATH_MAX];
        uint8_t hash[STORE_HASH_SIZE];
        struct stat info;
        snprintf(path, sizeof(path), "%.1000s/%.255s", store->models, entry->d_name);
        if (!hash_parse(entry->d_name, hash) || is_used(user, hash) || stat(path, &info) != 0)
            continue;
        memcpy(list[n].name, entry->d_name, sizeof(list[n].name));
        list[n++].used = info.st_mtim;
    }
    if (dir != NULL)
        closedir(dir);
    qsort(list, n, sizeof(*list), compare_age);
    return n;
}

void agent_store_trim(struct store *store, uint64_t wanted,
                      bool (*is_used)(void *user, const uint8_t *hash), void *user)
{
    if (files_bytes(store, false) + wanted <= store->bytes_max)
        return;
    struct model_entry *list = malloc(MODELS_MAX * sizeof(*list));
    if (list == NULL)
        return;
    size_t n = models_list(store, list, is_used, user);
    for (size_t i = 0; i < n && files_bytes(store, true) + wanted > store->bytes_max; i++) {
        char path[STORE_PATH_MAX];
        snprintf(path, sizeof(path), "%.1100s/%s", store->models, list[i].name);
        remove_tree(path, 0);
    }
    files_bytes(store, true);
    free(list);
}
