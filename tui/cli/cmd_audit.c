#include <stdio.h>

#include "cli/cli.h"
#include "cli/past.h"
#include "cli/table.h"
#include "text/reply.h"

static const struct tui_option options[] = {
    {"who", "NAME", "only what this person did"},
    {"what", "VERB", "only this: cordon, uncordon, drain, cancel, …"},
    {"target", "NAME", "only what was done to this: an agent's name, \"job 88121\""},
    TUI_PAST_OPTIONS,
    {NULL, NULL, NULL},
};

static void print_audit(const cJSON *reply)
{
    static const char *const headings[] = {">ID", "TIME", "WHO", "WHAT", "TARGET", "WHY", NULL};
    struct tui_table *table = tui_table_create(headings);
    const cJSON *entry;

    cJSON_ArrayForEach(entry, tui_reply_member(reply, "audit"))
    {
        char text[TUI_CELL_BYTES];
        tui_table_cell(table, "%.0f", tui_reply_number(entry, "id"));
        tui_table_cell(table, "%s", tui_format_moment(text, tui_reply_number(entry, "time_ms")));
        tui_table_cell(table, "%s", tui_reply_text(entry, "who"));
        tui_table_cell(table, "%s", tui_reply_text(entry, "what"));
        tui_table_cell(table, "%s", tui_reply_text(entry, "target"));
        tui_table_cell(table, "%s", tui_reply_text(entry, "why"));
    }
    tui_table_print(table);
}

static enum tui_exit run(struct tui_cli *cli)
{
    static const char *const filters[] = {"who", "what", "target"};
    cJSON *reply = NULL, *request = cJSON_CreateObject();

    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
        if (tui_option_value(cli, filters[i]) != NULL)
            cJSON_AddStringToObject(request, filters[i], tui_option_value(cli, filters[i]));
    if (!tui_past_options(cli, request)) {
        cJSON_Delete(request);
        return TUI_EXIT_USAGE;
    }
    enum tui_exit exit_code = tui_request(cli, "audit", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    if (cli->json)
        tui_print_json(reply);
    else
        print_audit(reply);
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

const struct tui_command tui_command_audit = {
    .options = options,
    .examples = "  stoker audit --target ember-03\n  stoker audit --since 24h --output json\n",
    .run = run,
};
