#include "tests/net/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct timespec wait_deadline(unsigned ms)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec += ms / 1000;
    now.tv_nsec += (long)(ms % 1000) * 1000000;
    if (now.tv_nsec >= 1000000000) {
        now.tv_sec++;
        now.tv_nsec -= 1000000000;
    }
    return now;
}

static void on_open(void *user, struct net_link *link)
{
    struct record *record = user;
    pthread_mutex_lock(&record->lock);
    record->opened++;
    record->link = link;
    net_link_set_user(link, record);
    pthread_cond_broadcast(&record->changed);
    pthread_mutex_unlock(&record->lock);
    if (record->greet)
        send_hello(link, record->name ? record->name : "ember-01");
}

static void on_batch(void *user, struct net_link *link, struct net_batch *batch)
{
    struct record *record = user;
    bool welcome = false;
    pthread_mutex_lock(&record->lock);
    if (net_link_user(link) != record || batch->link != link || batch->n_frames == 0)
        record->out_of_order++;
    for (size_t i = 0; i < batch->n_frames; i++) {
        record->frames++;
        record->by_type[batch->frames[i].type % 128]++;
        welcome = welcome || (record->welcome && batch->frames[i].type == NET_MSG_HELLO);
    }
    if (record->keep) {
        if (record->last)
            record->last->next = batch;
        else
            record->first = batch;
        record->last = batch;
        batch = NULL;
    }
    pthread_cond_broadcast(&record->changed);
    pthread_mutex_unlock(&record->lock);
    net_batch_free(batch);
    if (welcome)
        send_welcome(link);
}

static void on_close(void *user, struct net_link *link, const struct net_error *reason)
{
    struct record *record = user;
    pthread_mutex_lock(&record->lock);
    record->closed++;
    if (record->closed > record->opened)
        record->out_of_order++;
    record->reason = *reason;
    if (record->link == link)
        record->link = NULL;
    pthread_cond_broadcast(&record->changed);
    pthread_mutex_unlock(&record->lock);
    net_link_free(link);
}

void record_on_retry(void *user, const struct net_error *reason, uint32_t retry_ms)
{
    struct record *record = user;
    (void)retry_ms;
    pthread_mutex_lock(&record->lock);
    record->retries++;
    record->reason = *reason;
    pthread_cond_broadcast(&record->changed);
    pthread_mutex_unlock(&record->lock);
}

void record_init(struct record *record)
{
    memset(record, 0, sizeof(*record));
    pthread_mutex_init(&record->lock, NULL);
    pthread_cond_init(&record->changed, NULL);
}

struct net_batch *record_take(struct record *record)
{
    pthread_mutex_lock(&record->lock);
    struct net_batch *batch = record->first;
    if (batch)
        record->first = batch->next;
    if (!record->first)
        record->last = NULL;
    pthread_mutex_unlock(&record->lock);
    return batch;
}

void record_finish(struct record *record)
{
    struct net_batch *batch;
    while ((batch = record_take(record)))
        net_batch_free(batch);
    pthread_cond_destroy(&record->changed);
    pthread_mutex_destroy(&record->lock);
}

struct net_link_events record_events(struct record *record)
{
    return (struct net_link_events){on_open, on_batch, on_close, record};
}

enum net_status send_hello(struct net_link *link, const char *name)
{
    struct net_buf buf = {NULL, 0, 0};
    struct net_hello hello = {.version = NET_PROTOCOL_VERSION,
                              .name = net_text_of(name),
                              .software = net_text_of("0.1.0"),
                              .capabilities = net_text_of("{}")};
    enum net_status status = net_hello_encode(&buf, &hello, NULL);
    if (!status)
        status = net_link_send(link, &buf);
    net_buf_free(&buf);
    return status;
}

enum net_status send_welcome(struct net_link *link)
{
    struct net_buf buf = {NULL, 0, 0};
    struct net_welcome welcome = {.version = NET_PROTOCOL_VERSION,
                                  .epoch = 3,
                                  .agent_id = 1,
                                  .heartbeat_ms = 250,
                                  .cluster = net_text_of("lab")};
    enum net_status status = net_welcome_encode(&buf, &welcome, NULL);
    if (!status)
        status = net_link_send(link, &buf);
    net_buf_free(&buf);
    return status;
}

enum net_status send_heartbeat(struct net_link *link, uint64_t seq)
{
    struct net_buf buf = {NULL, 0, 0};
    struct net_heartbeat beat = {.seq = seq, .sent_ms = net_clock_ms()};
    enum net_status status = net_heartbeat_encode(&buf, &beat, NULL);
    if (!status)
        status = net_link_send(link, &buf);
    net_buf_free(&buf);
    return status;
}

static char temp_folder[64];

static void remove_temp_folder(void)
{
    char path[96];
    snprintf(path, sizeof(path), "%s/socket", temp_folder);
    unlink(path);
    rmdir(temp_folder);
}

const char *temp_ipc_address(void)
{
    static char address[128];
    snprintf(temp_folder, sizeof(temp_folder), "/tmp/stoker-net-XXXXXX");
    if (!mkdtemp(temp_folder))
        abort();
    atexit(remove_temp_folder);
    snprintf(address, sizeof(address), "ipc://%s/socket", temp_folder);
    return address;
}
