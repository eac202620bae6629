#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/coordinator/control.h"
#include "agent/coordinator/io.h"

bool agent_io_inbox_init(struct io_inbox *inbox)
{
    pthread_condattr_t monotonic;
    inbox->last = &inbox->first;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    bool ok = pthread_mutex_init(&inbox->lock, NULL) == 0 &&
              pthread_cond_init(&inbox->wake, &monotonic) == 0;
    pthread_condattr_destroy(&monotonic);
    return ok;
}

void agent_io_item_free(struct io_item *item)
{
    if (item == NULL)
        return;
    net_batch_free(item->batch);
    if (item->kind == IO_ITEM_OPENED)
        net_link_free(item->link); // nobody took it over
    if (item->call != NULL)
        agent_call_error(item->call, "unavailable", NULL, "the coordinator has stopped");
    agent_model_set_destroy(item->set);
    free(item);
}

void agent_io_inbox_finish(struct io_inbox *inbox)
{
    while (inbox->first != NULL) {
        struct io_item *item = inbox->first;
        inbox->first = item->next;
        agent_io_item_free(item);
    }
    pthread_mutex_destroy(&inbox->lock);
    pthread_cond_destroy(&inbox->wake);
}

bool agent_io_post(struct agent_coordinator *c, const struct io_item *item)
{
    struct io_item *copy = malloc(sizeof *copy);
    if (copy == NULL)
        return false;
    *copy = *item;
    copy->next = NULL;
    pthread_mutex_lock(&c->inbox.lock);
    bool idle = c->inbox.first == NULL;
    *c->inbox.last = copy;
    c->inbox.last = &copy->next;
    if (idle)
        pthread_cond_signal(&c->inbox.wake);
    pthread_mutex_unlock(&c->inbox.lock);
    return true;
}

void agent_io_committed(void *user, uint64_t seq)
{
    struct agent_coordinator *c = user;
    pthread_mutex_lock(&c->inbox.lock);
    c->inbox.committed = seq;
    pthread_cond_signal(&c->inbox.wake);
    pthread_mutex_unlock(&c->inbox.lock);
}

void agent_io_ledger_failed(void *user, const char *text)
{
    struct io_item item = {.kind = IO_ITEM_LEDGER};
    snprintf(item.text, sizeof item.text, "%s", text);
    agent_io_post(user, &item); // it is tried, and told, again
}

struct io_item *agent_io_take(struct agent_coordinator *c, int64_t until_us,
                              uint64_t *ret_committed)
{
    struct io_inbox *inbox = &c->inbox;
    int64_t until = until_us - c->clock_offset_us;
    struct timespec time = {.tv_sec = until / 1000000, .tv_nsec = until % 1000000 * 1000};
    pthread_mutex_lock(&inbox->lock);
    int status = 0;
    while (inbox->first == NULL && inbox->committed == 0 && status == 0)
        status = pthread_cond_timedwait(&inbox->wake, &inbox->lock, &time);
    struct io_item *items = inbox->first;
    inbox->first = NULL;
    inbox->last = &inbox->first;
    *ret_committed = inbox->committed;
    inbox->committed = 0;
    pthread_mutex_unlock(&inbox->lock);
    return items;
}
