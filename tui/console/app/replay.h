/*
 * What the operator does with a recording: the state that the bar shows, and wishes that the
 * recording's source fulfils (record/replay.c).
 */
#ifndef TUI_CONSOLE_APP_REPLAY_H
#define TUI_CONSOLE_APP_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/limits.h"

#define TUI_REPLAY_BUCKETS 200
#define TUI_REPLAY_SPEEDS 9
#define TUI_REPLAY_SPEED_1 2 /* the index of the speed of life */

extern const unsigned int tui_replay_percents[TUI_REPLAY_SPEEDS];

enum tui_replay_wish {
    TUI_REPLAY_STAY,
    TUI_REPLAY_MOVE, /* by wish_ms */
    TUI_REPLAY_TO,   /* to wish_ms of the recording's clock */
    TUI_REPLAY_WALL, /* to when the wall clock said wish_ms */
    TUI_REPLAY_STEP, /* from snapshot to snapshot */
    TUI_REPLAY_MARK, /* from one alert or act to another */
};

struct tui_replay {
    bool active; /* there is a recording at all */
    bool playing;
    bool seeking;       /* the model of the new place is being made */
    unsigned int speed; /* index of tui_replay_percents */
    int64_t first_ms, last_ms, at_ms;
    int64_t first_wall_ms, last_wall_ms, at_wall_ms;
    char missing[TUI_TEXT_SIZE]; /* of the recording; "" */
    bool marks[TUI_REPLAY_BUCKETS];

    enum tui_replay_wish wish;
    int64_t wish_ms; /* or how many times, negative backwards */
};

/*
 * Reads a time of the recording: "17:21", "17:21:30", "2026-11-21 17:21:30" by the wall clock where
 * this runs, "+90s" or "-10m" from where it stands, "start" or "end". A time without a day is the
 * one that is in the recording, the earliest such. False, with nothing set, for anything else.
 */
bool tui_replay_parse(const struct tui_replay *replay, const char *text,
                      enum tui_replay_wish *ret_wish, int64_t *ret_ms);

/* The index of "4" or "0.25x"; TUI_REPLAY_SPEEDS for what is none. */
unsigned int tui_replay_speed(const char *text);

#endif
