/* The part of a dialog's text that the coordinator's answer is. */
#ifndef TUI_CONSOLE_VIEWS_DIALOG_PLAN_H
#define TUI_CONSOLE_VIEWS_DIALOG_PLAN_H

#include "model/answer.h"
#include "views/grid.h"

void tui_dialog_plan(struct tui_pen *pen, const struct tui_answer *answer);

#endif
