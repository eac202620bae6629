#include "submit/send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "input/job_input.h"
#include "model/json.h"
#include "model/parse_part.h"
#include "text/text.h"

#define REQUEST_TIMEOUT_MS 10000
#define BUSY_PATIENCE_MS 30000 /* for one file */
#define BUSY_SLICE_MS 100
#define TRIES_MAX 3 /* of a request whose answer didn't come; its key keeps it one job */

/* The first failure is what the operator reads. */
static void fail(struct tui_submitted *submitted, const char *path, const char *why)
{
    const char *name = strrchr(path, '/');
    char text[2 * TUI_TEXT_SIZE];

    submitted->failed++;
    if (submitted->error[0] != 0)
        return;
    snprintf(text, sizeof(text), "%s%s%s", name ? name + 1 : path, path[0] != 0 ? ": " : "", why);
    tui_text_clean(submitted->error, sizeof(submitted->error), text);
}

/* One request. NULL, and ret_error says why, when no answer came that can be read. */
static cJSON *ask(const struct tui_send *send, cJSON *request, char ret_error[TUI_TEXT_SIZE])
{
    char *text = cJSON_PrintUnformatted(request);
    struct net_error error = {0};
    cJSON *answer = NULL;
    char *reply = NULL;
    size_t len = 0;

    snprintf(ret_error, TUI_TEXT_SIZE, "out of memory");
    for (int i = 0; text && i < TRIES_MAX; i++) {
        enum net_status status = net_client_request(send->client, text, strlen(text),
                                                    REQUEST_TIMEOUT_MS, &reply, &len, &error);
        if (status == NET_OK) {
            answer = len <= TUI_MESSAGE_BYTES_MAX ? cJSON_ParseWithLength(reply, len) : NULL;
            snprintf(ret_error, TUI_TEXT_SIZE, "the coordinator's answer can't be read");
            free(reply);
            break;
        }
        snprintf(ret_error, TUI_TEXT_SIZE, "%.200s", error.text);
        if (send->stopped(send->user))
            break;
    }
    free(text);
    return answer;
}

static bool refused(const cJSON *answer, struct tui_refusal *ret_refusal)
{
    if (tui_json_flag(answer, "ok"))
        return false;
    tui_parse_refusal(answer, ret_refusal);
    if (ret_refusal->message[0] == 0)
        snprintf(ret_refusal->message, sizeof(ret_refusal->message), "refused without a reason");
    return true;
}

/* False: it was told to stop. */
static bool wait_for_room(const struct tui_send *send, uint64_t ms)
{
    const struct timespec slice = {.tv_nsec = BUSY_SLICE_MS * 1000000};

    for (uint64_t waited = 0; waited < ms; waited += BUSY_SLICE_MS) {
        if (send->stopped(send->user))
            return false;
        nanosleep(&slice, NULL);
    }
    return true;
}

static cJSON *make_request(const struct tui_send *send, size_t index)
{
    const struct tui_submission *s = send->submission;
    cJSON *request = cJSON_CreateObject();
    char key[TUI_NAME_SIZE];

    snprintf(key, sizeof(key), "console-%.16s-%zu", send->key, index);
    cJSON_AddNumberToObject(request, "v", 1);
    cJSON_AddStringToObject(request, "op", "submit");
    cJSON_AddStringToObject(request, "model", s->model);
    if (s->version > 0)
        cJSON_AddNumberToObject(request, "version", (double)s->version);
    cJSON_AddNumberToObject(request, "priority", s->priority);
    if (s->deadline_ms > 0)
        cJSON_AddNumberToObject(request, "deadline_ms", (double)s->deadline_ms);
    if (s->tenant[0] != 0)
        cJSON_AddStringToObject(request, "tenant", s->tenant);
    cJSON_AddStringToObject(request, "key", key);
    return request;
}

/* False: the coordinator takes no more, or it was told to stop. */
static bool send_one(const struct tui_send *send, cJSON *request, const char *path,
                     struct tui_submitted *submitted)
{
    char error[TUI_TEXT_SIZE];
    struct tui_refusal refusal;
    uint64_t waited_ms = 0;

    for (;;) {
        cJSON *answer = ask(send, request, error);
        if (!answer) {
            fail(submitted, path, error);
            return false;
        }
        if (!refused(answer, &refusal)) {
            submitted->last_id =
                tui_json_integer(tui_json_object(answer, "job"), "id", TUI_INTEGER_MAX);
            submitted->sent++;
            cJSON_Delete(answer);
            return true;
        }
        uint64_t again_ms =
            tui_json_integer(tui_json_object(answer, "error"), "retry_after_ms", BUSY_PATIENCE_MS);
        cJSON_Delete(answer);
        again_ms = again_ms > 0 ? again_ms : BUSY_SLICE_MS;
        waited_ms += again_ms;
        bool busy = strcmp(refusal.code, "busy") == 0 && waited_ms <= BUSY_PATIENCE_MS;
        if (!busy || !wait_for_room(send, again_ms)) {
            snprintf(error, sizeof(error), "%.160s%s%.80s", refusal.message,
                     refusal.hint[0] ? "; " : "", refusal.hint);
            fail(submitted, path, error);
            /* What doesn't fit the model is about this file alone. */
            return strcmp(refusal.code, "wrong_input") == 0;
        }
    }
}

static bool send_file(const struct tui_send *send, const struct tui_model_inputs *inputs,
                      size_t index, struct tui_submitted *submitted)
{
    const char *path = send->submission->paths[index];
    char error[TUI_JOB_ERROR_BYTES];
    size_t bytes = 0;
    cJSON *input =
        tui_job_input(path, inputs->n > 0 ? inputs->names[0] : NULL,
                      inputs->n > 0 ? &inputs->specs[0] : &inputs->unknown, &bytes, error);
    bool go_on = true;

    if (!input) {
        fail(submitted, path, error);
        return true;
    }
    cJSON *request = make_request(send, index);
    cJSON *list = cJSON_AddArrayToObject(request, "inputs");
    if (cJSON_AddItemToArray(list, input)) {
        go_on = send_one(send, request, path, submitted);
    } else {
        cJSON_Delete(input);
        fail(submitted, path, "out of memory");
    }
    cJSON_Delete(request);
    return go_on;
}

/* What the model wants; NULL when it can't be had. The reply owns the names in ret_inputs. */
static cJSON *fetch_model(const struct tui_send *send, struct tui_model_inputs *ret_inputs,
                          char ret_error[TUI_TEXT_SIZE])
{
    const struct tui_submission *s = send->submission;
    struct tui_refusal refusal;
    cJSON *request = cJSON_CreateObject();

    cJSON_AddNumberToObject(request, "v", 1);
    cJSON_AddStringToObject(request, "op", "model");
    cJSON_AddStringToObject(request, "name", s->model);
    if (s->version > 0)
        cJSON_AddNumberToObject(request, "version", (double)s->version);
    cJSON *answer = ask(send, request, ret_error);
    cJSON_Delete(request);
    if (!answer)
        return NULL;
    if (refused(answer, &refusal)) {
        snprintf(ret_error, TUI_TEXT_SIZE, "%s", refusal.message);
        cJSON_Delete(answer);
        return NULL;
    }
    tui_model_inputs_read(tui_json_object(answer, "model"), ret_inputs);
    if (ret_inputs->n > 1) {
        snprintf(ret_error, TUI_TEXT_SIZE,
                 "%.60s takes %zu inputs: stoker submit MODEL FILE --input NAME=FILE sends those",
                 s->model, ret_inputs->n);
        cJSON_Delete(answer);
        return NULL;
    }
    return answer;
}

void tui_send_files(const struct tui_send *send, struct tui_submitted *ret_submitted)
{
    struct tui_submitted submitted = {.total = send->submission->count};
    char error[TUI_TEXT_SIZE];
    struct tui_model_inputs inputs;
    cJSON *model = fetch_model(send, &inputs, error);

    if (!model)
        fail(&submitted, "", error);
    for (size_t i = 0; model && i < submitted.total && !send->stopped(send->user); i++) {
        if (!send_file(send, &inputs, i, &submitted))
            break;
        send->progress(send->user, &submitted);
    }
    cJSON_Delete(model);
    submitted.over = true;
    *ret_submitted = submitted;
}
