/* Made of the live keymap, views.def and verbs.def: nothing about a key is written here. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app/ex.h"
#include "views/grid.h"

#define INDENT 21 /* of what a key or a command does */

/* Lines that a search may leave out; a title stands only over lines that are there. */
struct help {
    struct tui_pen pen;
    const char *search;
    const char *title; /* not written yet; NULL: it is */
};

static void write_line(struct help *help, const char *text)
{
    if (help->search[0] != 0 && !strcasestr(text, help->search))
        return;
    if (help->title) {
        if (help->pen.line > 0)
            tui_pen_print(&help->pen, TUI_ROLE_NORMAL, "%s", "");
        tui_pen_print(&help->pen, TUI_ROLE_TITLE, "%s", help->title);
        help->title = NULL;
    }
    tui_pen_wrap(&help->pen, INDENT, TUI_ROLE_NORMAL, text);
}

__attribute__((format(printf, 2, 3))) static void print_line(struct help *help, const char *format,
                                                             ...)
{
    char text[TUI_TEXT_SIZE * 2];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    write_line(help, text);
}

static void write_keys(const struct tui_app *app, struct help *help, enum tui_context context)
{
    char keys[64];

    help->title = tui_context_title(context);
    for (int i = 0; i < TUI_COMMAND_COUNT; i++) {
        const struct tui_binding *binding = &app->keymap.bindings[i];
        if (binding->context != context)
            continue;
        tui_binding_keys(keys, sizeof(keys), binding);
        print_line(help, "  %-18s %s", keys, binding->help);
    }
}

static void write_views(struct help *help)
{
    help->title = "Views";
    for (size_t i = 0; i < TUI_VIEW_COUNT; i++)
        print_line(help, "  %c   %-12s %s", tui_views[i].key != 0 ? tui_views[i].key : ' ',
                   tui_views[i].title, tui_views[i].help);
}

static void write_bookmarks(const struct tui_app *app, struct help *help)
{
    char text[TUI_TEXT_SIZE];

    help->title = "Bookmarks";
    for (size_t i = 0; i < TUI_BOOKMARKS_MAX; i++) {
        if (!app->bookmarks.all[i].used)
            continue;
        tui_place_describe(text, sizeof(text), &app->bookmarks.all[i].place);
        print_line(help, "  %c   %s", tui_bookmark_letter(i), text);
    }
}

/* What keys meant where the help was opened. */
static enum tui_context context_before(const struct tui_app *app)
{
    const struct tui_places *back = &app->nav.back;
    const struct tui_place *place = back->count > 0 ? &back->places[back->count - 1] : NULL;

    if (!place)
        return TUI_CONTEXT_ANY;
    return place->view == TUI_VIEW_DETAIL ? place->detail : tui_views[place->view].context;
}

/* What can be pressed where the operator was comes first. */
static void write_help(const struct tui_app *app, struct help *help)
{
    enum tui_context first = context_before(app);

    help->search = app->lists[TUI_VIEW_HELP].filter;
    if (first != TUI_CONTEXT_ANY)
        write_keys(app, help, first);
    write_keys(app, help, TUI_CONTEXT_LIST);
    write_keys(app, help, TUI_CONTEXT_ANY);
    write_views(help);
    help->title = "Commands, after ':'";
    for (size_t i = 0; i < TUI_VERB_COUNT; i++) {
        char usage[TUI_TEXT_SIZE];
        tui_verb_usage(usage, sizeof(usage), (enum tui_verb)i);
        print_line(help, "  %s: %s", usage, tui_verb_rows[i].help);
    }
    for (size_t i = 0; tui_ex_commands[i].name; i++)
        print_line(help, "  %-12s %s%s%s", tui_ex_commands[i].name, tui_ex_commands[i].arguments,
                   tui_ex_commands[i].arguments[0] ? ": " : "", tui_ex_commands[i].help);
    write_bookmarks(app, help);
    for (int context = 0; context < TUI_CONTEXT_COUNT; context++) {
        if (context != (int)first && context != TUI_CONTEXT_LIST && context != TUI_CONTEXT_ANY)
            write_keys(app, help, (enum tui_context)context);
    }
    if (help->pen.line == 0)
        tui_pen_print(&help->pen, TUI_ROLE_DIM, "nothing here has '%s'; Esc shows all",
                      help->search);
}

static int lines(const struct tui_app *app, int cols)
{
    struct help help = {.pen = {.rect = {0, 0, 1, cols - 2}}};

    write_help(app, &help);
    return help.pen.line;
}

static int page(const struct tui_app *app, struct tui_rect body)
{
    (void)app;
    return body.rows - 1; /* the last one tells of more */
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    struct help help = {.pen = {.canvas = canvas,
                                .rect = {body.y, 1, body.rows - 1, body.cols - 2},
                                .skip = (int)app->lists[TUI_VIEW_HELP].top}};

    write_help(app, &help);
    if (help.pen.line > help.pen.skip + body.rows - 1)
        tui_canvas_right(canvas, body.y + body.rows - 1, body.cols - 29, 28, TUI_ROLE_KEY,
                         "more below: j, PgDn; / finds");
}

const struct tui_view_ops tui_view_help = {
    .lines = lines,
    .page = page,
    .draw = draw,
};
