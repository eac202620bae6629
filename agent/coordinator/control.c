// The control socket: one table of operations, from the text of a request to its reply.
#include "control.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void (*const operations[NET_CONTROL_COUNT])(struct io_call *call) = {
    [NET_CONTROL_VERSION] = agent_call_version,
    [NET_CONTROL_STATUS] = agent_call_status,
    [NET_CONTROL_SNAPSHOT] = agent_call_snapshot,
    [NET_CONTROL_AGENTS] = agent_call_agents,
    [NET_CONTROL_JOBS] = agent_call_jobs,
    [NET_CONTROL_JOB] = agent_call_job,
    [NET_CONTROL_SUBMIT] = agent_call_submit,
    [NET_CONTROL_RESULT] = agent_call_result,
    [NET_CONTROL_CANCEL] = agent_call_cancel,
    [NET_CONTROL_RETRY] = agent_call_retry,
    [NET_CONTROL_MODELS] = agent_call_models,
    [NET_CONTROL_MODEL] = agent_call_model,
    [NET_CONTROL_CORDON] = agent_call_cordon,
    [NET_CONTROL_UNCORDON] = agent_call_uncordon,
    [NET_CONTROL_DRAIN] = agent_call_drain,
    [NET_CONTROL_REBALANCE] = agent_call_rebalance,
    [NET_CONTROL_SETTINGS] = agent_call_settings,
    [NET_CONTROL_RESTART] = agent_call_restart,
    [NET_CONTROL_CERTIFICATE] = agent_call_certificate,
    [NET_CONTROL_TUNE] = agent_call_tune,
    [NET_CONTROL_OPERATIONS] = agent_call_operations,
    [NET_CONTROL_OPERATION] = agent_call_operation,
    [NET_CONTROL_EVENTS] = agent_call_events,
    [NET_CONTROL_STRATEGY] = agent_call_strategy,
    [NET_CONTROL_WHY] = agent_call_why,
    [NET_CONTROL_PIN] = agent_call_pin,
    [NET_CONTROL_UNPIN] = agent_call_pin,
    [NET_CONTROL_UNLOAD] = agent_call_pin,
    [NET_CONTROL_LOAD] = agent_call_pin,
    [NET_CONTROL_WHY_NOT] = agent_call_why_not,
    [NET_CONTROL_TENANTS] = agent_call_tenants,
    [NET_CONTROL_TENANT] = agent_call_tenant,
    [NET_CONTROL_HISTORY] = agent_call_history,
    [NET_CONTROL_AUDIT] = agent_call_audit,
};

static void call_free(struct io_call *call)
{
    for (size_t i = 0; i < call->n_jobs && call->jobs != NULL; i++)
        agent_tensors_finish(&call->jobs[i].tensors);
    for (size_t i = 0; i < call->n_parts; i++) {
        agent_blob_unref(call->inputs[i]);
        agent_io_content_free(call->contents[i]);
    }
    for (size_t i = 0; i < call->n_parts; i++)
        agent_idmap_remove(&call->c->tokens, call->first_token + i);
    free(call->jobs);
    free(call->inputs);
    free(call->contents);
    free(call->ids);
    free(call->names);
    cJSON_Delete(call->json);
    free(call);
}

void agent_call_reply(struct io_call *call, cJSON *object)
{
    static const char nomem[] = "{\"v\":1,\"ok\":false,\"error\":{\"code\":\"internal\","
                                "\"message\":\"out of memory\",\"hint\":\"\"}}";
    char *text = NULL;
    if (object != NULL) {
        bool ok = !cJSON_HasObjectItem(object, "error");
        cJSON_AddNumberToObject(object, "v", 1);
        cJSON_AddBoolToObject(object, "ok", ok);
        text = cJSON_PrintUnformatted(object);
    }
    if (text != NULL)
        net_server_reply(call->request, text, strlen(text));
    else
        net_server_reply(call->request, nomem, sizeof nomem - 1);
    cJSON_free(text);
    cJSON_Delete(object);
    call_free(call);
}

cJSON *agent_call_object(const char *name, cJSON *value)
{
    cJSON *object = cJSON_CreateObject();
    if (object == NULL || value == NULL || !cJSON_AddItemToObject(object, name, value)) {
        cJSON_Delete(value);
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

void agent_call_error(struct io_call *call, const char *code, const char *hint, const char *format,
                      ...)
{
    char text[AGENT_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cJSON *error = cJSON_CreateObject();
    cJSON_AddStringToObject(error, "code", code);
    cJSON_AddStringToObject(error, "message", text);
    cJSON_AddStringToObject(error, "hint", hint != NULL ? hint : "");
    if (call->retry_after_ms != 0)
        cJSON_AddNumberToObject(error, "retry_after_ms", call->retry_after_ms);
    agent_call_reply(call, agent_call_object("error", error));
}

// Checks what every request has. False: the call is ended.
static bool take_envelope(struct io_call *call)
{
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(call->json, "v");
    const char *op = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(call->json, "op"));
    if (!cJSON_IsObject(call->json))
        agent_call_error(call, "bad_request", "one object a message: {\"v\":1,\"op\":\"status\"}",
                         "the request is not a JSON object");
    else if (!cJSON_IsNumber(version))
        agent_call_error(call, "bad_request", "add \"v\":1", "the request has no version 'v'");
    else if (version->valuedouble != 1)
        agent_call_error(call, "version", "this coordinator speaks version 1",
                         "protocol version %g is not spoken here", version->valuedouble);
    else if (op == NULL)
        agent_call_error(call, "bad_request", "add \"op\":\"status\"",
                         "the request has no operation 'op'");
    else if (!net_control_find(op, &call->op) || operations[call->op] == NULL)
        agent_call_error(call, "bad_request", "docs/control.md lists them",
                         "there is no operation '%.64s'", op);
    else
        return true;
    return false;
}

// On NNG's thread: what needs nothing of the owner's is done here.
static void on_request(void *user, struct net_request *request, const char *text, size_t len)
{
    struct agent_coordinator *c = user;
    struct io_call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        net_server_reply(request, "", 0);
        return;
    }
    call->c = c;
    call->request = request;
    call->json = cJSON_ParseWithLength(text, len);
    if (!take_envelope(call) || (call->op == NET_CONTROL_SUBMIT && !agent_call_prepare(call)))
        return;
    struct io_item item = {.kind = IO_ITEM_CALL, .call = call};
    if (!agent_io_post(c, &item))
        agent_call_error(call, "internal", NULL, "out of memory");
}

void agent_call_run(struct io_call *call)
{
    operations[call->op](call);
}

bool agent_io_serve(struct agent_coordinator *c, struct agent_error *err)
{
    struct net_error net_err = {0};
    struct net_server_options server = {
        .address = c->options.control_address,
        .tls = c->options.tls,
        .contexts = IO_CONTEXTS,
        .on_request = on_request,
        .user = c,
    };
    if (net_server_create(&server, &c->server, &net_err) == NET_OK)
        return true;
    agent_error_set(err, AGENT_ERR_NET, "control address %s: %s", c->options.control_address,
                    net_err.text);
    return false;
}
