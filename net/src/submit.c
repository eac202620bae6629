// What a submitter's owner calls: which jobs are open, and which of them wait to be sent.
#include "submit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "error.h"

#define DEFAULT_WINDOW 1024
#define NONE NET_SLOT_NONE

// ---- slots, all under the lock

static uint64_t seq_of(const struct net_submitter *s, uint32_t index)
{
    return (uint64_t)s->slots[index].generation << 32 | index;
}

void net_submitter_wait_push(struct net_submitter *s, uint32_t index)
{
    struct net_slot *slot = &s->slots[index];
    slot->state = WAITING;
    slot->next = NONE;
    if (s->wait_first == NONE)
        s->wait_first = index;
    else
        s->slots[s->wait_last].next = index;
    s->wait_last = index;
}

void net_submitter_release(struct net_submitter *s, uint32_t index)
{
    struct net_slot *slot = &s->slots[index];
    if (slot->state == SENT)
        s->sent--;
    free(slot->frame);
    slot->frame = NULL;
    slot->state = FREE;
    slot->was_sent = false;
    slot->generation++;
    slot->next = s->free_first;
    s->free_first = index;
    s->open--;
}

static bool keep_frame(struct net_slot *slot, const uint8_t *data, size_t len)
{
    slot->frame = malloc(len);
    if (!slot->frame)
        return false;
    memcpy(slot->frame, data, len);
    slot->frame_len = len;
    return true;
}

void net_submitter_flush(struct net_submitter *s)
{
    bool later = s->in_callback && pthread_equal(s->callback_thread, pthread_self());
    if (s->link && s->out.len > 0 && !later)
        net_link_send(s->link, &s->out); // what is busy goes with the next, or with a heartbeat
}

// Sends what waits, as far as the coordinator allows.
void net_submitter_pump(struct net_submitter *s)
{
    while (s->link && s->wait_first != NONE && s->sent < s->credit) {
        struct net_slot *slot = &s->slots[s->wait_first];
        if (!net_buf_append(&s->out, slot->frame, slot->frame_len))
            return;
        s->wait_first = slot->next;
        slot->state = SENT;
        slot->was_sent = true;
        s->sent++;
        if (!slot->keyed) {
            free(slot->frame);
            slot->frame = NULL;
        }
    }
}

void net_submitter_unlock(struct net_submitter *s)
{
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

// ---- submitting

static enum net_status encode(struct net_submitter *s, const struct net_submitter_job *job,
                              uint64_t seq, struct net_error *err)
{
    struct net_submit msg;
    if (job->n_inputs > NET_TENSORS_MAX)
        return net_fail(err, NET_ERR_INVAL, "SUBMIT: tensors are too many");
    msg.seq = seq;
    msg.flags = job->want;
    msg.priority = job->priority;
    msg.deadline_ms = job->deadline_ms;
    msg.model = net_text_of(job->model);
    msg.model_version = job->model_version;
    msg.key = net_text_of(job->key);
    msg.n_inputs = job->n_inputs;
    msg.packed = job->packed;
    if (job->n_inputs > 0)
        memcpy(msg.inputs, job->inputs, job->n_inputs * sizeof(*job->inputs));
    return net_submit_encode(&s->out, &msg, err);
}

static enum net_status take(struct net_submitter *s, const struct net_submitter_job *job,
                            struct net_error *err)
{
    if (s->closing)
        return net_fail(err, NET_ERR_CLOSED, "closed");
    if (s->free_first == NONE || s->out.len > s->options.send_bytes_max)
        return net_fail(err, NET_ERR_BUSY, "%zu jobs are open", s->open);
    uint32_t index = s->free_first;
    struct net_slot *slot = &s->slots[index];
    size_t start = s->out.len;
    enum net_status status = encode(s, job, seq_of(s, index), err);
    if (status)
        return status;
    bool now = s->link && s->wait_first == NONE && s->sent < s->credit;
    bool keyed = job->key && job->key[0] != '\0';
    if ((!now || keyed) && !keep_frame(slot, s->out.data + start, s->out.len - start)) {
        s->out.len = start;
        return net_fail(err, NET_ERR_NOMEM, "no memory for a job");
    }
    s->free_first = slot->next;
    s->open++;
    slot->want = job->want;
    slot->tag = job->tag;
    slot->keyed = keyed;
    slot->acked = false;
    slot->job = 0;
    if (now) {
        slot->state = SENT;
        slot->was_sent = true;
        s->sent++;
    } else {
        s->out.len = start;
        net_submitter_wait_push(s, index);
    }
    return NET_OK;
}

enum net_status net_submitter_send(struct net_submitter *submitter,
                                   const struct net_submitter_job *jobs, size_t count,
                                   size_t *ret_taken, struct net_error *err)
{
    struct net_submitter *s = submitter;
    enum net_status status = NET_OK;
    *ret_taken = 0;
    pthread_mutex_lock(&s->lock);
    while (*ret_taken < count && !status) {
        status = take(s, &jobs[*ret_taken], err);
        *ret_taken += !status;
    }
    net_submitter_flush(s);
    pthread_mutex_unlock(&s->lock);
    return status;
}

// ---- its life

static void on_retry(void *user, const struct net_error *reason, uint32_t retry_ms)
{
    struct net_submitter *s = user;
    (void)retry_ms;
    pthread_mutex_lock(&s->lock);
    if (!s->link && reason->status)
        s->reason = *reason;
    net_submitter_unlock(s);
}

static uint32_t random_bits(void *user)
{
    uint32_t bits = 0;
    (void)user;
    return getrandom(&bits, sizeof(bits), 0) == sizeof(bits) ? bits : (uint32_t)net_clock_ms();
}

static bool init_slots(struct net_submitter *s)
{
    s->slots = calloc(s->options.window, sizeof(*s->slots));
    if (!s->slots)
        return false;
    for (uint32_t i = 0; i < s->options.window; i++)
        s->slots[i].next = i + 1 < s->options.window ? i + 1 : NONE;
    s->wait_first = s->wait_last = NONE;
    return true;
}

static void destroy(struct net_submitter *s)
{
    net_timer_stop(s->loop, &s->timer);
    net_loop_unref(s->loop);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    net_buf_free(&s->out);
    free(s->slots);
    free(s);
}

static enum net_status check(const struct net_submitter_options *options, struct net_error *err)
{
    const char *tenant = options->tenant ? options->tenant : "";
    if (!options->name || !net_agent_name_valid(options->name, strlen(options->name)))
        return net_fail(err, NET_ERR_INVAL, "a submitter's name is 1 to 63 of a-z 0-9 . _ -");
    if (tenant[0] != '\0' && !net_agent_name_valid(tenant, strlen(tenant)))
        return net_fail(err, NET_ERR_INVAL, "a tenant's name is 1 to 63 of a-z 0-9 . _ -");
    if (!options->on_answer || options->window > NET_SUBMIT_CREDIT_MAX)
        return net_fail(err, NET_ERR_INVAL,
                        "a submitter needs on_answer and a window of at most %d",
                        NET_SUBMIT_CREDIT_MAX);
    return NET_OK;
}

static struct net_submitter *make(const struct net_submitter_options *options)
{
    struct net_submitter *s = calloc(1, sizeof(*s));
    pthread_condattr_t monotonic;
    if (!s)
        return NULL;
    s->options = *options;
    if (!s->options.window)
        s->options.window = DEFAULT_WINDOW;
    if (!s->options.send_bytes_max)
        s->options.send_bytes_max = (size_t)160 << 20;
    snprintf(s->name, sizeof(s->name), "%s", options->name);
    snprintf(s->tenant, sizeof(s->tenant), "%s", options->tenant ? options->tenant : "");
    snprintf(s->software, sizeof(s->software), "%s", options->software ? options->software : "");
    s->timer = (struct net_timer){.fire = net_submitter_beat, .arg = s};
    s->loop = init_slots(s) ? net_loop_ref() : NULL;
    if (!s->loop) {
        free(s->slots);
        free(s);
        return NULL;
    }
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

enum net_status net_submitter_create(const struct net_submitter_options *options,
                                     struct net_submitter **ret_submitter, struct net_error *err)
{
    enum net_status status = check(options, err);
    if (status)
        return status;
    struct net_submitter *s = make(options);
    if (!s)
        return net_fail(err, NET_ERR_NOMEM, "%s: no memory", options->address);
    struct net_link_dialer_options dialer = {
        .address = options->address,
        .tls = options->tls,
        .submitter = true,
        .random = random_bits,
        .on_retry = on_retry,
        .limits = {.send_bytes_max = s->options.send_bytes_max},
        .events = {.on_open = net_submitter_on_open,
                   .on_batch = net_submitter_on_batch,
                   .on_close = net_submitter_on_close,
                   .user = s},
    };
    status = net_link_dialer_create(&dialer, &s->dialer, err);
    if (status)
        destroy(s);
    else
        *ret_submitter = s;
    return status;
}

size_t net_submitter_open(struct net_submitter *submitter)
{
    pthread_mutex_lock(&submitter->lock);
    size_t open = submitter->open;
    pthread_mutex_unlock(&submitter->lock);
    return open;
}

static struct timespec deadline(uint32_t timeout_ms)
{
    uint64_t ms = net_clock_ms() + timeout_ms;
    return (struct timespec){(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
}

enum net_status net_submitter_wait_connected(struct net_submitter *submitter, uint32_t timeout_ms,
                                             struct net_error *err)
{
    struct net_submitter *s = submitter;
    struct timespec until = deadline(timeout_ms);
    int late = 0;
    enum net_status status = NET_OK;
    pthread_mutex_lock(&s->lock);
    while (!s->link && !late && s->reason.status != NET_ERR_REFUSED && !s->closing)
        late = pthread_cond_timedwait(&s->changed, &s->lock, &until);
    if (!s->link && s->reason.status)
        status = net_fail(err, s->reason.status, "%s", s->reason.text);
    else if (!s->link)
        status = net_fail(err, NET_ERR_TIMEOUT, "no welcome within %u ms", timeout_ms);
    pthread_mutex_unlock(&s->lock);
    return status;
}

bool net_submitter_wait_open(struct net_submitter *submitter, size_t open_max, uint32_t timeout_ms)
{
    struct net_submitter *s = submitter;
    struct timespec until = deadline(timeout_ms);
    int late = 0;
    pthread_mutex_lock(&s->lock);
    while (s->open > open_max && !late)
        late = pthread_cond_timedwait(&s->changed, &s->lock, &until);
    bool met = s->open <= open_max;
    pthread_mutex_unlock(&s->lock);
    return met;
}

void net_submitter_close(struct net_submitter *submitter)
{
    pthread_mutex_lock(&submitter->lock);
    submitter->closing = true;
    net_timer_clear(submitter->loop, &submitter->timer);
    net_submitter_unlock(submitter);
    net_link_dialer_close(submitter->dialer);
}

void net_submitter_free(struct net_submitter *submitter)
{
    if (!submitter)
        return;
    net_submitter_close(submitter);
    net_link_dialer_free(submitter->dialer);
    net_submitter_lose(submitter); // those that were never sent, or waited to be sent again
    destroy(submitter);
}
