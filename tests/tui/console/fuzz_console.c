/* Any message of a coordinator can be folded in and drawn, in every view. */
#include <stdint.h>
#include <stdlib.h>

#include "views/chrome.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum tui_update_kind kinds[] = {
        TUI_UPDATE_FLEET,
        TUI_UPDATE_DELTA,
        TUI_UPDATE_EVENTS,
        TUI_UPDATE_ANSWER,
#define TUI_POLL(name, lower, op, type, members, limit, help) TUI_UPDATE_##name,
#include "feed/polls.def"
#undef TUI_POLL
    };
    struct tui_canvas canvas = {0};
    struct tui_app *app = tui_app_create();
    uint64_t job = 88121;

    if (!app || !tui_canvas_resize(&canvas, 24, 80))
        abort();
    app->now_ms = 1000;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct tui_update *update = tui_update_parse(kinds[i], (const char *)data, size, 900);
        if (!update)
            abort();
        update->asked.job = job;
        tui_app_update(app, update);
    }
    for (const char *keys = "12d\x1b\r4\r789hHl-+6hk0ja?"; *keys; keys++) {
        tui_app_key(app, (uint32_t)*keys);
        tui_chrome_draw(app, &canvas);
    }
    for (int i = 0; i < canvas.rows * canvas.cols; i++) {
        wchar_t ch = canvas.cells[i].ch;
        if ((ch > 0 && ch < 0x20) || (ch >= 0x7f && ch < 0xa0))
            abort();
    }
    tui_canvas_finish(&canvas);
    tui_app_destroy(app);
    return 0;
}
