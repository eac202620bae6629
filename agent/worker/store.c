#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "store_internal.h"

void agent_store_hex(const uint8_t *hash, char ret_text[2 * STORE_HASH_SIZE + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < STORE_HASH_SIZE; i++) {
        ret_text[2 * i] = digits[hash[i] >> 4];
        ret_text[2 * i + 1] = digits[hash[i] & 15];
    }
    ret_text[2 * STORE_HASH_SIZE] = '\0';
}

int agent_store_fail(char *ret_error, const char *what, const char *path)
{
    snprintf(ret_error, STORE_ERROR_MAX, "%s %.180s: %s", what, path, strerror(errno));
    return -1;
}

static int make_dirs(const char *path)
{
    char part[STORE_PATH_MAX];
    snprintf(part, sizeof(part), "%s", path);
    for (char *p = part + 1; *p != '\0'; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return -1;
        *p = '/';
    }
    return mkdir(part, 0755) != 0 && errno != EEXIST ? -1 : 0;
}

struct store *agent_store_open(const char *dir, uint64_t bytes_max, char *ret_error)
{
    struct store *store = calloc(1, sizeof(*store));
    if (store == NULL)
        goto fail;
    store->part_fd = -1;
    store->bytes_max = bytes_max;
    snprintf(store->files, sizeof(store->files), "%.1024s/files", dir);
    snprintf(store->models, sizeof(store->models), "%.1024s/models", dir);
    store->digest = EVP_MD_CTX_new();
    if (store->digest == NULL || make_dirs(store->files) != 0 || make_dirs(store->models) != 0)
        goto fail;
    return store;
fail:
    agent_store_fail(ret_error, "the model store can not be opened in", dir);
    agent_store_close(store);
    return NULL;
}

void agent_store_close(struct store *store)
{
    if (store == NULL)
        return;
    agent_store_abandon(store);
    EVP_MD_CTX_free(store->digest);
    free(store);
}

void agent_store_file_path(const struct store *store, const uint8_t *sha256, char *ret_path)
{
    char hex[2 * STORE_HASH_SIZE + 1];
    agent_store_hex(sha256, hex);
    snprintf(ret_path, STORE_PATH_MAX, "%.1100s/%s", store->files, hex);
}

/* Adds what the descriptor still has to the digest, and counts it. */
static int digest_read(struct store *store, int fd, uint64_t *ret_length)
{
    uint64_t length = 0;
    for (;;) {
        ssize_t got = read(fd, store->buffer, sizeof(store->buffer));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || (got > 0 && !EVP_DigestUpdate(store->digest, store->buffer, (size_t)got)))
            return -1;
        if (got == 0)
            break;
        length += (uint64_t)got;
    }
    *ret_length = length;
    return 0;
}

static bool digest_matches(struct store *store, const uint8_t *sha256)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    return EVP_DigestFinal_ex(store->digest, digest, NULL) &&
           memcmp(digest, sha256, STORE_HASH_SIZE) == 0;
}

bool agent_store_has(struct store *store, const struct store_file *file)
{
    char path[STORE_PATH_MAX];
    agent_store_file_path(store, file->sha256, path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    uint64_t length = 0;
    bool is_whole = EVP_DigestInit_ex(store->digest, EVP_sha256(), NULL) &&
                    digest_read(store, fd, &length) == 0 && length == file->size &&
                    digest_matches(store, file->sha256);
    close(fd);
    if (!is_whole)
        unlink(path);
    return is_whole;
}

int agent_store_begin(struct store *store, const struct store_file *file, uint64_t *ret_offset,
                      char *ret_error)
{
    agent_store_abandon(store);
    char path[STORE_PATH_MAX];
    agent_store_file_path(store, file->sha256, path);
    snprintf(store->part_path, sizeof(store->part_path), "%.1200s.part", path);
    store->part = *file;
    store->part_fd = open(store->part_path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (store->part_fd < 0)
        return agent_store_fail(ret_error, "can not write", store->part_path);
    uint64_t length = 0;
    if (!EVP_DigestInit_ex(store->digest, EVP_sha256(), NULL) ||
        digest_read(store, store->part_fd, &length) != 0) {
        agent_store_fail(ret_error, "can not read", store->part_path);
        agent_store_abandon(store);
        return -1;
    }
    if (length > file->size) { /* nothing of ours: from the beginning */
        EVP_DigestInit_ex(store->digest, EVP_sha256(), NULL);
        length = 0;
        if (ftruncate(store->part_fd, 0) != 0 || lseek(store->part_fd, 0, SEEK_SET) != 0)
            return agent_store_fail(ret_error, "can not write", store->part_path);
    }
    store->part_length = length;
    *ret_offset = length;
    return 0;
}

int agent_store_append(struct store *store, uint64_t offset, const void *bytes, size_t length,
                       char *ret_error)
{
    const char *from = bytes;
    if (store->part_fd < 0 || offset != store->part_length)
        return 1;
    if (length > store->part.size - store->part_length) {
        snprintf(ret_error, STORE_ERROR_MAX, "a chunk goes beyond the end of its file");
        return -1;
    }
    for (size_t written = 0; written < length;) {
        ssize_t n = write(store->part_fd, from + written, length - written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return agent_store_fail(ret_error, "can not write", store->part_path);
        written += (size_t)n;
    }
    if (!EVP_DigestUpdate(store->digest, bytes, length))
        return -1;
    store->part_length += length;
    return 0;
}

int agent_store_finish(struct store *store, char *ret_error)
{
    char path[STORE_PATH_MAX];
    if (store->part_fd < 0 || store->part_length != store->part.size) {
        snprintf(ret_error, STORE_ERROR_MAX, "the file is not complete");
        return -1;
    }
    agent_store_file_path(store, store->part.sha256, path);
    bool is_right = digest_matches(store, store->part.sha256);
    int status = 0;
    if (!is_right) {
        snprintf(ret_error, STORE_ERROR_MAX, "what came for %.180s has another hash",
                 store->part.path);
        unlink(store->part_path);
        status = -1;
    } else if (fsync(store->part_fd) != 0 || rename(store->part_path, path) != 0) {
        status = agent_store_fail(ret_error, "can not store", path);
    }
    agent_store_abandon(store);
    return status;
}

void agent_store_abandon(struct store *store)
{
    if (store->part_fd >= 0)
        close(store->part_fd);
    store->part_fd = -1;
}
