/*
 * The last two minutes of each agent or model, small enough to be kept for every one of them: what
 * changed is seen by comparing one minute with the one before.
 */
#ifndef TUI_CONSOLE_MODEL_PULSE_H
#define TUI_CONSOLE_MODEL_PULSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/limits.h"

#define TUI_BEATS 16
#define TUI_BEAT_SLOTS 32 /* 8 s */
#define TUI_BEATS_NOW 8   /* the beats, the newest and unfinished one included, that are "now" */

struct tui_beat {
    float per_s, p95_us; /* the newest of its time; NAN: not known */
    uint16_t failed, restarts; /* at most UINT16_MAX */
};

struct tui_pulse {
    char name[TUI_NAME_SIZE];
    uint64_t newest;                  /* the number of its newest beat */
    uint64_t failed, restarts;        /* counters as they were last seen */
    struct tui_beat beats[TUI_BEATS]; /* by number */
};

struct tui_pulses {
    struct tui_pulse *items;
    size_t count, capacity;
    size_t limit; /* no more than so many are kept */
    size_t next;  /* where the next name is looked for first: names come in the same order */
};

/* What is folded in of one of them. */
struct tui_vital {
    double per_s, p95_us;      /* NAN: not known */
    uint64_t failed, restarts; /* counters since its start */
};

/* In a stretch of beats: means of what is known, or NAN; and sums. */
struct tui_pulse_part {
    double per_s, p95_us;
    uint64_t failed, restarts;
};

/* Takes in what is known at a slot. A name beyond the limit is not kept, unless an old one has been
 * gone for as long as beats are kept. */
void tui_pulses_fold(struct tui_pulses *pulses, uint64_t slot, const char *name,
                     const struct tui_vital *vital);
void tui_pulses_finish(struct tui_pulses *pulses);

/* NULL if it isn't kept. */
const struct tui_pulse *tui_pulses_find(const struct tui_pulses *pulses, const char *name);

/* The beats [back, back + count) before the beat of `slot`, which is 0. */
struct tui_pulse_part tui_pulse_part(const struct tui_pulse *pulse, uint64_t slot, size_t back,
                                     size_t count);

#endif
