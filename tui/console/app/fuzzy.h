/* How well a text fits what was typed of it. */
#ifndef TUI_CONSOLE_APP_FUZZY_H
#define TUI_CONSOLE_APP_FUZZY_H

/* At least this: the text begins with the pattern. */
#define TUI_FUZZY_PREFIX 7000

/*
 * 0: it doesn't, not even with letters left out. More is better: the same, then a beginning, the
 * beginning of a word in it, a part of it, its letters in that order. Case doesn't matter, and the
 * shorter of two texts that fit alike is the better one.
 */
int tui_fuzzy(const char *pattern, const char *text);

#endif
