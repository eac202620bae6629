/* Any line behind a verb is read or refused, and any answer to what a dialog asks can be drawn;
 * whatever is typed then, nothing is sent that isn't JSON, and nothing at all while the plan is
 * refused. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "views/chrome.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char fleet[] =
    "{\"ok\":true,\"epoch\":1,\"uptime_ms\":1,\"totals\":{},\"agents\":[{\"name\":\"a\",\"state\":"
    "\"ready\",\"instance\":\"aa\"},{\"name\":\"b\",\"state\":\"drained\"}],\"operations\":[]}";

static void check_sent(struct tui_app *app, const char *answer, size_t len)
{
    struct tui_request request;

    while (tui_app_take_request(app, &request)) {
        cJSON *json = cJSON_Parse(request.text);
        if (!cJSON_IsObject(json))
            abort();
        cJSON_Delete(json);
        free(request.text);
        struct tui_update *update = tui_update_parse(TUI_UPDATE_ANSWER, answer, len, app->now_ms);
        if (!update)
            abort();
        update->token = request.token;
        tui_app_update(app, update);
    }
}

static void act(struct tui_app *app, struct tui_canvas *canvas, enum tui_verb verb,
                const char *line, const char *answer, size_t len)
{
    tui_act(app, verb, line);
    check_sent(app, answer, len);
    for (const char *keys = "?\x1b\t\t7\t\t\r\t\r"; *keys; keys++) {
        app->now_ms += TUI_DIALOG_SETTLE_MS;
        tui_chrome_draw(app, canvas);
        tui_app_key(app, (uint32_t)*keys);
        check_sent(app, answer, len);
    }
    tui_dialog_finish(&app->dialog);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tui_canvas canvas = {0};
    struct tui_app *app = tui_app_create();
    char line[160];
    const char *rest = line;
    size_t first = 0;

    if (!app || !tui_canvas_resize(&canvas, 16, 60))
        abort();
    app->now_ms = 1000;
    tui_app_update(app, tui_update_parse(TUI_UPDATE_FLEET, fleet, sizeof(fleet) - 1, app->now_ms));
    while (first < size && first < sizeof(line) - 1 && data[first] != '\n' && data[first] != 0)
        first++;
    memcpy(line, data, first);
    line[first] = 0;
    /* A line without a verb is one behind any of them. */
    enum tui_verb verb = tui_verb_find(line, &rest);
    if (verb == TUI_VERB_COUNT)
        verb = (enum tui_verb)(size % TUI_VERB_COUNT);
    act(app, &canvas, verb, rest, (const char *)data + first, size - first);
    tui_canvas_finish(&canvas);
    tui_app_destroy(app);
    return 0;
}
