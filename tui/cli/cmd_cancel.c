#include <stdio.h>

#include "cli/agent_verb.h"
#include "cli/cli.h"

static const struct tui_option options[] = {
    {"reason", "TEXT", "why; kept in the audit log"},
    {NULL, NULL, NULL},
};

static enum tui_exit cancel_one(struct tui_cli *cli, const char *text)
{
    int64_t id;
    cJSON *reply = NULL, *request;

    if (!tui_argument_number("job id", text, 1, INT64_MAX, &id))
        return TUI_EXIT_USAGE;
    request = cJSON_CreateObject();
    cJSON_AddNumberToObject(request, "id", (double)id);
    tui_request_why(cli, request);
    enum tui_exit exit_code = tui_request(cli, "cancel", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    if (cli->json)
        tui_print_json(reply);
    else
        printf("cancelled job %lld\n", (long long)id);
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

static enum tui_exit run(struct tui_cli *cli)
{
    return tui_each_argument(cli, cancel_one);
}

const struct tui_command tui_command_cancel = {
    .options = options,
    .args_min = 1,
    .args_max = -1,
    .examples =
        "  stoker cancel 88121\n"
        "  stoker jobs --state queued --output json | jq '.jobs[].id' | xargs stoker cancel\n",
    .run = run,
};
