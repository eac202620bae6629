#include <stdio.h>

#include "cli/cli.h"
#include "text/reply.h"

static enum tui_exit run(struct tui_cli *cli)
{
    int64_t id;
    char clean[1024];
    cJSON *reply = NULL, *request;
    if (!tui_argument_number("job id", cli->args[0], 1, INT64_MAX, &id))
        return TUI_EXIT_USAGE;
    request = cJSON_CreateObject();
    cJSON_AddNumberToObject(request, "id", (double)id);
    cJSON_AddStringToObject(request, "agent", cli->args[1]);
    enum tui_exit exit_code = tui_request(cli, "why_not", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    if (cli->json)
        tui_print_json(reply);
    else
        printf("%s\n", tui_shown(tui_reply_text(tui_reply_member(reply, "why_not"), "text"), clean,
                                 sizeof(clean)));
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

const struct tui_command tui_command_why_not = {
    .args_min = 2,
    .args_max = 2,
    .examples = "  stoker why-not 88121 ember-03\n",
    .run = run,
};
