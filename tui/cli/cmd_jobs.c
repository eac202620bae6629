#include <stdio.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "text/reply.h"

static const struct tui_option options[] = {
    {"state", "STATE", "only queued, assigned, running, done, failed, cancelled or expired"},
    {"model", "MODEL", "only jobs of this model"},
    {"agent", "AGENT", "only jobs of this agent"},
    {"tenant", "NAME", "only jobs of this tenant"},
    {"limit", "N", "at most so many (1 to 1000, default 100)"},
    {"before", "ID", "only jobs older than this one, for paging"},
    {NULL, NULL, NULL},
};

static void print_jobs(const cJSON *reply)
{
    static const char *const headings[] = {">JOB",     "STATE",  "MODEL",     "AGENT",
                                           ">TRIES",   ">TOTAL", ">QUEUE",    ">LOAD",
                                           ">COMPUTE", ">COPY",  "SUBMITTED", NULL};
    static const char *const parts[] = {"total", "queue", "load", "compute", "copy"};
    struct tui_table *table = tui_table_create(headings);
    const cJSON *job, *jobs = tui_reply_member(reply, "jobs");

    cJSON_ArrayForEach(job, jobs)
    {
        char text[TUI_CELL_BYTES];
        const char *agent = tui_reply_text(job, "agent");
        const cJSON *timing = tui_reply_member(job, "timing_us");
        tui_table_cell(table, "%.0f", tui_reply_number(job, "id"));
        tui_table_cell(table, "%s", tui_reply_text(job, "state"));
        tui_table_cell(table, "%s:%.0f", tui_reply_text(job, "model"),
                       tui_reply_number(job, "version"));
        tui_table_cell(table, "%s", agent[0] ? agent : "-");
        tui_table_cell(table, "%.0f", tui_reply_number(job, "attempt"));
        bool measured = tui_reply_number(timing, "total") > 0;
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
            tui_table_cell(table, "%s",
                           measured ? tui_format_us(text, tui_reply_number(timing, parts[i]))
                                    : "-");
        tui_table_cell(table, "%s", tui_format_time(text, tui_reply_number(job, "submitted_ms")));
    }
    tui_table_print(table);
    int shown = cJSON_GetArraySize(jobs);
    if (shown < tui_reply_number(reply, "total"))
        fprintf(stderr, "%d of %.0f shown; --limit and --before show more\n", shown,
                tui_reply_number(reply, "total"));
}

static enum tui_exit run(struct tui_cli *cli)
{
    static const char *const filters[] = {"state", "model", "agent", "tenant"};
    cJSON *reply = NULL, *request;
    int64_t limit = 100, before = 0;

    if (!tui_option_number(cli, "limit", 1, 1000, &limit) ||
        !tui_option_number(cli, "before", 1, INT64_MAX, &before))
        return TUI_EXIT_USAGE;
    request = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
        if (tui_option_value(cli, filters[i]) != NULL)
            cJSON_AddStringToObject(request, filters[i], tui_option_value(cli, filters[i]));
    cJSON_AddNumberToObject(request, "limit", (double)limit);
    if (before > 0)
        cJSON_AddNumberToObject(request, "before", (double)before);
    enum tui_exit exit_code = tui_request(cli, "jobs", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    if (cli->json)
        tui_print_json(reply);
    else
        print_jobs(reply);
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

const struct tui_command tui_command_jobs = {
    .options = options,
    .examples = "  stoker jobs --state running\n  stoker jobs --model digits --limit 1000 --output "
                "json\n",
    .run = run,
};
