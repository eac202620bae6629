/* The part of a dialog's text that the coordinator's answer is. */
#ifndef TUI_CONSOLE_VIEWS_DIALOG_PLAN_H
#define TUI_CONSOLE_VIEWS_DIALOG_PLAN_H

#include "model/answer.h"
#include "views/grid.h"

/* In a few lines, with what it warns of. */
void tui_dialog_plan_head(struct tui_pen *pen, const struct tui_answer *answer);

/* Job by job, or agent by agent. */
void tui_dialog_plan_rows(struct tui_pen *pen, const struct tui_answer *answer);

#endif
