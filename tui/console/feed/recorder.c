#include "feed/recorder.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "record/packer.h"

#define FLUSH_MS 2000
#define THIN_MS 30000
/* Messages that wait for a disk that is slower than they come. */
#define WAITING_BYTES_MAX (48u << 20)

struct waiting {
    struct waiting *next;
    struct tui_record record; /* its text follows the struct */
};

struct tui_recorder {
    char *path;
    char *about;
    struct tui_packer packer;
    pthread_t thread;

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t wake;
    struct waiting *first, **last;
    size_t waiting_bytes;
    uint64_t lost_since; /* since the last record that tells how many */
    struct tui_recorder_state state;
    bool stop;
};

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct waiting *copy(const struct tui_message *message)
{
    struct waiting *waiting = malloc(sizeof(*waiting) + message->len);

    if (!waiting)
        return NULL;
    *waiting = (struct waiting){
        .record = {.at_ms = message->at_ms,
                   .wall_ms = clock_ms(CLOCK_REALTIME),
                   .token = message->token,
                   .flags = message->published ? TUI_RECORD_PUBLISHED : 0,
                   .text = (const char *)(waiting + 1),
                   .len = (uint32_t)message->len},
    };
    snprintf(waiting->record.kind, sizeof(waiting->record.kind), "%s", message->kind);
    if (message->asked)
        snprintf(waiting->record.asked, sizeof(waiting->record.asked), "%s", message->asked);
    memcpy(waiting + 1, message->text, message->len);
    return waiting;
}

static void push(struct tui_recorder *recorder, struct waiting *waiting)
{
    *recorder->last = waiting;
    recorder->last = &waiting->next;
    recorder->waiting_bytes += waiting->record.len;
}

/* What is missing stands in the recording itself, where it is missing. */
static void push_lost(struct tui_recorder *recorder, int64_t at_ms)
{
    char text[32];
    struct tui_message message = {.kind = TUI_RECORD_LOST, .at_ms = at_ms, .text = text};

    message.len =
        (size_t)snprintf(text, sizeof(text), "%llu", (unsigned long long)recorder->lost_since);
    struct waiting *waiting = copy(&message);
    if (!waiting)
        return;
    push(recorder, waiting);
    recorder->lost_since = 0;
}

void tui_recorder_message(void *user, const struct tui_message *message)
{
    struct tui_recorder *recorder = user;
    struct waiting *waiting = NULL;

    if (message->len <= TUI_MESSAGE_BYTES_MAX)
        waiting = copy(message);
    pthread_mutex_lock(&recorder->mutex);
    if (!waiting || recorder->state.stopped ||
        recorder->waiting_bytes + message->len > WAITING_BYTES_MAX) {
        free(waiting);
        recorder->state.lost++;
        recorder->lost_since++;
    } else {
        if (recorder->lost_since > 0)
            push_lost(recorder, message->at_ms);
        push(recorder, waiting);
        recorder->state.messages++;
        recorder->state.raw_bytes += message->len;
    }
    pthread_cond_signal(&recorder->wake);
    pthread_mutex_unlock(&recorder->mutex);
}

static void wait_until(struct tui_recorder *recorder, int64_t until_ms)
{
    struct timespec at = {.tv_sec = until_ms / 1000, .tv_nsec = (until_ms % 1000) * 1000000};

    pthread_cond_timedwait(&recorder->wake, &recorder->mutex, &at);
}

/* Packs a list and frees it. Returns 0 or errno; after a failure the rest is only freed. */
static int pack(struct tui_packer *packer, struct waiting *list, int failure)
{
    while (list) {
        struct waiting *next = list->next;
        if (failure == 0)
            failure = tui_packer_add(packer, &list->record);
        free(list);
        list = next;
    }
    return failure;
}

static void publish(struct tui_recorder *recorder, int failure)
{
    struct tui_recorder_state *state = &recorder->state;

    state->file_bytes = recorder->packer.file_bytes;
    state->rotated = recorder->packer.rotated;
    if (failure != 0 && !state->stopped) {
        state->stopped = true;
        snprintf(state->error, sizeof(state->error), "%s", strerror(failure));
    }
}

static void *run(void *user)
{
    struct tui_recorder *recorder = user;
    int64_t flush_ms = clock_ms(CLOCK_MONOTONIC) + FLUSH_MS;
    int64_t thin_ms = flush_ms + THIN_MS;
    int failure = 0;

    pthread_mutex_lock(&recorder->mutex);
    while (!recorder->stop || recorder->first) {
        struct waiting *list = recorder->first;
        bool stop = recorder->stop;
        recorder->first = NULL;
        recorder->last = &recorder->first;
        recorder->waiting_bytes = 0;
        pthread_mutex_unlock(&recorder->mutex);
        failure = pack(&recorder->packer, list, failure);
        int64_t now = clock_ms(CLOCK_MONOTONIC);
        if (!stop && now >= flush_ms) {
            bool thin = now >= thin_ms;
            if (failure == 0)
                failure = tui_packer_flush(&recorder->packer, thin);
            flush_ms = now + FLUSH_MS;
            thin_ms = thin ? now + THIN_MS : thin_ms;
        }
        pthread_mutex_lock(&recorder->mutex);
        publish(recorder, failure);
        if (!recorder->stop && !recorder->first)
            wait_until(recorder, flush_ms);
    }
    pthread_mutex_unlock(&recorder->mutex);
    if (failure == 0)
        failure = tui_packer_end(&recorder->packer);
    pthread_mutex_lock(&recorder->mutex);
    publish(recorder, failure);
    pthread_mutex_unlock(&recorder->mutex);
    return NULL;
}

static void finish(struct tui_recorder *recorder)
{
    tui_packer_close(&recorder->packer);
    pthread_cond_destroy(&recorder->wake);
    pthread_mutex_destroy(&recorder->mutex);
    free(recorder->path);
    cJSON_free(recorder->about);
    free(recorder);
}

static bool start(struct tui_recorder *recorder)
{
    pthread_condattr_t attr;
    sigset_t all;
    sigset_t before;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&recorder->mutex, NULL);
    pthread_cond_init(&recorder->wake, &attr);
    pthread_condattr_destroy(&attr);
    /* Signals are for the screen's thread. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&recorder->thread, NULL, run, recorder);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure == 0;
}

/* NULL when memory ran out. */
static char *about_text(const struct tui_recorder_options *options)
{
    cJSON *root = cJSON_CreateObject();
    char *text = NULL;

    if (cJSON_AddStringToObject(root, "address", options->address) &&
        cJSON_AddStringToObject(root, "by", options->by) &&
        cJSON_AddStringToObject(root, "version", STOKER_VERSION))
        text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return text;
}

bool tui_recorder_open(const struct tui_recorder_options *options,
                       struct tui_recorder **ret_recorder, char ret_error[TUI_TEXT_SIZE])
{
    struct tui_recorder *recorder = calloc(1, sizeof(*recorder));
    int failure = ENOMEM;

    if (recorder && (recorder->path = strdup(options->path)) &&
        (recorder->about = about_text(options))) {
        recorder->last = &recorder->first;
        failure = tui_packer_open(&recorder->packer, recorder->path, recorder->about,
                                  options->bytes_max > 0 ? options->bytes_max
                                                         : TUI_RECORDER_BYTES_DEFAULT);
    }
    if (failure != 0) {
        snprintf(ret_error, TUI_TEXT_SIZE, "can't record to %.150s: %s", options->path,
                 failure == EEXIST ? "it exists already, or its .1, and recordings are "
                                     "never written over"
                                   : strerror(failure));
        if (recorder) {
            free(recorder->path);
            cJSON_free(recorder->about);
        }
        free(recorder);
        return false;
    }
    if (!start(recorder)) {
        snprintf(ret_error, TUI_TEXT_SIZE, "can't start a thread to record");
        finish(recorder);
        return false;
    }
    *ret_recorder = recorder;
    return true;
}

void tui_recorder_state(struct tui_recorder *recorder, struct tui_recorder_state *ret_state)
{
    pthread_mutex_lock(&recorder->mutex);
    *ret_state = recorder->state;
    pthread_mutex_unlock(&recorder->mutex);
}

void tui_recorder_close(struct tui_recorder *recorder, struct tui_recorder_state *ret_state)
{
    if (!recorder)
        return;
    pthread_mutex_lock(&recorder->mutex);
    recorder->stop = true;
    pthread_cond_signal(&recorder->wake);
    pthread_mutex_unlock(&recorder->mutex);
    pthread_join(recorder->thread, NULL);
    if (ret_state)
        *ret_state = recorder->state;
    finish(recorder);
}
