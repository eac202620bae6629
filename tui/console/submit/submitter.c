#include "submit/submitter.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "submit/disk.h"
#include "submit/send.h"

/* What waits: at most one of each kind that has work, the newest. */
enum { WAITING_MAX = TUI_ERRAND_SUBMIT + 1 };

struct tui_submitter {
    int fd;
    struct net_client *client;
    bool started; /* the screen's thread's own */

    pthread_mutex_t mutex; /* guards what follows */
    unsigned int users;    /* the screen's thread and this one's */
    pthread_cond_t wake;
    struct tui_errand waiting[WAITING_MAX]; /* by kind; NONE: nothing */
    struct tui_news *first, *last;
    bool stop;      /* no more files of the submission under way */
    bool destroyed; /* nobody takes news any more */

    uint64_t sending; /* the token of the submission under way; the thread's own */
};

static void free_submitter(struct tui_submitter *submitter)
{
    struct tui_news *news;

    while ((news = submitter->first)) {
        submitter->first = news->next;
        tui_news_destroy(news);
    }
    for (size_t i = 0; i < WAITING_MAX; i++)
        tui_errand_finish(&submitter->waiting[i]);
    net_client_close(submitter->client);
    pthread_cond_destroy(&submitter->wake);
    pthread_mutex_destroy(&submitter->mutex);
    close(submitter->fd);
    free(submitter);
}

/* The last one out frees it. */
static void leave(struct tui_submitter *submitter)
{
    pthread_mutex_lock(&submitter->mutex);
    bool last = --submitter->users == 0;
    pthread_mutex_unlock(&submitter->mutex);
    if (last)
        free_submitter(submitter);
}

static void tell(struct tui_submitter *submitter, struct tui_news *news)
{
    uint64_t one = 1;
    ssize_t ignored;

    if (!news)
        return;
    pthread_mutex_lock(&submitter->mutex);
    news->next = NULL;
    if (submitter->last)
        submitter->last->next = news;
    else
        submitter->first = news;
    submitter->last = news;
    ignored = write(submitter->fd, &one, sizeof(one));
    (void)ignored; /* full: it is readable already */
    pthread_mutex_unlock(&submitter->mutex);
}

static struct tui_news *news_of(enum tui_errand_kind kind, uint64_t token)
{
    struct tui_news *news = calloc(1, sizeof(*news));

    if (news) {
        news->kind = kind;
        news->token = token;
    }
    return news;
}

static bool stopped(void *user)
{
    struct tui_submitter *submitter = user;

    pthread_mutex_lock(&submitter->mutex);
    bool stop = submitter->stop || submitter->destroyed;
    pthread_mutex_unlock(&submitter->mutex);
    return stop;
}

static void progress(void *user, const struct tui_submitted *submitted)
{
    struct tui_submitter *submitter = user;
    struct tui_news *news = news_of(TUI_ERRAND_SUBMIT, submitter->sending);

    if (news)
        news->submitted = *submitted;
    tell(submitter, news);
}

static void submit(struct tui_submitter *submitter, const struct tui_errand *errand)
{
    struct tui_submitted submitted;
    uint8_t random[8] = {0};
    char key[2 * sizeof(random) + 1];
    struct tui_send send = {.client = submitter->client,
                            .submission = errand->submission,
                            .key = key,
                            .stopped = stopped,
                            .progress = progress,
                            .user = submitter};

    /* Never fails for so few bytes. */
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return;
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(key + 2 * i, 3, "%02x", random[i]);
    submitter->sending = errand->token;
    tui_send_files(&send, &submitted);
    progress(submitter, &submitted);
}

static void run_errand(struct tui_submitter *submitter, const struct tui_errand *errand)
{
    struct tui_news *news = NULL;

    if (errand->kind == TUI_ERRAND_SUBMIT) {
        submit(submitter, errand);
        return;
    }
    news = news_of(errand->kind, errand->token);
    if (news && errand->kind == TUI_ERRAND_FOLDER)
        news->folder = tui_folder_read(errand->path, news->error);
    if (news && errand->kind == TUI_ERRAND_PREVIEW)
        news->preview = tui_preview_read(errand->path);
    tell(submitter, news);
}

/* What to do next, jobs first; false at the end. */
static bool next_errand(struct tui_submitter *submitter, struct tui_errand *ret_errand)
{
    static const enum tui_errand_kind order[] = {TUI_ERRAND_SUBMIT, TUI_ERRAND_FOLDER,
                                                 TUI_ERRAND_PREVIEW};
    bool found = false;

    pthread_mutex_lock(&submitter->mutex);
    while (!submitter->destroyed && !found) {
        for (size_t i = 0; i < sizeof(order) / sizeof(order[0]) && !found; i++) {
            struct tui_errand *waiting = &submitter->waiting[order[i]];
            found = waiting->kind != TUI_ERRAND_NONE;
            if (found) {
                *ret_errand = *waiting;
                *waiting = (struct tui_errand){0};
            }
        }
        if (!found)
            pthread_cond_wait(&submitter->wake, &submitter->mutex);
    }
    if (found && ret_errand->kind == TUI_ERRAND_SUBMIT)
        submitter->stop = false;
    pthread_mutex_unlock(&submitter->mutex);
    return found;
}

static void *run(void *user)
{
    struct tui_submitter *submitter = user;
    struct tui_errand errand;

    while (next_errand(submitter, &errand)) {
        run_errand(submitter, &errand);
        tui_errand_finish(&errand);
    }
    leave(submitter);
    return NULL;
}

static bool start(struct tui_submitter *submitter)
{
    pthread_t thread;
    sigset_t all;
    sigset_t before;

    if (submitter->started)
        return true;
    submitter->users = 2;
    /* Signals are for the screen's thread. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&thread, NULL, run, submitter);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure != 0) {
        submitter->users = 1;
        return false;
    }
    pthread_detach(thread);
    submitter->started = true;
    return true;
}

bool tui_submitter_create(const char *address, struct net_tls *tls,
                          struct tui_submitter **ret_submitter, char *ret_error)
{
    struct tui_submitter *submitter = calloc(1, sizeof(*submitter));
    struct net_error error = {0};
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    snprintf(ret_error, TUI_TEXT_SIZE, "out of memory or file descriptors");
    if (!submitter || fd < 0) {
        free(submitter);
        if (fd >= 0)
            close(fd);
        return false;
    }
    submitter->fd = fd;
    submitter->users = 1;
    pthread_mutex_init(&submitter->mutex, NULL);
    pthread_cond_init(&submitter->wake, NULL);
    if (net_client_open(address, tls, &submitter->client, &error) != NET_OK) {
        snprintf(ret_error, TUI_TEXT_SIZE, "%.200s", error.text);
        free_submitter(submitter);
        return false;
    }
    *ret_submitter = submitter;
    return true;
}

void tui_submitter_destroy(struct tui_submitter *submitter)
{
    if (!submitter)
        return;
    pthread_mutex_lock(&submitter->mutex);
    submitter->destroyed = true;
    pthread_cond_signal(&submitter->wake);
    pthread_mutex_unlock(&submitter->mutex);
    leave(submitter);
}

int tui_submitter_fd(const struct tui_submitter *submitter)
{
    return submitter->fd;
}

struct tui_news *tui_submitter_take(struct tui_submitter *submitter)
{
    uint64_t count;
    ssize_t ignored;

    pthread_mutex_lock(&submitter->mutex);
    struct tui_news *news = submitter->first;
    if (news) {
        submitter->first = news->next;
        if (!submitter->first)
            submitter->last = NULL;
    }
    if (!submitter->first) {
        ignored = read(submitter->fd, &count, sizeof(count));
        (void)ignored;
    }
    pthread_mutex_unlock(&submitter->mutex);
    return news;
}

/* What is told of a submission of which nothing was sent; `error` is why. */
static struct tui_news *not_sent(const struct tui_errand *errand, const char *error)
{
    struct tui_news *news = news_of(errand->kind, errand->token);

    if (!news)
        return NULL;
    news->submitted.over = true;
    news->submitted.total = errand->submission ? errand->submission->count : 0;
    snprintf(news->error, sizeof(news->error), "%s", error);
    snprintf(news->submitted.error, sizeof(news->submitted.error), "%s", error);
    return news;
}

/* Stops what is under way, and forgets what hasn't begun, as while the disk doesn't answer: the
 * form waits for the end of either. */
static void stop_sending(struct tui_submitter *submitter)
{
    struct tui_errand *waiting = &submitter->waiting[TUI_ERRAND_SUBMIT];
    struct tui_news *news = NULL;

    pthread_mutex_lock(&submitter->mutex);
    submitter->stop = true;
    if (waiting->kind != TUI_ERRAND_NONE)
        news = not_sent(waiting, "stopped before the first file");
    tui_errand_finish(waiting);
    pthread_mutex_unlock(&submitter->mutex);
    tell(submitter, news);
}

void tui_submitter_ask(struct tui_submitter *submitter, struct tui_errand *errand)
{
    if (!start(submitter)) {
        tell(submitter, not_sent(errand, "can't start a thread"));
        tui_errand_finish(errand);
        return;
    }
    if (errand->kind == TUI_ERRAND_STOP) {
        stop_sending(submitter);
        tui_errand_finish(errand);
        return;
    }
    pthread_mutex_lock(&submitter->mutex);
    tui_errand_finish(&submitter->waiting[errand->kind]);
    submitter->waiting[errand->kind] = *errand;
    *errand = (struct tui_errand){0};
    pthread_cond_signal(&submitter->wake);
    pthread_mutex_unlock(&submitter->mutex);
}
