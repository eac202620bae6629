/* Places that have a letter, kept from one start to the next. */
#ifndef TUI_CONSOLE_APP_BOOKMARKS_H
#define TUI_CONSOLE_APP_BOOKMARKS_H

#include "app/nav.h"

#define TUI_BOOKMARKS_MAX 52 /* a to z, A to Z */

/* What the next letter does. */
enum tui_bookmark_wait {
    TUI_BOOKMARK_WAIT_NONE,
    TUI_BOOKMARK_WAIT_SET,
    TUI_BOOKMARK_WAIT_GO,
    TUI_BOOKMARK_WAIT_DROP
};

struct tui_bookmark {
    bool used;
    struct tui_place place;
};

struct tui_bookmarks {
    struct tui_bookmark all[TUI_BOOKMARKS_MAX]; /* by tui_bookmark_index */
    enum tui_bookmark_wait wait;
};

/* The index of a letter, or TUI_BOOKMARKS_MAX; and the letter of an index. */
size_t tui_bookmark_index(uint32_t letter);
char tui_bookmark_letter(size_t index);

#endif
