#include "model/pulse.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct tui_pulse *find(const struct tui_pulses *pulses, size_t start, const char *name)
{
    for (size_t i = 0; i < pulses->count; i++) {
        struct tui_pulse *pulse = &pulses->items[(start + i) % pulses->count];
        if (strcmp(pulse->name, name) == 0)
            return pulse;
    }
    return NULL;
}

const struct tui_pulse *tui_pulses_find(const struct tui_pulses *pulses, const char *name)
{
    return find(pulses, 0, name);
}

static bool grow(struct tui_pulses *pulses)
{
    size_t capacity = pulses->capacity > 0 ? pulses->capacity * 2 : 16;

    capacity = capacity > pulses->limit ? pulses->limit : capacity;
    if (capacity <= pulses->count)
        return false;
    struct tui_pulse *items = realloc(pulses->items, capacity * sizeof(*items));
    if (!items)
        return false;
    pulses->items = items;
    pulses->capacity = capacity;
    return true;
}

/* A place for a new name, or NULL. */
static struct tui_pulse *add(struct tui_pulses *pulses, uint64_t beat)
{
    if (pulses->count < pulses->capacity || grow(pulses))
        return &pulses->items[pulses->count++];
    for (size_t i = 0; i < pulses->count; i++) {
        if (pulses->items[i].newest + TUI_BEATS < beat)
            return &pulses->items[i];
    }
    return NULL;
}

static void clear(struct tui_pulse *pulse, uint64_t from, uint64_t to)
{
    if (to - from > TUI_BEATS)
        from = to - TUI_BEATS;
    for (uint64_t i = from; i < to; i++)
        pulse->beats[i % TUI_BEATS] = (struct tui_beat){NAN, NAN, 0, 0};
}

/* Adds how far a counter went; one that fell belongs to another process. */
static void count(uint16_t *sum, uint64_t before, uint64_t now)
{
    uint64_t by = now > before ? now - before : 0;
    uint64_t room = UINT16_MAX - (uint64_t)*sum;

    *sum = (uint16_t)(*sum + (by < room ? by : room));
}

void tui_pulses_fold(struct tui_pulses *pulses, uint64_t slot, const char *name,
                     const struct tui_vital *vital)
{
    uint64_t beat = slot / TUI_BEAT_SLOTS;
    struct tui_pulse *pulse = find(pulses, pulses->next, name);

    if (!pulse) {
        pulse = add(pulses, beat);
        if (!pulse)
            return;
        *pulse = (struct tui_pulse){
            .newest = beat, .failed = vital->failed, .restarts = vital->restarts};
        snprintf(pulse->name, sizeof(pulse->name), "%s", name);
        clear(pulse, 0, TUI_BEATS);
    }
    if (beat > pulse->newest) {
        clear(pulse, pulse->newest + 1, beat + 1);
        pulse->newest = beat;
    }
    struct tui_beat *now = &pulse->beats[beat % TUI_BEATS];
    if (!isnan(vital->per_s))
        now->per_s = (float)vital->per_s;
    if (!isnan(vital->p95_us))
        now->p95_us = (float)vital->p95_us;
    count(&now->failed, pulse->failed, vital->failed);
    count(&now->restarts, pulse->restarts, vital->restarts);
    pulse->failed = vital->failed;
    pulse->restarts = vital->restarts;
    pulses->next = (size_t)(pulse - pulses->items) + 1;
}

void tui_pulses_finish(struct tui_pulses *pulses)
{
    free(pulses->items);
    *pulses = (struct tui_pulses){.limit = pulses->limit};
}

struct tui_pulse_part tui_pulse_part(const struct tui_pulse *pulse, uint64_t slot, size_t back,
                                     size_t count)
{
    struct tui_pulse_part part = {0};
    uint64_t newest = slot / TUI_BEAT_SLOTS;
    size_t rates = 0;
    size_t latencies = 0;

    for (size_t i = back; i < back + count && i <= newest; i++) {
        uint64_t beat = newest - i;
        if (beat > pulse->newest || pulse->newest - beat >= TUI_BEATS)
            continue;
        const struct tui_beat *at = &pulse->beats[beat % TUI_BEATS];
        rates += !isnan(at->per_s);
        latencies += !isnan(at->p95_us);
        part.per_s += isnan(at->per_s) ? 0 : (double)at->per_s;
        part.p95_us += isnan(at->p95_us) ? 0 : (double)at->p95_us;
        part.failed += at->failed;
        part.restarts += at->restarts;
    }
    part.per_s = rates > 0 ? part.per_s / (double)rates : NAN;
    part.p95_us = latencies > 0 ? part.p95_us / (double)latencies : NAN;
    return part;
}
