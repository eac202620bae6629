/* What views make of the model for a frame: rows of lists, lines of detail panes. */
#ifndef TUI_CONSOLE_VIEWS_WORK_H
#define TUI_CONSOLE_VIEWS_WORK_H

#include "model/fleet.h"
#include "views/flat.h"
#include "views/sheet.h"

struct tui_work {
    struct tui_flat flat;
    struct tui_sheet sheet;
};

/* NULL when memory ran out. */
struct tui_work *tui_work_create(void);
void tui_work_destroy(struct tui_work *work);

/* "ember-03/0": the agent's name and the device's number there. */
void tui_device_id(char ret_id[TUI_NAME_SIZE], const struct tui_agent *agent,
                   const struct tui_device *device);

#endif
