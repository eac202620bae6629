/* Updates on their way from NNG's and the feed's threads to the screen's. */
#ifndef TUI_CONSOLE_FEED_QUEUE_H
#define TUI_CONSOLE_FEED_QUEUE_H

#include <pthread.h>

#include "model/update.h"

#define TUI_QUEUE_MAX 64 /* of 1,000 agents one takes half a megabyte */

struct tui_queue {
    pthread_mutex_t mutex;
    struct tui_update *first, *last;
    size_t count;
    int fd; /* an eventfd, readable while something waits */
};

bool tui_queue_init(struct tui_queue *queue);
void tui_queue_finish(struct tui_queue *queue);

/* Takes the update over (NULL is ignored). A full queue drops its oldest update that is not an
 * answer to an action: while the terminal is stuck, old snapshots are worth least. */
void tui_queue_push(struct tui_queue *queue, struct tui_update *update);

/* The oldest, or NULL. */
struct tui_update *tui_queue_take(struct tui_queue *queue);

#endif
