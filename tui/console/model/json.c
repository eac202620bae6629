#include "model/json.h"

#include <math.h>

#include "model/limits.h"
#include "text/text.h"

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

uint64_t tui_json_integer(const cJSON *object, const char *name, uint64_t max)
{
    const cJSON *item = member(object, name);

    if (!cJSON_IsNumber(item) || !(item->valuedouble > 0))
        return 0;
    if (item->valuedouble >= (double)TUI_INTEGER_MAX)
        return max < TUI_INTEGER_MAX ? max : TUI_INTEGER_MAX;
    uint64_t value = (uint64_t)item->valuedouble;
    return value < max ? value : max;
}

uint32_t tui_json_index(const cJSON *object, const char *name)
{
    const cJSON *item = member(object, name);

    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0))
        return UINT32_MAX;
    return (uint32_t)tui_json_integer(object, name, UINT32_MAX);
}

double tui_json_real(const cJSON *object, const char *name)
{
    const cJSON *item = member(object, name);

    if (!cJSON_IsNumber(item) || isnan(item->valuedouble))
        return NAN;
    return fmin(fmax(item->valuedouble, 0), TUI_REAL_MAX);
}

bool tui_json_flag(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(member(object, name));
}

void tui_json_text(const cJSON *object, const char *name, char *ret_text, size_t size)
{
    const cJSON *item = member(object, name);

    tui_text_clean(ret_text, size, cJSON_IsString(item) ? item->valuestring : NULL);
}

const cJSON *tui_json_array(const cJSON *object, const char *name)
{
    const cJSON *item = member(object, name);

    return cJSON_IsArray(item) ? item : NULL;
}

const cJSON *tui_json_object(const cJSON *object, const char *name)
{
    const cJSON *item = member(object, name);

    return cJSON_IsObject(item) ? item : NULL;
}

size_t tui_json_count(const cJSON *array, size_t max)
{
    size_t count = 0;

    for (const cJSON *at = array ? array->child : NULL; at && count < max; at = at->next)
        count++;
    return count;
}
