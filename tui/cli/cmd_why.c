#include <stdio.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "text/reply.h"

static void print_span(struct tui_table *table, const cJSON *candidate, const char *name)
{
    char text[TUI_CELL_BYTES];
    double us = tui_reply_number(candidate, name);
    tui_table_cell(table, "%s", us > 0 ? tui_format_us(text, us) : "-");
}

static void print_candidates(const cJSON *decision)
{
    static const char *const headings[] = {"  AGENT", ">HOLDS", ">BEGINS IN", ">LOAD",
                                           ">RUN",    ">SCORE", "",           NULL};
    struct tui_table *table = tui_table_create(headings);
    const cJSON *seen;
    cJSON_ArrayForEach(seen, tui_reply_member(decision, "candidates"))
    {
        const char *rule = tui_reply_text(seen, "rule");
        tui_table_cell(table, "%s %s", cJSON_IsTrue(tui_reply_member(seen, "chosen")) ? "*" : " ",
                       tui_reply_text(seen, "agent"));
        tui_table_cell(table, "%.0f/%.0f", tui_reply_number(seen, "held"),
                       tui_reply_number(seen, "credit"));
        print_span(table, seen, "wait_us");
        print_span(table, seen, "load_us");
        print_span(table, seen, "run_us");
        if (rule[0] == '\0')
            tui_table_cell(table, "%.0f", tui_reply_number(seen, "score"));
        else
            tui_table_cell(table, "-");
        tui_table_cell(table, "%s", rule[0] != '\0' ? tui_reply_text(seen, "text") : "");
    }
    tui_table_print(table);
}

static void print_why(const cJSON *why)
{
    char clean[1024], time[TUI_CELL_BYTES];
    const cJSON *decision;
    printf("job %.0f is %s\n", tui_reply_number(why, "job"),
           tui_shown(tui_reply_text(why, "state"), clean, sizeof(clean)));
    cJSON_ArrayForEach(decision, tui_reply_member(why, "decisions"))
    {
        printf("\n%s attempt %.0f went to ",
               tui_format_time(time, tui_reply_number(decision, "time_ms")),
               tui_reply_number(decision, "attempt"));
        printf("%s: ", tui_shown(tui_reply_text(decision, "agent"), clean, sizeof(clean)));
        printf("%s\n", tui_shown(tui_reply_text(decision, "text"), clean, sizeof(clean)));
        if (!cJSON_IsTrue(tui_reply_member(decision, "kept")))
            continue;
        printf("  decision %.0f: %.0f jobs of %.0f that waited; %.0f agents looked at, %.0f took "
               "work\n",
               tui_reply_number(decision, "number"), tui_reply_number(decision, "jobs"),
               tui_reply_number(decision, "queued"), tui_reply_number(decision, "looked_at"),
               tui_reply_number(decision, "open"));
        print_candidates(decision);
    }
    if (tui_reply_text(why, "waiting")[0] != '\0')
        printf("\nit waits: %s\n", tui_shown(tui_reply_text(why, "waiting"), clean, sizeof(clean)));
}

static enum tui_exit run(struct tui_cli *cli)
{
    int64_t id;
    cJSON *reply = NULL, *request;
    if (!tui_argument_number("job id", cli->args[0], 1, INT64_MAX, &id))
        return TUI_EXIT_USAGE;
    request = cJSON_CreateObject();
    cJSON_AddNumberToObject(request, "id", (double)id);
    enum tui_exit exit_code = tui_request(cli, "why", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    if (cli->json)
        tui_print_json(reply);
    else
        print_why(tui_reply_member(reply, "why"));
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

const struct tui_command tui_command_why = {
    .args_min = 1,
    .args_max = 1,
    .examples = "  stoker why 88121\n",
    .run = run,
};
