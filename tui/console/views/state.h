/* What a state or a severity means to the operator: its role, and its place among others. */
#ifndef TUI_CONSOLE_VIEWS_STATE_H
#define TUI_CONSOLE_VIEWS_STATE_H

#include "theme/canvas.h"

/* The role that the state of an agent, device, job, model or operation is shown in. */
enum tui_role tui_state_role(const char *state);

/* Lists sorted by state begin with what needs the operator most: the least rank. */
double tui_state_rank(const char *state);

enum tui_role tui_severity_role(const char *severity);

/* 0 for information, 1 for a warning, 2 for an error. */
double tui_severity_rank(const char *severity);

/* "!!", "! " or "  ": says in monochrome what the colour says. */
const char *tui_severity_mark(const char *severity);

#endif
