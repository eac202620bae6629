#include "cli/roll.h"

#include <stdio.h>
#include <string.h>

#include "cli/agent_verb.h"
#include "cli/consent.h"
#include "cli/operation.h"
#include "cli/table.h"
#include "text/reply.h"

struct roll {
    const char *op;
    int64_t deadline_ms, back_ms, keep_percent;
    bool force;
};

/* `agents`: those of a plan; NULL: as the command line has it, for a plan. */
static cJSON *request_make(const struct tui_cli *cli, const struct roll *roll, const cJSON *agents)
{
    cJSON *request = cJSON_CreateObject(), *list = cJSON_CreateArray();
    const char *reason = tui_option_value(cli, "reason");
    const cJSON *agent;

    tui_request_by(request);
    if (reason != NULL)
        cJSON_AddStringToObject(request, "reason", reason);
    cJSON_AddNumberToObject(request, "deadline_ms", (double)roll->deadline_ms);
    cJSON_AddNumberToObject(request, "back_ms", (double)roll->back_ms);
    cJSON_AddNumberToObject(request, "keep_percent", (double)roll->keep_percent);
    cJSON_AddBoolToObject(request, "force", roll->force);
    cJSON_AddBoolToObject(request, "plan", agents == NULL);
    cJSON_ArrayForEach(agent, agents)
        cJSON_AddItemToArray(list, cJSON_CreateString(tui_reply_text(agent, "agent")));
    for (int i = 0; agents == NULL && i < cli->n_args; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(cli->args[i]));
    cJSON_AddBoolToObject(request, "all", cJSON_GetArraySize(list) == 0);
    cJSON_AddItemToObject(request, "agents", list);
    return request;
}

static void print_plan(FILE *out, const struct roll *roll, const cJSON *plan)
{
    char name[64], state[64], span[TUI_CELL_BYTES];
    const cJSON *agent;

    fprintf(out, "%s one after another, while %lld%% of the capacity takes work; each has %s:\n",
            roll->op, (long long)roll->keep_percent,
            tui_format_age(span, (double)roll->deadline_ms));
    cJSON_ArrayForEach(agent, tui_reply_member(plan, "agents"))
    {
        double expected_ms = tui_reply_number(agent, "expected_ms");
        fprintf(out, "  %s (%s): %.0f running, %.0f waiting jobs%s%s\n",
                tui_shown(tui_reply_text(agent, "agent"), name, sizeof(name)),
                tui_shown(tui_reply_text(agent, "state"), state, sizeof(state)),
                tui_reply_number(agent, "running"), tui_reply_number(agent, "waiting"),
                expected_ms > 0 ? ", expected " : "",
                expected_ms > 0 ? tui_format_age(span, expected_ms) : "");
    }
    tui_warnings_print(out, tui_reply_member(plan, "warnings"));
}

static bool agreed(const struct tui_cli *cli, const struct roll *roll, const cJSON *plan)
{
    char question[64];
    snprintf(question, sizeof(question), "%s these %d agents?",
             strcmp(roll->op, "drain") == 0 ? "Drain" : "Restart",
             cJSON_GetArraySize(tui_reply_member(plan, "agents")));
    return tui_consent(cli, question);
}

enum tui_exit tui_roll(struct tui_cli *cli, const char *op)
{
    struct roll roll = {.op = op,
                        .deadline_ms = 60000,
                        .back_ms = 120000,
                        .keep_percent = 50,
                        .force = tui_option_value(cli, "force") != NULL};
    cJSON *plan = NULL, *reply = NULL;
    bool plan_only = tui_option_value(cli, "plan") != NULL;

    if (!tui_option_duration(cli, "deadline", &roll.deadline_ms) ||
        !tui_option_number(cli, "keep", 0, 100, &roll.keep_percent) ||
        !tui_option_duration(cli, "back", &roll.back_ms))
        return TUI_EXIT_USAGE;
    if ((tui_option_value(cli, "all") != NULL) == (cli->n_args > 0)) {
        tui_complain(NULL, "name agents, or say --all");
        return TUI_EXIT_USAGE;
    }
    enum tui_exit exit_code = tui_request(cli, op, request_make(cli, &roll, NULL), 0, &plan);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    if (plan_only && cli->json)
        tui_print_json(plan);
    else
        print_plan(plan_only ? stdout : stderr, &roll, plan);
    const cJSON *agents = tui_reply_member(plan, "agents");
    if (!plan_only && cJSON_GetArraySize(agents) == 0) {
        tui_complain(NULL, "no agent is left to %s", op);
        exit_code = TUI_EXIT_CONFLICT;
    } else if (!plan_only && !agreed(cli, &roll, plan)) {
        exit_code = TUI_EXIT_USAGE;
    } else if (!plan_only) {
        exit_code = tui_request(cli, op, request_make(cli, &roll, agents), 0, &reply);
    }
    cJSON_Delete(plan);
    if (reply != NULL)
        exit_code = tui_operation_follow(cli, reply);
    cJSON_Delete(reply);
    return exit_code;
}
