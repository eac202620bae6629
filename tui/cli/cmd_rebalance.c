#include <stdio.h>
#include <string.h>

#include "cli/agent_verb.h"
#include "cli/consent.h"
#include "cli/operation.h"
#include "cli/table.h"
#include "text/reply.h"

static const struct tui_option options[] = {
    {"plan", NULL, "say what would move, what it costs and gains, and change nothing"},
    {"apply", "PLAN", "carry out the plan with this id, or refuse if the world has changed"},
    {"force", NULL, "even if it was rebalanced a moment ago"},
    {"reason", "TEXT", "why; kept in the audit log and shown to everybody"},
    {"yes", NULL, "don't ask"},
    {"detach", NULL, "start it and return; stoker operations ID --watch follows it"},
    {NULL, NULL, NULL},
};

static void print_move(FILE *out, const cJSON *move)
{
    char model[64], from[64], to[64], gain[TUI_CELL_BYTES], cost[TUI_CELL_BYTES];

    fprintf(out, "  job %.0f (%s) %s -> %s: done %s sooner", tui_reply_number(move, "job"),
            tui_shown(tui_reply_text(move, "model"), model, sizeof(model)),
            tui_shown(tui_reply_text(move, "from"), from, sizeof(from)),
            tui_shown(tui_reply_text(move, "to"), to, sizeof(to)),
            tui_format_age(gain, tui_reply_number(move, "gain_ms")));
    if (tui_reply_bool(move, "loads"))
        fprintf(out, ", after a load of %s",
                tui_format_age(cost, tui_reply_number(move, "cost_ms")));
    fputc('\n', out);
}

static void print_loads(FILE *out, const cJSON *loads)
{
    char model[64], to[64], cost[TUI_CELL_BYTES], lost[TUI_CELL_BYTES], gain[TUI_CELL_BYTES];
    const cJSON *load;

    cJSON_ArrayForEach(load, loads)
    {
        double evicts = tui_reply_number(load, "evicts");
        fprintf(out, "  model %s -> %s: a load of %s",
                tui_shown(tui_reply_text(load, "model"), model, sizeof(model)),
                tui_shown(tui_reply_text(load, "to"), to, sizeof(to)),
                tui_format_age(cost, tui_reply_number(load, "cost_ms")));
        if (evicts > 0)
            fprintf(out, ", %.0f model%s go%s and may be loaded again for %s", evicts,
                    evicts == 1 ? "" : "s", evicts == 1 ? "es" : "",
                    tui_format_age(lost, tui_reply_number(load, "lost_ms")));
        fprintf(out, "; takes %s a minute off those that have it\n",
                tui_format_age(gain, tui_reply_number(load, "gain_ms_per_min")));
    }
}

static void print_plan(FILE *out, const cJSON *plan)
{
    char id[64], now[TUI_CELL_BYTES], then[TUI_CELL_BYTES], gain[TUI_CELL_BYTES];
    const cJSON *move, *moves = tui_reply_member(plan, "moves");
    int count = cJSON_GetArraySize(moves), shown = 0;

    if (count == 0)
        fprintf(out, "rebalance: %s to move; all work is done in %s\n",
                cJSON_GetArraySize(tui_reply_member(plan, "loads")) > 0 ? "no job" : "nothing",
                tui_format_age(now, tui_reply_number(plan, "through_ms")));
    else
        fprintf(out,
                "rebalance: %d job%s, waits are %s shorter in all; all work is done in %s, not "
                "in %s\n",
                count, count == 1 ? " moves" : "s move",
                tui_format_age(gain, tui_reply_number(plan, "gain_ms")),
                tui_format_age(then, tui_reply_number(plan, "through_after_ms")),
                tui_format_age(now, tui_reply_number(plan, "through_ms")));
    cJSON_ArrayForEach(move, moves)
    {
        if (shown++ == 20) {
            fprintf(out, "  and %d more\n", count - 20);
            break;
        }
        print_move(out, move);
    }
    print_loads(out, tui_reply_member(plan, "loads"));
    if (tui_reply_number(plan, "unmeasured") > 0)
        fprintf(out, "  %.0f job%s: no run of the model was measured yet\n",
                tui_reply_number(plan, "unmeasured"),
                tui_reply_number(plan, "unmeasured") == 1 ? " stays" : "s stay");
    if (tui_reply_number(plan, "rests_ms") > 0)
        fprintf(out, "  it was rebalanced a moment ago: again in %s, or with --force\n",
                tui_format_age(now, tui_reply_number(plan, "rests_ms")));
    fprintf(out, "  plan %s\n", tui_shown(tui_reply_text(plan, "id"), id, sizeof(id)));
}

static enum tui_exit apply(struct tui_cli *cli, const char *id)
{
    cJSON *reply = NULL, *request = cJSON_CreateObject();

    cJSON_AddStringToObject(request, "apply", id);
    cJSON_AddBoolToObject(request, "force", tui_option_value(cli, "force") != NULL);
    tui_request_why(cli, request);
    enum tui_exit exit_code = tui_request(cli, "rebalance", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    exit_code = tui_operation_follow(cli, reply);
    cJSON_Delete(reply);
    return exit_code;
}

static enum tui_exit run(struct tui_cli *cli)
{
    cJSON *reply = NULL, *request;
    bool plan_only = tui_option_value(cli, "plan") != NULL;

    if (tui_option_value(cli, "apply") != NULL) {
        if (plan_only) {
            tui_complain(NULL, "either --plan or --apply");
            return TUI_EXIT_USAGE;
        }
        return apply(cli, tui_option_value(cli, "apply"));
    }
    request = cJSON_CreateObject();
    cJSON_AddBoolToObject(request, "plan", true);
    enum tui_exit exit_code = tui_request(cli, "rebalance", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    const cJSON *plan = tui_reply_member(reply, "plan");
    bool moves = cJSON_GetArraySize(tui_reply_member(plan, "moves")) > 0 ||
                 cJSON_GetArraySize(tui_reply_member(plan, "loads")) > 0;
    if (cli->json && (plan_only || !moves))
        tui_print_json(reply);
    else
        print_plan(plan_only || !moves ? stdout : stderr, plan);
    if (!plan_only && moves)
        exit_code = tui_consent(cli, "Move them?") ? apply(cli, tui_reply_text(plan, "id"))
                                                   : TUI_EXIT_USAGE;
    cJSON_Delete(reply);
    return exit_code;
}

const struct tui_command tui_command_rebalance = {
    .options = options,
    .examples = "  stoker rebalance --plan\n"
                "  stoker rebalance --apply 3-1\n"
                "  stoker rebalance --yes --output json\n",
    .run = run,
};
