#include <inttypes.h>
#include <stdio.h>

#include "cli/agent_verb.h"
#include "cli/cli.h"
#include "cli/reply.h"

static const struct tui_option options[] = {
    {"reason", "TEXT", "why; kept in the audit log"},
    {NULL, NULL, NULL},
};

static enum tui_exit retry_one(struct tui_cli *cli, const char *text)
{
    int64_t id;
    cJSON *reply = NULL, *request;

    if (!tui_argument_number("job id", text, 1, INT64_MAX, &id))
        return TUI_EXIT_USAGE;
    request = cJSON_CreateObject();
    cJSON_AddNumberToObject(request, "id", (double)id);
    tui_request_why(cli, request);
    enum tui_exit exit_code = tui_request(cli, "retry", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    const cJSON *job = cJSON_GetObjectItem(reply, "job");
    if (cli->json)
        tui_print_json(reply);
    else
        printf("job %" PRId64 " is tried again as job %.0f\n", id, tui_reply_number(job, "id"));
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

static enum tui_exit run(struct tui_cli *cli)
{
    return tui_each_argument(cli, retry_one);
}

const struct tui_command tui_command_retry = {
    .options = options,
    .args_min = 1,
    .args_max = -1,
    .examples =
        "  stoker retry 88121\n"
        "  stoker jobs --state failed --output json |\n"
        "      jq '.jobs[] | select(.error.code == \"poisoned\") | .id' | xargs stoker retry\n",
    .run = run,
};
