#include "model/alert.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"

#define SLO_BUDGET 0.01 /* the SLO is of the 99th percentile */
#define BURN_LEAST 2.0  /* times the budget */
#define FAILING_LEAST 0.05

static const struct {
    bool bad;
    const char *next;
} kinds[TUI_ALERT_KIND_COUNT] = {
#define TUI_ALERT(name, bad, next) [TUI_ALERT_##name] = {bad, next},
#include "model/alerts.def"
#undef TUI_ALERT
};

/* What is being looked at, and with what came out before. */
struct look {
    struct tui_alerts *alerts;
    const struct tui_alerts *before;
    const struct tui_fleet *fleet;
    const struct tui_history *history;
    int64_t at_ms;
};

const char *tui_alert_next(const struct tui_alert *alert)
{
    return kinds[alert->kind].next;
}

bool tui_alert_stale(int64_t fleet_at_ms, int64_t now_ms, struct tui_alert *ret_alert)
{
    if (now_ms - fleet_at_ms < TUI_ALERT_STALE_MS)
        return false;
    *ret_alert = (struct tui_alert){.kind = TUI_ALERT_STALE,
                                    .bad = kinds[TUI_ALERT_STALE].bad,
                                    .since_ms = fleet_at_ms};
    snprintf(ret_alert->text, sizeof(ret_alert->text),
             "no news of the cluster: everything here is as it was then");
    return true;
}

static int64_t since(const struct look *look, const struct tui_alert *alert)
{
    for (size_t i = 0; i < look->before->count; i++) {
        const struct tui_alert *old = &look->before->items[i];
        if (old->kind == alert->kind && old->device == alert->device &&
            strcmp(old->agent, alert->agent) == 0)
            return old->since_ms;
    }
    return look->at_ms;
}

static bool before(const struct tui_alert *a, const struct tui_alert *b)
{
    return a->kind < b->kind;
}

/* Keeps the worst in order; among equals the first that was found. */
static void add(struct look *look, enum tui_alert_kind kind, const char *agent, uint32_t device,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

static void add(struct look *look, enum tui_alert_kind kind, const char *agent, uint32_t device,
                const char *format, ...)
{
    struct tui_alerts *alerts = look->alerts;
    struct tui_alert alert = {.kind = kind, .bad = kinds[kind].bad, .device = device};
    va_list args;

    alerts->total++;
    snprintf(alert.agent, sizeof(alert.agent), "%s", agent);
    va_start(args, format);
    vsnprintf(alert.text, sizeof(alert.text), format, args);
    va_end(args);
    size_t at = alerts->count;
    while (at > 0 && before(&alert, &alerts->items[at - 1]))
        at--;
    if (at == TUI_ALERTS_MAX)
        return;
    alert.since_ms = since(look, &alert);
    size_t moved = (alerts->count < TUI_ALERTS_MAX ? alerts->count : TUI_ALERTS_MAX - 1) - at;
    memmove(&alerts->items[at + 1], &alerts->items[at], moved * sizeof(alert));
    alerts->items[at] = alert;
    alerts->count += alerts->count < TUI_ALERTS_MAX;
}

static void look_at_device(struct look *look, const struct tui_agent *agent,
                           const struct tui_device *device)
{
    const char *sep = device->reason[0] ? ": " : "";

    if (strcmp(device->state, "suspect") == 0)
        add(look, TUI_ALERT_DEVICE_SUSPECT, agent->name, device->index,
            "%s device %u is suspect%s%.60s", agent->name, device->index, sep, device->reason);
    if (strcmp(device->state, "cordoned") == 0)
        add(look, TUI_ALERT_DEVICE_CORDONED, agent->name, device->index,
            "%s device %u is cordoned%s%.60s", agent->name, device->index, sep, device->reason);
    if (device->temperature_c >= TUI_ALERT_HOT_C)
        add(look, TUI_ALERT_DEVICE_HOT, agent->name, device->index, "%s device %u is at %.0f C",
            agent->name, device->index, device->temperature_c);
}

static void look_at_agent(struct look *look, const struct tui_agent *agent)
{
    char age[TUI_FIGURE_SIZE];

    tui_figure_age(age, sizeof(age), agent->seen_ms_ago);
    if (strcmp(agent->state, "lost") == 0)
        add(look, TUI_ALERT_AGENT_LOST, agent->name, 0, "%s is lost, last seen %s ago", agent->name,
            age);
    if (strcmp(agent->state, "suspect") == 0)
        add(look, TUI_ALERT_AGENT_SUSPECT, agent->name, 0, "%s is suspect, silent for %s",
            agent->name, age);
    for (size_t d = 0; d < agent->device_count; d++)
        look_at_device(look, agent, &agent->devices[d]);
}

static void look_at_restarts(struct look *look)
{
    const struct tui_pulses *agents = &look->history->agents;

    for (size_t i = 0; i < agents->count; i++) {
        const struct tui_pulse *pulse = &agents->items[i];
        struct tui_pulse_part part = tui_pulse_part(pulse, look->history->next - 1, 0, TUI_BEATS);
        if (part.restarts > 0)
            add(look, TUI_ALERT_RESTARTS, pulse->name, 0,
                "%s: %llu executor restart%s in the last 2 min", pulse->name,
                (unsigned long long)part.restarts, part.restarts == 1 ? "" : "s");
    }
}

/* A metric in the `slots` slots that ended `ago` slots before now. */
static struct tui_bucket past(const struct look *look, enum tui_metric metric, uint64_t ago,
                              uint64_t slots)
{
    uint64_t end = look->history->next;

    if (end < ago + slots)
        return (struct tui_bucket){0};
    return tui_series_over(&look->history->metrics[metric], end - ago - slots, slots);
}

static void look_at_slo(struct look *look)
{
    struct tui_bucket minute = past(look, TUI_METRIC_WITHIN, 0, TUI_SLOTS_PER_MINUTE);
    double now = tui_history_now(look->history, TUI_METRIC_WITHIN);
    double over = 1 - (double)minute.mean;
    char limit[TUI_FIGURE_SIZE];

    /* What is over already is not an alarm any more, and a few seconds are none yet. */
    if (minute.count < TUI_WINDOW_SLOTS || over < BURN_LEAST * SLO_BUDGET || now > 1 - SLO_BUDGET)
        return;
    tui_figure_us(limit, sizeof(limit), (double)look->fleet->slo_p99_us);
    add(look, TUI_ALERT_SLO_BURN, "", 0,
        "%.1f%% of jobs took over %s in the last minute, 1%% is allowed", over * 100, limit);
}

static void look_at_failures(struct look *look)
{
    struct tui_bucket failed = past(look, TUI_METRIC_FAILED, 0, TUI_SLOTS_PER_MINUTE);
    struct tui_bucket done = past(look, TUI_METRIC_DONE, 0, TUI_SLOTS_PER_MINUTE);
    double jobs = (double)failed.mean * failed.count * TUI_SAMPLE_MS / 1000;
    double share = (double)failed.mean / ((double)failed.mean + (double)done.mean);

    if (failed.count > 0 && done.count > 0 && jobs >= 3 && share >= FAILING_LEAST)
        add(look, TUI_ALERT_FAILING, "", 0, "%.0f jobs failed in the last minute, %.0f%% of all",
            jobs, share * 100);
}

static void look_at_queue(struct look *look)
{
    struct tui_bucket now = past(look, TUI_METRIC_QUEUED, 0, TUI_SLOTS_PER_MINUTE / 4);
    struct tui_bucket ago =
        past(look, TUI_METRIC_QUEUED, TUI_SLOTS_PER_MINUTE * 3 / 4, TUI_SLOTS_PER_MINUTE / 4);

    if (now.count == 0 || ago.count == 0 || (double)now.mean < 1.5 * (double)ago.mean + 20)
        return;
    add(look, TUI_ALERT_QUEUE_GROWS, "", 0, "the queue grows: %.0f jobs, %.0f a minute ago",
        (double)now.mean, (double)ago.mean);
}

void tui_alerts_fold(struct tui_alerts *alerts, const struct tui_fleet *fleet,
                     const struct tui_history *history, int64_t at_ms)
{
    const struct tui_alerts old = *alerts;
    struct look look = {alerts, &old, fleet, history, at_ms};

    alerts->count = alerts->total = 0;
    if (fleet->ledger[0] != 0 && strcmp(fleet->ledger, "ok") != 0 &&
        strcmp(fleet->ledger, "none") != 0)
        add(&look, TUI_ALERT_LEDGER, "", 0, "the ledger is %s", fleet->ledger);
    if (fleet->totals.agents_ready == 0 && (fleet->agent_count > 0 || fleet->totals.queued > 0))
        add(&look, TUI_ALERT_NO_AGENT, "", 0, "no agent is ready, %llu jobs wait",
            (unsigned long long)fleet->totals.queued);
    for (size_t i = 0; i < fleet->agent_count; i++)
        look_at_agent(&look, &fleet->agents[i]);
    if (history->next > 0) {
        look_at_restarts(&look);
        look_at_slo(&look);
        look_at_failures(&look);
        look_at_queue(&look);
    }
}
