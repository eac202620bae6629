#include "feed/source.h"

#include <time.h>

static int feed_fd(void *self)
{
    return tui_feed_fd(self);
}

static int feed_wait_ms(void *self)
{
    (void)self;
    return -1;
}

static void feed_clock(void *self, int64_t *ret_now_ms, uint64_t *ret_wall_ms)
{
    struct timespec now;

    (void)self;
    clock_gettime(CLOCK_REALTIME, &now);
    *ret_now_ms = tui_feed_clock_ms();
    *ret_wall_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct tui_update *feed_take(void *self)
{
    return tui_feed_take(self);
}

static void feed_request(void *self, const struct tui_request *request)
{
    tui_feed_request(self, request);
}

static void feed_want(void *self, const struct tui_want *want)
{
    tui_feed_want(self, want);
}

static void feed_destroy(void *self)
{
    tui_feed_destroy(self);
}

struct tui_source tui_source_feed(struct tui_feed *feed)
{
    static const struct tui_source_ops ops = {
        .fd = feed_fd,
        .wait_ms = feed_wait_ms,
        .clock = feed_clock,
        .take = feed_take,
        .request = feed_request,
        .want = feed_want,
        .destroy = feed_destroy,
    };

    return (struct tui_source){&ops, feed};
}
