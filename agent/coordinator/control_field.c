#include <math.h>
#include <string.h>

#include "agent/coordinator/control.h"

bool agent_call_number(struct io_call *call, const char *name, double min, double max,
                       const double *fallback, double *ret_value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(call->json, name);
    if (item == NULL && fallback != NULL) {
        *ret_value = *fallback;
        return true;
    }
    if (item == NULL) {
        agent_call_error(call, "bad_request", NULL, "'%s' is missing", name);
        return false;
    }
    if (!cJSON_IsNumber(item) || item->valuedouble != floor(item->valuedouble) ||
        item->valuedouble < min || item->valuedouble > max) {
        agent_call_error(call, "bad_request", NULL, "'%s' is not a whole number from %.0f to %.0f",
                         name, min, max);
        return false;
    }
    *ret_value = item->valuedouble;
    return true;
}

bool agent_call_text(struct io_call *call, const char *name, size_t max, const char *fallback,
                     const char **ret_value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(call->json, name);
    if (item == NULL && fallback != NULL) {
        *ret_value = fallback;
        return true;
    }
    if (item == NULL) {
        agent_call_error(call, "bad_request", NULL, "'%s' is missing", name);
        return false;
    }
    if (!cJSON_IsString(item) || strlen(item->valuestring) > max) {
        agent_call_error(call, "bad_request", NULL, "'%s' is not a text of at most %zu bytes", name,
                         max);
        return false;
    }
    *ret_value = item->valuestring;
    return true;
}

bool agent_call_bool(struct io_call *call, const char *name, bool *ret_value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(call->json, name);
    if (item != NULL && !cJSON_IsBool(item)) {
        agent_call_error(call, "bad_request", NULL, "'%s' is not true or false", name);
        return false;
    }
    *ret_value = cJSON_IsTrue(item);
    return true;
}
