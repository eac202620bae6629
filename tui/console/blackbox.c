#include "blackbox.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "feed/feed.h"
#include "feed/recorder.h"
#include "feed/tap.h"
#include "model/figure.h"
#include "operator.h"

#define LOOK_MS 250
#define PROGRESS_MS 1000

struct box {
    const struct tui_blackbox_options *options;
    struct tui_feed *feed;
    struct tui_recorder *recorder;
    struct tui_recorder_state state;
    int64_t began_ms, shown_ms;
    uint64_t shown_messages;
    bool heard;
    char silence[TUI_TEXT_SIZE];
};

/* All that is asked for about the cluster as a whole. */
static void want_all(struct tui_want *ret_want)
{
    memset(ret_want, 0, sizeof(*ret_want));
    for (int i = 0; i < TUI_POLL_COUNT; i++)
        ret_want->polls[i] = true;
}

static void take(struct box *box)
{
    struct tui_update *update;

    while ((update = tui_feed_take(box->feed))) {
        if (update->kind == TUI_UPDATE_SILENCE)
            memcpy(box->silence, update->refusal.message, sizeof(box->silence));
        else
            box->heard = true;
        if (update->kind != TUI_UPDATE_SILENCE)
            box->silence[0] = 0;
        tui_update_destroy(update);
    }
}

/* "0:42  1.3 MiB  9.1 messages/s  tcp://… answers" */
static void show(struct box *box, int64_t now_ms)
{
    int64_t span_ms = now_ms - box->shown_ms;
    long long s = (long long)((now_ms - box->began_ms) / 1000);
    char bytes[TUI_FIGURE_SIZE];
    char rate[TUI_FIGURE_SIZE];

    if (box->options->quiet || span_ms < PROGRESS_MS)
        return;
    tui_figure_bytes(bytes, sizeof(bytes), box->state.file_bytes);
    tui_figure_rate(rate, sizeof(rate),
                    (double)(box->state.messages - box->shown_messages) * 1e3 / (double)span_ms);
    fprintf(stderr, "\r\033[K%lld:%02lld  %s  %s messages/s%s%s%.60s", s / 60, s % 60, bytes, rate,
            box->state.lost > 0 ? "  the disk is too slow" : "", box->silence[0] ? "  " : "",
            box->silence);
    box->shown_ms = now_ms;
    box->shown_messages = box->state.messages;
}

static void record(struct box *box)
{
    const struct tui_blackbox_options *options = box->options;
    struct pollfd fd = {.fd = tui_feed_fd(box->feed), .events = POLLIN};

    for (;;) {
        int64_t now_ms = tui_feed_clock_ms();
        tui_recorder_state(box->recorder, &box->state);
        show(box, now_ms);
        if (options->ended(options->user) || box->state.stopped ||
            (options->span_ms > 0 && now_ms - box->began_ms >= options->span_ms))
            break;
        /* Updates may come faster than anybody needs to look. */
        poll(&fd, 1, LOOK_MS);
        take(box);
    }
    if (!options->quiet)
        fputs("\r\033[K", stderr);
}

static enum tui_blackbox report(const struct box *box)
{
    const char *path = box->options->path;
    char bytes[TUI_FIGURE_SIZE];

    tui_figure_bytes(bytes, sizeof(bytes), box->state.file_bytes);
    printf("%s: %" PRIu64 " messages, %s%s\n", path, box->state.messages, bytes,
           box->state.rotated ? "; the beginning was dropped to stay within its bound" : "");
    if (box->state.lost > 0)
        fprintf(stderr, "stoker: %" PRIu64 " messages are missing: the disk was too slow\n",
                box->state.lost);
    if (box->state.stopped) {
        fprintf(stderr, "stoker: recording stopped: %s; what is in %s can be replayed\n",
                box->state.error, path);
        return TUI_BLACKBOX_FILE;
    }
    if (!box->heard) {
        fprintf(stderr, "stoker: nothing was heard from %s: %s\n", box->options->address,
                box->silence);
        return TUI_BLACKBOX_SILENT;
    }
    printf("look at it with: stoker replay %s\n", path);
    return TUI_BLACKBOX_OK;
}

enum tui_blackbox tui_blackbox_run(const struct tui_blackbox_options *options)
{
    struct box box = {.options = options};
    char by[TUI_NAME_SIZE];
    struct tui_recorder_options recorder = {.path = options->path,
                                            .bytes_max = options->bytes_max,
                                            .address = options->address,
                                            .by = by};
    char error[TUI_TEXT_SIZE];
    struct tui_want want;

    tui_operator_name(by, sizeof(by));
    if (!tui_recorder_open(&recorder, &box.recorder, error)) {
        fprintf(stderr, "stoker: %s\n", error);
        return TUI_BLACKBOX_FILE;
    }
    if (!tui_feed_create(options->address, options->tls, &box.feed, error)) {
        fprintf(stderr, "stoker: %s\n", error);
        tui_recorder_close(box.recorder, NULL);
        return TUI_BLACKBOX_SILENT;
    }
    want_all(&want);
    tui_feed_want(box.feed, &want);
    tui_tap_set(tui_feed_tap(box.feed), tui_recorder_message, box.recorder);
    box.began_ms = box.shown_ms = tui_feed_clock_ms();
    record(&box);
    tui_tap_set(tui_feed_tap(box.feed), NULL, NULL);
    tui_recorder_close(box.recorder, &box.state);
    tui_feed_destroy(box.feed);
    return report(&box);
}
