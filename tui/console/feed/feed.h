/*
 * The console's connection: a thread that asks the coordinator, and the subscription to its
 * snapshots. Nothing here makes the screen wait: the screen's thread takes updates and leaves
 * requests.
 */
#ifndef TUI_CONSOLE_FEED_FEED_H
#define TUI_CONSOLE_FEED_FEED_H

#include "app/request.h"
#include "model/update.h"
#include "model/want.h"

struct net_tls;
struct tui_feed;
struct tui_tap;

/* Starts; connecting, and connecting again, happens in the background. On failure (a bad address,
 * no memory) false, and ret_error[TUI_TEXT_SIZE] says why. Takes a reference to `tls` (NULL: none).
 */
bool tui_feed_create(const char *address, struct net_tls *tls, struct tui_feed **ret_feed,
                     char ret_error[TUI_TEXT_SIZE]);

/*
 * Ends it. Waits for a moment at most: a request that is under way is left to its own thread, which
 * frees what is left. NULL is allowed.
 */
void tui_feed_destroy(struct tui_feed *feed);

/* Readable while updates wait. */
int tui_feed_fd(const struct tui_feed *feed);

/* The oldest update, which the caller owns, or NULL. */
struct tui_update *tui_feed_take(struct tui_feed *feed);

/* Sends a request, whose text it takes over; its answer comes as TUI_UPDATE_ANSWER. Does not
 * block. */
void tui_feed_request(struct tui_feed *feed, const struct tui_request *request);

/* What to poll once a second from now on. */
void tui_feed_want(struct tui_feed *feed, const struct tui_want *want);

/* The address that agents dial, as seen from here; "" until the coordinator has said it. */
void tui_feed_agents_address(struct tui_feed *feed, char ret_address[TUI_ADDRESS_SIZE]);

/* Asks for a whole snapshot soon: whoever listens in from now on has none to begin with. */
void tui_feed_whole(struct tui_feed *feed);

/* Where to listen in: see feed/tap.h. */
struct tui_tap *tui_feed_tap(struct tui_feed *feed);

/* The monotonic clock that updates are stamped with. */
int64_t tui_feed_clock_ms(void);

#endif
