#include "feed/feed.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "feed/address.h"
#include "feed/queue.h"
#include "feed/tap.h"
#include "model/parse.h"
#include "model/poll.h"
#include "net_client.h"

#define REQUESTS_MAX 8
#define POLL_MS 1000         /* between two polls of one thing */
#define POLL_TIMEOUT_MS 1000 /* for an answer to a poll */
#define ACTION_TIMEOUT_MS 10000
/* An action that had to wait for its turn for longer, because the coordinator was silent, is not
 * sent any more: nobody expects by then that it would be done. */
#define ACTION_PATIENCE_MS 5000
#define RETRY_MS 500
/* Without published deltas (an older coordinator publishes none, a line may lose them): whole
 * snapshots are asked for, so often. */
#define QUIET_MS 600
#define SNAPSHOT_MS 500
/* With deltas: so often, or when they tell of agents that are not known, but not more often. */
#define WHOLE_MS 10000
#define WHOLE_AGAIN_MS 1000
#define GOODBYE_MS 300
#define EVENTS_LIMIT 500

/* What is always asked for; the polls of polls.def follow. */
enum { POLL_SNAPSHOT, POLL_EVENTS, POLL_WANTED, POLL_COUNT = POLL_WANTED + TUI_POLL_COUNT };

struct waiting {
    struct tui_request request;
    int64_t since_ms;
};

struct tui_feed {
    char address[TUI_ADDRESS_SIZE];
    struct net_tls *tls; /* NULL: none */
    struct tui_queue queue;
    struct tui_tap tap;
    pthread_t thread;

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t wake;
    pthread_cond_t ended;
    struct waiting requests[REQUESTS_MAX];
    size_t request_count;
    struct tui_want want;
    int64_t published_ms;        /* the last delta from the event socket; 0: none */
    uint64_t epoch, agent_count; /* of the last whole snapshot */
    bool incomplete;             /* deltas tell of another coordinator or of other agents */
    char agents_address[TUI_ADDRESS_SIZE];
    bool stop, over, abandoned;

    /* The feed's thread's own. */
    struct net_client *client;
    struct net_sub *sub;
    char events_address[TUI_ADDRESS_SIZE];
    bool know_events; /* the event socket's address is the one of the coordinator that answers */
    int64_t asked_ms[POLL_COUNT]; /* 0: ask now */
    int64_t retry_ms;             /* no poll before */
    uint64_t events_after;
};

int64_t tui_feed_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_delta(void *user, const struct net_event *event)
{
    struct tui_feed *feed = user;
    int64_t now = tui_feed_clock_ms();
    struct tui_message message = {.kind = tui_update_kind_name(TUI_UPDATE_DELTA),
                                  .at_ms = now,
                                  .published = true,
                                  .text = event->json,
                                  .len = event->len};
    struct tui_update *update;

    tui_tap_message(&feed->tap, &message);
    update = tui_update_parse(TUI_UPDATE_DELTA, event->json, event->len, now);
    if (!update)
        return;
    update->published = true;
    pthread_mutex_lock(&feed->mutex);
    feed->published_ms = now;
    if (update->fleet && !feed->incomplete &&
        (update->fleet->epoch != feed->epoch ||
         update->fleet->totals.agents != feed->agent_count)) {
        feed->incomplete = true;
        pthread_cond_signal(&feed->wake);
    }
    pthread_mutex_unlock(&feed->mutex);
    tui_queue_push(&feed->queue, update);
}

static void on_whole(struct tui_feed *feed, const struct tui_fleet *fleet)
{
    pthread_mutex_lock(&feed->mutex);
    feed->epoch = fleet->epoch;
    feed->agent_count = fleet->totals.agents;
    feed->incomplete = false;
    pthread_mutex_unlock(&feed->mutex);
}

/* After a failure nothing is polled for a moment, and the next coordinator to answer is asked
 * anew where it publishes: it may be another process. */
static void failed(struct tui_feed *feed, const struct net_error *error)
{
    int64_t now = tui_feed_clock_ms();
    struct tui_message message = {.kind = tui_update_kind_name(TUI_UPDATE_SILENCE),
                                  .at_ms = now,
                                  .text = error->text,
                                  .len = strlen(error->text)};

    feed->retry_ms = now + RETRY_MS;
    feed->know_events = false;
    tui_tap_message(&feed->tap, &message);
    tui_queue_push(&feed->queue, tui_update_silence(error->text, now));
}

static bool ask(struct tui_feed *feed, const char *text, char **ret_reply, size_t *ret_len)
{
    struct net_error error = {0};

    if (net_client_request(feed->client, text, strlen(text), POLL_TIMEOUT_MS, ret_reply, ret_len,
                           &error) == NET_OK)
        return true;
    failed(feed, &error);
    return false;
}

static void subscribe(struct tui_feed *feed, const char *address)
{
    struct net_sub_options options = {.address = address,
                                      .tls = feed->tls,
                                      .topics = {"delta", NULL},
                                      .on_event = on_delta,
                                      .user = feed};
    struct net_error error = {0};

    net_sub_close(feed->sub);
    feed->sub = NULL;
    snprintf(feed->events_address, sizeof(feed->events_address), "%s", address);
    /* Without a subscription snapshots are asked for, once a second. */
    if (net_sub_open(&options, &feed->sub, &error) != NET_OK)
        feed->sub = NULL;
}

static bool find_events(struct tui_feed *feed)
{
    char published[TUI_ADDRESS_SIZE] = "";
    char address[TUI_ADDRESS_SIZE];
    char *reply = NULL;
    size_t len = 0;

    if (!ask(feed, "{\"v\":1,\"op\":\"version\"}", &reply, &len))
        return false;
    if (tui_parse_version(reply, len, published) == TUI_PARSE_OK && published[0] != 0) {
        tui_address_reachable(address, sizeof(address), published, feed->address);
        if (!feed->sub || strcmp(address, feed->events_address) != 0)
            subscribe(feed, address);
    }
    if (tui_parse_agents_address(reply, len, published) == TUI_PARSE_OK) {
        tui_address_reachable(address, sizeof(address), published, feed->address);
        pthread_mutex_lock(&feed->mutex);
        snprintf(feed->agents_address, sizeof(feed->agents_address), "%s", address);
        pthread_mutex_unlock(&feed->mutex);
    }
    free(reply);
    feed->know_events = true;
    return true;
}

/* Where the next page of events begins. */
static void follow_events(struct tui_feed *feed, const struct tui_event_page *page)
{
    uint64_t last = page->count > 0 ? page->events[page->count - 1].seq : 0;
    uint64_t next = page->next > last ? page->next : last;

    /* A full page is followed at once; a number that fell, from the start. */
    if (page->count >= EVENTS_LIMIT || next < feed->events_after)
        feed->asked_ms[POLL_EVENTS] = 0;
    feed->events_after = next < feed->events_after ? 0 : next;
}

/* Sends one poll. False: it failed, and the others would. */
static bool poll_one(struct tui_feed *feed, enum tui_update_kind kind, const char *text,
                     const struct tui_want *want)
{
    struct tui_message message = {.kind = tui_update_kind_name(kind), .asked = text};
    struct tui_update *update;
    char *reply = NULL;
    size_t len = 0;

    if (!ask(feed, text, &reply, &len))
        return false;
    message.at_ms = tui_feed_clock_ms();
    message.text = reply;
    message.len = len;
    tui_tap_message(&feed->tap, &message);
    update = tui_update_parse(kind, reply, len, message.at_ms);
    free(reply);
    if (!update)
        return true;
    update->asked = *want;
    if (update->kind == TUI_UPDATE_EVENTS && update->events)
        follow_events(feed, update->events);
    if (update->kind == TUI_UPDATE_FLEET && update->fleet)
        on_whole(feed, update->fleet);
    tui_queue_push(&feed->queue, update);
    return true;
}

static bool run_poll(struct tui_feed *feed, int poll, const struct tui_want *want)
{
    char text[160];

    if (poll == POLL_SNAPSHOT)
        return poll_one(feed, TUI_UPDATE_FLEET, "{\"v\":1,\"op\":\"snapshot\"}", want);
    if (poll == POLL_EVENTS) {
        snprintf(text, sizeof(text), "{\"v\":1,\"op\":\"events\",\"after\":%llu,\"limit\":%d}",
                 (unsigned long long)feed->events_after, EVENTS_LIMIT);
        return poll_one(feed, TUI_UPDATE_EVENTS, text, want);
    }
    enum tui_poll wanted = (enum tui_poll)(poll - POLL_WANTED);
    if (!tui_poll_wanted(wanted, want))
        return true;
    char *request = tui_poll_text(wanted, want);
    bool answered = request == NULL ||
                    poll_one(feed, (enum tui_update_kind)(TUI_UPDATE_POLL + wanted), request, want);
    free(request);
    return answered;
}

static struct tui_update *unanswered(const struct net_error *error)
{
    struct tui_update *update = calloc(1, sizeof(*update));
    struct tui_answer *answer = calloc(1, sizeof(*answer));

    if (!update || !answer) {
        free(update);
        free(answer);
        return NULL;
    }
    snprintf(answer->refusal.code, sizeof(answer->refusal.code), "no_answer");
    snprintf(answer->refusal.message, sizeof(answer->refusal.message), "%s", error->text);
    snprintf(answer->refusal.hint, sizeof(answer->refusal.hint), "%s",
             error->status == NET_ERR_UNREACHABLE
                 ? "nothing was sent"
                 : "whether it was done is unknown; look at the agent's state before repeating");
    /* Not news about the coordinator: that it is silent comes by the polls. */
    update->kind = TUI_UPDATE_ANSWER;
    update->answer = answer;
    return update;
}

static void tap_action(struct tui_feed *feed, const char *kind, uint64_t token, const char *text,
                       size_t len)
{
    struct tui_message message = {
        .kind = kind, .at_ms = tui_feed_clock_ms(), .token = token, .text = text, .len = len};

    tui_tap_message(&feed->tap, &message);
}

/* Asks; an answer, or that there is none. NULL when memory ran out. */
static struct tui_update *ask_action(struct tui_feed *feed, const struct tui_request *request)
{
    struct net_error error = {0};
    struct tui_update *update = NULL;
    char *reply = NULL;
    size_t len = 0;

    tap_action(feed, "request", request->token, request->text, strlen(request->text));
    if (net_client_request(feed->client, request->text, strlen(request->text), ACTION_TIMEOUT_MS,
                           &reply, &len, &error) != NET_OK) {
        failed(feed, &error);
        return unanswered(&error);
    }
    tap_action(feed, tui_update_kind_name(TUI_UPDATE_ANSWER), request->token, reply, len);
    update = tui_update_parse(TUI_UPDATE_ANSWER, reply, len, tui_feed_clock_ms());
    if (update && !update->answer) {
        tui_update_destroy(update);
        error.status = NET_ERR_CLOSED;
        snprintf(error.text, sizeof(error.text), "the coordinator's answer can't be read");
        update = unanswered(&error);
    }
    free(reply);
    return update;
}

static void run_action(struct tui_feed *feed, const struct waiting *waiting)
{
    struct net_error late = {.status = NET_ERR_UNREACHABLE,
                             .text = "the coordinator was silent for too long before this"};
    bool is_late = tui_feed_clock_ms() - waiting->since_ms > ACTION_PATIENCE_MS;
    struct tui_update *update = is_late ? unanswered(&late) : ask_action(feed, &waiting->request);

    if (update) {
        update->token = waiting->request.token;
        update->at_ms = tui_feed_clock_ms();
    }
    tui_queue_push(&feed->queue, update);
    /* The screen should show soon what came of it. */
    memset(feed->asked_ms, 0, sizeof(feed->asked_ms));
}

/* When a whole snapshot is due that was asked for then; under the lock. */
static int64_t whole_due(const struct tui_feed *feed, int64_t asked_ms)
{
    int64_t due = asked_ms + (feed->incomplete ? WHOLE_AGAIN_MS : WHOLE_MS);
    int64_t quiet = feed->published_ms + QUIET_MS;

    if (quiet < asked_ms + SNAPSHOT_MS)
        quiet = asked_ms + SNAPSHOT_MS;
    return quiet < due ? quiet : due;
}

static int64_t due_ms(struct tui_feed *feed, int poll)
{
    int64_t asked = feed->asked_ms[poll];

    if (asked == 0)
        return 0;
    if (poll != POLL_SNAPSHOT)
        return asked + POLL_MS;
    pthread_mutex_lock(&feed->mutex);
    int64_t due = whole_due(feed, asked);
    pthread_mutex_unlock(&feed->mutex);
    return due;
}

/* One round of what is due. Returns when the next one is. */
static int64_t run_polls(struct tui_feed *feed, const struct tui_want *want)
{
    int64_t now = tui_feed_clock_ms();
    int64_t next = now + POLL_MS;

    if (now < feed->retry_ms)
        return feed->retry_ms;
    if (!feed->know_events && !find_events(feed))
        return feed->retry_ms;
    for (int i = 0; i < POLL_COUNT; i++) {
        if (due_ms(feed, i) <= now) {
            feed->asked_ms[i] = now;
            if (!run_poll(feed, i, want))
                return feed->retry_ms;
        }
        if (due_ms(feed, i) < next)
            next = due_ms(feed, i);
    }
    return next;
}

static void free_feed(struct tui_feed *feed)
{
    for (size_t i = 0; i < feed->request_count; i++)
        free(feed->requests[i].request.text);
    net_sub_close(feed->sub);
    net_client_close(feed->client);
    net_tls_unref(feed->tls);
    tui_tap_finish(&feed->tap);
    tui_queue_finish(&feed->queue);
    pthread_cond_destroy(&feed->wake);
    pthread_cond_destroy(&feed->ended);
    pthread_mutex_destroy(&feed->mutex);
    free(feed);
}

static void wait_until(struct tui_feed *feed, int64_t until_ms)
{
    struct timespec at = {.tv_sec = until_ms / 1000, .tv_nsec = (until_ms % 1000) * 1000000};

    pthread_cond_timedwait(&feed->wake, &feed->mutex, &at);
}

static void *run(void *user)
{
    struct tui_feed *feed = user;
    struct waiting waiting;
    bool abandoned;

    pthread_mutex_lock(&feed->mutex);
    while (!feed->stop) {
        struct tui_want want = feed->want;
        bool has_request = feed->request_count > 0;
        if (has_request) {
            waiting = feed->requests[0];
            feed->request_count--;
            memmove(&feed->requests[0], &feed->requests[1],
                    feed->request_count * sizeof(feed->requests[0]));
        }
        pthread_mutex_unlock(&feed->mutex);
        int64_t until = 0;
        if (has_request) {
            run_action(feed, &waiting);
            free(waiting.request.text);
        } else {
            until = run_polls(feed, &want);
        }
        pthread_mutex_lock(&feed->mutex);
        bool wants_else = memcmp(&feed->want, &want, sizeof(want)) != 0;
        bool news = feed->request_count > 0 || wants_else;
        if (wants_else)
            memset(&feed->asked_ms[POLL_WANTED], 0, TUI_POLL_COUNT * sizeof(feed->asked_ms[0]));
        if (!feed->stop && !has_request && !news)
            wait_until(feed, until);
    }
    feed->over = true;
    abandoned = feed->abandoned;
    pthread_cond_signal(&feed->ended);
    pthread_mutex_unlock(&feed->mutex);
    if (abandoned)
        free_feed(feed);
    return NULL;
}

static bool start(struct tui_feed *feed)
{
    pthread_condattr_t attr;
    sigset_t all;
    sigset_t before;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&feed->mutex, NULL);
    pthread_cond_init(&feed->wake, &attr);
    pthread_cond_init(&feed->ended, &attr);
    pthread_condattr_destroy(&attr);
    /* Signals are for the screen's thread. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&feed->thread, NULL, run, feed);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure == 0;
}

bool tui_feed_create(const char *address, struct net_tls *tls, struct tui_feed **ret_feed,
                     char ret_error[TUI_TEXT_SIZE])
{
    struct tui_feed *feed = calloc(1, sizeof(*feed));
    struct net_error error = {0};

    if (!feed || !tui_queue_init(&feed->queue)) {
        snprintf(ret_error, TUI_TEXT_SIZE, "out of memory or file descriptors");
        free(feed);
        return false;
    }
    snprintf(feed->address, sizeof(feed->address), "%s", address);
    if (net_client_open(address, tls, &feed->client, &error) != NET_OK) {
        snprintf(ret_error, TUI_TEXT_SIZE, "%.200s", error.text);
        tui_queue_finish(&feed->queue);
        free(feed);
        return false;
    }
    tui_tap_init(&feed->tap);
    feed->tls = net_tls_ref(tls);
    if (!start(feed)) {
        snprintf(ret_error, TUI_TEXT_SIZE, "can't start a thread");
        free_feed(feed);
        return false;
    }
    *ret_feed = feed;
    return true;
}

void tui_feed_destroy(struct tui_feed *feed)
{
    struct timespec at;
    int64_t until = tui_feed_clock_ms() + GOODBYE_MS;
    int waited = 0;

    if (!feed)
        return;
    at.tv_sec = until / 1000;
    at.tv_nsec = (until % 1000) * 1000000;
    pthread_mutex_lock(&feed->mutex);
    feed->stop = true;
    pthread_cond_signal(&feed->wake);
    while (!feed->over && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&feed->ended, &feed->mutex, &at);
    feed->abandoned = !feed->over;
    bool over = feed->over;
    pthread_t thread = feed->thread;
    pthread_mutex_unlock(&feed->mutex);
    if (over) {
        pthread_join(thread, NULL);
        free_feed(feed);
    } else {
        pthread_detach(thread);
    }
}

int tui_feed_fd(const struct tui_feed *feed)
{
    return feed->queue.fd;
}

void tui_feed_agents_address(struct tui_feed *feed, char ret_address[TUI_ADDRESS_SIZE])
{
    pthread_mutex_lock(&feed->mutex);
    memcpy(ret_address, feed->agents_address, TUI_ADDRESS_SIZE);
    pthread_mutex_unlock(&feed->mutex);
}

void tui_feed_whole(struct tui_feed *feed)
{
    pthread_mutex_lock(&feed->mutex);
    feed->incomplete = true;
    pthread_cond_signal(&feed->wake);
    pthread_mutex_unlock(&feed->mutex);
}

struct tui_tap *tui_feed_tap(struct tui_feed *feed)
{
    return &feed->tap;
}

struct tui_update *tui_feed_take(struct tui_feed *feed)
{
    return tui_queue_take(&feed->queue);
}

void tui_feed_request(struct tui_feed *feed, const struct tui_request *request)
{
    struct net_error error = {.status = NET_ERR_UNREACHABLE};
    struct tui_update *update = NULL;

    pthread_mutex_lock(&feed->mutex);
    if (feed->request_count < REQUESTS_MAX) {
        feed->requests[feed->request_count++] =
            (struct waiting){.request = *request, .since_ms = tui_feed_clock_ms()};
        pthread_cond_signal(&feed->wake);
    } else {
        snprintf(error.text, sizeof(error.text), "%d actions wait for the coordinator already",
                 REQUESTS_MAX);
        update = unanswered(&error);
        free(request->text);
    }
    pthread_mutex_unlock(&feed->mutex);
    if (update) {
        update->token = request->token;
        tui_queue_push(&feed->queue, update);
    }
}

void tui_feed_want(struct tui_feed *feed, const struct tui_want *want)
{
    pthread_mutex_lock(&feed->mutex);
    if (memcmp(want, &feed->want, sizeof(*want)) != 0) {
        feed->want = *want;
        pthread_cond_signal(&feed->wake);
    }
    pthread_mutex_unlock(&feed->mutex);
}
