#include "terminal/screen.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <curses.h>

#include "keys/keymap.h"
#include "theme/theme.h"

struct tui_screen {
    SCREEN *screen;
    struct tui_canvas shown; /* what the terminal has */
    struct tui_theme theme;
    attr_t attributes[2][TUI_ROLE_COUNT]; /* [1]: in the selected row */
    short pairs[2][TUI_ROLE_COUNT];
    char restore[160];
};

static enum tui_depth find_depth(const char *colors)
{
    struct tui_color_hints hints = {.no_color = getenv("NO_COLOR"),
                                    .term = getenv("TERM"),
                                    .colors = has_colors() ? tigetnum("colors") : -1};
    enum tui_depth depth = TUI_DEPTH_NONE;

    tui_depth_choose(colors, &hints, &depth);
    return depth;
}

static void init_style(struct tui_screen *screen, enum tui_depth depth, int selected, short role)
{
    struct tui_ink ink = tui_theme_ink(&screen->theme, depth, (enum tui_role)role, selected != 0);
    short pair = (short)(role + 1 + selected * TUI_ROLE_COUNT);
    attr_t *attribute = &screen->attributes[selected][role];

    *attribute = A_NORMAL;
    if (ink.attributes & TUI_ATTRIBUTE_BOLD)
        *attribute |= A_BOLD;
    if (ink.attributes & TUI_ATTRIBUTE_DIM)
        *attribute |= A_DIM;
    if (ink.attributes & TUI_ATTRIBUTE_UNDERLINE)
        *attribute |= A_UNDERLINE;
    if (ink.attributes & TUI_ATTRIBUTE_REVERSE)
        *attribute |= A_REVERSE;
    if (depth != TUI_DEPTH_NONE && init_pair(pair, (short)ink.fg, (short)ink.bg) == OK)
        screen->pairs[selected][role] = pair;
}

static void init_styles(struct tui_screen *screen, const char *colors)
{
    enum tui_depth depth = find_depth(colors);

    if (depth == TUI_DEPTH_TRUE)
        depth = TUI_DEPTH_256;
    if (depth != TUI_DEPTH_NONE) {
        start_color();
        use_default_colors();
    }
    for (short role = 0; role < TUI_ROLE_COUNT; role++) {
        init_style(screen, depth, 0, role);
        init_style(screen, depth, 1, role);
    }
}

/* What a handler of a fatal signal may write. */
static void init_restore(struct tui_screen *screen)
{
    static const char *const names[] = {"sgr0", "op", "rmkx", "cnorm", "rmcup"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *text = tigetstr(names[i]);
        if (!text || text == (const char *)-1)
            continue;
        size_t used = strlen(screen->restore);
        if (used + strlen(text) < sizeof(screen->restore))
            memcpy(screen->restore + used, text, strlen(text) + 1);
    }
}

bool tui_screen_open(const char *theme, struct tui_screen **ret_screen, const char **ret_error)
{
    struct tui_screen *screen = calloc(1, sizeof(*screen));

    if (!screen) {
        *ret_error = "out of memory";
        return false;
    }
    if (!tui_theme_find(theme && strcmp(theme, "auto") != 0 ? theme : "dark", &screen->theme)) {
        *ret_error =
            "no such theme; there are auto, dark, light, high-contrast, colour-blind, mono";
        free(screen);
        return false;
    }
    /* newterm reports an unknown terminal; initscr would exit. */
    screen->screen = newterm(NULL, stdout, stdin);
    if (!screen->screen) {
        *ret_error = "the terminal type in TERM is unknown here, or can't move its cursor";
        free(screen);
        return false;
    }
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    intrflush(stdscr, FALSE);
    /* Long enough for the bytes of an arrow key that a slow line brings one by one. */
    set_escdelay(100);
    curs_set(0);
    init_styles(screen, NULL);
    init_restore(screen);
    *ret_screen = screen;
    return true;
}

void tui_screen_close(struct tui_screen *screen)
{
    if (!screen)
        return;
    endwin();
    delscreen(screen->screen);
    tui_canvas_finish(&screen->shown);
    free(screen);
}

void tui_screen_size(const struct tui_screen *screen, int *ret_rows, int *ret_cols)
{
    (void)screen;
    *ret_rows = LINES;
    *ret_cols = COLS;
}

void tui_screen_resize(struct tui_screen *screen)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        resizeterm(size.ws_row, size.ws_col);
    tui_canvas_finish(&screen->shown);
}

bool tui_screen_ready(const struct tui_screen *screen)
{
    struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};

    (void)screen;
    return poll(&fd, 1, 0) != 0;
}

static void put_cell(const struct tui_screen *screen, int y, int x, const struct tui_cell *cell)
{
    wchar_t text[2] = {cell->ch, 0};
    cchar_t out;

    if (setcchar(&out, text, screen->attributes[cell->selected != 0][cell->role],
                 screen->pairs[cell->selected != 0][cell->role], NULL) == OK)
        mvadd_wch(y, x, &out);
}

void tui_screen_show(struct tui_screen *screen, const struct tui_canvas *canvas, bool all)
{
    struct tui_canvas *shown = &screen->shown;
    size_t row_bytes = (size_t)canvas->cols * sizeof(struct tui_cell);
    bool fresh = false;

    if (shown->rows != canvas->rows || shown->cols != canvas->cols) {
        if (!tui_canvas_resize(shown, canvas->rows, canvas->cols))
            return;
        fresh = true;
    }
    if (fresh)
        erase();
    for (int y = 0; y < canvas->rows; y++) {
        const struct tui_cell *now = &canvas->cells[y * canvas->cols];
        struct tui_cell *before = &shown->cells[y * canvas->cols];
        if (!fresh && memcmp(now, before, row_bytes) == 0)
            continue;
        for (int x = 0; x < canvas->cols; x++) {
            if (now[x].ch != 0 && (fresh || memcmp(&now[x], &before[x], sizeof(now[x])) != 0))
                put_cell(screen, y, x, &now[x]);
        }
        memcpy(before, now, row_bytes);
    }
    if (all || fresh)
        clearok(curscr, TRUE);
    refresh();
}

static uint32_t translate(wint_t code)
{
    switch (code) {
    case KEY_UP:
        return TUI_KEY_UP;
    case KEY_DOWN:
        return TUI_KEY_DOWN;
    case KEY_LEFT:
        return TUI_KEY_LEFT;
    case KEY_RIGHT:
        return TUI_KEY_RIGHT;
    case KEY_PPAGE:
        return TUI_KEY_PAGE_UP;
    case KEY_NPAGE:
        return TUI_KEY_PAGE_DOWN;
    case KEY_HOME:
        return TUI_KEY_HOME;
    case KEY_END:
        return TUI_KEY_END;
    case KEY_BTAB:
        return TUI_KEY_SHIFT_TAB;
    case KEY_DC:
        return TUI_KEY_DELETE;
    case KEY_F(1):
        return TUI_KEY_F1;
    case KEY_ENTER:
        return TUI_KEY_ENTER;
    case KEY_BACKSPACE:
        return TUI_KEY_BACKSPACE;
    default:
        return TUI_KEY_NONE;
    }
}

uint32_t tui_screen_key(struct tui_screen *screen)
{
    wint_t code;
    int got;

    (void)screen;
    while ((got = get_wch(&code)) != ERR) {
        uint32_t key = code;
        if (got == KEY_CODE_YES)
            key = translate(code);
        else if (code == '\n' || code == '\r')
            key = TUI_KEY_ENTER;
        else if (code == '\b')
            key = TUI_KEY_BACKSPACE;
        if (key != TUI_KEY_NONE)
            return key;
    }
    return TUI_KEY_NONE;
}

void tui_screen_suspend(struct tui_screen *screen)
{
    (void)screen;
    endwin();
}

void tui_screen_resume(struct tui_screen *screen)
{
    tui_screen_resize(screen);
    refresh();
}

const char *tui_screen_restore_text(const struct tui_screen *screen)
{
    return screen->restore;
}
