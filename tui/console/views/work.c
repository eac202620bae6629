#include "views/work.h"

#include <stdio.h>
#include <stdlib.h>

struct tui_work *tui_work_create(void)
{
    return calloc(1, sizeof(struct tui_work));
}

void tui_work_destroy(struct tui_work *work)
{
    if (!work)
        return;
    tui_flat_finish(&work->flat);
    tui_sheet_finish(&work->sheet);
    free(work);
}

void tui_device_id(char ret_id[TUI_NAME_SIZE], const struct tui_agent *agent,
                   const struct tui_device *device)
{
    /* Of the longest names the number stays: the devices of an agent must differ. */
    snprintf(ret_id, TUI_NAME_SIZE, "%.*s/%u", TUI_NAME_SIZE - 12, agent->name, device->index);
}
