#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/agent_verb.h"
#include "cli/operation.h"
#include "cli/reply.h"
#include "cli/table.h"

static const struct tui_option options[] = {
    {"deadline", "SPAN", "running jobs are given back after so long (default 60s)"},
    {"reason", "TEXT", "why; kept in the audit log and shown to everybody"},
    {"plan", NULL, "say what would happen and change nothing"},
    {"yes", NULL, "don't ask"},
    {"detach", NULL, "start it and return; stoker operations ID --watch follows it"},
    {NULL, NULL, NULL},
};

static enum tui_exit ask(struct tui_cli *cli, int64_t deadline_ms, bool plan, cJSON **ret_reply)
{
    cJSON *request = tui_agent_request(cli);
    cJSON_AddNumberToObject(request, "deadline_ms", (double)deadline_ms);
    cJSON_AddBoolToObject(request, "plan", plan);
    return tui_request(cli, "drain", request, 0, ret_reply);
}

static void print_plan(const cJSON *operation, int64_t deadline_ms)
{
    char target[64], expected[TUI_CELL_BYTES], deadline[TUI_CELL_BYTES];
    const cJSON *move;
    int queued = 0, held = 0;

    cJSON_ArrayForEach(move, tui_reply_member(operation, "moves"))
    {
        if (strcmp(tui_reply_text(move, "state"), "running") == 0)
            held++;
        else
            queued++;
    }
    fprintf(stderr,
            "drain %s: no new work; %d waiting jobs go back to the queue at once; %d running "
            "ones may finish (expected %s), what runs after %s goes back too\n",
            tui_shown(tui_reply_text(operation, "target"), target, sizeof(target)), queued, held,
            tui_format_age(expected, tui_reply_number(operation, "expected_ms")),
            tui_format_age(deadline, (double)deadline_ms));
}

/* Shows the plan; true when the operator wants it. */
static bool confirmed(const char *agent)
{
    char answer[8] = "";

    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        tui_complain("give --yes", "a drain without a terminal needs consent");
        return false;
    }
    fprintf(stderr, "Drain %s? [y/N] ", agent);
    return fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static enum tui_exit follow(struct tui_cli *cli, cJSON *reply)
{
    cJSON *operation = cJSON_GetObjectItemCaseSensitive(reply, "operation");
    bool detach = tui_option_value(cli, "detach") != NULL;
    enum tui_exit exit_code = TUI_EXIT_OK;

    if (!detach) {
        cJSON *last = NULL;
        exit_code = tui_operation_watch(cli, (int64_t)tui_reply_number(operation, "id"), &last);
        if (exit_code == TUI_EXIT_OK)
            cJSON_ReplaceItemInObjectCaseSensitive(reply, "operation", last);
    } else if (!cli->json) {
        tui_operation_print(operation);
    }
    if (cli->json && exit_code == TUI_EXIT_OK)
        tui_print_json(reply);
    return exit_code;
}

static enum tui_exit run(struct tui_cli *cli)
{
    int64_t deadline_ms = 60000;
    cJSON *reply = NULL;
    bool plan_only = tui_option_value(cli, "plan") != NULL;

    if (!tui_option_duration(cli, "deadline", &deadline_ms))
        return TUI_EXIT_USAGE;
    enum tui_exit exit_code = ask(cli, deadline_ms, true, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    if (plan_only && cli->json)
        tui_print_json(reply);
    else
        print_plan(tui_reply_member(reply, "operation"), deadline_ms);
    cJSON_Delete(reply);
    if (plan_only)
        return TUI_EXIT_OK;
    if (tui_option_value(cli, "yes") == NULL && !confirmed(cli->args[0]))
        return TUI_EXIT_USAGE;
    exit_code = ask(cli, deadline_ms, false, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    exit_code = follow(cli, reply);
    cJSON_Delete(reply);
    return exit_code;
}

const struct tui_command tui_command_drain = {
    .options = options,
    .args_min = 1,
    .args_max = 1,
    .examples = "  stoker drain ember-03 --plan\n"
                "  stoker drain ember-03 --deadline 10m --reason 'new fan' --yes\n",
    .run = run,
};
