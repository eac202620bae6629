/* Why a job went where it went: the part of a job's pane about the decisions of placement. */
#ifndef TUI_CONSOLE_VIEWS_DETAIL_WHY_H
#define TUI_CONSOLE_VIEWS_DETAIL_WHY_H

#include "model/record.h"
#include "views/sheet.h"

/* The newest decision first, each with the agents that were looked at. */
void tui_detail_why(struct tui_sheet *sheet, const struct tui_why *why);

#endif
