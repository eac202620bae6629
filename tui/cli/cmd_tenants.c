#include <stdio.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "text/reply.h"

static const char *number(char *out, size_t size, double value, const char *zero)
{
    if (value == 0)
        return zero;
    snprintf(out, size, value < 10 ? "%.1f" : "%.0f", value);
    return out;
}

static void print_tenants(const cJSON *reply)
{
    static const char *const headings[] = {
        "TENANT",  ">QUEUED", ">RUNNING", ">ENDED/S",   ">SHARE",   ">DUE", ">WEIGHT",
        ">RATE/S", ">BURST",  ">DONE",    ">THROTTLED", ">REFUSED", NULL};
    struct tui_table *table = tui_table_create(headings);
    const cJSON *tenant;

    cJSON_ArrayForEach(tenant, tui_reply_member(reply, "tenants"))
    {
        char text[32];
        tui_table_cell(table, "%s", tui_reply_text(tenant, "name"));
        tui_table_cell(table, "%.0f", tui_reply_number(tenant, "queued"));
        tui_table_cell(table, "%.0f", tui_reply_number(tenant, "running"));
        tui_table_cell(table, "%s",
                       number(text, sizeof(text), tui_reply_number(tenant, "ended_per_s"), "0"));
        tui_table_cell(table, "%.0f%%", 100 * tui_reply_number(tenant, "share"));
        tui_table_cell(table, "%.0f%%", 100 * tui_reply_number(tenant, "share_due"));
        tui_table_cell(table, "%.0f", tui_reply_number(tenant, "weight"));
        tui_table_cell(table, "%s",
                       number(text, sizeof(text), tui_reply_number(tenant, "rate_per_s"), "-"));
        tui_table_cell(table, "%s",
                       number(text, sizeof(text), tui_reply_number(tenant, "burst"), "-"));
        tui_table_cell(table, "%.0f", tui_reply_number(tenant, "done"));
        tui_table_cell(table, "%.0f", tui_reply_number(tenant, "throttled"));
        tui_table_cell(table, "%.0f", tui_reply_number(tenant, "refused"));
    }
    tui_table_print(table);
}

static enum tui_exit run(struct tui_cli *cli)
{
    cJSON *reply = NULL, *request = cJSON_CreateObject();

    if (cli->n_args > 0)
        cJSON_AddStringToObject(request, "tenant", cli->args[0]);
    enum tui_exit exit_code = tui_request(cli, "tenants", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    if (cli->json)
        tui_print_json(reply);
    else
        print_tenants(reply);
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

const struct tui_command tui_command_tenants = {
    .args_max = 1,
    .examples = "  stoker tenants\n  stoker tenants vision --output json\n",
    .run = run,
};
