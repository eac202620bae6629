/* Events and operations in one line. */
#ifndef TUI_CONSOLE_VIEWS_LINE_H
#define TUI_CONSOLE_VIEWS_LINE_H

#include "model/fleet.h"
#include "theme/canvas.h"

/* What a list selects an event by: its number, and its time, as numbers begin again with a new
 * ledger. */
void tui_event_id(char ret_id[TUI_NAME_SIZE], const struct tui_event *event);

/* Clock, severity, kind, agent, text. */
void tui_event_draw(struct tui_canvas *canvas, int y, int x, int cols,
                    const struct tui_event *event);

/* What holds an operation up, or that it is done: "3 left, held by job 88121 (yolo, 9 s, ...)". */
void tui_operation_summary(char *ret_text, size_t size, const struct tui_operation *operation);

#endif
