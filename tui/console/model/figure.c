#include "model/figure.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

/* Three figures at most: 1.23 would move the eye, not the decision. */
static void short_number(char *ret_text, size_t size, double value, const char *unit)
{
    snprintf(ret_text, size, value < 9.95 ? "%.1f%s" : "%.0f%s", value, unit);
}

void tui_figure_count(char *ret_text, size_t size, uint64_t count)
{
    if (count < 1000)
        snprintf(ret_text, size, "%u", (unsigned int)count);
    else if (count < 10000)
        snprintf(ret_text, size, "%u,%03u", (unsigned int)(count / 1000),
                 (unsigned int)(count % 1000));
    else if (count < 999500)
        snprintf(ret_text, size, count < 99950 ? "%.1fk" : "%.0fk", (double)count / 1e3);
    else if (count < 999500000)
        snprintf(ret_text, size, "%.1fM", (double)count / 1e6);
    else
        snprintf(ret_text, size, "%.1fG", (double)count / 1e9);
}

void tui_figure_rate(char *ret_text, size_t size, double rate)
{
    if (isnan(rate))
        snprintf(ret_text, size, "-");
    else if (rate < 0.05)
        snprintf(ret_text, size, "0");
    else if (rate < 99.95)
        snprintf(ret_text, size, "%.1f", rate);
    else
        tui_figure_count(ret_text, size, (uint64_t)llround(rate));
}

void tui_figure_us(char *ret_text, size_t size, double us)
{
    if (isnan(us))
        snprintf(ret_text, size, "-");
    else if (us < 999.5)
        snprintf(ret_text, size, "%.0f us", us);
    else if (us < 999.5e3)
        short_number(ret_text, size, us / 1e3, " ms");
    else if (us < 120e6)
        short_number(ret_text, size, us / 1e6, " s");
    else
        snprintf(ret_text, size, "%.0f min", us / 60e6);
}

void tui_figure_age(char *ret_text, size_t size, uint64_t ms)
{
    uint64_t s = ms / 1000;

    /* An age is what has passed, so nothing is rounded up. */
    if (ms < 10000)
        snprintf(ret_text, size, "%u.%us", (unsigned int)s, (unsigned int)(ms % 1000 / 100));
    else if (s < 120)
        snprintf(ret_text, size, "%us", (unsigned int)s);
    else if (s < 7200)
        snprintf(ret_text, size, "%um", (unsigned int)(s / 60));
    else if (s < 172800)
        snprintf(ret_text, size, "%uh", (unsigned int)(s / 3600));
    else
        snprintf(ret_text, size, "%llud", (unsigned long long)(s / 86400));
}

void tui_figure_bytes(char *ret_text, size_t size, uint64_t bytes)
{
    static const char *const units[] = {" KiB", " MiB", " GiB", " TiB", " PiB"};
    double value = (double)bytes / 1024;
    size_t unit = 0;

    if (bytes < 1024) {
        snprintf(ret_text, size, "%u B", (unsigned int)bytes);
        return;
    }
    while (value >= 1023.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        value /= 1024;
        unit++;
    }
    short_number(ret_text, size, value, units[unit]);
}

void tui_figure_percent(char *ret_text, size_t size, double share)
{
    if (isnan(share))
        snprintf(ret_text, size, "-");
    else
        /* 99.9% of hits is not all of them. */
        snprintf(ret_text, size, "%.0f%%", share < 1 ? fmin(floor(share * 100 + 0.5), 99) : 100.0);
}

void tui_figure_clock(char *ret_text, size_t size, uint64_t epoch_ms)
{
    time_t seconds = (time_t)(epoch_ms / 1000);
    struct tm tm;

    if (epoch_ms == 0 || !localtime_r(&seconds, &tm) || strftime(ret_text, size, "%T", &tm) == 0)
        snprintf(ret_text, size, "-");
}
