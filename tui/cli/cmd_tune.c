#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/agent_verb.h"
#include "cli/table.h"
#include "text/reply.h"

static const struct tui_option options[] = {
    {"agent", "NAME", "tune on this agent only"},
    {"device", "ID", "tune on the device of this id or index only"},
    {"version", "N", "of the model (default: the newest)"},
    {"batch", "N", "rows of the inputs that it is tuned for (default 1)"},
    {"budget", "SPAN", "how long each device may take (default 60s)"},
    {"reason", "TEXT", "why; kept in the audit log and shown to everybody"},
    {"plan", NULL, "say which devices it would be and change nothing"},
    {NULL, NULL, NULL},
};

struct tuning {
    struct tui_cli *cli;
    int64_t batch, budget_ms, version;
    bool shows_progress;
    bool cancelled;    /* Ctrl-C was passed on */
    cJSON *operations; /* those that have ended */
};

/* What every request about it has; `agent` and `device` as given where NULL. */
static cJSON *request_make(const struct tuning *tuning, const char *agent, const char *device)
{
    const struct tui_cli *cli = tuning->cli;
    const char *reason = tui_option_value(cli, "reason");
    cJSON *request = cJSON_CreateObject();

    agent = agent != NULL ? agent : tui_option_value(cli, "agent");
    device = device != NULL ? device : tui_option_value(cli, "device");
    cJSON_AddStringToObject(request, "model", cli->args[0]);
    cJSON_AddNumberToObject(request, "version", (double)tuning->version);
    if (agent != NULL)
        cJSON_AddStringToObject(request, "agent", agent);
    if (device != NULL)
        cJSON_AddStringToObject(request, "device", device);
    if (reason != NULL)
        cJSON_AddStringToObject(request, "reason", reason);
    cJSON_AddNumberToObject(request, "batch", (double)tuning->batch);
    cJSON_AddNumberToObject(request, "budget_ms", (double)tuning->budget_ms);
    tui_request_by(request);
    return request;
}

static void print_plan(FILE *out, const struct tuning *tuning, const cJSON *plan)
{
    const cJSON *target;
    char text[256], span[TUI_CELL_BYTES];
    const char *comma = "";

    fprintf(out, "tune %s:%.0f, batch %lld, at most %s each, no jobs meanwhile:",
            tui_shown(tui_reply_text(plan, "model"), text, sizeof(text)),
            tui_reply_number(plan, "version"), (long long)tuning->batch,
            tui_format_age(span, (double)tuning->budget_ms));
    cJSON_ArrayForEach(target, tui_reply_member(plan, "targets"))
    {
        char name[256];
        fprintf(out, "%s %s device %.0f (%s%s)", comma,
                tui_shown(tui_reply_text(target, "agent"), text, sizeof(text)),
                tui_reply_number(target, "device"),
                tui_shown(tui_reply_text(target, "name"), name, sizeof(name)),
                tui_reply_bool(target, "loaded") ? "" : "; loads it first");
        comma = ",";
    }
    fputc('\n', out);
}

static double gain_of(const cJSON *tune)
{
    double after = tui_reply_number(tune, "after_us");
    return after > 0 ? tui_reply_number(tune, "before_us") / after : 1;
}

static void show_progress(const cJSON *operation)
{
    const cJSON *tune = tui_reply_member(operation, "tune");
    char agent[64], step[64];
    double left = tui_reply_number(tune, "budget_ms") - tui_reply_number(tune, "elapsed_ms");

    tui_shown(tui_reply_text(operation, "text"), step, sizeof(step));
    if (step[0] == '\0')
        tui_shown(tui_reply_text(tune, "state"), step, sizeof(step));
    fprintf(stderr, "\r\033[K%s device %.0f  %-10s %.0f/%.0f candidates",
            tui_shown(tui_reply_text(tune, "agent"), agent, sizeof(agent)),
            tui_reply_number(tune, "device"), step, tui_reply_number(tune, "measured"),
            tui_reply_number(tune, "candidates"));
    if (tui_reply_number(tune, "before_us") > 0)
        fprintf(stderr, "  %.3f -> %.3f ms  %.2fx", tui_reply_number(tune, "before_us") / 1e3,
                tui_reply_number(tune, "after_us") / 1e3, gain_of(tune));
    fprintf(stderr, "  %.0f s left", left > 0 ? left / 1e3 : 0);
    fflush(stderr);
}

static void print_result(const cJSON *operation)
{
    const cJSON *tune = tui_reply_member(operation, "tune");
    char target[256], text[512], state[64];

    printf(
        "%s, batch %.0f: ", tui_shown(tui_reply_text(operation, "target"), target, sizeof(target)),
        tui_reply_number(tune, "batch"));
    tui_shown(tui_reply_text(operation, "state"), state, sizeof(state));
    if (strcmp(state, "failed") == 0) {
        printf("failed: %s\n", tui_shown(tui_reply_text(operation, "text"), text, sizeof(text)));
        return;
    }
    if (tui_reply_number(tune, "after_us") > 0)
        printf("%.3f ms -> %.3f ms (%.2fx), ", tui_reply_number(tune, "before_us") / 1e3,
               tui_reply_number(tune, "after_us") / 1e3, gain_of(tune));
    printf("%s; %.0f of %.0f candidates measured%s in %.1f s, %.0f refused%s\n",
           tui_reply_bool(tune, "kept") ? "kept" : "nothing faster found",
           tui_reply_number(tune, "measured"), tui_reply_number(tune, "candidates"),
           tui_reply_bool(tune, "complete") ? "" : " (not all)",
           tui_reply_number(tune, "elapsed_ms") / 1e3, tui_reply_number(tune, "refused"),
           strcmp(state, "cancelled") == 0 ? "; stopped early" : "");
    fflush(stdout);
}

/* Asks for an operation, or to cancel it. */
static enum tui_exit operation_ask(struct tuning *tuning, double id, bool cancel,
                                   cJSON **ret_operation)
{
    cJSON *reply = NULL, *request = cJSON_CreateObject();
    cJSON_AddNumberToObject(request, "id", id);
    if (cancel)
        cJSON_AddBoolToObject(request, "cancel", true);
    else
        cJSON_AddNumberToObject(request, "wait_ms", TUI_WAIT_SLICE_MS);
    tui_request_by(request);
    enum tui_exit exit_code =
        tui_request(tuning->cli, "operation", request, TUI_WAIT_SLICE_MS, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    *ret_operation = cJSON_DetachItemFromObjectCaseSensitive(reply, "operation");
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

/* Follows an operation to its end. Ctrl-C cancels it and waits for what was learnt. */
static enum tui_exit follow(struct tuning *tuning, double id)
{
    for (;;) {
        cJSON *operation = NULL;
        bool cancels = tui_interrupted() && !tuning->cancelled;
        enum tui_exit exit_code = operation_ask(tuning, id, cancels, &operation);
        tuning->cancelled = tuning->cancelled || cancels;
        if (exit_code == TUI_EXIT_CONFLICT && cancels)
            continue; /* it has ended meanwhile */
        if (exit_code != TUI_EXIT_OK)
            return exit_code;
        if (strcmp(tui_reply_text(operation, "state"), "running") == 0) {
            if (tuning->shows_progress)
                show_progress(operation);
            cJSON_Delete(operation);
            continue;
        }
        if (tuning->shows_progress)
            fputs("\r\033[K", stderr);
        bool failed = strcmp(tui_reply_text(operation, "state"), "failed") == 0;
        if (!tuning->cli->json)
            print_result(operation);
        cJSON_AddItemToArray(tuning->operations, operation);
        return failed ? TUI_EXIT_JOB_FAILED : TUI_EXIT_OK;
    }
}

/* One device after another; the first failure is the exit code, and the others are tuned still. */
static enum tui_exit tune_all(struct tuning *tuning, const cJSON *targets)
{
    enum tui_exit worst = TUI_EXIT_OK;
    const cJSON *target;

    cJSON_ArrayForEach(target, targets)
    {
        char device[32];
        cJSON *reply = NULL;
        if (tui_interrupted())
            break;
        snprintf(device, sizeof(device), "%.0f", tui_reply_number(target, "device"));
        enum tui_exit exit_code =
            tui_request(tuning->cli, "tune",
                        request_make(tuning, tui_reply_text(target, "agent"), device), 0, &reply);
        if (exit_code == TUI_EXIT_OK)
            exit_code =
                follow(tuning, tui_reply_number(tui_reply_member(reply, "operation"), "id"));
        cJSON_Delete(reply);
        worst = worst == TUI_EXIT_OK ? exit_code : worst;
        if (exit_code == TUI_EXIT_UNREACHABLE)
            break;
    }
    if (worst == TUI_EXIT_OK && (tuning->cancelled || tui_interrupted()))
        return TUI_EXIT_INTERRUPTED;
    return worst;
}

static enum tui_exit run(struct tui_cli *cli)
{
    struct tuning tuning = {.cli = cli,
                            .batch = 1,
                            .budget_ms = 60000,
                            .shows_progress = !cli->json && isatty(STDERR_FILENO)};
    cJSON *plan = NULL;

    if (!tui_option_number(cli, "batch", 1, 65536, &tuning.batch) ||
        !tui_option_number(cli, "version", 1, UINT32_MAX, &tuning.version) ||
        !tui_option_duration(cli, "budget", &tuning.budget_ms))
        return TUI_EXIT_USAGE;
    cJSON *request = request_make(&tuning, NULL, NULL);
    cJSON_AddBoolToObject(request, "plan", true);
    enum tui_exit exit_code = tui_request(cli, "tune", request, 0, &plan);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    bool plan_only = tui_option_value(cli, "plan") != NULL;
    if (plan_only && cli->json)
        tui_print_json(plan);
    else
        print_plan(plan_only ? stdout : stderr, &tuning, plan);
    if (!plan_only) {
        tui_interrupt_catch();
        cJSON *answer = cJSON_CreateObject();
        tuning.operations = cJSON_AddArrayToObject(answer, "operations");
        exit_code = tune_all(&tuning, tui_reply_member(plan, "targets"));
        if (cli->json)
            tui_print_json(answer);
        cJSON_Delete(answer);
    }
    cJSON_Delete(plan);
    return exit_code;
}

const struct tui_command tui_command_tune = {
    .options = options,
    .args_min = 1,
    .args_max = 1,
    .examples = "  stoker tune resnet50 --plan\n"
                "  stoker tune resnet50 --batch 8 --budget 5m\n"
                "  stoker tune resnet50 --agent ember-03 --device 0 --output json\n",
    .run = run,
};
