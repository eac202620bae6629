/*
 * The thread behind the submit form: it reads folders and files and sends jobs, so that neither a
 * slow disk nor a silent coordinator makes the screen wait.
 */
#ifndef TUI_CONSOLE_SUBMIT_SUBMITTER_H
#define TUI_CONSOLE_SUBMIT_SUBMITTER_H

#include "app/errand.h"

struct net_tls;
struct tui_submitter;

/* Its thread starts with the first errand. On failure false, and ret_error[TUI_TEXT_SIZE] says why.
 * Takes a reference to `tls` (NULL: none). */
bool tui_submitter_create(const char *address, struct net_tls *tls,
                          struct tui_submitter **ret_submitter, char *ret_error);

/* Ends it without waiting: what is under way is left to its thread, which frees what is left. NULL
 * is allowed. */
void tui_submitter_destroy(struct tui_submitter *submitter);

/* Readable while news wait. */
int tui_submitter_fd(const struct tui_submitter *submitter);

/* The oldest news, the caller's to tui_news_destroy, or NULL. */
struct tui_news *tui_submitter_take(struct tui_submitter *submitter);

/* Takes over what the errand owns. A folder or preview that was asked for before and not begun is
 * forgotten. Does not block. Each submission ends with news that say it is over, also one that was
 * stopped before it began. */
void tui_submitter_ask(struct tui_submitter *submitter, struct tui_errand *errand);

#endif
