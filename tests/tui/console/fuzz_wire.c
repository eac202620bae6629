/*
 * From bytes of the terminal and of the coordinator to bytes for the terminal: whatever keys,
 * mouse, pastes, sizes and names come, nothing but characters and the painter's own sequences goes
 * out.
 *
 * The input is a list of steps, a byte that says which and the bytes that it takes.
 */
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "terminal/codec/input.h"
#include "terminal/codec/paint.h"
#include "theme/zone.h"
#include "views/chrome.h"
#include "vt_check.h"

#define HOSTILE_MAX 4096

static const char *const goldens[] = {"snapshot.json", "events.json", "jobs.json"};
static const enum tui_update_kind kinds[] = {TUI_UPDATE_FLEET, TUI_UPDATE_EVENTS, TUI_UPDATE_JOBS};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* What a name can be made of: controls, escape sequences, directions, combining, wide, invalid. */
static const char *const snippets[] = {
    "a",
    "\\u001b[2J",
    "\\u009b1m",
    "\\u0007",
    "\\r\\n",
    "\\u202e",
    "\\u200b",
    "e\\u0301",
    "\xe6\x97\xa5",
    "\xf0\x9f\x98\x80\xe2\x80\x8d",
    "\xf0\x9f\x87\xa9",
    "\xff\xfe",
    "\\ud800",
    "\\u001b]52;c;eA==\\u0007",
    "\\u05d0\\u0627",
    "\xcc\xb6\xcc\xb7",
};
#define SNIPPETS (sizeof(snippets) / sizeof(snippets[0]))

struct world {
    struct tui_app *app;
    struct tui_canvas canvas;
    struct tui_zones zones;
    struct tui_paint paint;
    struct tui_input input;
    struct tui_bytes out;
    const uint8_t *at, *end;
};

static char *texts[KINDS];

static void load(void)
{
    for (size_t i = 0; i < KINDS; i++) {
        char path[1024];
        snprintf(path, sizeof(path), "%s/%s", GOLDEN_DIR, goldens[i]);
        FILE *file = fopen(path, "r");
        texts[i] = calloc(1, 65536);
        if (!file || !texts[i] || fread(texts[i], 1, 65535, file) == 0)
            abort();
        fclose(file);
    }
}

static uint8_t take(struct world *world)
{
    return world->at < world->end ? *world->at++ : 0;
}

/* The golden message with each "ember" in it replaced. */
static void update(struct world *world)
{
    static char text[1 << 20];
    char name[HOSTILE_MAX] = "";
    size_t kind = take(world) % KINDS;
    size_t count = take(world);
    size_t used = 0;
    const char *from = texts[kind];

    for (size_t i = 0; i < count; i++) {
        const char *snippet = snippets[take(world) % SNIPPETS];
        if (strlen(name) + strlen(snippet) + 1 < sizeof(name))
            memcpy(name + strlen(name), snippet, strlen(snippet) + 1);
    }
    for (const char *hit; (hit = strstr(from, "ember")) != NULL; from = hit + 5) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%.*s%s", (int)(hit - from),
                                 from, name);
        if (used >= sizeof(text) / 2)
            break;
    }
    used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", from);
    struct tui_update *news = tui_update_parse(kinds[kind], text, used, world->app->now_ms);
    if (!news)
        abort();
    tui_app_update(world->app, news);
}

static void input(struct world *world)
{
    struct tui_event_input event;
    size_t count = take(world) % 32;

    for (size_t i = 0; i < count; i++) {
        char byte = (char)take(world);
        if (tui_input_room(&world->input) > 0)
            tui_input_add(&world->input, &byte, 1, world->app->now_ms);
        while (tui_input_next(&world->input, world->app->now_ms, &event)) {
            if (event.kind == TUI_EVENT_KEY)
                tui_app_key(world->app, event.key);
            else if (event.kind == TUI_EVENT_PASTE)
                tui_app_paste(world->app, event.text);
            else if (event.kind == TUI_EVENT_POINTER)
                tui_app_pointer(world->app, &event.pointer, &world->canvas);
        }
    }
}

static void style(struct world *world)
{
    static const char *const names[] = {"dark", "light", "high-contrast", "mono"};
    struct tui_theme theme;
    uint8_t byte = take(world);

    if (!tui_theme_find(names[byte % 4], &theme))
        abort();
    tui_paint_style(&world->paint, &theme, (enum tui_depth)(byte / 4 % (TUI_DEPTH_TRUE + 1)));
}

static void draw(struct world *world)
{
    size_t wrong;
    size_t room = take(world);

    tui_chrome_draw(world->app, &world->canvas);
    tui_bytes_clear(&world->out);
    tui_paint_frame(&world->paint, &world->canvas, room < 250 ? SIZE_MAX : room, &world->out);
    if (world->out.failed ||
        !vt_check(world->out.data ? world->out.data : "", world->out.len, &wrong))
        abort();
}

static void step(struct world *world)
{
    switch (take(world) % 8) {
    case 0:
        update(world);
        break;
    case 1:
        if (!tui_canvas_resize(&world->canvas, take(world) % 64, take(world)))
            abort();
        break;
    case 2:
        style(world);
        break;
    case 3:
        world->app->now_ms += take(world) * 100;
        break;
    case 4:
        world->canvas.ascii = take(world) & 1;
        world->app->glyphs = (enum tui_glyphs)(take(world) % 3);
        break;
    default:
        input(world);
        break;
    }
    if (!world->app->quit)
        draw(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world world;

    if (!texts[0]) {
        setlocale(LC_CTYPE, "C.UTF-8");
        load();
    }
    world = (struct world){.app = tui_app_create(), .at = data, .end = data + size};
    if (!world.app || !tui_canvas_resize(&world.canvas, 24, 80))
        abort();
    world.canvas.zones = &world.zones;
    world.app->now_ms = 1000;
    tui_input_init(&world.input, 50);
    style(&world);
    for (int i = 0; i < 200 && world.at < world.end && !world.app->quit; i++)
        step(&world);
    tui_paint_finish(&world.paint);
    tui_bytes_finish(&world.out);
    tui_canvas_finish(&world.canvas);
    tui_app_destroy(world.app);
    return 0;
}
