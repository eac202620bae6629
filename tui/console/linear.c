#include "linear.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "config/settings.h"
#include "feed/feed.h"
#include "model/figure.h"
#include "model/model.h"
#include "text/text.h"

#define LINE_SIZE 1024
#define EVENTS_AT_START 3
/* A change that calls for a summary waits until it is over, or so long. */
#define CHANGE_MS 3000
#define EVENTS_MS 1500

struct linear {
    struct tui_model *model;
    struct tui_feed *feed;
    const struct tui_console_options *opts;
    const struct tui_linear_commands *commands;
    int64_t now_ms;
    int64_t every_ms;
    int64_t summary_ms;       /* when the last one was printed; 0: never */
    int64_t change_ms;        /* when something changed that it will say; 0: nothing did */
    uint64_t ready;           /* agents in the last one */
    struct tui_alerts alerts; /* that were told */
    uint64_t events;          /* of the model's that were told */
    bool events_known;
    bool silent; /* it was told */
    bool ascii;
    bool ended; /* input is at its end */
    bool ran;   /* a command */
    bool quit;
    char line[LINE_SIZE];
    size_t line_len; /* LINE_SIZE: it is longer than that */
};

/* A line with the time before it; characters that the locale has not are '?'. */
static void say(const struct linear *linear, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct linear *linear, const char *format, ...)
{
    char text[1024];
    char clock[TUI_FIGURE_SIZE];
    const char *at = text;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    tui_figure_clock(clock, sizeof(clock), (uint64_t)time(NULL) * 1000);
    printf("%s ", clock);
    for (const char *from = at; tui_text_next(&at) != 0; from = at)
        if (linear->ascii && at - from > 1)
            putchar('?');
        else
            fwrite(from, 1, (size_t)(at - from), stdout);
    putchar('\n');
    fflush(stdout);
}

static void say_summary(struct linear *linear)
{
    const struct tui_fleet *fleet = linear->model->fleet;
    const struct tui_latency *latency = &fleet->latency[TUI_SPAN_TOTAL];
    char rate[TUI_FIGURE_SIZE], p50[TUI_FIGURE_SIZE], p95[TUI_FIGURE_SIZE], p99[TUI_FIGURE_SIZE];
    char queued[TUI_FIGURE_SIZE], running[TUI_FIGURE_SIZE];
    char alerts[48] = "no alerts";
    char times[160] = "";
    size_t count = linear->model->alerts.total;

    tui_figure_rate(rate, sizeof(rate), fleet->done_per_s);
    tui_figure_count(queued, sizeof(queued), fleet->totals.queued);
    tui_figure_count(running, sizeof(running), fleet->totals.running);
    if (latency->count > 0) {
        tui_figure_us(p50, sizeof(p50), latency->p50_us);
        tui_figure_us(p95, sizeof(p95), latency->p95_us);
        tui_figure_us(p99, sizeof(p99), latency->p99_us);
        snprintf(times, sizeof(times), ", latency p50 %s, p95 %s, p99 %s", p50, p95, p99);
    }
    if (count > 0)
        snprintf(alerts, sizeof(alerts), "%zu alert%s", count, count == 1 ? "" : "s");
    say(linear,
        "%s: %llu of %llu agents ready, %llu device%s, %s jobs/s%s, %s queued, %s running, %s",
        fleet->cluster, (unsigned long long)fleet->totals.agents_ready,
        (unsigned long long)fleet->totals.agents, (unsigned long long)fleet->totals.devices,
        fleet->totals.devices == 1 ? "" : "s", rate, times, queued, running, alerts);
    linear->summary_ms = linear->now_ms;
    linear->change_ms = 0;
    linear->ready = fleet->totals.agents_ready;
}

static bool has_alert(const struct tui_alerts *alerts, const struct tui_alert *alert)
{
    for (size_t i = 0; i < alerts->count; i++) {
        const struct tui_alert *other = &alerts->items[i];
        if (other->kind == alert->kind && other->device == alert->device &&
            strcmp(other->agent, alert->agent) == 0)
            return true;
    }
    return false;
}

static void say_alerts(struct linear *linear)
{
    const struct tui_alerts *now = &linear->model->alerts;
    const struct tui_alerts *before = &linear->alerts;

    for (size_t i = 0; i < now->count; i++) {
        const struct tui_alert *alert = &now->items[i];
        if (!has_alert(before, alert))
            say(linear, "alert%s: %s. Next: %s", alert->bad ? ", bad" : "", alert->text,
                tui_alert_next(alert));
    }
    for (size_t i = 0; i < before->count; i++) {
        if (!has_alert(now, &before->items[i]))
            say(linear, "alert over: %s", before->items[i].text);
    }
    linear->alerts = *now;
}

static void say_events(struct linear *linear)
{
    uint64_t fresh = linear->model->events_pushed - linear->events;
    size_t count = tui_model_event_count(linear->model);

    if (fresh == 0)
        return;
    if (!linear->events_known && fresh > EVENTS_AT_START)
        fresh = EVENTS_AT_START;
    for (size_t i = fresh < count ? (size_t)fresh : count; i > 0; i--) {
        const struct tui_event *event = tui_model_event(linear->model, i - 1);
        char clock[TUI_FIGURE_SIZE];
        tui_figure_clock(clock, sizeof(clock), event->time_ms);
        say(linear, "event of %s, %s: %s%s%s %s", clock, event->severity, event->kind,
            event->agent[0] ? " " : "", event->agent, event->text);
    }
    linear->events = linear->model->events_pushed;
    linear->events_known = true;
}

static void say_silence(struct linear *linear)
{
    bool silent = tui_model_silent_ms(linear->model, linear->now_ms) > 0;

    if (silent && !linear->silent)
        say(linear, "no answer from %s; retrying. %s", linear->opts->address,
            linear->model->silence);
    else if (!silent && linear->silent)
        say(linear, "%s answers again", linear->opts->address);
    linear->silent = silent;
}

static void take_updates(struct linear *linear)
{
    struct tui_update *update;

    while ((update = tui_feed_take(linear->feed)))
        tui_model_apply(linear->model, update);
    say_silence(linear);
    if (!linear->model->fleet)
        return;
    if (linear->summary_ms == 0)
        say_summary(linear);
    say_alerts(linear);
    say_events(linear);
    if (linear->change_ms == 0 && linear->model->fleet->totals.agents_ready != linear->ready)
        linear->change_ms = linear->now_ms;
    if (linear->now_ms - linear->summary_ms >= linear->every_ms ||
        (linear->change_ms > 0 && linear->now_ms - linear->change_ms >= CHANGE_MS))
        say_summary(linear);
}

static void run_line(struct linear *linear)
{
    bool cut = linear->line_len == LINE_SIZE;

    linear->line[cut ? 0 : linear->line_len] = 0;
    linear->line_len = 0;
    /* What is left of a number is another one. */
    if (cut)
        say(linear, "a line has %d bytes at most; nothing was done", LINE_SIZE - 1);
    if (linear->line[strspn(linear->line, " \t\r")] == 0)
        return;
    linear->ran = true;
    linear->quit = !linear->commands->run(linear->commands->user, linear->line);
    fflush(stdout);
    linear->now_ms = tui_feed_clock_ms();
}

/* Byte by byte: what follows the line is for the command, if it asks something. */
static void take_input(struct linear *linear)
{
    char byte;
    ssize_t got = read(STDIN_FILENO, &byte, 1);

    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (got <= 0)
        linear->ended = true;
    else if (byte != '\n' && linear->line_len + 1 < LINE_SIZE)
        linear->line[linear->line_len++] = byte;
    else if (byte != '\n')
        linear->line_len = LINE_SIZE;
    if (got <= 0 || byte == '\n')
        run_line(linear);
}

/* With the input at its end: once there was something to say, if no command did. The events come
 * with an answer of their own, a moment after the first snapshot. */
static bool is_done(const struct linear *linear)
{
    bool told = linear->summary_ms > 0 &&
                (linear->events_known || linear->now_ms - linear->summary_ms >= EVENTS_MS);

    return linear->quit || (linear->ended && (linear->ran || linear->silent || told));
}

static void run(struct linear *linear)
{
    while (!is_done(linear)) {
        struct pollfd fds[] = {
            {.fd = linear->ended ? -1 : STDIN_FILENO, .events = POLLIN},
            {.fd = tui_feed_fd(linear->feed), .events = POLLIN},
        };
        poll(fds, 2, 1000);
        linear->now_ms = tui_feed_clock_ms();
        take_updates(linear);
        if (fds[0].revents)
            take_input(linear);
    }
}

int tui_linear_run(const struct tui_console_options *opts,
                   const struct tui_linear_commands *commands)
{
    static struct linear linear;
    struct tui_settings settings;
    struct tui_keymap keymap;
    struct tui_problems problems;
    char error[TUI_TEXT_SIZE];
    int status = 2;

    linear = (struct linear){.opts = opts, .commands = commands};
    setlocale(LC_CTYPE, "");
    linear.ascii = strcasecmp(nl_langinfo(CODESET), "UTF-8") != 0;
    bool good = tui_settings_load(opts->config, opts->settings, &settings, &keymap, &problems);
    tui_problems_print(&problems);
    if (!good)
        return status;
    linear.every_ms = settings.every > 0 ? settings.every : INT64_MAX / 2;
    linear.model = tui_model_create();
    if (!linear.model || !tui_feed_create(opts->address, opts->tls, &linear.feed, error)) {
        fprintf(stderr, "stoker: %s\n", linear.model ? error : "out of memory");
        goto out;
    }
    /* A command that asks reads the answer itself: nothing may be read ahead of it. */
    setvbuf(stdin, NULL, _IONBF, 0);
    run(&linear);
    status = linear.ran || linear.model->fleet ? 0 : 1;
out:
    tui_feed_destroy(linear.feed);
    tui_model_destroy(linear.model);
    return status;
}
