#include "cli/job_verb.h"

#include "cli/agent_verb.h"
#include "text/reply.h"

const struct tui_option tui_job_verb_options[] = {
    {"reason", "TEXT", "why; kept in the audit log"},
    {NULL, NULL, NULL},
};

static enum tui_exit one(struct tui_cli *cli, const char *op, const char *text,
                         void (*tell)(int64_t id, const cJSON *job))
{
    int64_t id;
    cJSON *reply = NULL, *request;

    if (!tui_argument_number("job id", text, 1, INT64_MAX, &id))
        return TUI_EXIT_USAGE;
    request = cJSON_CreateObject();
    cJSON_AddNumberToObject(request, "id", (double)id);
    tui_request_why(cli, request);
    enum tui_exit exit_code = tui_request(cli, op, request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    if (cli->json)
        tui_print_json(reply);
    else
        tell(id, tui_reply_member(reply, "job"));
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

enum tui_exit tui_job_verb(struct tui_cli *cli, const char *op,
                           void (*tell)(int64_t id, const cJSON *job))
{
    enum tui_exit first = TUI_EXIT_OK;

    for (int i = 0; i < cli->n_args; i++) {
        enum tui_exit exit_code = one(cli, op, cli->args[i], tell);
        first = first == TUI_EXIT_OK ? exit_code : first;
        if (exit_code == TUI_EXIT_UNREACHABLE)
            break;
    }
    return first;
}
