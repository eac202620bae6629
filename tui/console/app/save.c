#include "app/save.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/do.h"
#include "app/ex.h"
#include "app/line.h"
#include "app/overlay.h"
#include "export/export.h"

/* "stoker-agents-20261121-172130" */
static void name_by_time(const struct tui_app *app, char *ret_path, size_t size)
{
    time_t seconds = (time_t)(app->clock_ms / 1000);
    char when[32] = "";
    struct tm tm;

    if (localtime_r(&seconds, &tm))
        strftime(when, sizeof(when), "-%Y%m%d-%H%M%S", &tm);
    snprintf(ret_path, size, "stoker-%s%s%s", tui_views[app->view].name, when,
             tui_formats[0].suffix);
}

void tui_do_save(struct tui_app *app)
{
    struct tui_save *save = &app->save;

    *save = (struct tui_save){.open = true, .count = save->count};
    name_by_time(app, save->path, sizeof(save->path));
}

bool tui_overlay_save_open(const struct tui_app *app)
{
    return app->save.open;
}

void tui_overlay_save_type(struct tui_app *app, uint32_t key)
{
    struct tui_save *save = &app->save;

    if (!save->exists) {
        tui_line_type(save->path, sizeof(save->path), key);
        return;
    }
    /* Anything but a yes leads back to the name. */
    save->exists = false;
    if (key == 'y') {
        save->wish = TUI_SAVE_OVER;
        save->open = false;
    }
}

void tui_do_save_accept(struct tui_app *app)
{
    struct tui_save *save = &app->save;

    if (save->exists || save->path[0] == 0) {
        save->exists = false;
        return;
    }
    save->wish = TUI_SAVE_NEW;
    save->open = false;
}

void tui_do_save_abort(struct tui_app *app)
{
    app->save.open = false;
}

void tui_do_save_erase(struct tui_app *app)
{
    app->save.exists = false;
    tui_line_erase(app->save.path);
}

void tui_do_save_clear(struct tui_app *app)
{
    app->save.exists = false;
    app->save.path[0] = 0;
}

/* The end of the name is the format: the next one takes its place. */
void tui_do_save_format(struct tui_app *app)
{
    struct tui_save *save = &app->save;
    enum tui_format now = tui_format_of_path(save->path);
    size_t next = now == TUI_FORMAT_COUNT ? 0 : (now + 1u) % TUI_FORMAT_COUNT;
    size_t used = strlen(save->path);

    save->exists = false;
    if (now != TUI_FORMAT_COUNT)
        used -= strlen(tui_formats[now].suffix);
    if (used + strlen(tui_formats[next].suffix) < sizeof(save->path))
        snprintf(save->path + used, sizeof(save->path) - used, "%s", tui_formats[next].suffix);
}

bool tui_ex_save(struct tui_app *app, const char *arguments, char ret_why[TUI_TEXT_SIZE])
{
    if (strlen(arguments) >= sizeof(app->save.path)) {
        snprintf(ret_why, TUI_TEXT_SIZE, "that name is too long");
        return false;
    }
    if (arguments[0] == 0) {
        tui_do_save(app);
        return true;
    }
    app->save = (struct tui_save){.wish = TUI_SAVE_NEW, .count = app->save.count};
    snprintf(app->save.path, sizeof(app->save.path), "%s", arguments);
    return true;
}
