/* Files on their way to the coordinator as jobs. */
#ifndef TUI_CONSOLE_SUBMIT_SEND_H
#define TUI_CONSOLE_SUBMIT_SEND_H

#include "app/errand.h"
#include "net_client.h"

struct tui_send {
    struct net_client *client;
    const struct tui_submission *submission;
    /* Of idempotency keys: the first 16 bytes are random, so that a file is never sent twice by a
     * request that is repeated. */
    const char *key;
    /* Between two files, and while a busy coordinator is waited for. True: no more is sent. */
    bool (*stopped)(void *user);
    void (*progress)(void *user, const struct tui_submitted *submitted);
    void *user;
};

/* Sends one job a file, each checked against what the model wants. A file that can't be sent is
 * counted and the others go on; a coordinator that refuses ends it. Blocks on disk and network. */
void tui_send_files(const struct tui_send *send, struct tui_submitted *ret_submitted);

#endif
