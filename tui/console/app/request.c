#include "app/request.h"

#include <stdio.h>

#include <cjson/cJSON.h>

static const char *const operations[TUI_VERB_COUNT] = {
    [TUI_VERB_CORDON] = "cordon", [TUI_VERB_UNCORDON] = "uncordon", [TUI_VERB_DRAIN] = "drain",
    [TUI_VERB_CANCEL] = "cancel", [TUI_VERB_STOP] = "operation",
};

char *tui_request_text(const struct tui_request *request)
{
    cJSON *root = cJSON_CreateObject();
    char *text = NULL;
    bool ok = cJSON_AddNumberToObject(root, "v", 1) &&
              cJSON_AddStringToObject(root, "op", operations[request->verb]) &&
              cJSON_AddStringToObject(root, "by", request->by);

    if (request->agent[0] != 0)
        ok = ok && cJSON_AddStringToObject(root, "agent", request->agent);
    if (request->id != 0)
        ok = ok && cJSON_AddNumberToObject(root, "id", (double)request->id);
    if (request->reason[0] != 0)
        ok = ok && cJSON_AddStringToObject(root, "reason", request->reason);
    if (request->verb == TUI_VERB_DRAIN)
        ok = ok && cJSON_AddNumberToObject(root, "deadline_ms", (double)request->deadline_ms);
    if (request->verb == TUI_VERB_STOP)
        ok = ok && cJSON_AddTrueToObject(root, "cancel");
    if (request->confirm[0] != 0)
        ok = ok && cJSON_AddStringToObject(root, "confirm", request->confirm);
    if (request->force)
        ok = ok && cJSON_AddTrueToObject(root, "force");
    if (request->plan)
        ok = ok && cJSON_AddTrueToObject(root, "plan");
    if (ok)
        text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return text;
}

void tui_request_describe(char *ret_text, size_t size, const struct tui_request *request)
{
    static const char *const formats[TUI_VERB_COUNT] = {
        [TUI_VERB_CANCEL] = "cancel job",
        [TUI_VERB_STOP] = "cancel operation",
    };
    const char *format = formats[request->verb];

    if (format)
        snprintf(ret_text, size, "%s %llu", format, (unsigned long long)request->id);
    else
        snprintf(ret_text, size, "%s %s", operations[request->verb], request->agent);
}
