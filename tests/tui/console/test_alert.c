/* Who is told about, since when, and who moved. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "model/alert.h"
#include "model/hist.h"
#include "model/mover.h"

static struct tui_history history;
static struct tui_alerts alerts;
static struct tui_fleet fleet;
static struct tui_agent agents[40];
static struct tui_device devices[40];
static struct tui_served models[2];
static int64_t now;

static void setup(void)
{
    cr_assert(tui_history_init(&history));
    fleet = (struct tui_fleet){.epoch = 1, .done_per_s = 100, .submitted_per_s = 100};
    snprintf(fleet.ledger, sizeof(fleet.ledger), "ok");
    fleet.totals = (struct tui_totals){.agents = 3, .agents_ready = 3};
    fleet.agents = agents;
    fleet.agent_count = 3;
    for (size_t i = 0; i < 40; i++) {
        agents[i] = (struct tui_agent){.done_per_s = 30, .p95_us = 5000};
        snprintf(agents[i].name, sizeof(agents[i].name), "ember-%02zu", i);
        snprintf(agents[i].state, sizeof(agents[i].state), "ready");
        devices[i] = (struct tui_device){.temperature_c = NAN};
        snprintf(devices[i].state, sizeof(devices[i].state), "ready");
        agents[i].devices = &devices[i];
        agents[i].device_count = 1;
    }
    now = 100000;
}

static void teardown(void)
{
    tui_history_finish(&history);
}

TestSuite(alert, .init = setup, .fini = teardown);

static void run(int64_t ms)
{
    for (int64_t end = now + ms; now < end; now += 250) {
        tui_history_fold(&history, &fleet, now, false);
        tui_alerts_fold(&alerts, &fleet, &history, now);
    }
}

static const struct tui_alert *find(enum tui_alert_kind kind)
{
    for (size_t i = 0; i < alerts.count; i++) {
        if (alerts.items[i].kind == kind)
            return &alerts.items[i];
    }
    return NULL;
}

Test(alert, all_is_well)
{
    run(120000);
    cr_assert_eq(alerts.total, 0);
    for (int kind = 0; kind < TUI_ALERT_KIND_COUNT; kind++) {
        struct tui_alert alert = {.kind = (enum tui_alert_kind)kind};
        cr_assert_gt(strlen(tui_alert_next(&alert)), 10, "every alert says what to do");
    }
}

Test(alert, the_worst_comes_first_and_each_keeps_its_time)
{
    run(1000);
    snprintf(agents[0].state, sizeof(agents[0].state), "suspect");
    int64_t suspect = now;
    run(5000);
    snprintf(agents[1].state, sizeof(agents[1].state), "lost");
    int64_t lost = now;
    run(5000);
    cr_assert_eq(alerts.total, 2);
    cr_assert_eq(alerts.items[0].kind, TUI_ALERT_AGENT_LOST);
    cr_assert_eq(alerts.items[0].since_ms, lost);
    cr_assert_str_eq(alerts.items[0].agent, "ember-01");
    cr_assert_eq(alerts.items[1].since_ms, suspect);
    snprintf(agents[0].state, sizeof(agents[0].state), "ready");
    run(1000);
    cr_assert_null(find(TUI_ALERT_AGENT_SUSPECT));
    snprintf(agents[0].state, sizeof(agents[0].state), "suspect");
    suspect = now;
    run(1000);
    cr_assert_eq(find(TUI_ALERT_AGENT_SUSPECT)->since_ms, suspect, "it is another time");
}

Test(alert, many_are_counted_and_the_worst_are_kept)
{
    fleet.agent_count = 40;
    for (size_t i = 0; i < 40; i++)
        snprintf(devices[i].state, sizeof(devices[i].state), "suspect");
    snprintf(agents[39].state, sizeof(agents[39].state), "lost");
    run(500);
    cr_assert_eq(alerts.total, 41);
    cr_assert_eq(alerts.count, TUI_ALERTS_MAX);
    cr_assert_eq(alerts.items[0].kind, TUI_ALERT_AGENT_LOST);
    cr_assert_str_eq(alerts.items[1].agent, "ember-00");
}

Test(alert, devices_that_are_hot_or_restart)
{
    devices[1].temperature_c = 84;
    run(1000);
    cr_assert_eq(alerts.total, 0);
    devices[1].temperature_c = 91;
    devices[2].restarts = 7;
    run(1000);
    cr_assert_str_eq(find(TUI_ALERT_DEVICE_HOT)->text, "ember-01 device 0 is at 91 C");
    cr_assert_str_eq(find(TUI_ALERT_RESTARTS)->text,
                     "ember-02: 7 executor restarts in the last 2 min");
    run(150000);
    cr_assert_null(find(TUI_ALERT_RESTARTS), "that was more than two minutes ago");
}

Test(alert, an_slo_that_burns_and_one_that_does_not)
{
    size_t fast = tui_hist_bucket(4000);
    size_t slow = tui_hist_bucket(100000);

    fleet.slo_p99_us = 25000;
    fleet.hist.buckets[fast] = 995;
    fleet.hist.buckets[slow] = 5;
    run(90000);
    cr_assert_eq(alerts.total, 0, "half a percent is within the budget of one");
    fleet.hist.buckets[fast] = 960;
    fleet.hist.buckets[slow] = 40;
    run(5000);
    cr_assert_null(find(TUI_ALERT_SLO_BURN), "five seconds of it are not a minute's burn");
    run(60000);
    cr_assert_str_eq(find(TUI_ALERT_SLO_BURN)->text,
                     "4.0% of jobs took over 25 ms in the last minute, 1% is allowed");
    fleet.hist.buckets[slow] = 0;
    run(250);
    cr_assert_null(find(TUI_ALERT_SLO_BURN), "it is over");
}

Test(alert, a_queue_that_grows_and_one_that_is_long)
{
    fleet.totals.queued = 500;
    run(90000);
    cr_assert_eq(alerts.total, 0, "long, but no longer");
    for (int i = 0; i < 60; i++) {
        fleet.totals.queued += 15;
        run(1000);
    }
    cr_assert_not_null(find(TUI_ALERT_QUEUE_GROWS));
}

Test(alert, no_agent_a_bad_ledger_and_failing_jobs)
{
    run(60000);
    fleet.totals.agents_ready = 0;
    fleet.totals.queued = 12;
    snprintf(fleet.ledger, sizeof(fleet.ledger), "read-only");
    for (int i = 0; i < 60; i++) {
        fleet.totals.failed += 50;
        run(1000);
    }
    cr_assert_str_eq(find(TUI_ALERT_NO_AGENT)->text, "no agent is ready, 12 jobs wait");
    cr_assert_str_eq(find(TUI_ALERT_LEDGER)->text, "the ledger is read-only");
    cr_assert_not_null(find(TUI_ALERT_FAILING));
}

Test(alert, movers_are_who_changed_most)
{
    struct tui_mover movers[4];

    fleet.models = models;
    fleet.model_count = 1;
    models[0] = (struct tui_served){.done_per_s = 90, .total = {.count = 900, .p95_us = 5000}};
    snprintf(models[0].id, sizeof(models[0].id), "digits:1");
    run(60000);
    cr_assert_eq(tui_movers(&history, movers, 4), 0, "nothing to compare with yet");
    run(60000);
    cr_assert_eq(tui_movers(&history, movers, 4), 0, "nobody moved");
    agents[1].done_per_s = 3;
    agents[2].done_per_s = 33;
    models[0].total.p95_us = 9000;
    run(60000);
    cr_assert_eq(tui_movers(&history, movers, 4), 2, "a tenth is no news");
    cr_assert_str_eq(movers[0].name, "ember-01");
    cr_assert_eq(movers[0].what, TUI_MOVER_RATE);
    cr_assert_float_eq(movers[0].now, 3, 4);
    cr_assert_gt(movers[0].before, 25);
    cr_assert_str_eq(movers[1].name, "digits:1");
    cr_assert_eq(movers[1].what, TUI_MOVER_P95);
    agents[0].failed += 4;
    run(1000);
    cr_assert_eq(tui_movers(&history, movers, 1), 1);
    cr_assert_str_eq(movers[0].name, "ember-00", "errors come first");
    cr_assert_float_eq(movers[0].now, 4, 1e-9);
}

Test(alert, pulses_forget_who_left_only_for_room)
{
    struct tui_pulses pulses = {.limit = 2};
    struct tui_vital vital = {.per_s = 1, .p95_us = NAN};

    tui_pulses_fold(&pulses, 100, "a", &vital);
    tui_pulses_fold(&pulses, 100, "b", &vital);
    tui_pulses_fold(&pulses, 100, "c", &vital);
    cr_assert_null(tui_pulses_find(&pulses, "c"));
    uint64_t later = 100 + (TUI_BEATS + 1) * TUI_BEAT_SLOTS;
    tui_pulses_fold(&pulses, later, "a", &vital);
    tui_pulses_fold(&pulses, later, "c", &vital);
    cr_assert_not_null(tui_pulses_find(&pulses, "c"));
    cr_assert_null(tui_pulses_find(&pulses, "b"));
    cr_assert(isnan(tui_pulse_part(tui_pulses_find(&pulses, "a"), later, 1, 4).per_s),
              "it was away");
    tui_pulses_finish(&pulses);
}

Test(alert, histograms_give_back_what_went_in)
{
    struct tui_hist hist = {0};

    cr_assert(isnan(tui_hist_percentile_us(&hist, 0.5)));
    cr_assert(isnan(tui_hist_within(&hist, 1000)));
    for (uint64_t us = 1; us <= 100000; us++)
        hist.buckets[tui_hist_bucket(us)]++;
    hist.count = 100000;
    for (int percent = 5; percent < 100; percent++) {
        double us = percent * 1000;
        cr_assert_float_eq(tui_hist_percentile_us(&hist, percent / 100.0) / us, 1, 0.2);
        cr_assert_float_eq(tui_hist_within(&hist, (uint64_t)us), percent / 100.0, 0.05);
    }
    cr_assert_float_eq(tui_hist_between(&hist, 0, 1e9), 100000, 1e-6);
}

Test(alert, histograms_of_a_time_count_each_job_once)
{
    struct tui_hist sum;

    fleet.hist.buckets[10] = 100;
    fleet.hist.count = 100;
    run(60000);
    cr_assert(tui_history_hist(&history, history.next - 200, 200, &sum));
    cr_assert_eq(sum.count, 500, "5 times 10 s");
    cr_assert(tui_history_hist(&history, history.next - 4, 4, &sum));
    cr_assert_eq(sum.count, 100, "a second shows the ten that ended with it");
    now += 300000;
    run(1000);
    cr_assert_not(tui_history_hist(&history, history.next - 400, 100, &sum), "a gap has none");
}
