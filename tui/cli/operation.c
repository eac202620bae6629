#include "cli/operation.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/reply.h"
#include "cli/table.h"

static void print_work(const cJSON *operation)
{
    char text[512], span[TUI_CELL_BYTES];
    double end = tui_reply_number(operation, "expected_end_ms");

    tui_shown(tui_reply_text(operation, "text"), text, sizeof(text));
    if (tui_reply_number(operation, "agents_total") > 0)
        printf("%.0f of %.0f agents through%s", tui_reply_number(operation, "agents_done"),
               tui_reply_number(operation, "agents_total"), text[0] != '\0' ? "; " : "");
    if (strcmp(tui_reply_text(operation, "kind"), "drain") != 0) {
        printf("%s", text);
        return;
    }
    printf("%.0f jobs remain, %.0f given back", tui_reply_number(operation, "remaining"),
           tui_reply_number(operation, "requeued"));
    if (end > 0) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        double left = end - ((double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6);
        if (left > 0)
            printf(", expected to end in %s", tui_format_age(span, left));
        else
            printf(", later than expected");
    }
    if (tui_reply_bool(operation, "safe_to_remove"))
        printf("; SAFE TO REMOVE");
    else if (text[0] != '\0')
        printf("; %s", text);
}

static void print_agents(const cJSON *operation)
{
    char name[64], step[64];
    const cJSON *agent;

    cJSON_ArrayForEach(agent, tui_reply_member(operation, "agents"))
    {
        double drain = tui_reply_number(agent, "drain");
        printf("  %s %s", tui_shown(tui_reply_text(agent, "agent"), name, sizeof(name)),
               tui_shown(tui_reply_text(agent, "step"), step, sizeof(step)));
        if (drain > 0)
            printf(" (drain %.0f)", drain);
        putchar('\n');
    }
}

static void print_blocker(const cJSON *blocker)
{
    char model[64], ran[TUI_CELL_BYTES], span[TUI_CELL_BYTES];
    const cJSON *left = tui_reply_member(blocker, "left_ms");
    bool runs = strcmp(tui_reply_text(blocker, "state"), "running") == 0;

    printf("  held by job %.0f (%s), ", tui_reply_number(blocker, "job"),
           tui_shown(tui_reply_text(blocker, "model"), model, sizeof(model)));
    if (!runs)
        printf("which has not begun\n");
    else if (left == NULL)
        printf("running for %s, no run of its model was measured yet\n",
               tui_format_age(ran, tui_reply_number(blocker, "running_ms")));
    else if (tui_reply_number(blocker, "left_ms") <= 0)
        printf("running for %s, longer than expected\n",
               tui_format_age(ran, tui_reply_number(blocker, "running_ms")));
    else
        printf("running for %s, expected to end in %s\n",
               tui_format_age(ran, tui_reply_number(blocker, "running_ms")),
               tui_format_age(span, tui_reply_number(blocker, "left_ms")));
}

void tui_operation_print(const cJSON *operation)
{
    char kind[64], target[256], state[64], reason[256];
    const cJSON *blocker;

    printf("operation %.0f: %s %s is %s, ", tui_reply_number(operation, "id"),
           tui_shown(tui_reply_text(operation, "kind"), kind, sizeof(kind)),
           tui_shown(tui_reply_text(operation, "target"), target, sizeof(target)),
           tui_shown(tui_reply_text(operation, "state"), state, sizeof(state)));
    print_work(operation);
    putchar('\n');
    tui_shown(tui_reply_text(operation, "reason"), reason, sizeof(reason));
    if (reason[0] != '\0')
        printf("  reason: %s\n", reason);
    cJSON_ArrayForEach(blocker, tui_reply_member(operation, "blockers")) print_blocker(blocker);
    print_agents(operation);
}

static bool ended(const char *state)
{
    return strcmp(state, "running") != 0 && strcmp(state, "pending") != 0;
}

enum tui_exit tui_operation_watch(struct tui_cli *cli, int64_t id, cJSON **ret_operation)
{
    char last[256] = "", now[256];

    tui_interrupt_catch();
    for (;;) {
        cJSON *reply = NULL, *request = cJSON_CreateObject();
        cJSON_AddNumberToObject(request, "id", (double)id);
        cJSON_AddNumberToObject(request, "wait_ms", TUI_WAIT_SLICE_MS);
        enum tui_exit exit_code = tui_request(cli, "operation", request, TUI_WAIT_SLICE_MS, &reply);
        if (exit_code != TUI_EXIT_OK)
            return exit_code;
        cJSON *operation = cJSON_DetachItemFromObjectCaseSensitive(reply, "operation");
        const char *state = tui_reply_text(operation, "state");
        cJSON_Delete(reply);
        snprintf(now, sizeof(now), "%s %.0f %.0f %.200s", state,
                 tui_reply_number(operation, "remaining"), tui_reply_number(operation, "requeued"),
                 tui_reply_text(operation, "text"));
        if (!cli->json && strcmp(now, last) != 0) {
            tui_operation_print(operation);
            fflush(stdout);
            memcpy(last, now, sizeof(last));
        }
        if (ended(state)) {
            exit_code = strcmp(state, "done") == 0 ? TUI_EXIT_OK : TUI_EXIT_CONFLICT;
            *ret_operation = operation;
            return exit_code;
        }
        cJSON_Delete(operation);
        if (tui_interrupted()) {
            fprintf(stderr,
                    "stoker: no longer watching; operation %lld goes on; watch it again "
                    "with stoker operations %lld --watch\n",
                    (long long)id, (long long)id);
            return TUI_EXIT_INTERRUPTED;
        }
    }
}

enum tui_exit tui_operation_follow(struct tui_cli *cli, cJSON *reply)
{
    cJSON *operation = cJSON_GetObjectItemCaseSensitive(reply, "operation"), *last = NULL;
    enum tui_exit exit_code = TUI_EXIT_OK;

    if (tui_option_value(cli, "detach") == NULL) {
        exit_code = tui_operation_watch(cli, (int64_t)tui_reply_number(operation, "id"), &last);
        if (last != NULL)
            cJSON_ReplaceItemInObjectCaseSensitive(reply, "operation", last);
    } else if (!cli->json) {
        tui_operation_print(operation);
    }
    if (cli->json && (last != NULL || exit_code == TUI_EXIT_OK))
        tui_print_json(reply);
    return exit_code;
}
