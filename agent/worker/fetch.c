#include "fetch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

enum {
    WINDOW = 4, /* chunks asked for ahead */
    CHUNK_BYTES = NET_CHUNK_MAX,
    SILENCE_S = 30, /* a fetch without an answer for so long has failed */
    USED_MAX = 512,
    TRIES_MAX = 3, /* of a file whose hash is wrong */
};

enum message_kind { MESSAGE_WANT, MESSAGE_FORGET, MESSAGE_FRAME, MESSAGE_LINK };

struct message {
    struct message *next;
    enum message_kind kind;
    uint32_t model;
    uint8_t hash[STORE_HASH_SIZE];
    struct net_frame frame;
    uint8_t body[];
};

/* A model that waits to be fetched, or is. */
struct want {
    struct want *next;
    uint32_t model;
    uint8_t hash[STORE_HASH_SIZE];
    struct store_file *files; /* NULL: the manifest has not come */
    size_t n_files, file;     /* the one that is being fetched */
    uint64_t bytes, asked;    /* asked: offset behind the last chunk that was asked for */
    uint32_t rows_max;
    uint32_t tries;
};

struct progress {
    uint8_t hash[STORE_HASH_SIZE];
    uint64_t done, bytes; /* 0 of 0: nothing is being fetched */
};

struct fetch {
    pthread_mutex_t lock; /* of the next five */
    struct message *head, **tail;
    struct net_link *link;
    bool is_stopping;
    struct progress progress;
    pthread_cond_t wake;
    pthread_t thread;
    struct fetch_options options;
    struct store *store;
    struct want *wants; /* the first is being fetched; the thread's own from here on */
    struct timespec heard;
    uint8_t used[USED_MAX][STORE_HASH_SIZE];
    size_t n_used;
};

static void message_post(struct fetch *fetch, struct message *message)
{
    if (message == NULL)
        return; /* the fetch ends by its time limit, the jobs are tried elsewhere */
    pthread_mutex_lock(&fetch->lock);
    *fetch->tail = message;
    fetch->tail = &message->next;
    pthread_cond_signal(&fetch->wake);
    pthread_mutex_unlock(&fetch->lock);
}

static struct message *message_create(enum message_kind kind, size_t body)
{
    struct message *message = calloc(1, sizeof(*message) + body);
    if (message != NULL)
        message->kind = kind;
    return message;
}

static void send_frames(struct fetch *fetch, struct net_buf *frames)
{
    pthread_mutex_lock(&fetch->lock);
    if (fetch->link != NULL)
        net_link_send(fetch->link, frames);
    pthread_mutex_unlock(&fetch->lock);
    net_buf_free(frames);
}

static void ask_manifest(struct fetch *fetch, const struct want *want)
{
    struct net_buf frames = {0};
    struct net_model_want request;
    memcpy(request.hash, want->hash, sizeof(request.hash));
    if (net_model_want_encode(&frames, &request, NULL) == NET_OK)
        send_frames(fetch, &frames);
}

/* Keeps up to WINDOW chunks on their way. */
static void ask_chunks(struct fetch *fetch, struct want *want, uint64_t received)
{
    const struct store_file *file = &want->files[want->file];
    struct net_buf frames = {0};
    while (want->asked < file->size && want->asked - received < (uint64_t)WINDOW * CHUNK_BYTES) {
        struct net_model_read request = {.offset = want->asked};
        uint64_t left = file->size - want->asked;
        request.len = left < CHUNK_BYTES ? (uint32_t)left : CHUNK_BYTES;
        memcpy(request.sha256, file->sha256, sizeof(request.sha256));
        if (net_model_read_encode(&frames, &request, NULL) != NET_OK)
            break;
        want->asked += request.len;
    }
    if (frames.len > 0)
        send_frames(fetch, &frames);
}

static bool is_used(void *user, const uint8_t *hash)
{
    const struct fetch *fetch = user;
    if (fetch->wants != NULL && memcmp(fetch->wants->hash, hash, STORE_HASH_SIZE) == 0)
        return true;
    for (size_t i = 0; i < fetch->n_used; i++)
        if (memcmp(fetch->used[i], hash, STORE_HASH_SIZE) == 0)
            return true;
    return false;
}

/* `at`: bytes of the present file that are here. */
static void tell_progress(struct fetch *fetch, const struct want *want, uint64_t at)
{
    struct progress progress = {.done = at};
    memcpy(progress.hash, want->hash, STORE_HASH_SIZE);
    for (size_t i = 0; i < want->file; i++)
        progress.done += want->files[i].size;
    progress.bytes = want->bytes;
    pthread_mutex_lock(&fetch->lock);
    fetch->progress = progress;
    pthread_mutex_unlock(&fetch->lock);
}

static void clear_progress(struct fetch *fetch)
{
    pthread_mutex_lock(&fetch->lock);
    fetch->progress = (struct progress){0};
    pthread_mutex_unlock(&fetch->lock);
}

bool agent_fetch_progress(struct fetch *fetch, const uint8_t *hash, uint64_t *ret_done,
                          uint64_t *ret_bytes)
{
    pthread_mutex_lock(&fetch->lock);
    struct progress progress = fetch->progress;
    pthread_mutex_unlock(&fetch->lock);
    if (progress.bytes == 0 || memcmp(progress.hash, hash, STORE_HASH_SIZE) != 0)
        return false;
    *ret_done = progress.done;
    *ret_bytes = progress.bytes;
    return true;
}

static void want_next(struct fetch *fetch);

static void want_end(struct fetch *fetch, const char *path, const char *error)
{
    struct want *want = fetch->wants;
    struct fetch_result result = {.model = want->model,
                                  .path = path,
                                  .error = error,
                                  .bytes = want->bytes,
                                  .rows_max = want->rows_max};
    memcpy(result.hash, want->hash, sizeof(result.hash));
    if (path != NULL && fetch->n_used < USED_MAX)
        memcpy(fetch->used[fetch->n_used++], want->hash, STORE_HASH_SIZE);
    clear_progress(fetch);
    agent_store_abandon(fetch->store);
    fetch->options.on_result(fetch->options.user, &result);
    fetch->wants = want->next;
    free(want->files);
    free(want);
    want_next(fetch);
}

static void want_next(struct fetch *fetch)
{
    clock_gettime(CLOCK_MONOTONIC, &fetch->heard);
    if (fetch->wants != NULL)
        ask_manifest(fetch, fetch->wants);
}

/* Goes on to the next file that is not here; lays the model out when there is none. */
static void want_go_on(struct fetch *fetch)
{
    struct want *want = fetch->wants;
    char error[STORE_ERROR_MAX], path[STORE_PATH_MAX];
    for (; want->file < want->n_files; want->file++) {
        const struct store_file *file = &want->files[want->file];
        uint64_t offset;
        if (agent_store_has(fetch->store, file))
            continue;
        if (agent_store_begin(fetch->store, file, &offset, error) != 0) {
            want_end(fetch, NULL, error);
            return;
        }
        tell_progress(fetch, want, offset);
        if (offset < file->size) {
            want->asked = offset;
            ask_chunks(fetch, want, offset);
            return;
        }
        if (agent_store_finish(fetch->store, error) != 0 && ++want->tries < TRIES_MAX)
            want->file--; /* what was left of an earlier fetch was damaged */
        else if (want->tries >= TRIES_MAX) {
            want_end(fetch, NULL, error);
            return;
        }
    }
    if (agent_store_assemble(fetch->store, want->hash, want->files, want->n_files, path, error) !=
        0)
        want_end(fetch, NULL, error);
    else
        want_end(fetch, path, NULL);
}

static uint32_t config_rows_max(struct net_text config)
{
    cJSON *root = cJSON_ParseWithLength(config.data, config.len);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, "max_batch");
    uint32_t rows = 1;
    if (cJSON_IsNumber(item) && item->valuedouble >= 1 && item->valuedouble <= 65536)
        rows = (uint32_t)item->valuedouble;
    cJSON_Delete(root);
    return rows;
}

static void on_manifest(struct fetch *fetch, const struct net_frame *frame)
{
    static struct net_model_manifest manifest; /* only this thread; large for a stack */
    struct net_error err;
    struct want *want = fetch->wants;
    if (net_model_manifest_decode(frame, &manifest, &err) != NET_OK || want == NULL ||
        want->files != NULL || memcmp(manifest.hash, want->hash, STORE_HASH_SIZE) != 0)
        return;
    want->files = calloc(manifest.n_files, sizeof(*want->files));
    if (want->files == NULL) {
        want_end(fetch, NULL, "out of memory");
        return;
    }
    want->n_files = manifest.n_files;
    want->rows_max = config_rows_max(manifest.config);
    for (size_t i = 0; i < want->n_files; i++) {
        net_text_copy(manifest.files[i].path, want->files[i].path, sizeof(want->files[i].path));
        want->files[i].size = manifest.files[i].size;
        memcpy(want->files[i].sha256, manifest.files[i].sha256, STORE_HASH_SIZE);
        if (manifest.files[i].size > UINT64_MAX / 2 - want->bytes) {
            want_end(fetch, NULL, "the manifest's sizes make no sense");
            return;
        }
        want->bytes += manifest.files[i].size;
    }
    if (want->bytes > fetch->options.bytes_max) {
        want_end(fetch, NULL, "the model is larger than cache.size");
        return;
    }
    agent_store_trim(fetch->store, want->bytes, is_used, fetch);
    want_go_on(fetch);
}

static void on_chunk(struct fetch *fetch, const struct net_frame *frame)
{
    struct net_model_chunk chunk;
    struct want *want = fetch->wants;
    char error[STORE_ERROR_MAX] = "a chunk was damaged on its way";
    if (want == NULL || want->files == NULL)
        return;
    const struct store_file *file = &want->files[want->file];
    enum net_status status = net_model_chunk_decode(frame, &chunk, NULL);
    if (status == NET_OK && memcmp(chunk.sha256, file->sha256, STORE_HASH_SIZE) != 0)
        return; /* of an earlier fetch */
    int appended = status == NET_OK ? agent_store_append(fetch->store, chunk.offset,
                                                         chunk.bytes.data, chunk.bytes.len, error)
                                    : -1;
    if (appended == 1)
        return;
    if (appended != 0) {
        if (++want->tries < TRIES_MAX)
            want_go_on(fetch); /* from where the file on disk ends */
        else
            want_end(fetch, NULL, error);
        return;
    }
    uint64_t received = chunk.offset + chunk.bytes.len;
    tell_progress(fetch, want, received);
    if (received < file->size) {
        ask_chunks(fetch, want, received);
        return;
    }
    if (agent_store_finish(fetch->store, error) == 0)
        want->file++;
    else if (++want->tries >= TRIES_MAX) {
        want_end(fetch, NULL, error);
        return;
    }
    want_go_on(fetch);
}

static void on_denied(struct fetch *fetch, const struct net_frame *frame)
{
    struct net_model_denied denied;
    struct want *want = fetch->wants;
    if (net_model_denied_decode(frame, &denied, NULL) != NET_OK || want == NULL)
        return;
    bool is_ours = memcmp(denied.hash, want->hash, STORE_HASH_SIZE) == 0 ||
                   (want->files != NULL &&
                    memcmp(denied.hash, want->files[want->file].sha256, STORE_HASH_SIZE) == 0);
    if (!is_ours)
        return;
    char text[STORE_ERROR_MAX];
    net_text_copy(denied.text, text, sizeof(text));
    want_end(fetch, NULL, text);
}

static void on_want(struct fetch *fetch, const struct message *message)
{
    struct want *want = calloc(1, sizeof(*want));
    if (want == NULL)
        return;
    want->model = message->model;
    want->rows_max = 1;
    memcpy(want->hash, message->hash, STORE_HASH_SIZE);
    struct want **end = &fetch->wants;
    while (*end != NULL)
        end = &(*end)->next;
    *end = want;
    if (fetch->wants == want)
        want_next(fetch);
}

static void on_forget(struct fetch *fetch, const uint8_t *hash)
{
    for (size_t i = 0; i < fetch->n_used; i++)
        if (memcmp(fetch->used[i], hash, STORE_HASH_SIZE) == 0)
            memcpy(fetch->used[i--], fetch->used[--fetch->n_used], STORE_HASH_SIZE);
}

static void handle(struct fetch *fetch, const struct message *message)
{
    switch (message->kind) {
    case MESSAGE_WANT:
        on_want(fetch, message);
        return;
    case MESSAGE_FORGET:
        on_forget(fetch, message->hash);
        return;
    case MESSAGE_LINK: /* what was asked for on the old one will not come */
        if (fetch->wants != NULL && fetch->wants->files != NULL)
            want_go_on(fetch);
        else
            want_next(fetch);
        return;
    case MESSAGE_FRAME:
        clock_gettime(CLOCK_MONOTONIC, &fetch->heard);
        if (message->frame.type == NET_MSG_MODEL_MANIFEST)
            on_manifest(fetch, &message->frame);
        else if (message->frame.type == NET_MSG_MODEL_CHUNK)
            on_chunk(fetch, &message->frame);
        else
            on_denied(fetch, &message->frame);
        return;
    }
}

static struct message *message_take(struct fetch *fetch, bool *ret_stop)
{
    struct timespec until = fetch->heard;
    until.tv_sec += SILENCE_S;
    pthread_mutex_lock(&fetch->lock);
    int status = 0;
    while (fetch->head == NULL && !fetch->is_stopping && status == 0)
        status = fetch->wants == NULL ? pthread_cond_wait(&fetch->wake, &fetch->lock)
                                      : pthread_cond_timedwait(&fetch->wake, &fetch->lock, &until);
    struct message *message = fetch->head;
    if (message != NULL && (fetch->head = message->next) == NULL)
        fetch->tail = &fetch->head;
    *ret_stop = fetch->is_stopping;
    pthread_mutex_unlock(&fetch->lock);
    return message;
}

static void *run(void *argument)
{
    struct fetch *fetch = argument;
    for (;;) {
        bool stop;
        struct message *message = message_take(fetch, &stop);
        if (stop) {
            free(message);
            return NULL;
        }
        if (message != NULL)
            handle(fetch, message);
        else if (fetch->wants != NULL)
            want_end(fetch, NULL, "the coordinator did not send it within 30 s");
        free(message);
    }
}

struct fetch *agent_fetch_create(const struct fetch_options *options, char *ret_error)
{
    struct fetch *fetch = calloc(1, sizeof(*fetch));
    if (fetch == NULL) {
        snprintf(ret_error, STORE_ERROR_MAX, "out of memory");
        return NULL;
    }
    fetch->options = *options;
    fetch->tail = &fetch->head;
    fetch->store = agent_store_open(options->dir, options->bytes_max, ret_error);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&fetch->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&fetch->lock, NULL);
    if (fetch->store == NULL)
        goto fail;
    if (pthread_create(&fetch->thread, NULL, run, fetch) != 0) {
        snprintf(ret_error, STORE_ERROR_MAX, "a thread can not be started");
        goto fail;
    }
    return fetch;
fail:
    agent_store_close(fetch->store);
    free(fetch);
    return NULL;
}

void agent_fetch_destroy(struct fetch *fetch)
{
    if (fetch == NULL)
        return;
    pthread_mutex_lock(&fetch->lock);
    fetch->is_stopping = true;
    pthread_cond_signal(&fetch->wake);
    pthread_mutex_unlock(&fetch->lock);
    pthread_join(fetch->thread, NULL);
    for (struct message *m; (m = fetch->head) != NULL; free(m))
        fetch->head = m->next;
    for (struct want *w; (w = fetch->wants) != NULL; free(w)) {
        fetch->wants = w->next;
        free(w->files);
    }
    agent_store_close(fetch->store);
    pthread_cond_destroy(&fetch->wake);
    pthread_mutex_destroy(&fetch->lock);
    free(fetch);
}

void agent_fetch_want(struct fetch *fetch, uint32_t model, const uint8_t *hash)
{
    struct message *message = message_create(MESSAGE_WANT, 0);
    if (message != NULL) {
        message->model = model;
        memcpy(message->hash, hash, STORE_HASH_SIZE);
    }
    message_post(fetch, message);
}

void agent_fetch_forget(struct fetch *fetch, const uint8_t *hash)
{
    struct message *message = message_create(MESSAGE_FORGET, 0);
    if (message != NULL)
        memcpy(message->hash, hash, STORE_HASH_SIZE);
    message_post(fetch, message);
}

void agent_fetch_set_link(struct fetch *fetch, struct net_link *link)
{
    pthread_mutex_lock(&fetch->lock);
    fetch->link = link;
    pthread_mutex_unlock(&fetch->lock);
    if (link != NULL)
        message_post(fetch, message_create(MESSAGE_LINK, 0));
}

void agent_fetch_frame(struct fetch *fetch, const struct net_frame *frame)
{
    struct message *message = message_create(MESSAGE_FRAME, frame->len);
    if (message != NULL) {
        memcpy(message->body, frame->body, frame->len);
        message->frame = *frame;
        message->frame.body = message->body;
    }
    message_post(fetch, message);
}
