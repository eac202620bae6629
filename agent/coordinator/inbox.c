#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/control.h"
#include "agent/coordinator/io.h"

bool agent_io_inbox_init(struct io_inbox *inbox)
{
    inbox->last = &inbox->first;
    return pthread_mutex_init(&inbox->lock, NULL) == 0;
}

void agent_io_item_free(struct io_item *item)
{
    if (item == NULL)
        return;
    if (item->call != NULL)
        agent_call_error(item->call, "unavailable", NULL, "the coordinator has stopped");
    agent_model_set_destroy(item->set);
    agent_io_past_free(item->past);
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
}

bool agent_io_post(struct agent_coordinator *c, const struct io_item *item)
{
    struct io_item *copy = malloc(sizeof *copy);
    if (copy == NULL)
        return false;
    *copy = *item;
    copy->next = NULL;
    pthread_mutex_lock(&c->inbox.lock);
    *c->inbox.last = copy;
    c->inbox.last = &copy->next;
    pthread_mutex_unlock(&c->inbox.lock);
    net_loop_wake(c->loop);
    return true;
}

void agent_io_committed(void *user, uint64_t seq)
{
    struct agent_coordinator *c = user;
    pthread_mutex_lock(&c->inbox.lock);
    c->inbox.committed = seq;
    pthread_mutex_unlock(&c->inbox.lock);
    net_loop_wake(c->loop);
}

void agent_io_ledger_failed(void *user, const char *text)
{
    struct io_item item = {.kind = IO_ITEM_LEDGER};
    snprintf(item.text, sizeof item.text, "%s", text);
    agent_io_post(user, &item); // it is tried, and told, again
}

void agent_io_ledger_damaged(void *user, const char *text)
{
    struct io_item item = {.kind = IO_ITEM_LEDGER, .damaged = true};
    snprintf(item.text, sizeof item.text, "%s", text);
    agent_io_post(user, &item);
}

void agent_io_ledger_refused(void *user, uint64_t seq, const char *text)
{
    struct io_item item = {.kind = IO_ITEM_LEDGER, .refused = seq != 0 ? seq : UINT64_MAX};
    snprintf(item.text, sizeof item.text, "%s", text);
    agent_io_post(user, &item);
}

struct io_item *agent_io_take(struct agent_coordinator *c, uint64_t *ret_committed)
{
    struct io_inbox *inbox = &c->inbox;
    pthread_mutex_lock(&inbox->lock);
    struct io_item *items = inbox->first;
    inbox->first = NULL;
    inbox->last = &inbox->first;
    *ret_committed = inbox->committed;
    inbox->committed = 0;
    pthread_mutex_unlock(&inbox->lock);
    return items;
}
