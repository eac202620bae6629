// The model repository: looked at by a thread of its own, as hashing a big model takes seconds.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/coordinator/io.h"

void agent_io_hash_hex(const uint8_t *hash, char ret_hex[2 * AGENT_HASH_SIZE + 1])
{
    for (int i = 0; i < AGENT_HASH_SIZE; i++)
        snprintf(ret_hex + 2 * i, 3, "%02x", hash[i]);
}

static int digit(char ch)
{
    if (ch >= '0' && ch <= '9')
        return ch - '0';
    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

bool agent_io_hash_parse(const char *hex, uint8_t ret_hash[AGENT_HASH_SIZE])
{
    uint8_t hash[AGENT_HASH_SIZE];
    if (strlen(hex) != 2 * AGENT_HASH_SIZE)
        return false;
    for (int i = 0; i < AGENT_HASH_SIZE; i++) {
        int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        hash[i] = (uint8_t)(high << 4 | low);
    }
    memcpy(ret_hash, hash, sizeof hash);
    return true;
}

static void scan(struct agent_coordinator *c)
{
    struct agent_model_set *set = NULL;
    struct agent_error err = {0};
    if (agent_repository_scan(c->options.models_dir, c->scanned, &set, &err) != AGENT_OK) {
        agent_io_log(c, AGENT_WARNING, "model repository: %s", err.text);
        return;
    }
    if (agent_model_set_same(c->scanned, set)) {
        agent_model_set_destroy(set);
        return;
    }
    // The owner frees the set before this one when it takes it over; from here on that one is only
    // read by the owner.
    struct io_item item = {.kind = IO_ITEM_MODELS, .set = set};
    if (agent_io_post(c, &item))
        c->scanned = set;
    else
        agent_model_set_destroy(set);
}

static void *scanner(void *user)
{
    struct agent_coordinator *c = user;
    pthread_mutex_lock(&c->scan_lock);
    while (!c->scan_stop) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += c->scan_ms / 1000;
        until.tv_nsec += c->scan_ms % 1000 * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        int status = 0;
        while (!c->scan_stop && !c->scan_now && status != ETIMEDOUT)
            status = pthread_cond_timedwait(&c->scan_wake, &c->scan_lock, &until);
        c->scan_now = false;
        if (c->scan_stop)
            break;
        pthread_mutex_unlock(&c->scan_lock);
        scan(c);
        pthread_mutex_lock(&c->scan_lock);
    }
    pthread_mutex_unlock(&c->scan_lock);
    return NULL;
}

bool agent_io_models_start(struct agent_coordinator *c, struct agent_error *err)
{
    if (agent_repository_scan(c->options.models_dir, NULL, &c->models, err) != AGENT_OK)
        return false;
    c->scanned = c->models;
    c->scan_ms = c->settings.models_scan_ms;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&c->scan_lock, NULL);
    pthread_cond_init(&c->scan_wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&c->scanner, NULL, scanner, c) != 0) {
        agent_error_set(err, AGENT_ERR_NOMEM, "can't start the thread that scans models");
        pthread_mutex_destroy(&c->scan_lock);
        pthread_cond_destroy(&c->scan_wake);
        return false;
    }
    c->scanner_started = true;
    return true;
}

void agent_io_models_rescan(struct agent_coordinator *c)
{
    pthread_mutex_lock(&c->scan_lock);
    c->scan_ms = c->settings.models_scan_ms;
    c->scan_now = true;
    pthread_cond_signal(&c->scan_wake);
    pthread_mutex_unlock(&c->scan_lock);
}

void agent_io_models_stop(struct agent_coordinator *c)
{
    if (!c->scanner_started)
        return;
    c->scanner_started = false;
    pthread_mutex_lock(&c->scan_lock);
    c->scan_stop = true;
    pthread_cond_signal(&c->scan_wake);
    pthread_mutex_unlock(&c->scan_lock);
    pthread_join(c->scanner, NULL);
    pthread_mutex_destroy(&c->scan_lock);
    pthread_cond_destroy(&c->scan_wake);
}

void agent_io_models_tell(struct agent_coordinator *c)
{
    const struct agent_model *model;
    for (size_t i = 0; (model = agent_model_set_at(c->models, i)) != NULL; i++) {
        if (model->error[0] != '\0')
            continue;
        struct agent_event *event = agent_io_event(c, AGENT_EVENT_MODEL);
        event->model_info.name = model->name;
        event->model_info.version = model->version;
        event->model_info.hash = model->hash;
        event->model_info.bytes = model->bytes;
        event->model_info.needs = model->needs;
        event->model_info.hedge_times = model->hedge_times;
    }
    agent_io_step(c);
}

void agent_io_models_replace(struct agent_coordinator *c, struct agent_model_set *set)
{
    const struct agent_model *model;
    for (size_t i = 0; (model = agent_model_set_at(set, i)) != NULL; i++) {
        const struct agent_model *before =
            agent_model_set_find(c->models, model->name, model->version);
        if (model->error[0] == '\0' || (before != NULL && strcmp(before->error, model->error) == 0))
            continue;
        char text[AGENT_TEXT_MAX];
        snprintf(text, sizeof text, "%s:%u: %.300s", model->name, model->version, model->error);
        agent_io_notice(c, &(struct agent_action){.kind = AGENT_ACTION_NOTICE,
                                                  .notice = AGENT_NOTICE_MODEL_INVALID,
                                                  .severity = AGENT_NOTICE_WARNING,
                                                  .agent = "",
                                                  .text = text});
    }
    // Events that wait for the next step may point into the set that goes.
    agent_io_step(c);
    agent_model_set_destroy(c->models);
    c->models = set;
    c->models_set++;
    agent_io_models_tell(c);
}
