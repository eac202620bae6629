/* A ring of samples at a fixed rate. NAN is "no data", which is not the same as zero. */
#ifndef TUI_CONSOLE_MODEL_SERIES_H
#define TUI_CONSOLE_MODEL_SERIES_H

#include <stdint.h>

#include "model/limits.h"

struct tui_series {
    float values[TUI_SAMPLES];
    uint64_t pushed; /* samples ever pushed: the index of the next one */
};

/* Empties the ring. */
void tui_series_init(struct tui_series *series);

/* Appends one sample; the oldest falls out once TUI_SAMPLES are kept. */
void tui_series_push(struct tui_series *series, double value);

/* The sample with the absolute index, or NAN where it isn't kept (any longer, or yet). */
float tui_series_at(const struct tui_series *series, uint64_t index);

/* The newest sample, or NAN. */
float tui_series_last(const struct tui_series *series);

/* The largest of the samples [from, from + count), or NAN if there is none. */
float tui_series_max(const struct tui_series *series, uint64_t from, uint64_t count);

#endif
