#include "cli/operation.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/table.h"
#include "text/reply.h"

enum { BLOCKERS_FEW = 4 };

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
    double remaining = tui_reply_number(operation, "remaining");
    printf("%.0f job%s, %.0f given back", remaining, remaining == 1 ? " remains" : "s remain",
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

/* Where it was as well when it was printed last. */
static bool is_printed(const cJSON *before, const cJSON *agent)
{
    const cJSON *old;
    cJSON_ArrayForEach(old, tui_reply_member(before, "agents"))
    {
        if (cJSON_Compare(old, agent, true))
            return true;
    }
    return false;
}

static void print_agents(const cJSON *operation, const cJSON *before)
{
    char name[64], step[64];
    const cJSON *agent;

    cJSON_ArrayForEach(agent, tui_reply_member(operation, "agents"))
    {
        if (is_printed(before, agent))
            continue;
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

/* Of the blockers from `first` on, those of its model and state: how many, and the most time left.
 */
static int count_alike(const cJSON *first, double *ret_left_ms)
{
    int count = 0;

    *ret_left_ms = 0;
    for (const cJSON *at = first; at != NULL; at = at->next) {
        if (strcmp(tui_reply_text(at, "model"), tui_reply_text(first, "model")) != 0 ||
            strcmp(tui_reply_text(at, "state"), tui_reply_text(first, "state")) != 0)
            continue;
        double left = tui_reply_number(at, "left_ms");
        *ret_left_ms = left > *ret_left_ms ? left : *ret_left_ms;
        count++;
    }
    return count;
}

static bool is_first_alike(const cJSON *blockers, const cJSON *blocker)
{
    const cJSON *at = blockers->child;
    while (at != blocker &&
           (strcmp(tui_reply_text(at, "model"), tui_reply_text(blocker, "model")) ||
            strcmp(tui_reply_text(at, "state"), tui_reply_text(blocker, "state"))))
        at = at->next;
    return at == blocker;
}

/* One line each where they are few, else one for all of a model and state. */
static void print_blockers(const cJSON *operation)
{
    char model[64], span[TUI_CELL_BYTES];
    const cJSON *blocker, *blockers = tui_reply_member(operation, "blockers");
    int listed = cJSON_GetArraySize(blockers);
    double more = tui_reply_number(operation, "remaining") - listed;

    cJSON_ArrayForEach(blocker, blockers)
    {
        double left = 0;
        int count = listed <= BLOCKERS_FEW ? 1 : count_alike(blocker, &left);
        if (listed > BLOCKERS_FEW && !is_first_alike(blockers, blocker))
            continue;
        if (count == 1) {
            print_blocker(blocker);
            continue;
        }
        bool runs = strcmp(tui_reply_text(blocker, "state"), "running") == 0;
        printf("  held by %d jobs (%s)%s", count,
               tui_shown(tui_reply_text(blocker, "model"), model, sizeof(model)),
               runs ? ", running" : ", which have not begun");
        if (left > 0)
            printf(", the last expected to end in %s", tui_format_age(span, left));
        putchar('\n');
    }
    if (listed > 0 && more > 0)
        printf("  and by %.0f more\n", more);
}

/* What is not as it was when `before` (NULL: nothing) was printed. */
static void print_changes(const cJSON *operation, const cJSON *before)
{
    char kind[64], target[256], state[64], reason[256];

    printf("operation %.0f: %s %s is %s, ", tui_reply_number(operation, "id"),
           tui_shown(tui_reply_text(operation, "kind"), kind, sizeof(kind)),
           tui_shown(tui_reply_text(operation, "target"), target, sizeof(target)),
           tui_shown(tui_reply_text(operation, "state"), state, sizeof(state)));
    print_work(operation);
    putchar('\n');
    tui_shown(tui_reply_text(operation, "reason"), reason, sizeof(reason));
    if (reason[0] != '\0' && before == NULL)
        printf("  reason: %s\n", reason);
    print_blockers(operation);
    print_agents(operation, before);
}

void tui_operation_print(const cJSON *operation)
{
    print_changes(operation, NULL);
}

static bool ended(const char *state)
{
    return strcmp(state, "running") != 0 && strcmp(state, "pending") != 0;
}

enum tui_exit tui_operation_watch(struct tui_cli *cli, int64_t id, cJSON **ret_operation)
{
    char last[256] = "", now[256];
    cJSON *before = NULL;

    tui_interrupt_catch();
    for (;;) {
        cJSON *reply = NULL, *request = cJSON_CreateObject();
        cJSON_AddNumberToObject(request, "id", (double)id);
        cJSON_AddNumberToObject(request, "wait_ms", TUI_WAIT_SLICE_MS);
        enum tui_exit exit_code = tui_request(cli, "operation", request, TUI_WAIT_SLICE_MS, &reply);
        if (exit_code != TUI_EXIT_OK) {
            cJSON_Delete(before);
            return exit_code;
        }
        cJSON *operation = cJSON_DetachItemFromObjectCaseSensitive(reply, "operation");
        const char *state = tui_reply_text(operation, "state");
        cJSON_Delete(reply);
        snprintf(now, sizeof(now), "%s %.0f %.0f %.200s", state,
                 tui_reply_number(operation, "remaining"), tui_reply_number(operation, "requeued"),
                 tui_reply_text(operation, "text"));
        if (!cli->json && strcmp(now, last) != 0) {
            print_changes(operation, before);
            cJSON_Delete(before);
            before = cJSON_Duplicate(operation, true);
            fflush(stdout);
            memcpy(last, now, sizeof(last));
        }
        if (ended(state)) {
            exit_code = strcmp(state, "done") == 0 ? TUI_EXIT_OK : TUI_EXIT_CONFLICT;
            *ret_operation = operation;
            cJSON_Delete(before);
            return exit_code;
        }
        cJSON_Delete(operation);
        if (tui_interrupted()) {
            cJSON_Delete(before);
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
