/* The console on the golden snapshot, without a terminal: keys in, the screen looked at. */
#ifndef TESTS_TUI_CONSOLE_FIND_LAB_H
#define TESTS_TUI_CONSOLE_FIND_LAB_H

#include "app/app.h"
#include "views/chrome.h"

extern struct tui_canvas find_canvas;
extern struct tui_app *find_app;

/* With the agents' list in sight. */
void find_setup(void);
void find_teardown(void);

/* Each key, and a frame after it; \r is Enter, \b Backspace. */
void find_press(const char *keys);

/* A snapshot of these agents, as JSON. */
void find_fleet(const char *agents);

/* The row of the screen that contains the (ASCII) text, or -1. */
int find_row(const char *text);

#define SHOWS(text) cr_expect_geq(find_row(text), 0, "not on the screen: %s", text)
#define HIDES(text) cr_expect_lt(find_row(text), 0, "on the screen: %s", text)

#endif
