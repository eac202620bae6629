/* Made of the keymap, views.def and verbs.def: nothing about a key is written here. */
#include "views/grid.h"

static const struct {
    const char *word, *arguments, *help;
} verbs[] = {
#define TUI_VERB(name, word, target, arguments, help) {word, arguments, help},
#include "keys/verbs.def"
#undef TUI_VERB
};

static void write_keys(const struct tui_app *app, struct tui_pen *pen, enum tui_context context)
{
    char keys[64];

    tui_pen_print(pen, TUI_ROLE_TITLE, "%s", tui_context_title(context));
    for (int i = 0; i < TUI_COMMAND_COUNT; i++) {
        const struct tui_binding *binding = &app->keymap.bindings[i];
        if (binding->context != context)
            continue;
        tui_binding_keys(keys, sizeof(keys), binding);
        tui_pen_print(pen, TUI_ROLE_NORMAL, "  %-18s %s", keys, binding->help);
    }
    tui_pen_print(pen, TUI_ROLE_NORMAL, "%s", "");
}

static void write_help(const struct tui_app *app, struct tui_pen *pen)
{
    tui_pen_print(pen, TUI_ROLE_TITLE, "Views");
    for (size_t i = 0; i < TUI_VIEW_COUNT; i++) {
        char key[] = {tui_views[i].key, 0};
        tui_pen_print(pen, TUI_ROLE_NORMAL, "  %-4s%-12s %s", key, tui_views[i].title,
                      tui_views[i].help);
    }
    tui_pen_print(pen, TUI_ROLE_NORMAL, "%s", "");
    for (int context = 0; context < TUI_CONTEXT_COUNT; context++)
        write_keys(app, pen, (enum tui_context)context);
    tui_pen_print(pen, TUI_ROLE_TITLE, "Commands, after ':'");
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        tui_pen_print(pen, TUI_ROLE_NORMAL, "  %s %s", verbs[i].word, verbs[i].arguments);
        tui_pen_print(pen, TUI_ROLE_DIM, "      %s", verbs[i].help);
    }
    tui_pen_print(pen, TUI_ROLE_NORMAL, "  fleet, jobs, events, operations, help, quit");
}

static int lines(const struct tui_app *app, int cols)
{
    struct tui_pen pen = {.rect = {0, 0, 1, cols - 2}};

    write_help(app, &pen);
    return pen.line;
}

static int page(const struct tui_app *app, struct tui_rect body)
{
    (void)app;
    return body.rows;
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    struct tui_pen pen = {.canvas = canvas,
                          .rect = {body.y, 1, body.rows, body.cols - 2},
                          .skip = (int)app->lists[TUI_VIEW_HELP].top};

    write_help(app, &pen);
    if (pen.line > pen.skip + body.rows)
        tui_canvas_right(canvas, body.y + body.rows - 1, body.cols - 22, 21, TUI_ROLE_KEY,
                         "more below: j, PgDn");
}

const struct tui_view_ops tui_view_help = {
    .lines = lines,
    .page = page,
    .draw = draw,
};
