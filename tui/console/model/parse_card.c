/* What the repository says of its models: replies to `models` and `model`. */
#include "model/parse_card.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/json.h"
#include "text/text.h"

static uint64_t integer(const cJSON *object, const char *name)
{
    return tui_json_integer(object, name, TUI_INTEGER_MAX);
}

/* "1x3x224x224"; what isn't a size that is known is "?". */
static void parse_shape(const cJSON *array, char *ret_text, size_t size)
{
    size_t used = 0;
    const cJSON *at;

    ret_text[0] = 0;
    cJSON_ArrayForEach(at, array)
    {
        char number[32] = "?";
        if (cJSON_IsNumber(at) && at->valuedouble >= 0 && at->valuedouble < 1e15)
            snprintf(number, sizeof(number), "%.0f", at->valuedouble);
        int len = snprintf(ret_text + used, size - used, "%s%s", used > 0 ? "x" : "", number);
        if (len < 0 || (size_t)len >= size - used)
            return;
        used += (size_t)len;
    }
}

static size_t parse_ports(const cJSON *array, struct tui_port ret_ports[TUI_PORTS_MAX])
{
    size_t count = tui_json_count(array, TUI_PORTS_MAX);
    const cJSON *at = array ? array->child : NULL;

    for (size_t i = 0; i < count; i++, at = at->next) {
        tui_json_text(at, "name", ret_ports[i].name, sizeof(ret_ports[i].name));
        tui_json_text(at, "dtype", ret_ports[i].dtype, sizeof(ret_ports[i].dtype));
        parse_shape(tui_json_array(at, "shape"), ret_ports[i].shape, sizeof(ret_ports[i].shape));
    }
    return count;
}

static void parse_preprocess(const cJSON *object, struct tui_preprocess *ret_preprocess)
{
    ret_preprocess->given = object != NULL;
    ret_preprocess->channels = (uint32_t)tui_json_integer(object, "channels", UINT32_MAX);
    ret_preprocess->width = (uint32_t)tui_json_integer(object, "width", UINT32_MAX);
    ret_preprocess->height = (uint32_t)tui_json_integer(object, "height", UINT32_MAX);
    tui_json_text(object, "layout", ret_preprocess->layout, sizeof(ret_preprocess->layout));
}

static void parse_fields(const cJSON *object, struct tui_card *ret_card)
{
    tui_json_text(object, "name", ret_card->name, sizeof(ret_card->name));
    if (ret_card->name[0] == 0)
        return;
    ret_card->version = tui_json_integer(object, "version", UINT32_MAX);
    tui_parse_model_id(ret_card->name, ret_card->version, ret_card->id);
    ret_card->bytes = integer(object, "bytes");
    ret_card->max_batch = integer(object, "max_batch");
    ret_card->jobs = integer(object, "jobs");
    ret_card->top_k = integer(object, "top_k");
    tui_json_text(object, "description", ret_card->description, sizeof(ret_card->description));
    tui_json_text(object, "hash", ret_card->hash, sizeof(ret_card->hash));
    tui_json_text(object, "state", ret_card->state, sizeof(ret_card->state));
    tui_json_text(object, "error", ret_card->error, sizeof(ret_card->error));
    ret_card->cache_responses = tui_json_flag(object, "cache_responses");
    ret_card->resident = tui_json_count(tui_json_array(object, "resident"), TUI_AGENTS_MAX);
    ret_card->pinned = tui_json_count(tui_json_array(object, "pinned"), TUI_AGENTS_MAX);
    parse_preprocess(tui_json_object(object, "preprocess"), &ret_card->preprocess);
    ret_card->input_count = parse_ports(tui_json_array(object, "inputs"), ret_card->inputs);
    ret_card->output_count = parse_ports(tui_json_array(object, "outputs"), ret_card->outputs);
}

enum tui_parse tui_parse_cards(const cJSON *root, void **ret_record)
{
    const cJSON *array = tui_json_array(root, "models");
    struct tui_card_page *page;

    if (!array)
        return TUI_PARSE_MALFORMED;
    size_t count = tui_json_count(array, TUI_SERVED_MAX);
    page = calloc(1, sizeof(*page) + count * sizeof(page->cards[0]));
    if (!page)
        return TUI_PARSE_NO_MEMORY;
    const cJSON *at = array->child;
    for (size_t i = 0; i < count; i++, at = at->next) {
        parse_fields(at, &page->cards[page->count]);
        if (page->cards[page->count].name[0] != 0)
            page->count++;
    }
    *ret_record = page;
    return TUI_PARSE_OK;
}

enum tui_parse tui_parse_card(const cJSON *root, void **ret_record)
{
    const cJSON *object = tui_json_object(root, "model");
    const cJSON *labels = tui_json_array(object, "labels");
    struct tui_card_detail *detail;

    if (!object)
        return TUI_PARSE_MALFORMED;
    size_t count = tui_json_count(labels, TUI_LABELS_MAX);
    detail = calloc(1, sizeof(*detail) + count * sizeof(detail->labels[0]));
    if (!detail)
        return TUI_PARSE_NO_MEMORY;
    parse_fields(object, &detail->card);
    detail->count = count;
    const cJSON *at = labels ? labels->child : NULL;
    for (size_t i = 0; i < count; i++, at = at->next)
        tui_text_clean(detail->labels[i], sizeof(detail->labels[i]),
                       cJSON_IsString(at) ? at->valuestring : NULL);
    *ret_record = detail;
    return TUI_PARSE_OK;
}
