#include "app/bookmarks.h"

#include "app/do.h"
#include "app/overlay.h"

size_t tui_bookmark_index(uint32_t letter)
{
    if (letter >= 'a' && letter <= 'z')
        return letter - 'a';
    if (letter >= 'A' && letter <= 'Z')
        return 26 + letter - 'A';
    return TUI_BOOKMARKS_MAX;
}

char tui_bookmark_letter(size_t index)
{
    return (char)(index < 26 ? 'a' + (int)index : 'A' + (int)index - 26);
}

bool tui_overlay_bookmarks_open(const struct tui_app *app)
{
    return app->bookmarks.wait != TUI_BOOKMARK_WAIT_NONE;
}

static void drop(struct tui_app *app, struct tui_bookmark *bookmark, char letter)
{
    tui_app_message(app, TUI_ROLE_NORMAL, "bookmark %c is dropped", letter);
    bookmark->used = false;
}

static void set(struct tui_app *app, struct tui_bookmark *bookmark, char letter)
{
    char what[TUI_TEXT_SIZE];

    tui_nav_here(app, &bookmark->place);
    bookmark->used = true;
    tui_place_describe(what, sizeof(what), &bookmark->place);
    tui_app_message(app, TUI_ROLE_NORMAL, "bookmark %c: %s", letter, what);
}

void tui_overlay_bookmarks_type(struct tui_app *app, uint32_t key)
{
    struct tui_bookmarks *bookmarks = &app->bookmarks;
    enum tui_bookmark_wait wait = bookmarks->wait;
    size_t index = tui_bookmark_index(key);

    bookmarks->wait = TUI_BOOKMARK_WAIT_NONE;
    if (index == TUI_BOOKMARKS_MAX) {
        tui_app_message(app, TUI_ROLE_WARN, "a bookmark is a letter");
        return;
    }
    struct tui_bookmark *bookmark = &bookmarks->all[index];
    if (wait == TUI_BOOKMARK_WAIT_SET)
        set(app, bookmark, (char)key);
    else if (!bookmark->used)
        tui_app_message(app, TUI_ROLE_WARN, "there is no bookmark %c; m%c sets one", (char)key,
                        (char)key);
    else if (wait == TUI_BOOKMARK_WAIT_DROP)
        drop(app, bookmark, (char)key);
    else
        tui_nav_go(app, &bookmark->place);
}

void tui_do_bookmark_set(struct tui_app *app)
{
    app->bookmarks.wait = TUI_BOOKMARK_WAIT_SET;
}

void tui_do_bookmark_go(struct tui_app *app)
{
    app->bookmarks.wait = TUI_BOOKMARK_WAIT_GO;
}

void tui_do_bookmark_drop(struct tui_app *app)
{
    app->bookmarks.wait = TUI_BOOKMARK_WAIT_DROP;
}

void tui_do_bookmark_abort(struct tui_app *app)
{
    app->bookmarks.wait = TUI_BOOKMARK_WAIT_NONE;
}
