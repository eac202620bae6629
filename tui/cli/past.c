#include "cli/past.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/table.h"
#include "text/duration.h"

char *tui_format_moment(char *out, double ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm local;

    if (ms <= 0 || localtime_r(&seconds, &local) == NULL ||
        strftime(out, TUI_CELL_BYTES, "%Y-%m-%d %H:%M:%S", &local) == 0)
        snprintf(out, TUI_CELL_BYTES, "-");
    return out;
}

static bool parse_date(const char *text, int64_t *ret_ms)
{
    static const char *const forms[] = {"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"};

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct tm local = {.tm_isdst = -1};
        const char *end = strptime(text, forms[i], &local);
        if (end == NULL || *end != '\0')
            continue;
        time_t seconds = mktime(&local);
        *ret_ms = (int64_t)seconds * 1000;
        return seconds != (time_t)-1;
    }
    return false;
}

static void complain_moment(const char *name, const char *text)
{
    tui_complain("write 2h, or 2026-11-21, or '2026-11-21 17:30'", "--%s '%s' is not a time", name,
                 text);
}

/* False: it is wrong, and that was printed. */
static bool add_moment(struct tui_cli *cli, cJSON *request, const char *name, const char *field)
{
    const char *text = tui_option_value(cli, name);
    int64_t ms = 0;

    if (text == NULL)
        return true;
    if (strchr(text, '-') != NULL) {
        if (!parse_date(text, &ms)) {
            complain_moment(name, text);
            return false;
        }
    } else {
        struct timespec now;
        int64_t span = 0;
        if (!tui_duration_parse(text, &span)) {
            complain_moment(name, text);
            return false;
        }
        clock_gettime(CLOCK_REALTIME, &now);
        ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - span;
    }
    cJSON_AddNumberToObject(request, field, (double)(ms > 0 ? ms : 0));
    return true;
}

bool tui_past_options(struct tui_cli *cli, cJSON *request)
{
    int64_t limit = 100, before = 0;

    if (!tui_option_number(cli, "limit", 1, 1000, &limit) ||
        !tui_option_number(cli, "before", 1, INT64_MAX, &before) ||
        !add_moment(cli, request, "since", "since_ms") ||
        !add_moment(cli, request, "until", "until_ms"))
        return false;
    cJSON_AddNumberToObject(request, "limit", (double)limit);
    if (before > 0)
        cJSON_AddNumberToObject(request, "before", (double)before);
    return true;
}
