#include <stdio.h>

#include "cli/agent_verb.h"
#include "cli/cli.h"
#include "text/reply.h"

static const struct tui_option options[] = {
    {"reason", "TEXT", "why; kept in the audit log"},
    {NULL, NULL, NULL},
};

static enum tui_exit run(struct tui_cli *cli)
{
    char clean[64];
    cJSON *reply = NULL, *request = cJSON_CreateObject();
    const cJSON *name;

    if (cli->n_args > 0) {
        cJSON_AddStringToObject(request, "name", cli->args[0]);
        tui_request_why(cli, request);
    }
    enum tui_exit exit_code = tui_request(cli, "strategy", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    if (cli->json) {
        tui_print_json(reply);
    } else {
        printf("%s", tui_shown(tui_reply_text(reply, "strategy"), clean, sizeof(clean)));
        cJSON_ArrayForEach(name, tui_reply_member(reply, "strategies"))
        {
            const char *text =
                cJSON_IsString(name) ? name->valuestring : tui_reply_text(name, "name");
            printf("%s%s", name->prev->next == NULL ? " (of: " : ", ",
                   tui_shown(text, clean, sizeof(clean)));
        }
        printf("%s\n", cJSON_GetArraySize(tui_reply_member(reply, "strategies")) ? ")" : "");
    }
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

const struct tui_command tui_command_strategy = {
    .options = options,
    .args_max = 1,
    .examples = "  stoker strategy\n"
                "  stoker strategy round-robin --reason 'to compare'\n",
    .run = run,
};
