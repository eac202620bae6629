#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "views/table.h"

#define OLD_MS 3000

enum field {
    JOB,
    STATE,
    MODEL,
    AGENT,
    TENANT,
    PRIORITY,
    AGE,
    WAIT,
    RUN,
    LEFT,
    TRY,
    TOTAL,
    LOAD,
    COMPUTE,
    COPY,
    BATCH,
    DEVICE,
    KEY,
    ERROR,
};

static const struct tui_field fields[] = {
    [JOB] = {"job", TUI_FIELD_ID, false},         [STATE] = {"state", TUI_FIELD_TEXT, false},
    [MODEL] = {"model", TUI_FIELD_TEXT, false},   [AGENT] = {"agent", TUI_FIELD_TEXT, false},
    [TENANT] = {"tenant", TUI_FIELD_TEXT, false}, [PRIORITY] = {"priority", TUI_FIELD_COUNT, true},
    [AGE] = {"age", TUI_FIELD_MS, true},          [WAIT] = {"wait", TUI_FIELD_US, false},
    [RUN] = {"run", TUI_FIELD_US, false},         [LEFT] = {"left", TUI_FIELD_MS, true},
    [TRY] = {"try", TUI_FIELD_COUNT, false},      [TOTAL] = {"total", TUI_FIELD_US, false},
    [LOAD] = {"load", TUI_FIELD_US, false},       [COMPUTE] = {"compute", TUI_FIELD_US, false},
    [COPY] = {"copy", TUI_FIELD_US, false},       [BATCH] = {"batch", TUI_FIELD_COUNT, false},
    [DEVICE] = {"device", TUI_FIELD_ID, false},   [KEY] = {"key", TUI_FIELD_TEXT, false},
    [ERROR] = {"error", TUI_FIELD_TEXT, false},   {NULL, TUI_FIELD_TEXT, false},
};

static const struct tui_column columns[] = {
    {.title = "JOB", .field = JOB, .width = 8, .fit = 16, .right = true},
    {.title = "STATE", .field = STATE, .width = 9},
    {.title = "MODEL", .field = MODEL, .width = 12, .fit = 30},
    {.title = "AGENT", .field = AGENT, .width = 10, .fit = 24, .priority = 1},
    {.title = "TENANT", .field = TENANT, .width = 8, .fit = 16, .priority = 6},
    {.title = "PRI", .field = PRIORITY, .width = 4, .priority = 7, .right = true},
    {.title = "AGE", .field = AGE, .width = 6, .priority = 2, .right = true},
    {.title = "WAIT", .field = WAIT, .width = 7, .priority = 3, .right = true},
    {.title = "RUN", .field = RUN, .width = 7, .priority = 2, .right = true},
    {.title = "LEFT", .field = LEFT, .width = 6, .priority = 5, .right = true},
    {.title = "TRY", .field = TRY, .width = 4, .priority = 6, .right = true},
    {.title = "ERROR", .field = ERROR, .width = 12, .grow = 6, .priority = 4},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const struct tui_job *job_at(const struct tui_app *app, size_t index)
{
    return &tui_model_jobs(app->model)->jobs[index];
}

static size_t count(const struct tui_app *app)
{
    const struct tui_job_page *page = tui_model_jobs(app->model);

    return page ? page->count : 0;
}

static void id(const struct tui_app *app, size_t index, char ret_id[TUI_NAME_SIZE])
{
    snprintf(ret_id, TUI_NAME_SIZE, "%llu", (unsigned long long)job_at(app, index)->id);
}

static bool has_ended(const struct tui_job *job)
{
    return job->finished_ms != 0;
}

static double known(uint64_t us)
{
    return us > 0 ? (double)us : NAN;
}

/* From `from_ms` to now by the coordinator's clock, in microseconds. */
static double since_us(const struct tui_app *app, uint64_t from_ms)
{
    uint64_t now = tui_model_clock_ms(app->model, app->now_ms);

    return from_ms == 0 || now == 0 ? NAN : now > from_ms ? (double)(now - from_ms) * 1000 : 0;
}

/* Until it began, or until now. */
static double waited(const struct tui_app *app, const struct tui_job *job)
{
    if (has_ended(job))
        return known(job->timing_us[TUI_SPAN_QUEUE]);
    if (job->started_ms > job->submitted_ms)
        return (double)(job->started_ms - job->submitted_ms) * 1000;
    return job->started_ms != 0 ? 0 : since_us(app, job->submitted_ms);
}

/* What an agent spent on it, or spends. */
static double ran(const struct tui_app *app, const struct tui_job *job)
{
    if (!has_ended(job))
        return since_us(app, job->started_ms);
    return known(job->timing_us[TUI_SPAN_LOAD] + job->timing_us[TUI_SPAN_COMPUTE] +
                 job->timing_us[TUI_SPAN_COPY]);
}

/* Until its deadline; of one that has ended there is none any more. */
static double left_ms(const struct tui_app *app, const struct tui_job *job)
{
    uint64_t now = tui_model_clock_ms(app->model, app->now_ms);

    if (job->deadline_ms == 0 || has_ended(job) || now == 0)
        return NAN;
    return job->deadline_ms > now ? (double)(job->deadline_ms - now) : 0;
}

static void text_value(const struct tui_job *job, enum field field, struct tui_value *ret_value)
{
    switch (field) {
    case STATE:
        ret_value->text = job->state;
        ret_value->number = tui_state_rank(job->state);
        break;
    case MODEL:
        snprintf(ret_value->room, TUI_VALUE_SIZE, "%s:%llu", job->model,
                 (unsigned long long)job->version);
        ret_value->text = ret_value->room;
        break;
    case AGENT:
        ret_value->text = job->agent;
        break;
    case TENANT:
        ret_value->text = job->tenant;
        break;
    case KEY:
        ret_value->text = job->key;
        break;
    case ERROR:
        ret_value->text = job->error_message[0] ? job->error_message : job->error_code;
        break;
    default:
        break;
    }
}

static double number_value(const struct tui_app *app, const struct tui_job *job, enum field field)
{
    switch (field) {
    case JOB:
        return (double)job->id;
    case PRIORITY:
        return (double)job->priority;
    case AGE:
        return since_us(app, job->submitted_ms) / 1000;
    case WAIT:
        return waited(app, job);
    case RUN:
        return ran(app, job);
    case LEFT:
        return left_ms(app, job);
    case TRY:
        return (double)job->attempt;
    case TOTAL:
        return known(job->timing_us[TUI_SPAN_TOTAL]);
    case LOAD:
        return known(job->timing_us[TUI_SPAN_LOAD]);
    case COMPUTE:
        return known(job->timing_us[TUI_SPAN_COMPUTE]);
    case COPY:
        return known(job->timing_us[TUI_SPAN_COPY]);
    case BATCH:
        return (double)job->batch;
    case DEVICE:
        return job->agent[0] ? (double)job->device : NAN;
    default:
        return NAN;
    }
}

static void value(const struct tui_app *app, size_t index, size_t field,
                  struct tui_value *ret_value)
{
    if (fields[field].kind == TUI_FIELD_TEXT)
        text_value(job_at(app, index), (enum field)field, ret_value);
    else
        ret_value->number = number_value(app, job_at(app, index), (enum field)field);
}

static void adorn(const struct tui_app *app, size_t index, size_t column, struct tui_shown *shown)
{
    const struct tui_job *job = job_at(app, index);
    double left = left_ms(app, job);

    switch ((enum field)columns[column].field) {
    case JOB:
        shown->role = TUI_ROLE_STRONG;
        break;
    case STATE:
        shown->role = tui_state_role(job->state);
        if (job->cached)
            snprintf(shown->text, sizeof(shown->text), "%s*", job->state);
        break;
    case TRY:
        shown->role = job->attempt > 1 ? TUI_ROLE_WARN : TUI_ROLE_DIM;
        break;
    case LEFT:
        if (!isnan(left))
            shown->role = left < 1000 ? TUI_ROLE_BAD : left < 10000 ? TUI_ROLE_WARN : shown->role;
        break;
    case AGE:
    case TENANT:
    case PRIORITY:
        shown->role = TUI_ROLE_DIM;
        break;
    case ERROR:
        shown->role = TUI_ROLE_BAD;
        break;
    default:
        break;
    }
}

static int page(const struct tui_app *app, struct tui_rect body)
{
    (void)app;
    return tui_table_page(body);
}

/* Whether the jobs before those that are known are wanted: who comes near the end wants them, and a
 * filter that leaves room on the screen. */
static bool wants_older(const struct tui_app *app)
{
    const struct tui_list *list = &app->lists[TUI_VIEW_JOBS];
    const struct tui_job_page *page = tui_model_jobs(app->model);

    return page && page->count > 0 && !page->end && page->count < TUI_JOBS_KEPT_MAX &&
           !app->replay.active && (list->back || list->compiled) &&
           list->top + 2 * app->page >= app->row_count;
}

/* "200 of 1.2k, older: loading..." */
static void tell_extent(const struct tui_app *app, char *ret_text, size_t size)
{
    const struct tui_job_page *page = tui_model_jobs(app->model);
    const struct tui_refusal *refusal = &app->model->polled[TUI_POLL_JOBS_OLDER].refusal;
    const char *state = tui_job_states[app->job_state];
    char count[TUI_FIGURE_SIZE];
    const char *rest = "";

    if (page->end)
        rest = ", end";
    else if (page->count >= TUI_JOBS_KEPT_MAX)
        rest = ", no more are kept";
    else if (wants_older(app))
        rest = refusal->message[0] ? ", older: refused" : ", older: loading...";
    tui_figure_count(count, sizeof(count), page->total);
    snprintf(ret_text, size, "the newest %zu of %s%s%s%s%s", page->count, count,
             state[0] ? " " : "", state, rest, page->gaps ? ", with gaps; g follows" : "");
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    static const struct tui_tally tally = {"job", "jobs", STATE};
    struct tui_table table = {.columns = columns, .count = COLUMNS, .adorn = adorn};
    const struct tui_job_page *jobs = tui_model_jobs(app->model);
    const char *state = tui_job_states[app->job_state];
    int64_t age = app->now_ms - app->model->polled[TUI_POLL_JOBS].at_ms;
    char also[160];
    char old[TUI_FIGURE_SIZE];

    if (!jobs) {
        tui_canvas_text(canvas, body.y + 1, 2, body.cols - 2, TUI_ROLE_DIM,
                        "asking the coordinator for its jobs...");
        return;
    }
    tell_extent(app, also, sizeof(also));
    if (age > OLD_MS) {
        size_t used = strlen(also);
        tui_figure_age(old, sizeof(old), (uint64_t)age);
        snprintf(also + used, sizeof(also) - used, ", as of %s ago", old);
    }
    table.empty = state[0] ? "no job is in this state; f shows the next one"
                           : "no jobs yet; `stoker submit MODEL FILE` sends one";
    tui_table_draw(&table, app, canvas, tui_table_title(app, canvas, body, &tally, also));
}

/* The coordinator looks for names that are equal, the filter for what they contain: it is asked for
 * the only one that does. False: none, or several. */
static bool only_model(const struct tui_fleet *fleet, const char *text,
                       char ret_name[TUI_NAME_SIZE])
{
    size_t len = strcspn(text, ":");
    size_t found = 0;

    for (size_t i = 0; i < fleet->model_count; i++) {
        const char *name = fleet->models[i].name;
        if (len >= TUI_NAME_SIZE || !memmem(name, strlen(name), text, len) ||
            strcmp(name, ret_name) == 0)
            continue;
        found++;
        memcpy(ret_name, name, TUI_NAME_SIZE);
    }
    return found == 1;
}

static bool only_agent(const struct tui_fleet *fleet, const char *text,
                       char ret_name[TUI_NAME_SIZE])
{
    size_t found = 0;

    for (size_t i = 0; i < fleet->agent_count; i++) {
        if (!strstr(fleet->agents[i].name, text))
            continue;
        found++;
        memcpy(ret_name, fleet->agents[i].name, TUI_NAME_SIZE);
    }
    return found == 1;
}

/* A term that the coordinator can look for itself, so that jobs older than the newest are found. */
static void want_term(const struct tui_app *app, const char *key, const char *text,
                      struct tui_want *ret_want)
{
    const struct tui_fleet *fleet = app->model->fleet;
    bool exact = text[0] == '=';
    char name[TUI_NAME_SIZE] = "";

    text += exact;
    if (text[0] == 0 || strpbrk(text, ",/\"\\*<>") || strstr(text, ".."))
        return;
    if (strcmp(key, "state") == 0) {
        for (size_t i = 1; tui_job_states[i]; i++) {
            if (strcmp(tui_job_states[i], text) == 0)
                tui_want_text(ret_want->jobs.state, sizeof(ret_want->jobs.state), text);
        }
    } else if (strcmp(key, "model") == 0 && only_model(fleet, text, name)) {
        tui_want_text(ret_want->jobs.model, sizeof(ret_want->jobs.model), name);
    } else if (strcmp(key, "agent") == 0 && only_agent(fleet, text, name)) {
        tui_want_text(ret_want->jobs.agent, sizeof(ret_want->jobs.agent), name);
    } else if (strcmp(key, "tenant") == 0 && exact) {
        tui_want_text(ret_want->jobs.tenant, sizeof(ret_want->jobs.tenant), text);
    }
}

static void want(const struct tui_app *app, struct tui_want *ret_want)
{
    char filter[TUI_FILTER_SIZE];
    char *rest = NULL;

    ret_want->polls[TUI_POLL_JOBS] = true;
    memcpy(filter, app->lists[TUI_VIEW_JOBS].filter, sizeof(filter));
    for (char *term = strtok_r(filter, " ", &rest); term && app->model->fleet;
         term = strtok_r(NULL, " ", &rest)) {
        char *colon = strchr(term, ':');
        if (!colon)
            continue;
        *colon = 0;
        want_term(app, term, colon + 1, ret_want);
    }
    if (app->job_state > 0)
        tui_want_text(ret_want->jobs.state, sizeof(ret_want->jobs.state),
                      tui_job_states[app->job_state]);
    if (wants_older(app)) {
        const struct tui_job_page *page = tui_model_jobs(app->model);
        ret_want->polls[TUI_POLL_JOBS_OLDER] = true;
        ret_want->before = page->jobs[page->count - 1].id;
    }
}

const struct tui_view_ops tui_view_jobs = {
    .want = want,
    .count = count,
    .id = id,
    .fields = fields,
    .value = value,
    .page = page,
    .draw = draw,
};
