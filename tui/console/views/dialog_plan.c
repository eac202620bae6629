/* What the coordinator says would happen, or how the target is: the text of a dialog. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "views/dialog_plan.h"

#define COLUMNS_MAX 6
#define LABEL_MAX 14

/* A width of 0 takes what the others leave. */
struct column {
    const char *title;
    int width;
};

struct table {
    const struct column *columns;
    size_t count;
    void (*cells)(const struct tui_plan_row *row, char cells[COLUMNS_MAX][TUI_NAME_SIZE]);
};

static void drain_cells(const struct tui_plan_row *row, char cells[COLUMNS_MAX][TUI_NAME_SIZE])
{
    snprintf(cells[0], TUI_NAME_SIZE, "%" PRIu64, row->number);
    snprintf(cells[1], TUI_NAME_SIZE, "%s", row->name);
    snprintf(cells[2], TUI_NAME_SIZE, "%s", row->state);
    snprintf(cells[3], TUI_NAME_SIZE, "%s", row->to[0] ? row->to : "nowhere: it waits");
    snprintf(cells[4], TUI_NAME_SIZE, "%s", row->loads ? "first" : "");
}

static void roll_cells(const struct tui_plan_row *row, char cells[COLUMNS_MAX][TUI_NAME_SIZE])
{
    snprintf(cells[0], TUI_NAME_SIZE, "%s", row->from);
    snprintf(cells[1], TUI_NAME_SIZE, "%s", row->state);
    snprintf(cells[2], TUI_NAME_SIZE, "%" PRIu64, row->running);
    snprintf(cells[3], TUI_NAME_SIZE, "%" PRIu64, row->waiting);
    if (row->expected_ms > 0)
        tui_figure_age(cells[4], TUI_NAME_SIZE, row->expected_ms);
    else
        snprintf(cells[4], TUI_NAME_SIZE, "-");
}

/* "model yolo comes to ember-02", in the columns of moves. */
static void model_cells(const struct tui_plan_row *row, char cells[COLUMNS_MAX][TUI_NAME_SIZE])
{
    char gain[TUI_FIGURE_SIZE];

    snprintf(cells[0], TUI_NAME_SIZE, "a model");
    snprintf(cells[1], TUI_NAME_SIZE, "%s", row->name);
    snprintf(cells[2], TUI_NAME_SIZE, "one more");
    snprintf(cells[3], TUI_NAME_SIZE, "%s", row->to);
    tui_figure_age(cells[4], TUI_NAME_SIZE, row->cost_ms);
    tui_figure_age(gain, sizeof(gain), row->gain_ms);
    snprintf(cells[5], TUI_NAME_SIZE, "%s/min", gain);
}

static void rebalance_cells(const struct tui_plan_row *row, char cells[COLUMNS_MAX][TUI_NAME_SIZE])
{
    if (row->number == 0) {
        model_cells(row, cells);
        return;
    }
    snprintf(cells[0], TUI_NAME_SIZE, "%" PRIu64, row->number);
    snprintf(cells[1], TUI_NAME_SIZE, "%s", row->name);
    snprintf(cells[2], TUI_NAME_SIZE, "%s", row->from);
    snprintf(cells[3], TUI_NAME_SIZE, "%s", row->to);
    if (row->loads)
        tui_figure_age(cells[4], TUI_NAME_SIZE, row->cost_ms);
    else
        snprintf(cells[4], TUI_NAME_SIZE, "-");
    tui_figure_age(cells[5], TUI_NAME_SIZE, row->gain_ms);
}

static void tune_cells(const struct tui_plan_row *row, char cells[COLUMNS_MAX][TUI_NAME_SIZE])
{
    snprintf(cells[0], TUI_NAME_SIZE, "%s", row->from);
    snprintf(cells[1], TUI_NAME_SIZE, "%" PRIu64, row->number);
    snprintf(cells[2], TUI_NAME_SIZE, "%s", row->name);
    snprintf(cells[3], TUI_NAME_SIZE, "%s", row->loads ? "first" : "");
}

static const struct column drain_columns[] = {
    {"JOB", 9}, {"MODEL", 0}, {"STATE", 9}, {"GOES TO", 0}, {"LOAD", 5}};
static const struct column roll_columns[] = {
    {"AGENT", 0}, {"STATE", 9}, {"RUNNING", 7}, {"WAITING", 7}, {"ENDS IN", 7}};
static const struct column rebalance_columns[] = {{"JOB", 9}, {"MODEL", 0}, {"FROM", 0},
                                                  {"TO", 0},  {"LOAD", 5},  {"SOONER", 9}};
static const struct column tune_columns[] = {{"AGENT", 0}, {"DEVICE", 6}, {"NAME", 0}, {"LOAD", 5}};

static const struct table tables[] = {
    [TUI_PLAN_DRAIN] = {drain_columns, 5, drain_cells},
    [TUI_PLAN_ROLL] = {roll_columns, 5, roll_cells},
    [TUI_PLAN_REBALANCE] = {rebalance_columns, 6, rebalance_cells},
    [TUI_PLAN_TUNE] = {tune_columns, 4, tune_cells},
};

static void write_cells(struct tui_pen *pen, const struct table *table, enum tui_role role,
                        char cells[COLUMNS_MAX][TUI_NAME_SIZE])
{
    int y = pen->line++ - pen->skip;
    int left = pen->rect.cols - (int)table->count + 1;
    int shares = 0;
    int x = pen->rect.x;

    if (!pen->canvas || y < 0 || y >= pen->rect.rows)
        return;
    for (size_t i = 0; i < table->count; i++) {
        left -= table->columns[i].width;
        shares += table->columns[i].width == 0;
    }
    for (size_t i = 0; i < table->count; i++) {
        int width = table->columns[i].width;
        if (width == 0)
            width = left > shares ? left / shares : 1;
        tui_canvas_text(pen->canvas, pen->rect.y + y, x, width, role, cells[i]);
        x += width + 1;
    }
}

static void write_rows(struct tui_pen *pen, const struct tui_answer *answer)
{
    const struct table *table = &tables[answer->plan.kind];
    char cells[COLUMNS_MAX][TUI_NAME_SIZE];

    if (answer->row_count == 0)
        return;
    for (size_t i = 0; i < table->count; i++)
        snprintf(cells[i], TUI_NAME_SIZE, "%s", table->columns[i].title);
    write_cells(pen, table, TUI_ROLE_DIM, cells);
    for (size_t i = 0; i < answer->row_count; i++) {
        table->cells(&answer->rows[i], cells);
        write_cells(pen, table, TUI_ROLE_NORMAL, cells);
    }
    if (answer->plan.rows_total > answer->row_count)
        tui_pen_print(pen, TUI_ROLE_DIM, "and %zu more",
                      answer->plan.rows_total - answer->row_count);
}

static void write_blockers(struct tui_pen *pen, const struct tui_operation *operation)
{
    char ran[TUI_FIGURE_SIZE];
    char left[TUI_FIGURE_SIZE];

    for (size_t i = 0; i < operation->blocker_count; i++) {
        const struct tui_blocker *blocker = &operation->blockers[i];
        const char *end = !blocker->has_left      ? ", no run of its model was measured yet"
                          : blocker->left_ms == 0 ? ", longer than expected"
                                                  : ", ends in about ";
        tui_figure_age(ran, sizeof(ran), blocker->running_ms);
        tui_figure_age(left, sizeof(left), blocker->left_ms);
        tui_pen_field(pen, i == 0 ? "held by" : "", TUI_ROLE_WARN,
                      "job %" PRIu64 " (%s), runs for %s%s%s", blocker->job, blocker->model, ran,
                      end, blocker->has_left && blocker->left_ms > 0 ? left : "");
    }
}

static void write_drain(struct tui_pen *pen, const struct tui_answer *answer)
{
    const struct tui_plan *plan = &answer->plan;
    char waiting[64] = "";
    char running[64] = "";
    char expected[TUI_FIGURE_SIZE];

    if (plan->waiting > 0)
        snprintf(waiting, sizeof(waiting), "%" PRIu64 " waiting %s elsewhere at once",
                 plan->waiting, plan->waiting == 1 ? "goes" : "go");
    if (plan->running > 0)
        snprintf(running, sizeof(running), "%" PRIu64 " running may finish", plan->running);
    tui_figure_age(expected, sizeof(expected), plan->expected_ms);
    tui_pen_field(pen, "plan", TUI_ROLE_STRONG, "%s%s%s%s%s",
                  waiting[0] || running[0] ? waiting : "it has no jobs",
                  waiting[0] && running[0] ? ", " : "", running,
                  plan->expected_ms > 0 ? ", expected in " : "",
                  plan->expected_ms > 0 ? expected : "");
    write_blockers(pen, &answer->operation);
}

/* Models that come to one more agent, and what goes for that. */
static void write_models(struct tui_pen *pen, const struct tui_answer *answer)
{
    size_t count = answer->plan.models_total;
    uint64_t evicts = 0;
    uint64_t lost_ms = 0;
    char lost[TUI_FIGURE_SIZE];

    for (size_t i = 0; i < answer->row_count; i++) {
        evicts += answer->rows[i].evicts;
        lost_ms += answer->rows[i].lost_ms;
    }
    if (count > 0)
        tui_pen_field(pen, "models", TUI_ROLE_STRONG, "%zu model%s to one more agent", count,
                      count == 1 ? " comes" : "s come");
    tui_figure_age(lost, sizeof(lost), lost_ms);
    if (evicts > 0)
        tui_pen_field(pen, "WARNING", TUI_ROLE_BAD,
                      "%" PRIu64 " model%s for that, and may be loaded again for %s", evicts,
                      evicts == 1 ? " goes" : "s go", lost);
}

static void write_rebalance(struct tui_pen *pen, const struct tui_answer *answer)
{
    const struct tui_plan *plan = &answer->plan;
    size_t moves = plan->rows_total - plan->models_total;
    char gain[TUI_FIGURE_SIZE];
    char cost[TUI_FIGURE_SIZE];
    char now[TUI_FIGURE_SIZE];
    char then[TUI_FIGURE_SIZE];

    tui_figure_age(now, sizeof(now), plan->through_ms);
    if (moves == 0) {
        tui_pen_field(pen, "plan", TUI_ROLE_STRONG, "%s to move; all work is done in %s",
                      plan->models_total > 0 ? "no job" : "nothing", now);
    } else {
        tui_figure_age(gain, sizeof(gain), plan->gain_ms);
        tui_figure_age(cost, sizeof(cost), plan->cost_ms);
        tui_figure_age(then, sizeof(then), plan->through_after_ms);
        tui_pen_field(pen, "plan", TUI_ROLE_STRONG, "%zu job%s; all work is done in %s, not in %s",
                      moves, moves == 1 ? " moves" : "s move", then, now);
        tui_pen_field(pen, "gain", TUI_ROLE_OK, "waits are %s shorter in all", gain);
        tui_pen_field(pen, "cost", TUI_ROLE_NORMAL, "%s of loading models", cost);
    }
    write_models(pen, answer);
    if (plan->unmeasured > 0)
        tui_pen_field(pen, "", TUI_ROLE_DIM,
                      "%" PRIu64 " job%s: no run of their model was measured yet", plan->unmeasured,
                      plan->unmeasured == 1 ? " stays" : "s stay");
    tui_figure_age(now, sizeof(now), plan->rests_ms);
    if (plan->rests_ms > 0)
        tui_pen_field(pen, "WARNING", TUI_ROLE_BAD,
                      "it was rebalanced a moment ago: better again in %s", now);
}

static void write_head(struct tui_pen *pen, const struct tui_answer *answer)
{
    const struct tui_plan *plan = &answer->plan;

    switch (plan->kind) {
    case TUI_PLAN_DRAIN:
        write_drain(pen, answer);
        break;
    case TUI_PLAN_REBALANCE:
        write_rebalance(pen, answer);
        break;
    case TUI_PLAN_ROLL:
        tui_pen_field(pen, "plan", TUI_ROLE_STRONG,
                      "%zu agent%s, while enough of the capacity takes work", plan->rows_total,
                      plan->rows_total == 1 ? "" : "s, one after another");
        break;
    case TUI_PLAN_TUNE:
        if (plan->rows_total == 1)
            tui_pen_field(pen, "plan", TUI_ROLE_STRONG,
                          "this device, which takes no jobs meanwhile");
        else
            tui_pen_field(pen, "plan", TUI_ROLE_WARN,
                          "%zu devices could: say which by agent and device", plan->rows_total);
        break;
    case TUI_PLAN_NONE:
        break;
    }
}

/* A label that is longer than its column, as a strategy's name, gets a line of its own. */
static void write_fact(struct tui_pen *pen, const struct tui_fact *fact)
{
    bool fits = strlen(fact->label) < LABEL_MAX;

    if (!fits)
        tui_pen_print(pen, TUI_ROLE_DIM, "%s", fact->label);
    tui_pen_field(pen, fits ? fact->label : "", TUI_ROLE_NORMAL, "%s", fact->text);
}

void tui_dialog_plan_head(struct tui_pen *pen, const struct tui_answer *answer)
{
    const struct tui_plan *plan = &answer->plan;

    if (plan->kind != TUI_PLAN_NONE)
        write_head(pen, answer);
    for (size_t i = 0; i < plan->warning_count; i++)
        tui_pen_field(pen, "WARNING", TUI_ROLE_BAD, "%s", plan->warnings[i]);
    for (size_t i = 0; i < answer->fact_count; i++)
        write_fact(pen, &answer->facts[i]);
}

void tui_dialog_plan_rows(struct tui_pen *pen, const struct tui_answer *answer)
{
    if (answer->plan.kind != TUI_PLAN_NONE)
        write_rows(pen, answer);
}
