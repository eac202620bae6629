/*
 * The line after ':': views, verbs, commands and everything that has a name, found by some of its
 * letters. What was typed can be fetched back.
 */
#ifndef TUI_CONSOLE_APP_PALETTE_H
#define TUI_CONSOLE_APP_PALETTE_H

#include "app/complete.h"
#include "model/want.h"

#define TUI_PALETTE_SIZE TUI_FILTER_SIZE
#define TUI_TYPED_MAX 64

struct tui_palette {
    bool open;
    char text[TUI_PALETTE_SIZE];
    char error[TUI_TEXT_SIZE]; /* why the line was not run; "" it was not tried */
    struct tui_completion completion;
    char history[TUI_TYPED_MAX][TUI_PALETTE_SIZE]; /* the newest last */
    size_t history_count;
    size_t back;                  /* how many lines back the shown one is; 0: it is being typed */
    char typed[TUI_PALETTE_SIZE]; /* what was typed when that began */
};

/* Keeps a line, once, as the newest. */
void tui_palette_remember(struct tui_palette *palette, const char *line);

/* While a line is typed jobs and tenants are polled, so that it can be completed with them. */
void tui_palette_want(const struct tui_palette *palette, struct tui_want *want);

#endif
