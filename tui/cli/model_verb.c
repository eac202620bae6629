#include "cli/model_verb.h"

#include <stdio.h>

#include "cli/agent_verb.h"
#include "text/reply.h"

const struct tui_option tui_pin_options[] = {
    {"agent", "AGENT", "only there; without it on every agent that has the model"},
    {"version", "N", "of the model; the newest without it"},
    {"reason", "TEXT", "why; kept in the audit log"},
    {NULL, NULL, NULL},
};

const struct tui_option tui_unload_options[] = {
    {"agent", "AGENT", "on which"},
    {"version", "N", "of the model; the newest without it"},
    {"reason", "TEXT", "why; kept in the audit log"},
    {NULL, NULL, NULL},
};

enum tui_exit tui_model_verb_there(struct tui_cli *cli, const char *op, const char *done)
{
    if (tui_option_value(cli, "agent") == NULL) {
        tui_complain("name one with --agent", "%s needs an agent", op);
        return TUI_EXIT_USAGE;
    }
    return tui_model_verb(cli, op, done);
}

cJSON *tui_model_request(struct tui_cli *cli)
{
    const char *agent = tui_option_value(cli, "agent");
    int64_t version = 0;

    if (!tui_option_number(cli, "version", 1, UINT32_MAX, &version))
        return NULL;
    cJSON *request = cJSON_CreateObject();
    cJSON_AddStringToObject(request, "model", cli->args[0]);
    if (version != 0)
        cJSON_AddNumberToObject(request, "version", (double)version);
    if (agent != NULL)
        cJSON_AddStringToObject(request, "agent", agent);
    tui_request_why(cli, request);
    return request;
}

enum tui_exit tui_model_verb(struct tui_cli *cli, const char *op, const char *done)
{
    cJSON *reply = NULL, *request = tui_model_request(cli);
    char clean[256];

    if (request == NULL)
        return TUI_EXIT_USAGE;
    enum tui_exit exit_code = tui_request(cli, op, request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    const cJSON *pinned = tui_reply_member(tui_reply_member(reply, "model"), "pinned"), *name;
    if (cli->json) {
        tui_print_json(reply);
    } else {
        printf("%s is %s; pinned on:", tui_shown(cli->args[0], clean, sizeof(clean)), done);
        cJSON_ArrayForEach(name, pinned)
            printf(" %s", tui_shown(cJSON_GetStringValue(name), clean, sizeof(clean)));
        printf("%s\n", cJSON_GetArraySize(pinned) == 0 ? " no agent" : "");
    }
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}
