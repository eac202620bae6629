#include <stdio.h>
#include <string.h>

#include "cli/agent_verb.h"
#include "cli/consent.h"
#include "cli/operation.h"
#include "cli/roll.h"
#include "cli/table.h"
#include "text/reply.h"

static const struct tui_option options[] = {
    {"all", NULL, "every agent, one after another, as long as the others hold the load"},
    {"keep", "PERCENT", "with --all: so much of the capacity goes on taking work (default 50)"},
    {"deadline", "SPAN", "running jobs are given back after so long (default 60s)"},
    {"reason", "TEXT", "why; kept in the audit log and shown to everybody"},
    {"plan", NULL, "say what would happen and change nothing"},
    {"confirm", "PLAN", "only if the plan is still the one with this id"},
    {"force", NULL, "even if something would have no other home"},
    {"yes", NULL, "don't ask"},
    {"detach", NULL, "start it and return; stoker operations ID --watch follows it"},
    {NULL, NULL, NULL},
};

/* Of a plan, or with the id of the plan that was agreed to. */
static enum tui_exit ask(struct tui_cli *cli, int64_t deadline_ms, const char *confirm, bool force,
                         cJSON **ret_reply)
{
    cJSON *request = tui_agent_request(cli);
    cJSON_AddNumberToObject(request, "deadline_ms", (double)deadline_ms);
    if (confirm == NULL)
        cJSON_AddBoolToObject(request, "plan", true);
    else
        cJSON_AddStringToObject(request, "confirm", confirm);
    if (force)
        cJSON_AddBoolToObject(request, "force", true);
    return tui_request(cli, "drain", request, 0, ret_reply);
}

static void print_holders(FILE *out, const cJSON *reply)
{
    const cJSON *blocker, *move;
    char model[64], to[64], ran[TUI_CELL_BYTES], left[TUI_CELL_BYTES];
    int shown = 0;

    cJSON_ArrayForEach(blocker, tui_reply_member(tui_reply_member(reply, "operation"), "blockers"))
    {
        if (strcmp(tui_reply_text(blocker, "state"), "running") != 0)
            continue;
        double left_ms = tui_reply_number(blocker, "left_ms");
        fprintf(out, "  job %.0f (%s) has run for %s, %s%s\n", tui_reply_number(blocker, "job"),
                tui_shown(tui_reply_text(blocker, "model"), model, sizeof(model)),
                tui_format_age(ran, tui_reply_number(blocker, "running_ms")),
                tui_reply_member(blocker, "left_ms") == NULL ? "its model was never measured"
                : left_ms > 0                                ? "expected to end in "
                                                             : "longer than expected",
                left_ms > 0 ? tui_format_age(left, left_ms) : "");
    }
    cJSON_ArrayForEach(move, tui_reply_member(reply, "moves"))
    {
        tui_shown(tui_reply_text(move, "to"), to, sizeof(to));
        if (shown++ == 10)
            break;
        fprintf(out, "  job %.0f (%s, %s) goes to %s%s\n", tui_reply_number(move, "job"),
                tui_shown(tui_reply_text(move, "model"), model, sizeof(model)),
                tui_reply_text(move, "state"), to[0] != '\0' ? to : "nowhere: it waits",
                tui_reply_bool(move, "loads") ? ", which loads the model first" : "");
    }
    int more = cJSON_GetArraySize(tui_reply_member(reply, "moves")) - 10;
    if (more > 0)
        fprintf(out, "  and %d more job%s\n", more, more == 1 ? " moves" : "s move");
}

static void print_plan(FILE *out, const cJSON *reply, int64_t deadline_ms)
{
    const cJSON *operation = tui_reply_member(reply, "operation");
    const cJSON *plan = tui_reply_member(reply, "plan");
    char target[64], id[64], expected[TUI_CELL_BYTES], deadline[TUI_CELL_BYTES];

    double waiting = tui_reply_number(plan, "waiting"), running = tui_reply_number(plan, "running");
    double expected_ms = tui_reply_number(plan, "expected_ms");
    fprintf(out, "drain %s: no new work; ",
            tui_shown(tui_reply_text(operation, "target"), target, sizeof(target)));
    if (waiting > 0)
        fprintf(out, "%.0f waiting %s to the queue at once; ", waiting,
                waiting > 1 ? "jobs go back" : "job goes back");
    if (running > 0)
        fprintf(out, "%.0f running may finish (%s%s), what runs after %s goes back too\n", running,
                expected_ms > 0 ? "expected " : "longer than expected, or never measured",
                expected_ms > 0 ? tui_format_age(expected, expected_ms) : "",
                tui_format_age(deadline, (double)deadline_ms));
    else
        fprintf(out, "%s\n", waiting > 0 ? "none runs" : "it has no jobs");
    print_holders(out, reply);
    tui_warnings_print(out, tui_reply_member(plan, "warnings"));
    fprintf(out, "  plan %s\n", tui_shown(tui_reply_text(plan, "id"), id, sizeof(id)));
}

/* Who says yes to a plan with a warning on a terminal has said yes to what it warns of; a script
 * has to say --force. */
static bool agreed(struct tui_cli *cli, const cJSON *plan, bool *ret_force)
{
    char question[128];
    bool needs_force = tui_reply_bool(plan, "needs_force");

    *ret_force = tui_option_value(cli, "force") != NULL;
    if (needs_force && !*ret_force && tui_option_value(cli, "yes") != NULL)
        return true; /* the coordinator says why it refuses */
    snprintf(question, sizeof(question), "Drain %s%s?", cli->args[0],
             needs_force ? " all the same" : "");
    if (!tui_consent(cli, question))
        return false;
    *ret_force = *ret_force || needs_force;
    return true;
}

static enum tui_exit drain_one(struct tui_cli *cli)
{
    int64_t deadline_ms = 60000;
    cJSON *shown = NULL, *reply = NULL;
    bool plan_only = tui_option_value(cli, "plan") != NULL, force = false;

    if (!tui_option_duration(cli, "deadline", &deadline_ms))
        return TUI_EXIT_USAGE;
    enum tui_exit exit_code = ask(cli, deadline_ms, NULL, false, &shown);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    const cJSON *plan = tui_reply_member(shown, "plan");
    const char *confirm = tui_option_value(cli, "confirm");
    if (plan_only && cli->json)
        tui_print_json(shown);
    else
        print_plan(plan_only ? stdout : stderr, shown, deadline_ms);
    if (!plan_only && !agreed(cli, plan, &force))
        exit_code = TUI_EXIT_USAGE;
    else if (!plan_only)
        exit_code = ask(cli, deadline_ms, confirm != NULL ? confirm : tui_reply_text(plan, "id"),
                        force, &reply);
    cJSON_Delete(shown);
    if (!plan_only && exit_code == TUI_EXIT_OK)
        exit_code = tui_operation_follow(cli, reply);
    cJSON_Delete(reply);
    return exit_code;
}

static enum tui_exit run(struct tui_cli *cli)
{
    if (tui_option_value(cli, "all") != NULL || cli->n_args > 1)
        return tui_roll(cli, "drain");
    if (cli->n_args == 0) {
        tui_complain(NULL, "name agents, or say --all");
        return TUI_EXIT_USAGE;
    }
    return drain_one(cli);
}

const struct tui_command tui_command_drain = {
    .options = options,
    .args_max = -1,
    .examples = "  stoker drain ember-03 --plan\n"
                "  stoker drain --all --keep 80 --reason 'new racks'\n"
                "  stoker drain ember-03 --confirm 5d7d2f01-1b9e0c44\n"
                "  stoker drain ember-03 --deadline 10m --reason 'new fan' --yes\n",
    .run = run,
};
