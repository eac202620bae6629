#include "model/mover.h"

#include <math.h>
#include <string.h>

/* Less than so many times as much, or as little, is no news; percentiles vary more than rates. */
#define LEAST_TIMES_RATE 1.25
#define LEAST_TIMES_P95 1.5
#define LEAST_BEATS 3 /* of which a minute is judged */

static void offer(struct tui_mover *movers, size_t *count, size_t max, struct tui_mover mover)
{
    size_t i = *count < max ? (*count)++ : max;

    /* Sorted by insertion; what falls off the end was the least. */
    for (; i > 0 && movers[i - 1].score < mover.score; i--) {
        if (i < max)
            movers[i] = movers[i - 1];
    }
    if (i < max)
        movers[i] = mover;
}

/* How many times as much, as a power of two; 0 for what is no news. `noise` is what either may be
 * off by without anybody caring. */
static double change(double before, double now, double noise, double least_times)
{
    double times = fabs(log2((now + noise) / (before + noise)));

    return times >= log2(least_times) && fabs(now - before) > noise ? times : 0;
}

static void look(const struct tui_history *history, const struct tui_pulses *pulses, bool model,
                 struct tui_mover *movers, size_t *count, size_t max)
{
    uint64_t slot = history->next - 1;
    double all = tui_history_now(history, TUI_METRIC_DONE);
    /* A hundredth of the cluster's work, or one job a second, is below notice. */
    double noise = fmax(isnan(all) ? 0 : all / 100, 1);

    for (size_t i = 0; i < pulses->count; i++) {
        const struct tui_pulse *pulse = &pulses->items[i];
        struct tui_pulse_part now = tui_pulse_part(pulse, slot, 0, TUI_BEATS_NOW);
        struct tui_pulse_part before =
            tui_pulse_part(pulse, slot, TUI_BEATS_NOW, TUI_BEATS - TUI_BEATS_NOW);
        struct tui_mover mover = {
            pulse->name, model, TUI_MOVER_FAILED, (double)before.failed, (double)now.failed, 0};
        if (now.failed > before.failed) {
            /* Errors come before whatever is only faster or slower. */
            mover.score = 8 + log2(1 + (double)(now.failed - before.failed));
            offer(movers, count, max, mover);
        }
        mover.what = TUI_MOVER_RATE;
        mover.before = before.per_s;
        mover.now = isnan(now.per_s) ? 0 : now.per_s;
        mover.score =
            isnan(before.per_s) ? 0 : change(before.per_s, mover.now, noise, LEAST_TIMES_RATE);
        if (mover.score > 0)
            offer(movers, count, max, mover);
        mover.what = TUI_MOVER_P95;
        mover.before = before.p95_us;
        mover.now = now.p95_us;
        mover.score = isnan(before.p95_us) || isnan(now.p95_us)
                          ? 0
                          : change(before.p95_us, now.p95_us, 100, LEAST_TIMES_P95);
        if (mover.score > 0)
            offer(movers, count, max, mover);
    }
}

bool tui_movers_ready(const struct tui_history *history)
{
    return history->next > 0 &&
           history->next - history->first >= (TUI_BEATS_NOW + LEAST_BEATS) * TUI_BEAT_SLOTS;
}

size_t tui_movers(const struct tui_history *history, struct tui_mover *ret_movers, size_t max)
{
    size_t count = 0;

    if (!tui_movers_ready(history))
        return 0;
    look(history, &history->agents, false, ret_movers, &count, max);
    look(history, &history->models, true, ret_movers, &count, max);
    return count;
}
