#include "app/replay.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/do.h"
#include "app/ex.h"
#include "text/duration.h"

#define NEAR_MS 10000
#define FAR_MS 60000
#define DAY_S 86400

const unsigned int tui_replay_percents[TUI_REPLAY_SPEEDS] = {25,  50,   100,  200, 400,
                                                             800, 1600, 3200, 6400};

unsigned int tui_replay_speed(const char *text)
{
    char *end;
    double speed = strtod(text, &end);
    unsigned int i = 0;

    if (end == text || (*end != 0 && strcmp(end, "x") != 0))
        return TUI_REPLAY_SPEEDS;
    while (i < TUI_REPLAY_SPEEDS && fabs(speed * 100 - tui_replay_percents[i]) > 0.5)
        i++;
    return i;
}

/* "+90s": a sign and a span. */
static bool parse_span(const char *text, int64_t *ret_ms)
{
    int64_t ms;

    if (!isdigit((unsigned char)text[1]) || !tui_duration_parse(text + 1, &ms))
        return false;
    *ret_ms = text[0] == '-' ? -ms : ms;
    return true;
}

/* The time of day on the first day of the recording on which it is in it. */
static bool parse_clock(const struct tui_replay *replay, const char *text, int64_t *ret_ms)
{
    time_t first = (time_t)(replay->first_wall_ms / 1000);
    struct tm tm;
    char rest;
    int hour;
    int minute;
    int second = 0;
    int n = sscanf(text, "%2d:%2d:%2d%c", &hour, &minute, &second, &rest);

    if ((n != 2 && n != 3) || (n == 2 && strlen(text) > 5) || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || second < 0 || second > 60)
        return false;
    if (!localtime_r(&first, &tm))
        return false;
    tm.tm_hour = hour;
    tm.tm_min = minute;
    tm.tm_sec = second;
    tm.tm_isdst = -1;
    time_t at = mktime(&tm);
    if (at < first && (int64_t)(at + DAY_S) * 1000 <= replay->last_wall_ms)
        at += DAY_S;
    *ret_ms = (int64_t)at * 1000;
    return true;
}

static bool parse_date(const char *text, int64_t *ret_ms)
{
    struct tm tm = {.tm_isdst = -1};
    const char *end = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);

    if (!end || *end != 0)
        return false;
    *ret_ms = (int64_t)mktime(&tm) * 1000;
    return true;
}

bool tui_replay_parse(const struct tui_replay *replay, const char *text,
                      enum tui_replay_wish *ret_wish, int64_t *ret_ms)
{
    bool start = strcmp(text, "start") == 0;

    if (start || strcmp(text, "end") == 0) {
        *ret_wish = TUI_REPLAY_TO;
        *ret_ms = start ? replay->first_ms : replay->last_ms;
        return true;
    }
    if ((text[0] == '+' || text[0] == '-') && parse_span(text, ret_ms)) {
        *ret_wish = TUI_REPLAY_MOVE;
        return true;
    }
    if (parse_clock(replay, text, ret_ms) || parse_date(text, ret_ms)) {
        *ret_wish = TUI_REPLAY_WALL;
        return true;
    }
    return false;
}

/* Keys that come faster than they are fulfilled add up. */
static void wish(struct tui_app *app, enum tui_replay_wish kind, int64_t ms)
{
    bool adds = kind == TUI_REPLAY_MOVE || kind == TUI_REPLAY_STEP || kind == TUI_REPLAY_MARK;

    app->replay.wish_ms = adds && app->replay.wish == kind ? app->replay.wish_ms + ms : ms;
    app->replay.wish = kind;
}

void tui_do_replay_play(struct tui_app *app)
{
    struct tui_replay *replay = &app->replay;

    replay->playing = !replay->playing;
    /* Play at the end means from the start, as everywhere. */
    if (replay->playing && replay->at_ms >= replay->last_ms)
        wish(app, TUI_REPLAY_TO, replay->first_ms);
}

static void set_speed(struct tui_app *app, unsigned int speed)
{
    if (speed >= TUI_REPLAY_SPEEDS)
        return;
    app->replay.speed = speed;
}

void tui_do_replay_faster(struct tui_app *app)
{
    set_speed(app, app->replay.speed + 1);
}

void tui_do_replay_slower(struct tui_app *app)
{
    set_speed(app, app->replay.speed - 1);
}

void tui_do_replay_forward(struct tui_app *app)
{
    wish(app, TUI_REPLAY_MOVE, NEAR_MS);
}

void tui_do_replay_backward(struct tui_app *app)
{
    wish(app, TUI_REPLAY_MOVE, -NEAR_MS);
}

void tui_do_replay_minute_forward(struct tui_app *app)
{
    wish(app, TUI_REPLAY_MOVE, FAR_MS);
}

void tui_do_replay_minute_backward(struct tui_app *app)
{
    wish(app, TUI_REPLAY_MOVE, -FAR_MS);
}

void tui_do_replay_step(struct tui_app *app)
{
    app->replay.playing = false;
    wish(app, TUI_REPLAY_STEP, 1);
}

void tui_do_replay_step_back(struct tui_app *app)
{
    app->replay.playing = false;
    wish(app, TUI_REPLAY_STEP, -1);
}

void tui_do_replay_mark(struct tui_app *app)
{
    wish(app, TUI_REPLAY_MARK, 1);
}

void tui_do_replay_mark_back(struct tui_app *app)
{
    wish(app, TUI_REPLAY_MARK, -1);
}

void tui_do_replay_start(struct tui_app *app)
{
    wish(app, TUI_REPLAY_TO, app->replay.first_ms);
}

void tui_do_replay_end(struct tui_app *app)
{
    wish(app, TUI_REPLAY_TO, app->replay.last_ms);
}

static bool is_replay(const struct tui_app *app, char ret_why[TUI_TEXT_SIZE])
{
    if (!app->replay.active)
        snprintf(ret_why, TUI_TEXT_SIZE, "that is for recordings: stoker replay FILE");
    return app->replay.active;
}

bool tui_ex_at(struct tui_app *app, const char *arguments, char ret_why[TUI_TEXT_SIZE])
{
    enum tui_replay_wish kind;
    int64_t ms;

    if (!is_replay(app, ret_why))
        return false;
    if (!tui_replay_parse(&app->replay, arguments, &kind, &ms)) {
        snprintf(ret_why, TUI_TEXT_SIZE,
                 "a time is 17:21:30, 2026-11-21 17:21:30, +90s, -10m, start or end, not '%s'",
                 arguments);
        return false;
    }
    wish(app, kind, ms);
    return true;
}

bool tui_ex_speed(struct tui_app *app, const char *arguments, char ret_why[TUI_TEXT_SIZE])
{
    unsigned int speed = tui_replay_speed(arguments);

    if (!is_replay(app, ret_why))
        return false;
    if (speed == TUI_REPLAY_SPEEDS)
        snprintf(ret_why, TUI_TEXT_SIZE, "a speed is 0.25, 0.5, 1, 2, 4, 8, 16, 32 or 64, not '%s'",
                 arguments);
    set_speed(app, speed);
    return speed < TUI_REPLAY_SPEEDS;
}
