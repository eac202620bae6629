#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/figure.h"
#include "views/grid.h"

#define AGENT_EVENTS 12

/* What the device has found to be the best number of rows for each of its models. */
static void write_batches(struct tui_pen *pen, const struct tui_agent *agent, uint32_t device)
{
    for (size_t i = 0; i < agent->batch_count; i++) {
        const struct tui_batch *batch = &agent->batches[i];
        char rate[TUI_FIGURE_SIZE];
        if (batch->device != device)
            continue;
        tui_figure_rate(rate, sizeof(rate), batch->rows_per_s);
        tui_pen_field(pen, "  batch", TUI_ROLE_NORMAL, "%s: %" PRIu64 " rows, %s rows/s",
                      batch->model, batch->rows, rate);
    }
}

static void write_device(struct tui_pen *pen, const struct tui_agent *agent,
                         const struct tui_device *device)
{
    char used[TUI_FIGURE_SIZE];
    char total[TUI_FIGURE_SIZE];
    char busy[TUI_FIGURE_SIZE];

    tui_figure_bytes(used, sizeof(used), device->memory_used_bytes);
    tui_figure_bytes(total, sizeof(total), device->memory_bytes);
    tui_figure_percent(busy, sizeof(busy), device->busy);
    tui_pen_print(pen, TUI_ROLE_TITLE, "Device %u  %s", device->index, device->name);
    tui_pen_field(pen, "  state", tui_state_role(device->state), "%s%s%s", device->state,
                  device->reason[0] ? ": " : "", device->reason);
    tui_pen_field(pen, "  load", TUI_ROLE_NORMAL, "%s busy, %s of %s of memory", busy, used, total);
    tui_pen_field(pen, "  work", TUI_ROLE_NORMAL, "%" PRIu64 " jobs in %" PRIu64 " batches",
                  device->jobs, device->batches);
    write_batches(pen, agent, device->index);
    tui_pen_field(pen, "  executor", device->restarts > 0 ? TUI_ROLE_WARN : TUI_ROLE_NORMAL,
                  "restarted %" PRIu64 " times", device->restarts);
    tui_pen_field(pen, "  hardware", TUI_ROLE_DIM, "%s, %u compute units%s%s, driver %s",
                  device->family, device->compute_units, device->fp16 ? ", fp16" : "",
                  device->fp64 ? ", fp64" : "", device->driver);
}

static void write_agent_work(struct tui_pen *pen, const struct tui_agent *agent)
{
    char text[TUI_FIGURE_SIZE];
    char p50[TUI_FIGURE_SIZE];
    char p95[TUI_FIGURE_SIZE];

    tui_figure_rate(text, sizeof(text), agent->done_per_s);
    tui_figure_us(p50, sizeof(p50), agent->p50_us > 0 ? (double)agent->p50_us : NAN);
    tui_figure_us(p95, sizeof(p95), agent->p95_us > 0 ? (double)agent->p95_us : NAN);
    tui_pen_field(pen, "throughput", TUI_ROLE_STRONG, "%s jobs/s, p50 %s, p95 %s", text, p50, p95);
    tui_pen_field(pen, "jobs", TUI_ROLE_NORMAL,
                  "%" PRIu64 " running, %" PRIu64 " assigned (%" PRIu64
                  " wait there); room for %" PRIu64,
                  agent->running, agent->assigned, agent->queued, agent->credit);
    tui_pen_field(pen, "since start", TUI_ROLE_NORMAL,
                  "%" PRIu64 " done, %" PRIu64 " failed, %" PRIu64 " requeued", agent->done,
                  agent->failed, agent->requeued);
}

static void write_agent(const struct tui_app *app, struct tui_pen *pen)
{
    const struct tui_agent *agent = tui_fleet_agent(app->model->fleet, app->detail_id);
    char seen[TUI_FIGURE_SIZE];
    char rtt[TUI_FIGURE_SIZE];
    char rss[TUI_FIGURE_SIZE];
    size_t shown = 0;

    tui_pen_print(pen, TUI_ROLE_TITLE, "Agent %s", app->detail_id);
    if (!agent) {
        tui_pen_print(pen, TUI_ROLE_BAD, "is not in the cluster now");
    } else {
        tui_figure_age(seen, sizeof(seen), agent->seen_ms_ago);
        tui_figure_us(rtt, sizeof(rtt), (double)agent->rtt_us);
        tui_figure_bytes(rss, sizeof(rss), agent->rss_bytes);
        tui_pen_field(pen, "state", tui_state_role(agent->state), "%s%s%s", agent->state,
                      agent->reason[0] ? ": " : "", agent->reason);
        tui_pen_field(pen, "link", TUI_ROLE_NORMAL, "%s, seen %s ago, round trip %s, version %s",
                      agent->address, seen, rtt, agent->version);
        write_agent_work(pen, agent);
        tui_pen_field(pen, "process", TUI_ROLE_DIM, "%s of memory", rss);
        for (size_t i = 0; i < agent->model_count; i++)
            tui_pen_field(pen, i == 0 ? "models" : "", TUI_ROLE_NORMAL, "%s", agent->models[i]);
        for (size_t i = 0; i < agent->device_count; i++)
            write_device(pen, agent, &agent->devices[i]);
    }
    tui_pen_print(pen, TUI_ROLE_TITLE, "Events");
    for (size_t i = 0; i < tui_model_event_count(app->model) && shown < AGENT_EVENTS; i++) {
        const struct tui_event *event = tui_model_event(app->model, i);
        if (strcmp(event->agent, app->detail_id) != 0)
            continue;
        char clock[TUI_FIGURE_SIZE];
        tui_figure_clock(clock, sizeof(clock), event->time_ms);
        tui_pen_field(pen, clock, tui_severity_role(event->severity), "%s %s", event->kind,
                      event->text);
        shown++;
    }
    if (shown == 0)
        tui_pen_print(pen, TUI_ROLE_DIM, "none about it");
}

static void write_timing(struct tui_pen *pen, const struct tui_job *job)
{
    char text[TUI_FIGURE_SIZE];
    uint64_t total = job->timing_us[TUI_SPAN_TOTAL];

    for (size_t i = 0; i < TUI_SPAN_COUNT; i++) {
        uint64_t us = job->timing_us[i];
        tui_figure_us(text, sizeof(text), total > 0 ? (double)us : NAN);
        char label[TUI_WORD_SIZE];
        snprintf(label, sizeof(label), "  %s", tui_span_names[i]);
        if (total > 0 && i != TUI_SPAN_TOTAL)
            tui_pen_field(pen, label, TUI_ROLE_NORMAL, "%9s  %3.0f%%", text,
                          fmin(100.0 * (double)us / (double)total, 999));
        else
            tui_pen_field(pen, label, TUI_ROLE_STRONG, "%9s", text);
    }
}

static void write_job_fields(struct tui_pen *pen, const struct tui_job *job)
{
    char clock[3][TUI_FIGURE_SIZE];

    tui_figure_clock(clock[0], sizeof(clock[0]), job->submitted_ms);
    tui_figure_clock(clock[1], sizeof(clock[1]), job->started_ms);
    tui_figure_clock(clock[2], sizeof(clock[2]), job->finished_ms);
    tui_pen_field(pen, "state", tui_state_role(job->state), "%s", job->state);
    tui_pen_field(pen, "model", TUI_ROLE_NORMAL, "%s:%" PRIu64 ", batch of %" PRIu64, job->model,
                  job->version, job->batch);
    if (job->agent[0] != 0)
        tui_pen_field(pen, "agent", TUI_ROLE_NORMAL, "%s, device %" PRIu64, job->agent,
                      job->device);
    tui_pen_field(pen, "attempt", job->attempt > 1 ? TUI_ROLE_WARN : TUI_ROLE_NORMAL,
                  "%" PRIu64 " of %" PRIu64 ", priority %" PRIu64, job->attempt, job->attempts_max,
                  job->priority);
    tui_pen_field(pen, "times", TUI_ROLE_NORMAL, "submitted %s, started %s, finished %s", clock[0],
                  clock[1], clock[2]);
    if (job->deadline_ms != 0) {
        tui_figure_clock(clock[0], sizeof(clock[0]), job->deadline_ms);
        tui_pen_field(pen, "deadline", TUI_ROLE_NORMAL, "%s", clock[0]);
    }
    if (job->key[0] != 0)
        tui_pen_field(pen, "key", TUI_ROLE_NORMAL, "%s", job->key);
    if (job->error_message[0] != 0 || job->error_code[0] != 0)
        tui_pen_field(pen, "error", TUI_ROLE_BAD, "%s: %s", job->error_code, job->error_message);
}

static void write_job(const struct tui_app *app, struct tui_pen *pen)
{
    const struct tui_polled *polled = &app->model->polled[TUI_POLL_JOB];
    const struct tui_job_detail *detail = tui_model_job(app->model);
    uint64_t id = strtoull(app->detail_id, NULL, 10);

    tui_pen_print(pen, TUI_ROLE_TITLE, "Job %s", app->detail_id);
    if (polled->asked.job != id) {
        tui_pen_print(pen, TUI_ROLE_DIM, "asking the coordinator...");
        return;
    }
    if (!detail) {
        tui_pen_field(pen, "refused", TUI_ROLE_BAD, "%s", polled->refusal.message);
        tui_pen_field(pen, "", TUI_ROLE_NORMAL, "%s", polled->refusal.hint);
        return;
    }
    write_job_fields(pen, &detail->job);
    tui_pen_print(pen, TUI_ROLE_TITLE, "Where the time went");
    write_timing(pen, &detail->job);
    tui_pen_print(pen, TUI_ROLE_TITLE, "History, and why");
    for (size_t i = 0; i < detail->count; i++) {
        const struct tui_job_step *step = &detail->history[i];
        char clock[TUI_FIGURE_SIZE];
        tui_figure_clock(clock, sizeof(clock), step->time_ms);
        tui_pen_field(pen, clock, tui_state_role(step->state), "%s %s (attempt %" PRIu64 ") %s",
                      step->state, step->agent, step->attempt, step->text);
    }
    if (detail->count == 0)
        tui_pen_print(pen, TUI_ROLE_DIM, "the coordinator keeps none of this job");
}

static void write_detail(const struct tui_app *app, struct tui_pen *pen)
{
    if (app->detail == TUI_CONTEXT_JOB)
        write_job(app, pen);
    else
        write_agent(app, pen);
}

static int lines(const struct tui_app *app, int cols)
{
    struct tui_pen pen = {.rect = {0, 0, 1, cols - 2}};

    write_detail(app, &pen);
    return pen.line;
}

static int page(const struct tui_app *app, struct tui_rect body)
{
    (void)app;
    return body.rows;
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    struct tui_pen pen = {.canvas = canvas,
                          .rect = {body.y, 1, body.rows, body.cols - 2},
                          .skip = (int)app->lists[TUI_VIEW_DETAIL].top};

    write_detail(app, &pen);
}

static void want(const struct tui_app *app, struct tui_want *want)
{
    if (app->detail != TUI_CONTEXT_JOB)
        return;
    want->polls[TUI_POLL_JOB] = true;
    want->job = strtoull(app->detail_id, NULL, 10);
}

const struct tui_view_ops tui_view_detail = {
    .want = want,
    .lines = lines,
    .page = page,
    .draw = draw,
};
