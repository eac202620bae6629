#include "loop.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "link.h"

#define EVENTS_MAX 256
#define CHUNKS_MAX 64
#define WAIT_US_MAX INT64_C(1800000000) // what is counted in milliseconds fits an int

struct net_loop {
    int epoll, event;
    bool owned;
    atomic_bool waits; // in epoll_wait, or about to be
    atomic_bool woken;
    pthread_mutex_t lock; // taken last
    pthread_cond_t fired;
    struct net_task *first, **last;
    struct net_timer **heap;
    size_t n_timers, timer_room;
    struct net_timer *firing;
    struct net_chunk *chunks;
    size_t n_chunks;
    pthread_t thread; // of the shared one
    atomic_bool stop;
};

static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static struct net_loop *shared;
static size_t shared_refs;

uint64_t net_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// ---- timers, in a heap

static void put(struct net_loop *loop, size_t at, struct net_timer *timer)
{
    loop->heap[at] = timer;
    timer->place = at + 1;
}

static void sift_up(struct net_loop *loop, size_t at, struct net_timer *timer)
{
    while (at > 0 && loop->heap[(at - 1) / 2]->deadline_ms > timer->deadline_ms) {
        put(loop, at, loop->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(loop, at, timer);
}

static void sift_down(struct net_loop *loop, size_t at, struct net_timer *timer)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= loop->n_timers)
            break;
        if (child + 1 < loop->n_timers &&
            loop->heap[child + 1]->deadline_ms < loop->heap[child]->deadline_ms)
            child++;
        if (loop->heap[child]->deadline_ms >= timer->deadline_ms)
            break;
        put(loop, at, loop->heap[child]);
        at = child;
    }
    put(loop, at, timer);
}

static void take_out(struct net_loop *loop, struct net_timer *timer)
{
    size_t at = timer->place - 1;
    struct net_timer *last = loop->heap[--loop->n_timers];
    timer->place = 0;
    if (last == timer)
        return;
    if (at > 0 && loop->heap[(at - 1) / 2]->deadline_ms > last->deadline_ms)
        sift_up(loop, at, last);
    else
        sift_down(loop, at, last);
}

static bool has_room(struct net_loop *loop)
{
    if (loop->n_timers < loop->timer_room)
        return true;
    size_t room = loop->timer_room ? loop->timer_room * 2 : 64;
    struct net_timer **heap = realloc(loop->heap, room * sizeof(struct net_timer *));
    if (!heap)
        return false;
    loop->heap = heap;
    loop->timer_room = room;
    return true;
}

bool net_timer_set(struct net_loop *loop, struct net_timer *timer, uint64_t deadline_ms)
{
    pthread_mutex_lock(&loop->lock);
    if (timer->place)
        take_out(loop, timer);
    bool ok = has_room(loop);
    if (ok) {
        timer->deadline_ms = deadline_ms;
        sift_up(loop, loop->n_timers++, timer);
    }
    bool first = ok && loop->heap[0] == timer;
    pthread_mutex_unlock(&loop->lock);
    if (first)
        net_loop_wake(loop);
    return ok;
}

void net_timer_clear(struct net_loop *loop, struct net_timer *timer)
{
    pthread_mutex_lock(&loop->lock);
    if (timer->place)
        take_out(loop, timer);
    pthread_mutex_unlock(&loop->lock);
}

void net_timer_stop(struct net_loop *loop, struct net_timer *timer)
{
    pthread_mutex_lock(&loop->lock);
    if (timer->place)
        take_out(loop, timer);
    while (loop->firing == timer)
        pthread_cond_wait(&loop->fired, &loop->lock);
    pthread_mutex_unlock(&loop->lock);
}

static void fire_timers(struct net_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    while (loop->n_timers > 0 && loop->heap[0]->deadline_ms <= net_clock_ms()) {
        struct net_timer *timer = loop->heap[0];
        take_out(loop, timer);
        loop->firing = timer;
        pthread_mutex_unlock(&loop->lock);
        timer->fire(timer->arg);
        pthread_mutex_lock(&loop->lock);
        loop->firing = NULL;
        pthread_cond_broadcast(&loop->fired);
    }
    pthread_mutex_unlock(&loop->lock);
}

// ---- watches and tasks

bool net_loop_watch(struct net_loop *loop, struct net_watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    int how = watch->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    watch->watched = epoll_ctl(loop->epoll, how, watch->fd, &event) == 0;
    return watch->watched;
}

void net_loop_unwatch(struct net_loop *loop, struct net_watch *watch)
{
    if (watch->watched)
        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->watched = false;
}

void net_loop_post(struct net_loop *loop, struct net_task *task)
{
    pthread_mutex_lock(&loop->lock);
    if (!task->queued) {
        task->queued = true;
        task->next = NULL;
        *loop->last = task;
        loop->last = &task->next;
    }
    pthread_mutex_unlock(&loop->lock);
    net_loop_wake(loop);
}

static struct net_task *next_task(struct net_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct net_task *task = loop->first;
    if (task) {
        loop->first = task->next;
        if (!loop->first)
            loop->last = &loop->first;
        task->queued = false;
    }
    pthread_mutex_unlock(&loop->lock);
    return task;
}

// ---- running

void net_loop_wake(struct net_loop *loop)
{
    const uint64_t one = 1;
    if (atomic_exchange(&loop->woken, true) || !atomic_load(&loop->waits))
        return;
    ssize_t n = write(loop->event, &one, sizeof(one));
    (void)n; // full: it is woken already
}

static int64_t until_timer_us(struct net_loop *loop, int64_t timeout_us)
{
    pthread_mutex_lock(&loop->lock);
    if (loop->first) {
        timeout_us = 0;
    } else if (loop->n_timers > 0) {
        uint64_t now = net_clock_ms();
        uint64_t deadline = loop->heap[0]->deadline_ms;
        int64_t left = deadline > now ? (int64_t)(deadline - now) * 1000 : 0;
        timeout_us = left < timeout_us ? left : timeout_us;
    }
    pthread_mutex_unlock(&loop->lock);
    return timeout_us;
}

static int wait_events(struct net_loop *loop, struct epoll_event *events, int64_t timeout_us)
{
    timeout_us = until_timer_us(loop, timeout_us < WAIT_US_MAX ? timeout_us : WAIT_US_MAX);
    int timeout_ms = (int)((timeout_us + 999) / 1000);
    if (timeout_ms > 0) {
        atomic_store(&loop->waits, true);
        if (atomic_load(&loop->woken))
            timeout_ms = 0;
    }
    int n = epoll_wait(loop->epoll, events, EVENTS_MAX, timeout_ms);
    atomic_store(&loop->waits, false);
    atomic_store(&loop->woken, false);
    return n;
}

void net_loop_run(struct net_loop *loop, int64_t timeout_us)
{
    struct epoll_event events[EVENTS_MAX];
    int n = wait_events(loop, events, timeout_us);
    for (int i = 0; i < n; i++) {
        struct net_watch *watch = events[i].data.ptr;
        if (watch)
            watch->ready(watch->arg, events[i].events);
    }
    fire_timers(loop);
    // Only those that are there now: a task may post itself again.
    pthread_mutex_lock(&loop->lock);
    struct net_task **end = loop->last;
    bool any = loop->first != NULL;
    pthread_mutex_unlock(&loop->lock);
    while (any) {
        struct net_task *task = next_task(loop);
        any = task && &task->next != end;
        if (task)
            task->run(task->arg);
    }
}

static void *run(void *arg)
{
    struct net_loop *loop = arg;
    while (!atomic_load(&loop->stop))
        net_loop_run(loop, WAIT_US_MAX);
    return NULL;
}

// Signals are for the program's own threads.
static bool start(struct net_loop *loop)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&loop->thread, NULL, run, loop) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

// ---- life

static void destroy(struct net_loop *loop)
{
    while (loop->chunks) {
        struct net_chunk *chunk = loop->chunks;
        loop->chunks = (struct net_chunk *)chunk->batch.next;
        net_chunk_destroy(chunk);
    }
    if (loop->epoll >= 0)
        close(loop->epoll);
    if (loop->event >= 0)
        close(loop->event);
    pthread_cond_destroy(&loop->fired);
    pthread_mutex_destroy(&loop->lock);
    free(loop->heap);
    free(loop);
}

// Its own event is the one without a watch; level-triggered events would have to be read back.
static struct net_loop *create(void)
{
    struct net_loop *loop = calloc(1, sizeof(*loop));
    if (!loop)
        return NULL;
    pthread_mutex_init(&loop->lock, NULL);
    pthread_cond_init(&loop->fired, NULL);
    loop->last = &loop->first;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    if (loop->epoll >= 0 && loop->event >= 0 &&
        epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->event, &event) == 0)
        return loop;
    destroy(loop);
    return NULL;
}

enum net_status net_loop_create(struct net_loop **ret_loop, struct net_error *err)
{
    struct net_loop *loop = create();
    if (!loop)
        return net_fail(err, NET_ERR_IO, "no loop: out of memory or of file descriptors");
    loop->owned = true;
    *ret_loop = loop;
    return NET_OK;
}

void net_loop_free(struct net_loop *loop)
{
    if (loop)
        destroy(loop);
}

struct net_loop *net_loop_start(void)
{
    struct net_loop *loop = create();
    if (loop && !start(loop)) {
        destroy(loop);
        return NULL;
    }
    return loop;
}

struct net_loop *net_loop_ref(void)
{
    pthread_mutex_lock(&shared_lock);
    if (shared_refs == 0)
        shared = net_loop_start();
    if (shared)
        shared_refs++;
    struct net_loop *loop = shared;
    pthread_mutex_unlock(&shared_lock);
    return loop;
}

void net_loop_unref(struct net_loop *loop)
{
    if (!loop || loop->owned)
        return;
    pthread_mutex_lock(&shared_lock);
    bool last = loop != shared || --shared_refs == 0;
    if (loop == shared && last)
        shared = NULL;
    pthread_mutex_unlock(&shared_lock);
    if (!last)
        return;
    atomic_store(&loop->stop, true);
    net_loop_wake(loop);
    pthread_join(loop->thread, NULL);
    destroy(loop);
}

bool net_loop_is_owned(const struct net_loop *loop)
{
    return loop->owned;
}

// ---- chunks

struct net_chunk *net_loop_take_chunk(struct net_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct net_chunk *chunk = loop->chunks;
    if (chunk) {
        loop->chunks = (struct net_chunk *)chunk->batch.next;
        loop->n_chunks--;
    }
    pthread_mutex_unlock(&loop->lock);
    return chunk;
}

bool net_loop_give_chunk(struct net_loop *loop, struct net_chunk *chunk)
{
    pthread_mutex_lock(&loop->lock);
    bool taken = loop->n_chunks < CHUNKS_MAX;
    if (taken) {
        chunk->batch.next = (struct net_batch *)loop->chunks;
        loop->chunks = chunk;
        loop->n_chunks++;
    }
    pthread_mutex_unlock(&loop->lock);
    return taken;
}
