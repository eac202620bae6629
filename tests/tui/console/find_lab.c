#include "find_lab.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "views/chrome.h"

struct tui_canvas find_canvas;
struct tui_app *find_app;

static void load(enum tui_update_kind kind, const char *name)
{
    static char text[65536];
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s", GOLDEN_DIR, name);
    FILE *file = fopen(path, "r");
    cr_assert(file);
    size_t len = fread(text, 1, sizeof(text), file);
    fclose(file);
    tui_app_update(find_app, tui_update_parse(kind, text, len, find_app->now_ms));
}

void find_setup(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    find_canvas = (struct tui_canvas){0};
    cr_assert(tui_canvas_resize(&find_canvas, 24, 100));
    find_app = tui_app_create();
    find_app->now_ms = 1000;
    find_app->clock_ms = 1780000060000;
    load(TUI_UPDATE_FLEET, "snapshot.json");
    load(TUI_UPDATE_EVENTS, "events.json");
    load(TUI_UPDATE_JOBS, "jobs.json");
    tui_app_show(find_app, TUI_VIEW_AGENTS);
    tui_chrome_draw(find_app, &find_canvas);
}

void find_teardown(void)
{
    tui_canvas_finish(&find_canvas);
    tui_app_destroy(find_app);
}

void find_press(const char *keys)
{
    for (; *keys; keys++) {
        uint32_t key = *keys == '\r'   ? TUI_KEY_ENTER
                       : *keys == '\b' ? TUI_KEY_BACKSPACE
                                       : (uint32_t)*keys;
        tui_app_key(find_app, key);
        tui_chrome_draw(find_app, &find_canvas);
    }
}

int find_row(const char *text)
{
    tui_chrome_draw(find_app, &find_canvas);
    for (int y = 0; y < find_canvas.rows; y++) {
        char line[TUI_CANVAS_COLS_MAX + 1];
        for (int x = 0; x < find_canvas.cols; x++) {
            wchar_t ch = find_canvas.cells[y * find_canvas.cols + x].ch;
            line[x] = ch > 0 && ch < 0x7f ? (char)ch : '~';
        }
        line[find_canvas.cols] = 0;
        if (strstr(line, text))
            return y;
    }
    return -1;
}

void find_fleet(const char *agents)
{
    char text[1024];

    snprintf(text, sizeof(text), "{\"totals\":{},\"agents\":[%s]}", agents);
    tui_app_update(find_app,
                   tui_update_parse(TUI_UPDATE_FLEET, text, strlen(text), find_app->now_ms));
    tui_chrome_draw(find_app, &find_canvas);
}
