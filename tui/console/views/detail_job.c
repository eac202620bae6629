#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/figure.h"
#include "views/detail.h"
#include "views/detail_why.h"

static uint64_t number(const struct tui_app *app)
{
    return strtoull(app->detail_id, NULL, 10);
}

/* Whether the newest reply to the poll is about the job of the pane. */
static const struct tui_polled *answered(const struct tui_app *app, enum tui_poll poll)
{
    const struct tui_polled *polled = &app->model->polled[poll];

    return polled->asked.job == number(app) ? polled : NULL;
}

static void write_times(const struct tui_app *app, struct tui_sheet *sheet,
                        const struct tui_job *job)
{
    uint64_t now = tui_model_clock_ms(app->model, app->now_ms);
    bool ended = job->finished_ms != 0;
    char text[TUI_TEXT_SIZE];
    char left[TUI_FIGURE_SIZE];

    tui_detail_time(app, text, sizeof(text), job->submitted_ms);
    tui_sheet_field(sheet, "submitted", TUI_ROLE_NORMAL, "%s", text);
    tui_detail_time(app, text, sizeof(text), job->started_ms);
    tui_sheet_field(sheet, "started", TUI_ROLE_NORMAL, "%s", job->started_ms ? text : "not yet");
    if (ended) {
        tui_detail_time(app, text, sizeof(text), job->finished_ms);
        tui_sheet_field(sheet, "ended", TUI_ROLE_NORMAL, "%s", text);
    }
    if (job->deadline_ms == 0)
        return;
    tui_figure_clock(text, sizeof(text), job->deadline_ms);
    tui_figure_age(left, sizeof(left), job->deadline_ms > now ? job->deadline_ms - now : 0);
    if (ended)
        tui_sheet_field(sheet, "deadline", TUI_ROLE_NORMAL, "%s", text);
    else
        tui_sheet_field(sheet, "deadline",
                        job->deadline_ms > now + 10000 ? TUI_ROLE_NORMAL : TUI_ROLE_WARN,
                        "%s, %s left", text, left);
}

/* Where its bytes are, and how to come by them. */
static void write_bytes(struct tui_sheet *sheet, const struct tui_job *job)
{
    if (strcmp(job->state, "done") == 0)
        tui_sheet_field(sheet, "its bytes", TUI_ROLE_NORMAL,
                        "the result is in the coordinator's ledger for as long as ended jobs are "
                        "kept; `stoker result %llu` shows it",
                        (unsigned long long)job->id);
    else if (strcmp(job->error_code, "poisoned") == 0)
        tui_sheet_field(sheet, "its bytes", TUI_ROLE_NORMAL,
                        "the input is kept in the ledger: it is in quarantine, and a retry takes "
                        "it from there");
    else if (job->finished_ms != 0)
        tui_sheet_field(sheet, "its bytes", TUI_ROLE_DIM, "none are kept");
    else
        tui_sheet_field(sheet, "its bytes", TUI_ROLE_NORMAL,
                        "the input is in the coordinator's ledger until it ends%s%s",
                        job->agent[0] ? ", and with " : "", job->agent);
}

static void write_fields(const struct tui_app *app, struct tui_sheet *sheet,
                         const struct tui_job *job)
{
    char id[TUI_NAME_SIZE];

    tui_sheet_field(sheet, "state", tui_state_role(job->state), "%s%s", job->state,
                    job->cached ? ", answered from the response cache" : "");
    if (job->error_message[0] != 0 || job->error_code[0] != 0)
        tui_sheet_field(sheet, "error", TUI_ROLE_BAD, "%s: %s", job->error_code,
                        job->error_message);
    snprintf(id, sizeof(id), "%.40s:%llu", job->model, (unsigned long long)job->version);
    tui_sheet_field(sheet, "model", TUI_ROLE_NORMAL, "%s; %llu %s, in a batch of %llu", id,
                    (unsigned long long)job->rows, job->rows == 1 ? "row" : "rows",
                    (unsigned long long)job->batch);
    tui_sheet_link(sheet, TUI_CONTEXT_MODEL, id);
    if (job->agent[0] != 0) {
        tui_sheet_field(sheet, "agent", TUI_ROLE_NORMAL, "%s, device %llu", job->agent,
                        (unsigned long long)job->device);
        tui_sheet_link(sheet, TUI_CONTEXT_AGENT, job->agent);
    }
    tui_sheet_field(sheet, "attempt", job->attempt > 1 ? TUI_ROLE_WARN : TUI_ROLE_NORMAL,
                    "%llu of %llu", (unsigned long long)job->attempt,
                    (unsigned long long)job->attempts_max);
    tui_sheet_field(sheet, "tenant", TUI_ROLE_NORMAL, "%s, priority %llu (0 is the most urgent)",
                    job->tenant[0] ? job->tenant : "default", (unsigned long long)job->priority);
    if (job->key[0] != 0)
        tui_sheet_field(sheet, "key", TUI_ROLE_NORMAL, "%s", job->key);
    write_times(app, sheet, job);
    write_bytes(sheet, job);
}

static void write_history(struct tui_sheet *sheet, const struct tui_job_detail *detail)
{
    uint64_t before = 0;

    tui_sheet_title(sheet, "Timeline");
    for (size_t i = 0; i < detail->count; i++) {
        const struct tui_job_step *step = &detail->history[i];
        char clock[TUI_FIGURE_SIZE];
        char gap[TUI_FIGURE_SIZE];
        char after[TUI_FIGURE_SIZE + 4] = "";
        tui_figure_clock(clock, sizeof(clock), step->time_ms);
        if (before != 0 && step->time_ms >= before) {
            tui_figure_us(gap, sizeof(gap), (double)(step->time_ms - before) * 1000);
            snprintf(after, sizeof(after), "+%s ", gap);
        }
        before = step->time_ms;
        tui_sheet_field(sheet, clock, tui_state_role(step->state), "%s%s%s%s, attempt %llu%s%s",
                        after, step->state, step->agent[0] ? " " : "", step->agent,
                        (unsigned long long)step->attempt, step->text[0] ? ": " : "", step->text);
        tui_sheet_link(sheet, TUI_CONTEXT_AGENT, step->agent);
    }
    if (detail->count == 0)
        tui_sheet_text(sheet, TUI_ROLE_DIM, "the coordinator keeps none of this job");
}

static void write_attempts(struct tui_sheet *sheet, const struct tui_life *life)
{
    static const struct tui_column columns[] = {
        {.title = "TRY", .width = 4, .right = true},
        {.title = "AGENT", .width = 14, .grow = 1},
        {.title = "DEVICE", .width = 6, .priority = 3, .right = true},
        {.title = "BEGAN", .width = 8, .priority = 2},
        {.title = "TOOK", .width = 8, .priority = 1, .right = true},
        {.title = "OUTCOME", .width = 10},
        {.title = "WHY", .width = 12, .grow = 3},
    };

    tui_sheet_title(sheet, "Attempts");
    if (life->count == 0) {
        tui_sheet_text(sheet, TUI_ROLE_DIM, "it has not been sent to an agent");
        return;
    }
    tui_sheet_head(sheet, columns, sizeof(columns) / sizeof(columns[0]));
    for (size_t i = 0; i < life->count; i++) {
        const struct tui_attempt *attempt = &life->attempts[i];
        bool took = attempt->started_ms != 0 && attempt->ended_ms >= attempt->started_ms;
        char text[TUI_FIGURE_SIZE];
        snprintf(text, sizeof(text), "%llu", (unsigned long long)attempt->number);
        tui_sheet_row(sheet, text);
        tui_sheet_link(sheet, TUI_CONTEXT_AGENT, attempt->agent);
        tui_sheet_cell(sheet, 0, TUI_ROLE_STRONG, "%s", text);
        tui_sheet_cell(sheet, 1, TUI_ROLE_NORMAL, "%s", attempt->agent);
        tui_sheet_cell(sheet, 2, TUI_ROLE_NORMAL, "%u", attempt->device);
        tui_figure_clock(text, sizeof(text), attempt->started_ms);
        tui_sheet_cell(sheet, 3, TUI_ROLE_DIM, "%s", text);
        tui_figure_us(text, sizeof(text),
                      took ? (double)(attempt->ended_ms - attempt->started_ms) * 1000 : NAN);
        tui_sheet_cell(sheet, 4, TUI_ROLE_NORMAL, "%s", text);
        tui_sheet_cell(sheet, 5, tui_state_role(attempt->outcome), "%s", attempt->outcome);
        tui_sheet_cell(sheet, 6, TUI_ROLE_NORMAL, "%s", attempt->text);
    }
}

static void write_job(const struct tui_app *app, struct tui_sheet *sheet,
                      const struct tui_job_detail *detail)
{
    const struct tui_polled *why = answered(app, TUI_POLL_WHY);
    const struct tui_polled *life = answered(app, TUI_POLL_HISTORY);
    const struct tui_job *job = &detail->job;
    double us[TUI_SPAN_COUNT];

    write_fields(app, sheet, job);
    if (detail->waiting[0] != 0)
        tui_sheet_field(sheet, "it waits", TUI_ROLE_WARN, "%s", detail->waiting);
    tui_sheet_title(sheet, "Where the time went");
    for (size_t i = 0; i < TUI_SPAN_COUNT; i++)
        us[i] = (double)job->timing_us[i];
    tui_detail_split(sheet, us);
    write_history(sheet, detail);
    if (life && life->record)
        write_attempts(sheet, life->record);
    if (why && why->record)
        tui_detail_why(sheet, why->record);
}

static void write(const struct tui_app *app, struct tui_sheet *sheet)
{
    const struct tui_polled *polled = answered(app, TUI_POLL_JOB);

    tui_sheet_title(sheet, "Job %s", app->detail_id);
    if (!polled || polled->at_ms == 0) {
        tui_sheet_text(sheet, TUI_ROLE_DIM, "asking the coordinator...");
    } else if (!polled->record) {
        tui_sheet_field(sheet, "refused", TUI_ROLE_BAD, "%s", polled->refusal.message);
        if (polled->refusal.hint[0] != 0)
            tui_sheet_field(sheet, "hint", TUI_ROLE_NORMAL, "%s", polled->refusal.hint);
    } else {
        write_job(app, sheet, polled->record);
    }
}

static void want(const struct tui_app *app, struct tui_want *ret_want)
{
    ret_want->polls[TUI_POLL_JOB] = true;
    ret_want->polls[TUI_POLL_WHY] = true;
    ret_want->polls[TUI_POLL_HISTORY] = true;
    ret_want->job = number(app);
}

const struct tui_detail tui_detail_job = {write, want};
