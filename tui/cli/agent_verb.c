#include "cli/agent_verb.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

void tui_request_by(cJSON *request)
{
    char host[64] = "", by[128];
    const struct passwd *user = getpwuid(getuid());

    gethostname(host, sizeof(host) - 1);
    snprintf(by, sizeof(by), "%s@%s", user != NULL ? user->pw_name : "?", host);
    cJSON_AddStringToObject(request, "by", by);
}

void tui_request_why(const struct tui_cli *cli, cJSON *request)
{
    const char *reason = tui_option_value(cli, "reason");

    tui_request_by(request);
    if (reason != NULL)
        cJSON_AddStringToObject(request, "reason", reason);
}

cJSON *tui_agent_request(const struct tui_cli *cli)
{
    cJSON *request = cJSON_CreateObject();

    cJSON_AddStringToObject(request, "agent", cli->args[0]);
    if (cli->options != NULL)
        tui_request_why(cli, request);
    else
        tui_request_by(request);
    return request;
}

enum tui_exit tui_agent_verb(struct tui_cli *cli, const char *op, const char *done)
{
    cJSON *reply = NULL;
    enum tui_exit exit_code = tui_request(cli, op, tui_agent_request(cli), 0, &reply);

    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    if (cli->json)
        tui_print_json(reply);
    else
        printf("%s %s\n", cli->args[0], done);
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}
