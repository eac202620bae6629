#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "text/reply.h"

static void join_names(const cJSON *names, char *out, size_t out_bytes)
{
    const cJSON *name;
    size_t used = 0;

    out[0] = '\0';
    cJSON_ArrayForEach(name, names)
    {
        if (cJSON_IsString(name) && used < out_bytes)
            used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", used ? "," : "",
                                     name->valuestring);
    }
}

static void print_agents(const cJSON *agents)
{
    static const char *const headings[] = {"AGENT",  "STATE", ">LOAD",  ">JOBS/S",
                                           ">P50",   ">P95",  ">DONE",  ">FAILED",
                                           "MODELS", ">SEEN", "REASON", NULL};
    struct tui_table *table = tui_table_create(headings);
    const cJSON *agent;

    cJSON_ArrayForEach(agent, agents)
    {
        char p50[TUI_CELL_BYTES], p95[TUI_CELL_BYTES], seen[TUI_CELL_BYTES], models[TUI_CELL_BYTES];
        double load = tui_reply_number(agent, "assigned") + tui_reply_number(agent, "running");
        join_names(tui_reply_member(agent, "models"), models, sizeof(models));
        tui_table_cell(table, "%s", tui_reply_text(agent, "name"));
        tui_table_cell(table, "%s", tui_reply_text(agent, "state"));
        tui_table_cell(table, "%.0f/%.0f", load, tui_reply_number(agent, "credit"));
        tui_table_cell(table, "%.1f", tui_reply_number(agent, "done_per_s"));
        tui_table_cell(table, "%s", tui_format_measured_us(p50, tui_reply_number(agent, "p50_us")));
        tui_table_cell(table, "%s", tui_format_measured_us(p95, tui_reply_number(agent, "p95_us")));
        tui_table_cell(table, "%.0f", tui_reply_number(agent, "done"));
        tui_table_cell(table, "%.0f", tui_reply_number(agent, "failed"));
        tui_table_cell(table, "%s", models[0] ? models : "-");
        tui_table_cell(table, "%s", tui_format_age(seen, tui_reply_number(agent, "seen_ms_ago")));
        tui_table_cell(table, "%s", tui_reply_text(agent, "reason"));
    }
    tui_table_print(table);
}

static void print_devices(const cJSON *agents)
{
    static const char *const headings[] = {"AGENT",     ">DEVICE", "STATE",  ">BUSY",
                                           ">MEMORY",   ">UNITS",  "FAMILY", ">BATCHES",
                                           ">RESTARTS", "NAME",    NULL};
    struct tui_table *table = tui_table_create(headings);
    const cJSON *agent, *device;

    cJSON_ArrayForEach(agent, agents) cJSON_ArrayForEach(device, tui_reply_member(agent, "devices"))
    {
        char used[TUI_CELL_BYTES], all[TUI_CELL_BYTES];
        tui_format_bytes(used, tui_reply_number(device, "memory_used_bytes"));
        tui_format_bytes(all, tui_reply_number(device, "memory_bytes"));
        tui_table_cell(table, "%s", tui_reply_text(agent, "name"));
        tui_table_cell(table, "%.0f", tui_reply_number(device, "index"));
        tui_table_cell(table, "%s", tui_reply_text(device, "state"));
        tui_table_cell(table, "%.0f%%", 100 * tui_reply_number(device, "busy"));
        tui_table_cell(table, "%.60s of %.60s", used, all);
        tui_table_cell(table, "%.0f", tui_reply_number(device, "compute_units"));
        tui_table_cell(table, "%s", tui_reply_text(device, "family"));
        tui_table_cell(table, "%.0f", tui_reply_number(device, "batches"));
        tui_table_cell(table, "%.0f", tui_reply_number(device, "restarts"));
        tui_table_cell(table, "%s", tui_reply_text(device, "name"));
    }
    tui_table_print(table);
}

static void print_batches(const cJSON *agents)
{
    static const char *const headings[] = {"AGENT", ">DEVICE", "MODEL", ">BATCH", ">ROWS/S", NULL};
    struct tui_table *table = tui_table_create(headings);
    const cJSON *agent, *batch;

    cJSON_ArrayForEach(agent, agents) cJSON_ArrayForEach(batch, tui_reply_member(agent, "batch"))
    {
        tui_table_cell(table, "%s", tui_reply_text(agent, "name"));
        tui_table_cell(table, "%.0f", tui_reply_number(batch, "device"));
        tui_table_cell(table, "%s", tui_reply_text(batch, "model"));
        tui_table_cell(table, "%.0f", tui_reply_number(batch, "rows"));
        tui_table_cell(table, "%.1f", tui_reply_number(batch, "rows_per_s"));
    }
    tui_table_print(table);
}

static enum tui_exit run(struct tui_cli *cli)
{
    cJSON *reply = NULL, *request = cJSON_CreateObject();

    if (cli->n_args > 0)
        cJSON_AddStringToObject(request, "agent", cli->args[0]);
    enum tui_exit exit_code = tui_request(cli, "agents", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    const cJSON *agents = tui_reply_member(reply, "agents");
    if (cli->json) {
        tui_print_json(reply);
    } else {
        print_agents(agents);
        if (cJSON_GetArraySize(agents) > 0) {
            printf("\n");
            print_devices(agents);
        }
        if (cli->n_args > 0) {
            printf("\n");
            print_batches(agents);
        }
    }
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

const struct tui_command tui_command_agents = {
    .args_max = 1,
    .examples = "  stoker agents\n  stoker agents ember-03 --output json\n",
    .run = run,
};
