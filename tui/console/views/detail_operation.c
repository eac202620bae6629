#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/figure.h"
#include "views/detail.h"
#include "views/progress.h"

static void write_times(const struct tui_app *app, struct tui_sheet *sheet,
                        const struct tui_operation *operation)
{
    char text[TUI_TEXT_SIZE];

    tui_detail_time(app, text, sizeof(text), operation->started_ms);
    tui_sheet_field(sheet, "started", TUI_ROLE_NORMAL, "%s by %s%s%s", text, operation->by,
                    operation->reason[0] ? ": " : "", operation->reason);
    if (operation->finished_ms != 0) {
        tui_detail_time(app, text, sizeof(text), operation->finished_ms);
        tui_sheet_field(sheet, "ended", TUI_ROLE_NORMAL, "%s", text);
        return;
    }
    tui_progress_eta(app, text, sizeof(text), operation);
    if (text[0] != 0)
        tui_sheet_field(sheet, "ends", TUI_ROLE_NORMAL, "%s", text);
    if (operation->deadline_ms == 0)
        return;
    tui_figure_clock(text, sizeof(text), operation->deadline_ms);
    tui_sheet_field(sheet, "deadline", TUI_ROLE_NORMAL, "%s%s", text,
                    strcmp(operation->kind, "drain") == 0 ? "; what still runs then is requeued"
                                                          : "");
}

static void write_target(const struct tui_app *app, struct tui_sheet *sheet,
                         const struct tui_operation *operation)
{
    const struct tui_agent *agent = tui_fleet_agent(app->model->fleet, operation->target);
    char id[TUI_FIGURE_SIZE];

    if (agent) {
        tui_sheet_field(sheet, "agent", tui_state_role(agent->state), "%s, %s", agent->name,
                        agent->state);
        tui_sheet_link(sheet, TUI_CONTEXT_AGENT, agent->name);
    } else {
        tui_sheet_field(sheet, "target", TUI_ROLE_NORMAL, "%s", operation->target);
    }
    if (operation->parent == 0)
        return;
    snprintf(id, sizeof(id), "%llu", (unsigned long long)operation->parent);
    tui_sheet_field(sheet, "part of", TUI_ROLE_NORMAL, "operation %s", id);
    tui_sheet_link(sheet, TUI_CONTEXT_OPERATION, id);
}

static void write_progress(struct tui_sheet *sheet, const struct tui_operation *operation)
{
    char text[TUI_TEXT_SIZE];
    double share = tui_progress_share(operation);

    tui_progress_parts(text, sizeof(text), operation);
    if (!isnan(share))
        tui_sheet_bar(sheet, "progress", share, TUI_ROLE_GRAPH_LOW, "%.0f%%  %s", share * 100,
                      text);
    else if (text[0] != 0)
        tui_sheet_field(sheet, "progress", TUI_ROLE_NORMAL, "%s", text);
    if (operation->text[0] != 0)
        tui_sheet_field(sheet, operation->finished_ms ? "ended with" : "now", TUI_ROLE_NORMAL, "%s",
                        operation->text);
    if (strcmp(operation->kind, "drain") == 0)
        tui_sheet_field(sheet, "removable", operation->safe_to_remove ? TUI_ROLE_OK : TUI_ROLE_WARN,
                        "%s",
                        operation->safe_to_remove
                            ? "SAFE TO REMOVE: none of its work is left, and the ledger says so"
                            : "not safe to remove");
}

static void write_agents(const struct tui_app *app, struct tui_sheet *sheet,
                         const struct tui_operation *operation)
{
    static const struct tui_column columns[] = {
        {.title = "AGENT", .width = 20},
        {.title = "STEP", .width = 10},
        {.title = "STATE", .width = 10},
        {.title = "DRAIN", .width = 6, .right = true},
    };

    if (operation->agent_count == 0)
        return;
    tui_sheet_title(sheet, "Agents of it, in their order");
    tui_sheet_head(sheet, columns, sizeof(columns) / sizeof(columns[0]));
    for (size_t i = 0; i < operation->agent_count; i++) {
        const struct tui_operation_agent *part = &operation->agents[i];
        const struct tui_agent *agent = tui_fleet_agent(app->model->fleet, part->name);
        tui_sheet_row(sheet, part->name);
        tui_sheet_link(sheet, TUI_CONTEXT_AGENT, part->name);
        tui_sheet_cell(sheet, 0, TUI_ROLE_STRONG, "%s", part->name);
        tui_sheet_cell(sheet, 1, tui_state_role(part->step), "%s", part->step);
        tui_sheet_cell(sheet, 2, agent ? tui_state_role(agent->state) : TUI_ROLE_BAD, "%s",
                       agent ? agent->state : "gone");
        if (part->drain != 0)
            tui_sheet_cell(sheet, 3, TUI_ROLE_NORMAL, "%llu", (unsigned long long)part->drain);
    }
}

static void write_blockers(struct tui_sheet *sheet, const struct tui_operation *operation)
{
    static const struct tui_column columns[] = {
        {.title = "JOB", .width = 10, .right = true},
        {.title = "MODEL", .width = 18},
        {.title = "RUNS FOR", .width = 8, .right = true},
        {.title = "OF ABOUT", .width = 8, .right = true},
        {.title = "ENDS IN", .width = 14},
    };
    char text[TUI_TEXT_SIZE];

    if (operation->blocker_count == 0)
        return;
    tui_progress_blockers(text, sizeof(text), operation);
    tui_sheet_title(sheet, "Held by");
    tui_sheet_text(sheet, TUI_ROLE_WARN, "%s", text);
    tui_sheet_head(sheet, columns, sizeof(columns) / sizeof(columns[0]));
    for (size_t i = 0; i < operation->blocker_count; i++) {
        const struct tui_blocker *blocker = &operation->blockers[i];
        snprintf(text, sizeof(text), "%llu", (unsigned long long)blocker->job);
        tui_sheet_row(sheet, text);
        tui_sheet_link(sheet, TUI_CONTEXT_JOB, text);
        tui_sheet_cell(sheet, 0, TUI_ROLE_STRONG, "%s", text);
        tui_sheet_cell(sheet, 1, TUI_ROLE_NORMAL, "%s", blocker->model);
        tui_figure_age(text, sizeof(text), blocker->running_ms);
        tui_sheet_cell(sheet, 2, TUI_ROLE_NORMAL, "%s", text);
        tui_figure_age(text, sizeof(text), blocker->expected_ms);
        tui_sheet_cell(sheet, 3, TUI_ROLE_DIM, "%s", blocker->has_left ? text : "-");
        tui_figure_age(text, sizeof(text), blocker->left_ms);
        tui_sheet_cell(sheet, 4, TUI_ROLE_NORMAL, "%s",
                       !blocker->has_left      ? "never measured"
                       : blocker->left_ms == 0 ? "over its time"
                                               : text);
    }
}

static void write_tune(struct tui_sheet *sheet, const struct tui_operation *operation)
{
    char before[TUI_FIGURE_SIZE];
    char after[TUI_FIGURE_SIZE];

    if (operation->before_us == 0)
        return;
    tui_figure_us(before, sizeof(before), (double)operation->before_us);
    tui_figure_us(after, sizeof(after),
                  operation->after_us > 0 ? (double)operation->after_us : NAN);
    tui_sheet_field(sheet, "a run takes", TUI_ROLE_STRONG, "%s before, %s with the best known",
                    before, after);
}

static void write(const struct tui_app *app, struct tui_sheet *sheet)
{
    const struct tui_operation *operation =
        tui_fleet_operation(app->model->fleet, strtoull(app->detail_id, NULL, 10));

    tui_sheet_title(sheet, "Operation %s", app->detail_id);
    if (!operation) {
        tui_sheet_field(sheet, "state", TUI_ROLE_BAD,
                        "is not among those that the coordinator lists now; `stoker operations` "
                        "has older ones");
        return;
    }
    tui_sheet_field(sheet, "what", TUI_ROLE_STRONG, "%s %s", operation->kind, operation->target);
    tui_sheet_field(sheet, "state", tui_state_role(operation->state), "%s", operation->state);
    write_target(app, sheet, operation);
    write_progress(sheet, operation);
    write_tune(sheet, operation);
    write_times(app, sheet, operation);
    write_blockers(sheet, operation);
    write_agents(app, sheet, operation);
}

const struct tui_detail tui_detail_operation = {write, NULL};
