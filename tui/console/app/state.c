#include "app/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/text.h"
#include "views/detail.h"

#define FIELDS_MAX 9
#define LINE_SIZE 1024

static void write_place(FILE *out, const char *key, const struct tui_place *place)
{
    const struct tui_view *view = &tui_views[place->view];
    const struct tui_field *fields = view->ops->fields;

    fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", key, view->name,
            tui_detail_name(place->detail), place->detail_id, place->selected,
            fields ? fields[place->sort].name : "", place->reverse ? "reverse" : "", place->filter);
}

char *tui_state_write(const struct tui_app *app)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    fprintf(out, "stoker console 1\n");
    for (size_t i = 0; i < TUI_VIEW_COUNT; i++) {
        const struct tui_list *list = &app->lists[i];
        struct tui_place place = {.view = (enum tui_view_id)i, .sort = list->sort};
        place.reverse = list->reverse;
        memcpy(place.filter, list->filter, sizeof(place.filter));
        if (tui_views[i].ops->count && i != TUI_VIEW_DETAIL)
            write_place(out, "list", &place);
    }
    for (size_t i = 0; i < TUI_BOOKMARKS_MAX; i++) {
        char key[] = "bookmark ?";
        key[sizeof(key) - 2] = tui_bookmark_letter(i);
        if (app->bookmarks.all[i].used)
            write_place(out, key, &app->bookmarks.all[i].place);
    }
    for (size_t i = 0; i < app->palette.history_count; i++)
        fprintf(out, "typed\t%s\n", app->palette.history[i]);
    struct tui_place here;
    tui_nav_here(app, &here);
    /* The row may be gone by then, and the list would begin with nothing selected. */
    here.selected[0] = 0;
    write_place(out, "here", &here);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* A place of a line's fields; false if its view isn't known. */
static bool read_place(char *const fields[FIELDS_MAX], struct tui_place *ret_place)
{
    struct tui_place place = {.view = TUI_VIEW_COUNT};

    for (size_t i = 0; i < TUI_VIEW_COUNT; i++) {
        if (strcmp(fields[1], tui_views[i].name) == 0)
            place.view = (enum tui_view_id)i;
    }
    if (place.view == TUI_VIEW_COUNT || (place.view == TUI_VIEW_DETAIL && fields[3][0] == 0))
        return false;
    place.detail = tui_detail_find(fields[2]);
    if (place.view == TUI_VIEW_DETAIL && !tui_detail_of(place.detail))
        return false;
    tui_text_clean(place.detail_id, sizeof(place.detail_id), fields[3]);
    tui_text_clean(place.selected, sizeof(place.selected), fields[4]);
    tui_text_clean(place.filter, sizeof(place.filter), fields[7]);
    const struct tui_field *columns = tui_views[place.view].ops->fields;
    for (size_t i = 0; columns && columns[i].name; i++) {
        if (strcmp(columns[i].name, fields[5]) == 0)
            place.sort = i;
    }
    place.reverse = strcmp(fields[6], "reverse") == 0;
    *ret_place = place;
    return true;
}

/* What a line said of a list becomes how it is; a filter that isn't understood any more does not.
 */
static void restore(struct tui_app *app, const struct tui_place *place)
{
    struct tui_list *list = &app->lists[place->view];
    struct tui_filter_error error;

    app->view = place->view;
    list->sort = place->sort;
    list->reverse = place->reverse;
    tui_app_filter(app, place->filter, &error);
    if (place->view == TUI_VIEW_DETAIL) {
        app->detail = place->detail;
        memcpy(app->detail_id, place->detail_id, sizeof(app->detail_id));
    }
    memcpy(list->selected, place->selected, sizeof(list->selected));
}

static void read_line(struct tui_app *app, char *line)
{
    static char none[] = "";
    char *fields[FIELDS_MAX];
    struct tui_place place;
    size_t count = 0;

    for (char *at = line; count < FIELDS_MAX; at += strcspn(at, "\t") + 1) {
        fields[count++] = at;
        if (!strchr(at, '\t'))
            break;
    }
    for (size_t i = 0; i < count; i++)
        fields[i][strcspn(fields[i], "\t")] = 0;
    while (count < FIELDS_MAX)
        fields[count++] = none;
    if (strcmp(fields[0], "typed") == 0) {
        char typed[TUI_PALETTE_SIZE];
        tui_text_clean(typed, sizeof(typed), fields[1]);
        tui_palette_remember(&app->palette, typed);
        return;
    }
    if (!read_place(fields, &place))
        return;
    if (strncmp(fields[0], "bookmark ", 9) == 0) {
        size_t index = tui_bookmark_index((unsigned char)fields[0][9]);
        if (index < TUI_BOOKMARKS_MAX)
            app->bookmarks.all[index] = (struct tui_bookmark){true, place};
    } else if (strcmp(fields[0], "list") == 0 || strcmp(fields[0], "here") == 0) {
        restore(app, &place);
    }
}

void tui_state_read(struct tui_app *app, const char *text)
{
    enum tui_view_id view = app->view;
    char line[LINE_SIZE];

    if (strncmp(text, "stoker console 1\n", 17) != 0)
        return;
    while (*text != 0) {
        size_t len = strcspn(text, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)(len < sizeof(line) ? len : sizeof(line) - 1),
                 text);
        bool here = strncmp(line, "here\t", 5) == 0;
        read_line(app, line);
        if (!here)
            app->view = view;
        else
            view = app->view;
        text += len + (text[len] == '\n');
    }
}
