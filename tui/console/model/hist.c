#include "model/hist.h"

#include <math.h>

void tui_hist_add(struct tui_hist *into, const struct tui_hist *more)
{
    for (size_t i = 0; i < TUI_HIST_BUCKETS; i++) {
        uint32_t room = UINT32_MAX - into->buckets[i];
        into->buckets[i] += more->buckets[i] < room ? more->buckets[i] : room;
    }
    into->count += more->count;
}

/* The bounds of a bucket. The first one begins at 1 us, and the last one, which has no end, is
 * taken to be as wide as the one before it. */
static void bounds(size_t i, double *ret_lower, double *ret_upper)
{
    *ret_lower = i > 0 ? (double)tui_hist_upper_us(i - 1) : 1;
    *ret_upper = i + 1 < TUI_HIST_BUCKETS ? (double)tui_hist_upper_us(i) : *ret_lower * 1.5;
}

/* The part of a bucket that lies below a duration, 0 to 1. */
static double part_below(size_t i, double us)
{
    double lower;
    double upper;

    bounds(i, &lower, &upper);
    if (us >= upper)
        return 1;
    return us > lower ? log(us / lower) / log(upper / lower) : 0;
}

double tui_hist_percentile_us(const struct tui_hist *hist, double share)
{
    double wanted = share * (double)hist->count;
    double below = 0;

    for (size_t i = 0; i < TUI_HIST_BUCKETS; i++) {
        double here = (double)hist->buckets[i];
        if (here > 0 && below + here >= wanted) {
            double lower;
            double upper;
            bounds(i, &lower, &upper);
            return lower * pow(upper / lower, (wanted - below) / here);
        }
        below += here;
    }
    return NAN;
}

double tui_hist_between(const struct tui_hist *hist, double from_us, double to_us)
{
    double sum = 0;

    for (size_t i = 0; i < TUI_HIST_BUCKETS; i++) {
        if (hist->buckets[i] > 0)
            sum += (double)hist->buckets[i] * (part_below(i, to_us) - part_below(i, from_us));
    }
    return sum;
}

struct tui_hist_cut tui_hist_cut_at(double us)
{
    size_t bucket = tui_hist_bucket(us < 1 ? 1 : (uint64_t)us);

    return (struct tui_hist_cut){bucket, part_below(bucket, us)};
}

float tui_hist_split(const struct tui_hist *hist, const struct tui_hist_cut *cuts, size_t count,
                     float *ret_counts)
{
    double below = 0; /* in the buckets before `bucket` */
    double last = 0;
    size_t bucket = 0;
    float most = 0;

    for (size_t i = 0; i < count; i++) {
        for (; bucket < cuts[i].bucket; bucket++)
            below += (double)hist->buckets[bucket];
        double here = below + (double)hist->buckets[bucket] * cuts[i].part;
        if (i > 0) {
            ret_counts[i - 1] = (float)(here - last);
            most = ret_counts[i - 1] > most ? ret_counts[i - 1] : most;
        }
        last = here;
    }
    return most;
}

double tui_hist_within(const struct tui_hist *hist, uint64_t limit_us)
{
    double all = 0;

    for (size_t i = 0; i < TUI_HIST_BUCKETS; i++)
        all += (double)hist->buckets[i];
    return all > 0 ? tui_hist_between(hist, 0, (double)limit_us) / all : NAN;
}
