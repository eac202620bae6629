/*
 * Pages of jobs joined into one list, newest first, of at most TUI_JOBS_KEPT_MAX: the newest page,
 * which comes again and again, and those before it, which were asked for by who scrolled there.
 * What stands before the newest page is as it was when it came.
 */
#ifndef TUI_CONSOLE_MODEL_BACKLOG_H
#define TUI_CONSOLE_MODEL_BACKLOG_H

#include "model/model.h"

/*
 * Before `update`, a reply to JOBS, takes the place of what was `polled`: adds what of that should
 * be kept to its record. Of other filters nothing is, and nothing when memory ran out.
 */
void tui_backlog_newest(const struct tui_polled *polled, enum tui_keep keep,
                        struct tui_update *update);

/* Adds a reply to JOBS_OLDER to the record of `polled`, unless that is about something else by now;
 * update->record is NULL afterwards. */
void tui_backlog_older(struct tui_polled *polled, struct tui_update *update);

#endif
