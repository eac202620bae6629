/* How far an operation is, and what holds it. */
#ifndef TUI_CONSOLE_VIEWS_PROGRESS_H
#define TUI_CONSOLE_VIEWS_PROGRESS_H

#include "app/app.h"

/* 0 to 1; NAN where the coordinator doesn't say of how much. */
double tui_progress_share(const struct tui_operation *operation);

/* "3 of 12 agents", "3 jobs left, 4 requeued"; "" where there is nothing to say. */
void tui_progress_parts(char *ret_text, size_t size, const struct tui_operation *operation);

/* "in about 14s (17:21:44)", "overdue"; "" where it isn't known. */
void tui_progress_eta(const struct tui_app *app, char *ret_text, size_t size,
                      const struct tui_operation *operation);

/* By model, the one with the most jobs first: "yolo: 3 jobs, the last ends in about 14s; digits:
 * job 7".
 */
void tui_progress_blockers(char *ret_text, size_t size, const struct tui_operation *operation);

#endif
