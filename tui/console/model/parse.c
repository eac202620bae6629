#include "model/parse.h"

#include <math.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "model/json.h"
#include "model/parse_part.h"
#include "model/parse_walk.h"
#include "text/text.h"

static enum tui_parse open_reply(const char *text, size_t len, cJSON **ret_root)
{
    cJSON *root;

    if (len > TUI_MESSAGE_BYTES_MAX)
        return TUI_PARSE_MALFORMED;
    root = cJSON_ParseWithLength(text, len);
    if (!cJSON_IsObject(root)) {
        cJSON_Delete(root);
        return TUI_PARSE_MALFORMED;
    }
    *ret_root = root;
    return TUI_PARSE_OK;
}

enum tui_parse tui_parse_open(const char *text, size_t len, cJSON **ret_root,
                              struct tui_refusal *ret_refusal)
{
    cJSON *root = NULL;
    enum tui_parse status = open_reply(text, len, &root);

    if (status != TUI_PARSE_OK)
        return status;
    if (cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(root, "ok"))) {
        if (ret_refusal)
            tui_parse_refusal(root, ret_refusal);
        cJSON_Delete(root);
        return TUI_PARSE_REFUSED;
    }
    *ret_root = root;
    return TUI_PARSE_OK;
}

static enum tui_parse fill_models(const cJSON *array, struct tui_fleet *fleet)
{
    size_t models = tui_json_count(array, TUI_SERVED_MAX);
    const cJSON *at = array ? array->child : NULL;

    fleet->models = calloc(models + 1, sizeof(*fleet->models));
    if (!fleet->models)
        return TUI_PARSE_NO_MEMORY;
    for (size_t i = 0; i < models; i++, at = at->next) {
        tui_parse_served(at, &fleet->models[fleet->model_count]);
        if (fleet->models[fleet->model_count].id[0] != 0)
            fleet->model_count++;
    }
    return tui_fleet_link_models(fleet) ? TUI_PARSE_OK : TUI_PARSE_NO_MEMORY;
}

static enum tui_parse fill_operations(const cJSON *array, struct tui_fleet *fleet)
{
    size_t count = tui_json_count(array, TUI_OPERATIONS_MAX);
    const cJSON *at = array ? array->child : NULL;

    fleet->operations = calloc(count + 1, sizeof(*fleet->operations));
    if (!fleet->operations)
        return TUI_PARSE_NO_MEMORY;
    for (size_t i = 0; i < count; i++, at = at->next) {
        tui_parse_operation(at, &fleet->operations[fleet->operation_count]);
        if (fleet->operations[fleet->operation_count].id != 0)
            fleet->operation_count++;
    }
    return TUI_PARSE_OK;
}

enum tui_parse tui_parse_fleet(const char *text, size_t len, struct tui_fleet **ret_fleet)
{
    cJSON *root = NULL;
    struct tui_fleet *fleet = calloc(1, sizeof(*fleet));
    enum tui_parse status = TUI_PARSE_NO_MEMORY;

    if (!fleet)
        return status;
    status = tui_parse_walk(text, len, &root, fleet);
    if (status != TUI_PARSE_OK)
        goto out;
    /* Without its list of agents it is some other message, and showing it would say "no agents". */
    if (!fleet->agents || !tui_json_object(root, "totals")) {
        status = TUI_PARSE_MALFORMED;
        goto out;
    }
    tui_parse_summary(root, fleet);
    status = fill_models(tui_json_array(root, "models"), fleet);
    if (status == TUI_PARSE_OK)
        status = fill_operations(tui_json_array(root, "operations"), fleet);
    if (status == TUI_PARSE_OK) {
        *ret_fleet = fleet;
        fleet = NULL;
    }
out:
    tui_fleet_destroy(fleet);
    cJSON_Delete(root);
    return status;
}

enum tui_parse tui_parse_events(const char *text, size_t len, struct tui_event_page **ret_page)
{
    cJSON *root = NULL;
    struct tui_event_page *page;
    enum tui_parse status = tui_parse_open(text, len, &root, NULL);
    const cJSON *array;

    if (status != TUI_PARSE_OK)
        return status;
    array = tui_json_array(root, "events");
    if (!array) {
        cJSON_Delete(root);
        return TUI_PARSE_MALFORMED;
    }
    size_t count = tui_json_count(array, TUI_EVENTS_PAGE_MAX);
    page = calloc(1, sizeof(*page) + count * sizeof(page->events[0]));
    if (!page) {
        cJSON_Delete(root);
        return TUI_PARSE_NO_MEMORY;
    }
    page->next = tui_json_integer(root, "next", TUI_INTEGER_MAX);
    page->count = count;
    const cJSON *at = array->child;
    for (size_t i = 0; i < count; i++, at = at->next)
        tui_parse_event(at, &page->events[i]);
    cJSON_Delete(root);
    *ret_page = page;
    return TUI_PARSE_OK;
}

static enum tui_parse parse_address(const char *text, size_t len, const char *name,
                                    char ret_address[TUI_ADDRESS_SIZE])
{
    cJSON *root = NULL;
    enum tui_parse status = tui_parse_open(text, len, &root, NULL);

    if (status != TUI_PARSE_OK)
        return status;
    tui_json_text(root, name, ret_address, TUI_ADDRESS_SIZE);
    cJSON_Delete(root);
    return TUI_PARSE_OK;
}

enum tui_parse tui_parse_version(const char *text, size_t len, char ret_events[TUI_ADDRESS_SIZE])
{
    return parse_address(text, len, "events", ret_events);
}

enum tui_parse tui_parse_agents_address(const char *text, size_t len,
                                        char ret_address[TUI_ADDRESS_SIZE])
{
    return parse_address(text, len, "agents_address", ret_address);
}
