#include "model/series.h"

#include <math.h>

void tui_series_init(struct tui_series *series)
{
    series->pushed = 0;
}

void tui_series_push(struct tui_series *series, double value)
{
    series->values[series->pushed % TUI_SAMPLES] = (float)value;
    series->pushed++;
}

float tui_series_at(const struct tui_series *series, uint64_t index)
{
    if (index >= series->pushed || series->pushed - index > TUI_SAMPLES)
        return NAN;
    return series->values[index % TUI_SAMPLES];
}

float tui_series_last(const struct tui_series *series)
{
    return series->pushed == 0 ? NAN : tui_series_at(series, series->pushed - 1);
}

float tui_series_max(const struct tui_series *series, uint64_t from, uint64_t count)
{
    float max = NAN;

    for (uint64_t i = 0; i < count && i < TUI_SAMPLES; i++) {
        float v = tui_series_at(series, from + i);
        if (!isnan(v) && (isnan(max) || v > max))
            max = v;
    }
    return max;
}
