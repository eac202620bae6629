#include "agent/repository/repository.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "agent/repository/model_config.h"

enum { DEPTH_MAX = 4, PATH_BYTES = 4096, READ_BYTES = 1 << 20 };

struct agent_model_set {
    char *dir;
    struct agent_model *models;
    size_t n;
};

/* ---- hashing ---- */

static bool hash_file(const char *path, uint8_t *ret_sha256)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    uint8_t *buffer = malloc(READ_BYTES);
    bool ok = fd >= 0 && digest != NULL && buffer != NULL &&
              EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;

    while (ok) {
        ssize_t got = read(fd, buffer, READ_BYTES);
        if (got == 0)
            break;
        ok = got > 0 && EVP_DigestUpdate(digest, buffer, (size_t)got) == 1;
    }
    ok = ok && EVP_DigestFinal_ex(digest, ret_sha256, NULL) == 1;
    free(buffer);
    EVP_MD_CTX_free(digest);
    if (fd >= 0)
        close(fd);
    return ok;
}

/* The manifest's hash covers what decides the answers and how they are made: name, version, every
 * file's path and content, and the config that agents get. */
static bool hash_model(struct agent_model *model)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    char line[NET_MODEL_NAME_MAX + NET_PATH_MAX + 64];
    bool ok = digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
    int n = snprintf(line, sizeof(line), "%s\n%u\n%s\n", model->name, model->version,
                     model->config_json);

    ok = ok && EVP_DigestUpdate(digest, line, (size_t)n) == 1;
    for (uint32_t i = 0; ok && i < model->n_files; i++) {
        n = snprintf(line, sizeof(line), "%s\n%llu\n", model->files[i].path,
                     (unsigned long long)model->files[i].size);
        ok = EVP_DigestUpdate(digest, line, (size_t)n) == 1 &&
             EVP_DigestUpdate(digest, model->files[i].sha256, NET_HASH_SIZE) == 1;
    }
    ok = ok && EVP_DigestFinal_ex(digest, model->hash, NULL) == 1;
    EVP_MD_CTX_free(digest);
    return ok;
}

/* ---- one model ---- */

static void model_finish(struct agent_model *model)
{
    for (uint32_t i = 0; i < model->n_labels; i++)
        free(model->labels[i]);
    free(model->labels);
    free(model->files);
}

/* Adds every regular file under `folder` + `within` to the model, without its hash. */
static void list_files(const char *folder, const char *within, int depth, struct agent_model *model)
{
    char path[PATH_BYTES];
    struct dirent *entry;
    struct stat info;

    snprintf(path, sizeof(path), "%s/%s", folder, within);
    DIR *stream = opendir(path);
    while (stream != NULL && model->error[0] == '\0' && (entry = readdir(stream)) != NULL) {
        char name[NET_PATH_MAX + 1];
        int n = snprintf(name, sizeof(name), "%s%s%s", within, within[0] ? "/" : "", entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        if ((size_t)n >= sizeof(name) || !net_path_valid(name, (size_t)n) ||
            snprintf(path, sizeof(path), "%s/%s", folder, name) >= PATH_BYTES ||
            stat(path, &info) != 0) {
            snprintf(model->error, sizeof(model->error), "file '%.200s': its name can't be used",
                     entry->d_name);
        } else if (S_ISDIR(info.st_mode) && depth < DEPTH_MAX) {
            list_files(folder, name, depth + 1, model);
        } else if (S_ISREG(info.st_mode) && model->n_files == NET_MODEL_FILES_MAX) {
            snprintf(model->error, sizeof(model->error), "more than %d files", NET_MODEL_FILES_MAX);
        } else if (S_ISREG(info.st_mode)) {
            struct agent_model_file *file = &model->files[model->n_files++];
            memcpy(file->path, name, (size_t)n + 1);
            file->size = (uint64_t)info.st_size;
            file->mtime_ns = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec;
            file->inode = info.st_ino;
            model->bytes += file->size;
        }
    }
    if (stream != NULL)
        closedir(stream);
}

static int by_path(const void *a, const void *b)
{
    const struct agent_model_file *left = a, *right = b;
    return strcmp(left->path, right->path);
}

/* The hash from the last scan where the file looks unchanged. */
static bool take_over(const struct agent_model *old, struct agent_model_file *file)
{
    for (uint32_t i = 0; old != NULL && i < old->n_files; i++) {
        const struct agent_model_file *was = &old->files[i];
        if (strcmp(was->path, file->path) == 0 && was->size == file->size &&
            was->mtime_ns == file->mtime_ns && was->inode == file->inode && was->size > 0) {
            memcpy(file->sha256, was->sha256, NET_HASH_SIZE);
            return true;
        }
    }
    return false;
}

static void read_model(const char *folder, const struct agent_model *old, struct agent_model *model)
{
    char path[PATH_BYTES];
    bool graph = false;

    model->files = calloc(NET_MODEL_FILES_MAX, sizeof(*model->files));
    if (model->files == NULL) {
        snprintf(model->error, sizeof(model->error), "out of memory");
        return;
    }
    list_files(folder, "", 0, model);
    void *fitted = realloc(model->files, (model->n_files + 1) * sizeof(*model->files));
    model->files = fitted != NULL ? fitted : model->files;
    if (model->n_files > 0)
        qsort(model->files, model->n_files, sizeof(*model->files), by_path);
    for (uint32_t i = 0; i < model->n_files && model->error[0] == '\0'; i++) {
        struct agent_model_file *file = &model->files[i];
        graph |= strcmp(file->path, "model.onnx") == 0;
        if (take_over(old, file))
            continue;
        if (snprintf(path, sizeof(path), "%s/%s", folder, file->path) >= PATH_BYTES ||
            !hash_file(path, file->sha256))
            snprintf(model->error, sizeof(model->error), "file '%.200s': %s", file->path,
                     strerror(errno));
    }
    if (model->error[0] == '\0' && !graph)
        snprintf(model->error, sizeof(model->error), "%u/model.onnx is missing", model->version);
    snprintf(model->config_json, sizeof(model->config_json), "{\"max_batch\":%u}",
             model->max_batch);
    if (model->error[0] == '\0' && !hash_model(model))
        snprintf(model->error, sizeof(model->error), "hashing failed");
}

/* ---- the set ---- */

/* A version is a folder named by a whole number from 1 without leading zeros. */
static bool parse_version(const char *name, uint32_t *ret_version)
{
    char *end;
    unsigned long version = strtoul(name, &end, 10);

    if (name[0] < '1' || name[0] > '9' || *end != '\0' || version > INT32_MAX)
        return false;
    *ret_version = (uint32_t)version;
    return true;
}

static const struct agent_model *find_exact(const struct agent_model_set *set, const char *name,
                                            uint32_t version)
{
    for (size_t i = 0; set != NULL && i < set->n; i++)
        if (set->models[i].version == version && strcmp(set->models[i].name, name) == 0)
            return &set->models[i];
    return NULL;
}

static enum agent_status add_model(struct agent_model_set *set, const char *name, uint32_t version,
                                   const struct agent_model_set *previous, struct agent_error *err)
{
    char path[PATH_BYTES];

    if (set->n == AGENT_MODELS_MAX)
        return agent_error_set(err, AGENT_ERR_FULL, "%s holds more than %d model versions",
                               set->dir, AGENT_MODELS_MAX);
    if (set->n % 16 == 0) {
        void *more = realloc(set->models, (set->n + 16) * sizeof(*set->models));
        if (more == NULL)
            return agent_error_set(err, AGENT_ERR_NOMEM, "out of memory");
        set->models = more;
    }
    struct agent_model *model = &set->models[set->n++];
    memset(model, 0, sizeof(*model));
    snprintf(model->name, sizeof(model->name), "%s", name);
    model->version = version;
    snprintf(path, sizeof(path), "%s/%s/config.ini", set->dir, name);
    agent_model_config_read(path, model);
    snprintf(path, sizeof(path), "%s/%s/%u", set->dir, name, version);
    read_model(path, find_exact(previous, name, version), model);
    return AGENT_OK;
}

static enum agent_status add_versions(struct agent_model_set *set, const char *name,
                                      const struct agent_model_set *previous,
                                      struct agent_error *err)
{
    char path[PATH_BYTES];
    enum agent_status status = AGENT_OK;
    struct dirent *entry;
    uint32_t version;

    snprintf(path, sizeof(path), "%s/%s", set->dir, name);
    DIR *stream = opendir(path);
    while (stream != NULL && status == AGENT_OK && (entry = readdir(stream)) != NULL)
        if (parse_version(entry->d_name, &version))
            status = add_model(set, name, version, previous, err);
    if (stream != NULL)
        closedir(stream);
    return status;
}

static int by_name(const void *a, const void *b)
{
    const struct agent_model *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : (left->version < right->version) - (left->version > right->version);
}

enum agent_status agent_repository_scan(const char *dir, const struct agent_model_set *previous,
                                        struct agent_model_set **ret_set, struct agent_error *err)
{
    struct agent_model_set *set = calloc(1, sizeof(*set));
    enum agent_status status = AGENT_OK;
    struct dirent *entry;
    DIR *stream = NULL;

    if (set == NULL || (set->dir = strdup(dir)) == NULL) {
        agent_model_set_destroy(set);
        return agent_error_set(err, AGENT_ERR_NOMEM, "out of memory");
    }
    stream = opendir(dir);
    if (stream == NULL && errno != ENOENT)
        status =
            agent_error_set(err, AGENT_ERR_IO, "model repository %s: %s", dir, strerror(errno));
    while (stream != NULL && status == AGENT_OK && (entry = readdir(stream)) != NULL)
        if (net_model_name_valid(entry->d_name, strlen(entry->d_name)))
            status = add_versions(set, entry->d_name, previous, err);
    if (stream != NULL)
        closedir(stream);
    if (status != AGENT_OK) {
        agent_model_set_destroy(set);
        return status;
    }
    if (set->n > 0)
        qsort(set->models, set->n, sizeof(*set->models), by_name);
    *ret_set = set;
    return AGENT_OK;
}

void agent_model_set_destroy(struct agent_model_set *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->n; i++)
        model_finish(&set->models[i]);
    free(set->models);
    free(set->dir);
    free(set);
}

const struct agent_model *agent_model_set_at(const struct agent_model_set *set, size_t i)
{
    return i < set->n ? &set->models[i] : NULL;
}

size_t agent_model_set_count(const struct agent_model_set *set)
{
    return set->n;
}

const struct agent_model *agent_model_set_find(const struct agent_model_set *set, const char *name,
                                               uint32_t version)
{
    const struct agent_model *newest = NULL;

    if (version != 0)
        return find_exact(set, name, version);
    for (size_t i = 0; i < set->n; i++) {
        if (strcmp(set->models[i].name, name) != 0)
            continue;
        if (set->models[i].error[0] == '\0')
            return &set->models[i];
        newest = newest == NULL ? &set->models[i] : newest;
    }
    return newest;
}

const struct agent_model *agent_model_set_find_hash(const struct agent_model_set *set,
                                                    const uint8_t hash[NET_HASH_SIZE])
{
    for (size_t i = 0; i < set->n; i++)
        if (set->models[i].error[0] == '\0' &&
            memcmp(set->models[i].hash, hash, NET_HASH_SIZE) == 0)
            return &set->models[i];
    return NULL;
}

static bool same_model(const struct agent_model *a, const struct agent_model *b)
{
    bool same = strcmp(a->name, b->name) == 0 && a->version == b->version &&
                strcmp(a->error, b->error) == 0 && memcmp(a->hash, b->hash, NET_HASH_SIZE) == 0 &&
                strcmp(a->description, b->description) == 0 && a->top_k == b->top_k &&
                a->cache_responses == b->cache_responses && a->hedge_times == b->hedge_times &&
                strcmp(a->needs.family, b->needs.family) == 0 && a->needs.fp16 == b->needs.fp16 &&
                a->needs.fp64 == b->needs.fp64 && a->needs.memory_bytes == b->needs.memory_bytes &&
                strcmp(a->input_name, b->input_name) == 0 &&
                strcmp(a->output_name, b->output_name) == 0 &&
                memcmp(&a->preprocess, &b->preprocess, sizeof(a->preprocess)) == 0 &&
                a->n_labels == b->n_labels;

    for (uint32_t i = 0; same && i < a->n_labels; i++)
        same = strcmp(a->labels[i], b->labels[i]) == 0;
    return same;
}

bool agent_model_set_same(const struct agent_model_set *a, const struct agent_model_set *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++)
        same = same_model(&a->models[i], &b->models[i]);
    return same;
}

static enum agent_status read_range(const char *path, const struct agent_model_file *file,
                                    uint64_t offset, uint32_t len, uint8_t *buffer,
                                    struct agent_error *err)
{
    enum agent_status status = AGENT_OK;
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &info) != 0)
        status = agent_error_set(err, AGENT_ERR_IO, "%s: %s", path, strerror(errno));
    else if ((uint64_t)info.st_size != file->size)
        status =
            agent_error_set(err, AGENT_ERR_CORRUPT, "%s has changed since it was hashed", path);
    for (uint32_t got = 0; status == AGENT_OK && got < len;) {
        ssize_t n = pread(fd, buffer + got, len - got, (off_t)(offset + got));
        if (n <= 0)
            status = agent_error_set(err, AGENT_ERR_IO, "%s: %s", path,
                                     n < 0 ? strerror(errno) : "it is cut off");
        else
            got += (uint32_t)n;
    }
    if (fd >= 0)
        close(fd);
    return status;
}

enum agent_status agent_model_set_read(const struct agent_model_set *set,
                                       const uint8_t sha256[NET_HASH_SIZE], uint64_t offset,
                                       uint32_t len, uint8_t *buffer, uint32_t *ret_got,
                                       uint64_t *ret_total, struct agent_error *err)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct agent_model *model = &set->models[i];
        for (uint32_t f = 0; model->error[0] == '\0' && f < model->n_files; f++) {
            const struct agent_model_file *file = &model->files[f];
            char path[PATH_BYTES];
            if (memcmp(file->sha256, sha256, NET_HASH_SIZE) != 0)
                continue;
            if (offset > file->size)
                return agent_error_set(err, AGENT_ERR_INVAL, "offset %llu is behind the file's end",
                                       (unsigned long long)offset);
            len = file->size - offset < len ? (uint32_t)(file->size - offset) : len;
            snprintf(path, sizeof(path), "%s/%s/%u/%s", set->dir, model->name, model->version,
                     file->path);
            enum agent_status status = read_range(path, file, offset, len, buffer, err);
            if (status == AGENT_OK) {
                *ret_got = len;
                *ret_total = file->size;
            }
            return status;
        }
    }
    return agent_error_set(err, AGENT_ERR_NOT_FOUND, "no model has a file with this hash");
}

void agent_model_manifest(const struct agent_model *model, struct net_model_manifest *ret_manifest)
{
    struct net_model_manifest *manifest = ret_manifest;

    memset(manifest, 0, sizeof(*manifest));
    memcpy(manifest->hash, model->hash, NET_HASH_SIZE);
    manifest->name = net_text_of(model->name);
    manifest->version = model->version;
    manifest->n_files = (uint16_t)model->n_files;
    for (uint32_t i = 0; i < model->n_files; i++) {
        manifest->files[i].path = net_text_of(model->files[i].path);
        manifest->files[i].size = model->files[i].size;
        memcpy(manifest->files[i].sha256, model->files[i].sha256, NET_HASH_SIZE);
    }
    manifest->config = net_text_of(model->config_json);
}
