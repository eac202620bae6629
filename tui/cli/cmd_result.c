#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/answer.h"
#include "text/reply.h"

static const struct tui_option options[] = {
    {"wait", "SPAN", "wait for the job so long (default: don't)"},
    {"top", "N", "classes to show (1 to 10, default 3)"},
    {"save", "FILE", "write the first output as NPY"},
    {NULL, NULL, NULL},
};

static enum tui_exit save(const cJSON *outputs, const char *path)
{
    struct tui_tensor tensor;
    FILE *file;
    bool ok;

    if (!tui_answer_tensor(cJSON_GetArrayItem(outputs, 0), &tensor)) {
        tui_complain(NULL, "the job has no output that can be saved");
        return TUI_EXIT_CONFLICT;
    }
    file = fopen(path, "wb");
    ok = file != NULL && tui_npy_write(file, &tensor);
    if (file != NULL)
        ok = fclose(file) == 0 && ok;
    if (!ok)
        tui_complain(NULL, "can't write %s: %s", path, strerror(errno));
    free(tensor.data);
    return ok ? TUI_EXIT_OK : TUI_EXIT_INPUT;
}

/* Labels are wanted but not needed: a model may be gone. */
static cJSON *fetch_model(struct tui_cli *cli, const cJSON *job)
{
    cJSON *reply = NULL, *request = cJSON_CreateObject();

    cJSON_AddStringToObject(request, "name", tui_reply_text(job, "model"));
    cJSON_AddNumberToObject(request, "version", tui_reply_number(job, "version"));
    return tui_request(cli, "model", request, 0, &reply) == TUI_EXIT_OK ? reply : NULL;
}

static enum tui_exit fetch(struct tui_cli *cli, int64_t id, int64_t wait_ms, cJSON **ret_reply)
{
    for (;;) {
        int64_t slice = wait_ms < TUI_WAIT_SLICE_MS ? wait_ms : TUI_WAIT_SLICE_MS;
        cJSON *reply = NULL, *request = cJSON_CreateObject();
        cJSON_AddNumberToObject(request, "id", (double)id);
        cJSON_AddNumberToObject(request, "wait_ms", (double)slice);
        enum tui_exit exit_code = tui_request(cli, "result", request, (uint32_t)slice, &reply);
        if (exit_code != TUI_EXIT_OK)
            return exit_code;
        wait_ms -= slice;
        if (wait_ms <= 0 || tui_interrupted() ||
            tui_answer_exit(tui_reply_member(reply, "job")) != TUI_EXIT_WAIT) {
            *ret_reply = reply;
            return TUI_EXIT_OK;
        }
        cJSON_Delete(reply);
    }
}

static void print_result(const cJSON *job, const cJSON *outputs, const cJSON *labels, size_t top)
{
    char text[512], state[32];
    const char *error = tui_reply_text(tui_reply_member(job, "error"), "message");

    printf("job %.0f %s", tui_reply_number(job, "id"),
           tui_shown(tui_reply_text(job, "state"), state, sizeof(state)));
    if (outputs != NULL)
        printf(": %s", tui_answer_text(outputs, labels, top, text, sizeof(text)));
    else if (error[0] != '\0')
        printf(": %s", tui_shown(error, text, sizeof(text)));
    printf("\n");
}

static enum tui_exit run(struct tui_cli *cli)
{
    int64_t id, wait_ms = 0, top = 3;
    cJSON *reply = NULL, *model;

    if (!tui_argument_number("job id", cli->args[0], 1, INT64_MAX, &id) ||
        !tui_option_duration(cli, "wait", &wait_ms) ||
        !tui_option_number(cli, "top", 1, TUI_TOP_MAX, &top))
        return TUI_EXIT_USAGE;
    if (wait_ms > 0)
        tui_interrupt_catch();
    enum tui_exit exit_code = fetch(cli, id, wait_ms, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    const cJSON *job = tui_reply_member(reply, "job");
    const cJSON *outputs = tui_reply_member(reply, "outputs");
    exit_code = tui_answer_exit(job);
    model = outputs != NULL ? fetch_model(cli, job) : NULL;
    const cJSON *labels = tui_reply_member(tui_reply_member(model, "model"), "labels");
    if (cli->json) {
        tui_answer_add_classes(reply, outputs, labels, (size_t)top);
        tui_print_json(reply);
    } else {
        print_result(job, outputs, labels, (size_t)top);
    }
    if (tui_option_value(cli, "save") != NULL && exit_code == TUI_EXIT_OK)
        exit_code = save(outputs, tui_option_value(cli, "save"));
    cJSON_Delete(model);
    cJSON_Delete(reply);
    return exit_code;
}

const struct tui_command tui_command_result = {
    .options = options,
    .args_min = 1,
    .args_max = 1,
    .examples = "  stoker result 88121 --wait 30s\n  stoker result 88121 --save out.npy\n",
    .run = run,
};
