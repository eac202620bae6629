#include "feed/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/poll.h"
#include "record/player.h"
#include "text/text.h"

/* Messages unpacked in one go: few enough that a key is never kept waiting. */
#define SLICE_BYTES (1u << 20)
/* How far playing may lag behind what its speed asks for, in time of life. */
#define LAG_MS 500
#define ROUND_MS 50
#define ASK_MS 1000

struct replay {
    struct tui_player *player;
    bool playing;
    int64_t target_ms; /* where it should be */
    int64_t clock_ms;  /* of life, when target_ms was right */
    struct tui_update *first, **last;
    char note[TUI_TEXT_SIZE]; /* what happened on the way; "" nothing */
    struct tui_want want;
    int64_t asked_ms; /* where it stood when the wanted was looked for */
};

static int replay_fd(void *self)
{
    (void)self;
    return -1;
}

static int replay_wait_ms(void *self)
{
    const struct replay *replay = self;

    if (replay->first || tui_player_seeking(replay->player))
        return 0;
    return replay->playing ? ROUND_MS : -1;
}

static void replay_clock(void *self, int64_t *ret_now_ms, uint64_t *ret_wall_ms)
{
    const struct replay *replay = self;
    int64_t at_ms = tui_player_at_ms(replay->player);

    *ret_now_ms = at_ms;
    *ret_wall_ms = (uint64_t)tui_recording_wall_ms(tui_player_recording(replay->player), at_ms);
}

static void push(void *user, struct tui_update *update)
{
    struct replay *replay = user;

    update->next = NULL;
    *replay->last = update;
    replay->last = &update->next;
}

static void drop_updates(struct replay *replay)
{
    while (replay->first) {
        struct tui_update *next = replay->first->next;
        tui_update_destroy(replay->first);
        replay->first = next;
    }
    replay->last = &replay->first;
}

static void keep_note(void *user, const char *text)
{
    struct replay *replay = user;

    tui_text_clean(replay->note, sizeof(replay->note), text);
}

static void advance(struct replay *replay, int64_t to_ms)
{
    const struct tui_player_sink sink = {push, keep_note, replay};

    tui_player_advance(replay->player, to_ms, SLICE_BYTES, &sink);
}

static struct tui_update *replay_take(void *self)
{
    struct replay *replay = self;
    struct tui_update *update = replay->first;

    if (!update)
        return NULL;
    replay->first = update->next;
    if (!replay->first)
        replay->last = &replay->first;
    return update;
}

static void replay_request(void *self, const struct tui_request *request)
{
    /* The application refuses actions before they get here. */
    (void)self;
    free(request->text);
}

static void replay_want(void *self, const struct tui_want *want)
{
    struct replay *replay = self;

    if (memcmp(&replay->want, want, sizeof(*want)) != 0)
        replay->asked_ms = -1;
    replay->want = *want;
}

/* What was asked for about another job, or never: found in the recording, or said to be missing. */
static void answer(struct replay *replay, const struct tui_model *model, enum tui_poll poll)
{
    enum tui_update_kind kind = (enum tui_update_kind)(TUI_UPDATE_POLL + poll);
    char *asked = tui_poll_text(poll, &replay->want);
    struct tui_update *update = NULL;

    if (asked)
        update = tui_player_answer(replay->player, tui_update_kind_name(kind), asked);
    free(asked);
    /* A list may have been asked for otherwise, which is more than nothing. */
    if (!update && model->polled[poll].record && replay->want.job == 0 &&
        replay->want.model[0] == 0)
        return;
    if (!update)
        update = calloc(1, sizeof(*update));
    if (!update)
        return;
    if (!update->record && update->refusal.message[0] == 0) {
        update->kind = kind;
        update->at_ms = tui_player_at_ms(replay->player);
        snprintf(update->refusal.message, sizeof(update->refusal.message),
                 "not in the recording: nobody looked at it then");
    }
    update->asked = replay->want;
    push(replay, update);
}

static void answer_wanted(struct replay *replay, const struct tui_model *model)
{
    int64_t at_ms = tui_player_at_ms(replay->player);

    if (replay->asked_ms >= 0 && at_ms >= replay->asked_ms && at_ms < replay->asked_ms + ASK_MS)
        return;
    replay->asked_ms = at_ms;
    for (int i = 0; i < TUI_POLL_COUNT; i++) {
        if (tui_poll_wanted((enum tui_poll)i, &replay->want))
            answer(replay, model, (enum tui_poll)i);
    }
}

static void seek(struct replay *replay, int64_t to_ms)
{
    drop_updates(replay);
    tui_player_seek(replay->player, to_ms);
    replay->target_ms = tui_player_at_ms(replay->player);
    replay->clock_ms = tui_feed_clock_ms();
}

static void seek_mark(struct replay *replay, int direction)
{
    char text[TUI_TEXT_SIZE];
    int64_t at_ms = tui_player_mark(replay->player, direction, text);

    if (text[0] == 0)
        snprintf(text, sizeof(text), "no alert or act %s", direction > 0 ? "after this" : "before");
    seek(replay, at_ms);
    keep_note(replay, text);
}

/* The first time at which the wall clock said so. */
static int64_t at_of_wall(const struct tui_recording *recording, int64_t wall_ms)
{
    const struct tui_recording_frames *data = &recording->data;
    size_t i = 0;

    while (i + 1 < data->count && data->at[i + 1].head.first_wall_ms <= wall_ms)
        i++;
    return data->at[i].head.first_ms + (wall_ms - data->at[i].head.first_wall_ms);
}

static void fulfil(struct replay *replay, struct tui_app *app)
{
    enum tui_replay_wish wish = app->replay.wish;
    int64_t ms = app->replay.wish_ms;
    int64_t at_ms = tui_player_at_ms(replay->player);

    app->replay.wish = TUI_REPLAY_STAY;
    switch (wish) {
    case TUI_REPLAY_STAY:
        return;
    case TUI_REPLAY_MOVE:
        seek(replay, at_ms + ms);
        break;
    case TUI_REPLAY_TO:
        seek(replay, ms);
        break;
    case TUI_REPLAY_WALL:
        seek(replay, at_of_wall(tui_player_recording(replay->player), ms));
        break;
    case TUI_REPLAY_STEP:
        for (int64_t i = ms < 0 ? -ms : ms; i > 0; i--)
            seek(replay, tui_player_snapshot(replay->player, ms < 0 ? -1 : 1));
        break;
    case TUI_REPLAY_MARK:
        for (int64_t i = ms < 0 ? -ms : ms; i > 0; i--)
            seek_mark(replay, ms < 0 ? -1 : 1);
        break;
    }
    app->message[0] = 0;
}

/* Where life says it should be by now. */
static void play(struct replay *replay, struct tui_app *app)
{
    int64_t clock_ms = tui_feed_clock_ms();
    int64_t percent = tui_replay_percents[app->replay.speed];
    int64_t passed_ms = (clock_ms - replay->clock_ms) * percent / 100;
    int64_t lag_ms = LAG_MS * percent / 100;
    int64_t at_ms = tui_player_at_ms(replay->player);

    /* At a low speed a round may be less than a millisecond of the recording's. */
    if (passed_ms == 0 && app->replay.playing)
        return;
    replay->clock_ms = clock_ms;
    if (!app->replay.playing || tui_player_seeking(replay->player)) {
        replay->target_ms = at_ms;
        return;
    }
    replay->target_ms += passed_ms;
    if (replay->target_ms > at_ms + lag_ms)
        replay->target_ms = at_ms + lag_ms;
    advance(replay, replay->target_ms);
    if (tui_player_at_ms(replay->player) >= app->replay.last_ms)
        app->replay.playing = false;
}

static bool build(struct replay *replay, struct tui_app *app)
{
    struct tui_model *model;

    if (!tui_player_seeking(replay->player))
        return false;
    model = tui_player_build(replay->player, SLICE_BYTES);
    if (!model)
        return false;
    tui_model_destroy(app->model);
    app->model = model;
    replay->asked_ms = -1;
    return true;
}

static bool replay_control(void *self, struct tui_app *app)
{
    struct replay *replay = self;
    struct tui_replay *shown = &app->replay;
    bool soon = shown->wish != TUI_REPLAY_STAY;

    fulfil(replay, app);
    play(replay, app);
    soon = build(replay, app) || soon;
    if (!tui_player_seeking(replay->player))
        answer_wanted(replay, app->model);
    replay->playing = shown->playing;
    shown->seeking = tui_player_seeking(replay->player);
    shown->at_ms = tui_player_at_ms(replay->player);
    shown->at_wall_ms = tui_recording_wall_ms(tui_player_recording(replay->player), shown->at_ms);
    app->now_ms = shown->at_ms;
    tui_recording_missing(tui_player_recording(replay->player), shown->missing);
    if (replay->note[0] != 0) {
        tui_app_message(app, TUI_ROLE_STRONG, "%s", replay->note);
        replay->note[0] = 0;
        soon = true;
    }
    return soon;
}

static void replay_destroy(void *self)
{
    struct replay *replay = self;

    if (!replay)
        return;
    drop_updates(replay);
    tui_player_destroy(replay->player);
    free(replay);
}

static const struct tui_source_ops replay_ops = {
    .fd = replay_fd,
    .wait_ms = replay_wait_ms,
    .clock = replay_clock,
    .control = replay_control,
    .take = replay_take,
    .request = replay_request,
    .want = replay_want,
    .destroy = replay_destroy,
};

bool tui_replay_open(const char *path, struct tui_source *ret_source, char ret_error[TUI_TEXT_SIZE])
{
    struct replay *replay = calloc(1, sizeof(*replay));
    struct tui_recording *recording;

    if (!replay) {
        snprintf(ret_error, TUI_TEXT_SIZE, "out of memory");
        return false;
    }
    if (!tui_recording_open(path, &recording, ret_error)) {
        free(replay);
        return false;
    }
    replay->last = &replay->first;
    replay->player = tui_player_create(recording);
    if (!replay->player) {
        snprintf(ret_error, TUI_TEXT_SIZE, "out of memory");
        tui_recording_close(recording);
        free(replay);
        return false;
    }
    *ret_source = (struct tui_source){&replay_ops, replay};
    return true;
}

void tui_replay_begin(const struct tui_source *source, struct tui_app *app)
{
    struct replay *replay = source->self;
    const struct tui_recording *recording = tui_player_recording(replay->player);
    struct tui_replay *shown = &app->replay;
    int64_t whole_ms = recording->last_ms - recording->first_ms + 1;

    *shown = (struct tui_replay){.active = true,
                                 .speed = TUI_REPLAY_SPEED_1,
                                 .first_ms = recording->first_ms,
                                 .last_ms = recording->last_ms,
                                 .at_ms = recording->first_ms};
    shown->first_wall_ms = tui_recording_wall_ms(recording, recording->first_ms);
    shown->last_wall_ms = tui_recording_wall_ms(recording, recording->last_ms);
    shown->at_wall_ms = shown->first_wall_ms;
    for (size_t i = 0; i < recording->data.count; i++) {
        const struct tui_record_frame *head = &recording->data.at[i].head;
        int64_t middle_ms = head->first_ms + (head->last_ms - head->first_ms) / 2;
        if (head->marks > 0)
            shown->marks[(middle_ms - recording->first_ms) * TUI_REPLAY_BUCKETS / whole_ms] = true;
    }
    app->read_only = true;
    tui_player_about(replay->player, app->address);
    /* Before the first snapshot there is nothing to see. */
    shown->wish = TUI_REPLAY_TO;
    shown->wish_ms = tui_player_first(replay->player);
}

bool tui_replay_start(struct tui_app *app, const char *at, const char *speed)
{
    if (at && !tui_replay_parse(&app->replay, at, &app->replay.wish, &app->replay.wish_ms)) {
        fprintf(stderr,
                "stoker: no time of the recording: '%s'; give 17:21:30, \"2026-11-21 17:21:30\", "
                "+90s, start or end\n",
                at);
        return false;
    }
    if (speed && (app->replay.speed = tui_replay_speed(speed)) == TUI_REPLAY_SPEEDS) {
        fprintf(stderr, "stoker: no speed '%s'; there are 0.25, 0.5, 1, 2, 4, 8, 16, 32 and 64\n",
                speed);
        return false;
    }
    app->replay.playing = !at;
    return true;
}
