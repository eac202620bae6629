#include "feed/tap.h"

void tui_tap_init(struct tui_tap *tap)
{
    *tap = (struct tui_tap){0};
    pthread_mutex_init(&tap->mutex, NULL);
}

void tui_tap_finish(struct tui_tap *tap)
{
    pthread_mutex_destroy(&tap->mutex);
}

void tui_tap_set(struct tui_tap *tap, tui_tap_fn *on_message, void *user)
{
    pthread_mutex_lock(&tap->mutex);
    tap->on_message = on_message;
    tap->user = user;
    pthread_mutex_unlock(&tap->mutex);
}

void tui_tap_message(struct tui_tap *tap, const struct tui_message *message)
{
    pthread_mutex_lock(&tap->mutex);
    if (tap->on_message)
        tap->on_message(tap->user, message);
    pthread_mutex_unlock(&tap->mutex);
}
