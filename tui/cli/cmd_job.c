#include <stdio.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "text/reply.h"

static void print_field(const char *name, const char *text)
{
    char clean[512];
    if (text[0] != '\0')
        printf("%-10s %s\n", name, tui_shown(text, clean, sizeof(clean)));
}

static void print_job(const cJSON *job)
{
    static const char *const parts[] = {"total", "queue", "load", "compute", "copy"};
    char text[TUI_CELL_BYTES];
    const cJSON *step, *error = tui_reply_member(job, "error");
    const cJSON *timing = tui_reply_member(job, "timing_us");

    printf("job        %.0f\n", tui_reply_number(job, "id"));
    print_field("state", tui_reply_text(job, "state"));
    print_field("model", tui_reply_text(job, "model"));
    print_field("agent", tui_reply_text(job, "agent"));
    print_field("key", tui_reply_text(job, "key"));
    print_field("submitted", tui_format_time(text, tui_reply_number(job, "submitted_ms")));
    print_field("finished", tui_format_time(text, tui_reply_number(job, "finished_ms")));
    printf("attempt    %.0f of %.0f, priority %.0f, in a batch of %.0f\n",
           tui_reply_number(job, "attempt"), tui_reply_number(job, "attempts_max"),
           tui_reply_number(job, "priority"), tui_reply_number(job, "batch"));
    printf("time      ");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        printf(" %s %s%s", parts[i], tui_format_us(text, tui_reply_number(timing, parts[i])),
               i + 1 < sizeof(parts) / sizeof(parts[0]) ? "," : "\n");
    print_field("error", tui_reply_text(error, "message"));
    printf("\n");
    static const char *const headings[] = {"TIME", "STATE", "AGENT", ">ATTEMPT", "WHY", NULL};
    struct tui_table *table = tui_table_create(headings);
    cJSON_ArrayForEach(step, tui_reply_member(job, "history"))
    {
        tui_table_cell(table, "%s", tui_format_time(text, tui_reply_number(step, "time_ms")));
        tui_table_cell(table, "%s", tui_reply_text(step, "state"));
        tui_table_cell(table, "%s", tui_reply_text(step, "agent"));
        tui_table_cell(table, "%.0f", tui_reply_number(step, "attempt"));
        tui_table_cell(table, "%s", tui_reply_text(step, "text"));
    }
    tui_table_print(table);
}

static enum tui_exit run(struct tui_cli *cli)
{
    int64_t id;
    cJSON *reply = NULL, *request;

    if (!tui_argument_number("job id", cli->args[0], 1, INT64_MAX, &id))
        return TUI_EXIT_USAGE;
    request = cJSON_CreateObject();
    cJSON_AddNumberToObject(request, "id", (double)id);
    enum tui_exit exit_code = tui_request(cli, "job", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    cJSON *job = cJSON_GetObjectItemCaseSensitive(reply, "job");
    if (cli->json) {
        tui_print_json(reply);
    } else {
        /* The history may stand beside the job or in it. */
        cJSON *history = cJSON_DetachItemFromObjectCaseSensitive(reply, "history");
        if (history != NULL)
            cJSON_AddItemToObject(job, "history", history);
        print_job(job);
    }
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

const struct tui_command tui_command_job = {
    .args_min = 1,
    .args_max = 1,
    .examples = "  stoker job 88121\n",
    .run = run,
};
