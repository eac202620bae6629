// The process's settings over the control socket: shown with where they come from, and changed
// live.
#include <stdio.h>
#include <string.h>

#include "agent/coordinator/control.h"

struct shown {
    cJSON *list;
    const char *name; // "" all
};

static void show(void *user, const struct agent_setting_view *view)
{
    struct shown *shown = user;
    if (shown->name[0] != '\0' && strcmp(shown->name, view->name) != 0)
        return;
    cJSON *setting = cJSON_CreateObject();
    cJSON_AddStringToObject(setting, "name", view->name);
    cJSON_AddStringToObject(setting, "value", view->value);
    cJSON_AddStringToObject(setting, "from", view->from);
    cJSON_AddStringToObject(setting, "default", view->fallback);
    cJSON_AddStringToObject(setting, "allowed", view->allowed);
    cJSON_AddBoolToObject(setting, "live", view->is_live);
    cJSON_AddStringToObject(setting, "after_restart", view->after_restart);
    cJSON_AddStringToObject(setting, "help", view->help);
    cJSON_AddItemToArray(shown->list, setting);
}

void agent_call_settings_shown(struct io_call *call)
{
    const struct agent_coordinator_options *options = &call->c->options;
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(call->json, "name"));
    struct shown shown = {.list = cJSON_CreateArray(), .name = name != NULL ? name : ""};
    char problem[2048] = "";
    options->settings_host->list(options->user, show, &shown);
    if (shown.name[0] != '\0' && cJSON_GetArraySize(shown.list) == 0) {
        cJSON_Delete(shown.list);
        agent_call_error(call, "not_found", "stoker settings lists them", "no setting '%.64s'",
                         shown.name);
        return;
    }
    cJSON *reply = agent_call_object("settings", shown.list);
    int64_t reloaded_ms = options->settings_host->reloaded(options->user, problem);
    cJSON_AddNumberToObject(reply, "reloaded_ms", (double)reloaded_ms);
    cJSON_AddStringToObject(reply, "problem", problem);
    agent_call_reply(call, reply);
}

// False: the call is ended.
bool agent_call_setting_set(struct io_call *call, const char *name, const char *value,
                            char ret_before[2048])
{
    static const struct {
        const char *code, *hint;
    } answers[] = {
        [AGENT_SETTING_UNKNOWN] = {"not_found", "stoker settings lists them"},
        [AGENT_SETTING_FIXED] = {"conflict", ""},
        [AGENT_SETTING_BAD] = {"bad_request", ""},
        [AGENT_SETTING_FAILED] = {"unavailable", ""},
    };
    const struct agent_coordinator_options *options = &call->c->options;
    enum agent_setting_change change =
        options->settings_host->set(options->user, name, value, ret_before);
    if (change == AGENT_SETTING_CHANGED)
        return true;
    agent_call_error(call, answers[change].code, answers[change].hint, "%.480s", ret_before);
    return false;
}

void agent_call_settings(struct io_call *call)
{
    const char *name, *value, *by, *reason;
    char before[2048], text[AGENT_TEXT_MAX];
    bool unset;
    if (!agent_call_text(call, "name", 64, "", &name) ||
        !agent_call_text(call, "value", 1023, "", &value) ||
        !agent_call_text(call, "by", 128, "", &by) ||
        !agent_call_text(call, "reason", AGENT_TEXT_MAX - 1, "", &reason) ||
        !agent_call_bool(call, "unset", &unset))
        return;
    if (call->c->options.settings_host == NULL) {
        agent_call_error(call, "unavailable", NULL, "this coordinator has no settings of its own");
        return;
    }
    bool sets = cJSON_HasObjectItem(call->json, "value");
    if (!sets && !unset) {
        agent_call_settings_shown(call);
        return;
    }
    if (name[0] == '\0' || (sets && unset)) {
        agent_call_error(call, "bad_request", "give name, and either value or unset",
                         "what is to be set to what?");
        return;
    }
    if (!agent_call_setting_set(call, name, sets ? value : NULL, before))
        return;
    snprintf(text, sizeof text, "%s: %.200s -> %.200s", name, before, sets ? value : "unset");
    struct agent_event *event = agent_call_ask(call, AGENT_EVENT_AUDIT);
    if (event == NULL)
        return;
    event->agent = agent_io_scratch(call->c, text, strlen(text));
    event->by = by;
    event->reason = reason;
}
