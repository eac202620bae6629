#include <stdio.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "text/reply.h"

static void format_shape(const cJSON *tensor, char *out, size_t out_bytes)
{
    const cJSON *dim;
    size_t used = (size_t)snprintf(out, out_bytes, "%s %s [", tui_reply_text(tensor, "name"),
                                   tui_reply_text(tensor, "dtype"));
    bool first = true;

    cJSON_ArrayForEach(dim, tui_reply_member(tensor, "shape"))
    {
        if (used < out_bytes && cJSON_IsNumber(dim))
            used += (size_t)snprintf(out + used, out_bytes - used,
                                     dim->valuedouble < 0 ? "%sN" : "%s%.0f", first ? "" : ",",
                                     dim->valuedouble);
        first = false;
    }
    if (used < out_bytes)
        snprintf(out + used, out_bytes - used, "]");
}

/* "8", "1-16" where the devices differ, "-" before any has measured. */
static const char *format_batch(const cJSON *batches, char *out, size_t out_bytes)
{
    const cJSON *batch;
    double least = 0, most = 0;

    cJSON_ArrayForEach(batch, batches)
    {
        double rows = tui_reply_number(batch, "rows");
        least = least == 0 || rows < least ? rows : least;
        most = rows > most ? rows : most;
    }
    if (most == 0)
        return "-";
    if (least < most)
        snprintf(out, out_bytes, "%.0f-%.0f", least, most);
    else
        snprintf(out, out_bytes, "%.0f", most);
    return out;
}

static void print_models(const cJSON *models)
{
    static const char *const headings[] = {"MODEL", ">VERSION",  "STATE",  ">SIZE",       ">JOBS",
                                           "INPUT", ">RESIDENT", ">BATCH", "DESCRIPTION", NULL};
    struct tui_table *table = tui_table_create(headings);
    const cJSON *model;

    cJSON_ArrayForEach(model, models)
    {
        char text[TUI_CELL_BYTES];
        const char *error = tui_reply_text(model, "error");
        const cJSON *input = cJSON_GetArrayItem(tui_reply_member(model, "inputs"), 0);
        tui_table_cell(table, "%s", tui_reply_text(model, "name"));
        tui_table_cell(table, "%.0f", tui_reply_number(model, "version"));
        tui_table_cell(table, "%s", tui_reply_text(model, "state"));
        tui_table_cell(table, "%s", tui_format_bytes(text, tui_reply_number(model, "bytes")));
        tui_table_cell(table, "%.0f", tui_reply_number(model, "jobs"));
        if (input != NULL)
            format_shape(input, text, sizeof(text));
        tui_table_cell(table, "%s", input != NULL ? text : "not loaded yet");
        tui_table_cell(table, "%d", cJSON_GetArraySize(tui_reply_member(model, "resident")));
        tui_table_cell(table, "%s",
                       format_batch(tui_reply_member(model, "batch"), text, sizeof(text)));
        tui_table_cell(table, "%s", error[0] ? error : tui_reply_text(model, "description"));
    }
    tui_table_print(table);
}

static void print_tensors(const char *what, const cJSON *tensors)
{
    const cJSON *tensor;
    cJSON_ArrayForEach(tensor, tensors)
    {
        char text[TUI_CELL_BYTES], clean[TUI_CELL_BYTES];
        format_shape(tensor, text, sizeof(text));
        printf("%-8s  %s\n", what, tui_shown(text, clean, sizeof(clean)));
    }
}

static void print_batches(const cJSON *batches)
{
    const cJSON *batch;

    cJSON_ArrayForEach(batch, batches)
    {
        char clean[TUI_CELL_BYTES];
        printf("%-8s  %.0f rows, %.1f rows/s: %s device %.0f\n", "batch",
               tui_reply_number(batch, "rows"), tui_reply_number(batch, "rows_per_s"),
               tui_shown(tui_reply_text(batch, "agent"), clean, sizeof(clean)),
               tui_reply_number(batch, "device"));
    }
}

static void print_pins(const cJSON *pins)
{
    const cJSON *agent;
    char clean[TUI_CELL_BYTES];

    if (cJSON_GetArraySize(pins) == 0)
        return;
    printf("%-8s ", "pinned");
    cJSON_ArrayForEach(agent, pins) printf(
        " %s", tui_shown(cJSON_IsString(agent) ? agent->valuestring : "", clean, sizeof(clean)));
    putchar('\n');
}

static void print_model(const cJSON *model)
{
    cJSON *list = cJSON_CreateArray();
    const cJSON *label;
    int n = 0;

    cJSON_AddItemReferenceToArray(list, (cJSON *)(uintptr_t)model);
    print_models(list);
    cJSON_Delete(list);
    print_tensors("input", tui_reply_member(model, "inputs"));
    print_tensors("output", tui_reply_member(model, "outputs"));
    print_pins(tui_reply_member(model, "pinned"));
    print_batches(tui_reply_member(model, "batch"));
    cJSON_ArrayForEach(label, tui_reply_member(model, "labels"))
    {
        char clean[TUI_CELL_BYTES];
        if (cJSON_IsString(label))
            printf("%-8s  %d %s\n", n == 0 ? "labels" : "", n,
                   tui_shown(label->valuestring, clean, sizeof(clean)));
        n++;
    }
}

static enum tui_exit run(struct tui_cli *cli)
{
    cJSON *reply = NULL, *request = cJSON_CreateObject();
    bool one = cli->n_args > 0;

    if (one)
        cJSON_AddStringToObject(request, "name", cli->args[0]);
    enum tui_exit exit_code = tui_request(cli, one ? "model" : "models", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    if (cli->json)
        tui_print_json(reply);
    else if (one)
        print_model(tui_reply_member(reply, "model"));
    else
        print_models(tui_reply_member(reply, "models"));
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

const struct tui_command tui_command_models = {
    .args_max = 1,
    .examples = "  stoker models\n  stoker models digits\n",
    .run = run,
};
