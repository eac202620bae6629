/* Any keys in any order: whatever they open, type and go back to, the screen stays whole. */
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/state.h"
#include "views/chrome.h"

#define KEYS_MAX 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load(struct tui_app *app, enum tui_update_kind kind, const char *name)
{
    static char text[65536];
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s", GOLDEN_DIR, name);
    FILE *file = fopen(path, "r");
    if (!file)
        abort();
    size_t len = fread(text, 1, sizeof(text), file);
    fclose(file);
    tui_app_update(app, tui_update_parse(kind, text, len, 900));
}

static uint32_t key_of(uint8_t byte)
{
    if (byte == '\r' || byte == '\n')
        return TUI_KEY_ENTER;
    if (byte < 0x80)
        return byte;
    return byte < 0x90 ? (uint32_t)TUI_KEY_UP + (byte & 0xf) : (uint32_t)byte * 137;
}

static void look(const struct tui_canvas *canvas)
{
    for (int i = 0; i < canvas->rows * canvas->cols; i++) {
        wchar_t ch = canvas->cells[i].ch;
        if ((ch > 0 && ch < 0x20) || (ch >= 0x7f && ch < 0xa0))
            abort();
    }
}

/* What is written is read back to the same. */
static void keep(const struct tui_app *app)
{
    struct tui_app *next = tui_app_create();
    char *text = tui_state_write(app);

    if (!next || !text)
        abort();
    tui_state_read(next, text);
    char *again = tui_state_write(next);
    if (!again || strcmp(text, again) != 0)
        abort();
    free(again);
    free(text);
    tui_app_destroy(next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tui_canvas canvas = {0};
    struct tui_app *app = tui_app_create();

    setlocale(LC_CTYPE, "C.UTF-8");
    if (!app || !tui_canvas_resize(&canvas, 16, 60))
        abort();
    app->now_ms = 1000;
    load(app, TUI_UPDATE_FLEET, "snapshot.json");
    load(app, TUI_UPDATE_EVENTS, "events.json");
    load(app, TUI_UPDATE_JOBS, "jobs.json");
    for (size_t i = 0; i < size && i < KEYS_MAX; i++) {
        tui_app_key(app, key_of(data[i]));
        app->now_ms += 100;
        if (i % 8 == 0)
            tui_chrome_draw(app, &canvas);
        if (i % 64 == 0)
            load(app, TUI_UPDATE_FLEET, "snapshot.json");
    }
    tui_chrome_draw(app, &canvas);
    look(&canvas);
    keep(app);
    /* A text from somewhere is no state, and does no harm as one. */
    char *text = strndup((const char *)data, size);
    char *state = NULL;
    if (!text || asprintf(&state, "stoker console 1\n%s", text) < 0)
        abort();
    tui_state_read(app, state);
    tui_chrome_draw(app, &canvas);
    look(&canvas);
    for (const char *key = "\x1b\x1b:"; *key; key++)
        tui_app_key(app, (uint32_t)*key);
    tui_app_key(app, TUI_KEY_UP);
    tui_chrome_draw(app, &canvas);
    look(&canvas);
    free(state);
    free(text);
    tui_canvas_finish(&canvas);
    tui_app_destroy(app);
    return 0;
}
