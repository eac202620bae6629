#include <stdio.h>

#include "cli/cli.h"
#include "cli/past.h"
#include "cli/table.h"
#include "text/reply.h"

static const struct tui_option options[] = {
    {"state", "STATE", "only done, failed, cancelled or expired"},
    {"model", "MODEL", "only jobs of this model"},
    {"agent", "AGENT", "only jobs that this agent had last"},
    {"tenant", "NAME", "only jobs of this tenant"},
    TUI_PAST_OPTIONS,
    {NULL, NULL, NULL},
};

static void print_ended(const cJSON *reply)
{
    static const char *const headings[] = {">JOB",  "STATE",  "ENDED",  "MODEL", "TENANT",
                                           "AGENT", ">TRIES", ">TOTAL", "ERROR", NULL};
    struct tui_table *table = tui_table_create(headings);
    const cJSON *job, *jobs = tui_reply_member(reply, "jobs");

    cJSON_ArrayForEach(job, jobs)
    {
        char text[TUI_CELL_BYTES];
        const char *agent = tui_reply_text(job, "agent");
        const char *error = tui_reply_text(tui_reply_member(job, "error"), "message");
        tui_table_cell(table, "%.0f", tui_reply_number(job, "id"));
        tui_table_cell(table, "%s", tui_reply_text(job, "state"));
        tui_table_cell(table, "%s", tui_format_moment(text, tui_reply_number(job, "finished_ms")));
        tui_table_cell(table, "%s:%.0f", tui_reply_text(job, "model"),
                       tui_reply_number(job, "version"));
        tui_table_cell(table, "%s", tui_reply_text(job, "tenant"));
        tui_table_cell(table, "%s", agent[0] ? agent : "-");
        tui_table_cell(table, "%.0f", tui_reply_number(job, "attempt"));
        tui_table_cell(
            table, "%s",
            tui_format_us(text, tui_reply_number(tui_reply_member(job, "timing_us"), "total")));
        tui_table_cell(table, "%.60s", error);
    }
    tui_table_print(table);
    int shown = cJSON_GetArraySize(jobs);
    if (shown < tui_reply_number(reply, "total"))
        fprintf(stderr, "%d of %s%.0f shown; --limit and --before show more\n", shown,
                cJSON_IsTrue(tui_reply_member(reply, "total_is_least")) ? "more than " : "",
                tui_reply_number(reply, "total"));
}

static void print_life(const cJSON *reply)
{
    static const char *const headings[] = {">NO",     "AGENT", ">DEVICE", "BEGAN",
                                           "STOPPED", "END",   "WHY",     NULL};
    char text[TUI_CELL_BYTES];
    const cJSON *attempt, *job = tui_reply_member(reply, "job");

    printf("job        %.0f, %s\n", tui_reply_number(job, "id"), tui_reply_text(job, "state"));
    printf("model      %s:%.0f\n", tui_shown(tui_reply_text(job, "model"), text, sizeof(text)),
           tui_reply_number(job, "version"));
    printf("tenant     %s\n", tui_shown(tui_reply_text(job, "tenant"), text, sizeof(text)));
    printf("submitted  %s\n", tui_format_moment(text, tui_reply_number(job, "submitted_ms")));
    printf("finished   %s\n", tui_format_moment(text, tui_reply_number(job, "finished_ms")));
    printf("attempts   %.0f of %.0f\n\n", tui_reply_number(job, "attempt"),
           tui_reply_number(job, "attempts_max"));
    struct tui_table *table = tui_table_create(headings);
    cJSON_ArrayForEach(attempt, tui_reply_member(reply, "attempts"))
    {
        tui_table_cell(table, "%.0f", tui_reply_number(attempt, "number"));
        tui_table_cell(table, "%s", tui_reply_text(attempt, "agent"));
        tui_table_cell(table, "%.0f", tui_reply_number(attempt, "device"));
        tui_table_cell(table, "%s",
                       tui_format_moment(text, tui_reply_number(attempt, "started_ms")));
        tui_table_cell(table, "%s", tui_format_moment(text, tui_reply_number(attempt, "ended_ms")));
        tui_table_cell(table, "%s", tui_reply_text(attempt, "outcome"));
        tui_table_cell(table, "%s", tui_reply_text(attempt, "text"));
    }
    tui_table_print(table);
}

static enum tui_exit run(struct tui_cli *cli)
{
    static const char *const filters[] = {"state", "model", "agent", "tenant"};
    cJSON *reply = NULL, *request = cJSON_CreateObject();
    int64_t id = 0;

    if (cli->n_args > 0 && !tui_argument_number("job id", cli->args[0], 1, INT64_MAX, &id)) {
        cJSON_Delete(request);
        return TUI_EXIT_USAGE;
    }
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
        if (tui_option_value(cli, filters[i]) != NULL)
            cJSON_AddStringToObject(request, filters[i], tui_option_value(cli, filters[i]));
    if (id > 0)
        cJSON_AddNumberToObject(request, "id", (double)id);
    if (!tui_past_options(cli, request)) {
        cJSON_Delete(request);
        return TUI_EXIT_USAGE;
    }
    enum tui_exit exit_code = tui_request(cli, "history", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    if (cli->json)
        tui_print_json(reply);
    else if (id > 0)
        print_life(reply);
    else
        print_ended(reply);
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

const struct tui_command tui_command_history = {
    .options = options,
    .args_max = 1,
    .examples = "  stoker history --since 2h --state failed\n  stoker history 88121\n",
    .run = run,
};
