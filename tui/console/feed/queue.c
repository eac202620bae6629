#include "feed/queue.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool tui_queue_init(struct tui_queue *queue)
{
    *queue = (struct tui_queue){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (queue->fd < 0)
        return false;
    pthread_mutex_init(&queue->mutex, NULL);
    return true;
}

void tui_queue_finish(struct tui_queue *queue)
{
    struct tui_update *update;

    while ((update = tui_queue_take(queue)))
        tui_update_destroy(update);
    pthread_mutex_destroy(&queue->mutex);
    close(queue->fd);
}

static struct tui_update *drop_oldest(struct tui_queue *queue)
{
    struct tui_update *before = NULL;
    struct tui_update *at = queue->first;

    while (at && at->kind == TUI_UPDATE_ANSWER) {
        before = at;
        at = at->next;
    }
    if (!at)
        return NULL;
    if (before)
        before->next = at->next;
    else
        queue->first = at->next;
    if (queue->last == at)
        queue->last = before;
    queue->count--;
    return at;
}

void tui_queue_push(struct tui_queue *queue, struct tui_update *update)
{
    struct tui_update *dropped = NULL;
    uint64_t one = 1;
    ssize_t ignored;

    if (!update)
        return;
    update->next = NULL;
    pthread_mutex_lock(&queue->mutex);
    if (queue->count >= TUI_QUEUE_MAX)
        dropped = drop_oldest(queue);
    if (queue->last)
        queue->last->next = update;
    else
        queue->first = update;
    queue->last = update;
    queue->count++;
    pthread_mutex_unlock(&queue->mutex);
    tui_update_destroy(dropped);
    ignored = write(queue->fd, &one, sizeof(one));
    (void)ignored;
}

struct tui_update *tui_queue_take(struct tui_queue *queue)
{
    struct tui_update *update;
    uint64_t count;
    ssize_t ignored;

    pthread_mutex_lock(&queue->mutex);
    update = queue->first;
    if (update) {
        queue->first = update->next;
        if (!queue->first)
            queue->last = NULL;
        queue->count--;
    }
    /* Under the lock, so that a push that follows makes it readable again. */
    if (!queue->first) {
        ignored = read(queue->fd, &count, sizeof(count));
        (void)ignored;
    }
    pthread_mutex_unlock(&queue->mutex);
    return update;
}
