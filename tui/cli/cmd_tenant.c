#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/agent_verb.h"
#include "cli/cli.h"
#include "text/reply.h"

static const struct tui_option options[] = {
    {"weight", "N",
     "its part of the devices' time, beside the others' (1 to 10000; 100 unless set)"},
    {"rate", "N", "jobs a second that it may submit, such as 50 or 0.5; 0: any number"},
    {"burst", "N", "of them at once (1 to 1000000; what a second gives unless set)"},
    {"reason", "TEXT", "why; kept in the audit log"},
    {NULL, NULL, NULL},
};

static bool add_number(const struct tui_cli *cli, const char *name, int64_t max, cJSON *request)
{
    int64_t number = 0;

    if (!tui_option_number(cli, name, 1, max, &number))
        return false;
    if (number > 0)
        cJSON_AddNumberToObject(request, name, (double)number);
    return true;
}

static bool add_rate(const struct tui_cli *cli, cJSON *request)
{
    const char *text = tui_option_value(cli, "rate");
    char *end = NULL;

    if (text == NULL)
        return true;
    errno = 0;
    double rate = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || !(rate >= 0) || rate > 1e6) {
        tui_complain("jobs a second, such as 50 or 0.5; 0 is no limit",
                     "--rate '%s' is not a number from 0 to 1000000", text);
        return false;
    }
    cJSON_AddNumberToObject(request, "rate_per_s", rate);
    return true;
}

static enum tui_exit run(struct tui_cli *cli)
{
    bool reset = strcmp(cli->args[0], "reset") == 0;
    cJSON *reply = NULL, *request = cJSON_CreateObject();

    if (!reset && strcmp(cli->args[0], "set") != 0) {
        tui_complain("stoker tenant set NAME --weight 200, or stoker tenant reset NAME",
                     "'%s' is not set or reset", cli->args[0]);
        cJSON_Delete(request);
        return TUI_EXIT_USAGE;
    }
    if (!reset && tui_option_value(cli, "weight") == NULL &&
        tui_option_value(cli, "rate") == NULL && tui_option_value(cli, "burst") == NULL) {
        tui_complain("give --weight, --rate or --burst", "nothing is to be set of tenant '%s'",
                     cli->args[1]);
        cJSON_Delete(request);
        return TUI_EXIT_USAGE;
    }
    cJSON_AddStringToObject(request, "tenant", cli->args[1]);
    tui_request_why(cli, request);
    if (reset)
        cJSON_AddBoolToObject(request, "reset", true);
    if (!add_number(cli, "weight", 10000, request) || !add_number(cli, "burst", 1000000, request) ||
        !add_rate(cli, request)) {
        cJSON_Delete(request);
        return TUI_EXIT_USAGE;
    }
    enum tui_exit exit_code = tui_request(cli, "tenant", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    const cJSON *tenant = tui_reply_member(reply, "tenant");
    if (cli->json)
        tui_print_json(reply);
    else if (tui_reply_number(tenant, "rate_per_s") > 0)
        printf("%s: weight %.0f, %g jobs a second, %.0f at once\n", cli->args[1],
               tui_reply_number(tenant, "weight"), tui_reply_number(tenant, "rate_per_s"),
               tui_reply_number(tenant, "burst"));
    else
        printf("%s: weight %.0f, no limit of its rate\n", cli->args[1],
               tui_reply_number(tenant, "weight"));
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

const struct tui_command tui_command_tenant = {
    .options = options,
    .args_min = 2,
    .args_max = 2,
    .examples = "  stoker tenant set vision --weight 300 --reason 'the demo is on Friday'\n"
                "  stoker tenant set batch --rate 50 --burst 200\n"
                "  stoker tenant reset batch\n",
    .run = run,
};
