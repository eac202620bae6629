/*
 * Rows that are not an array of the model: devices of all agents, models with those that only the
 * repository knows. Made anew when a list is arranged; a cache, so it changes under a const app.
 */
#ifndef TUI_CONSOLE_VIEWS_FLAT_H
#define TUI_CONSOLE_VIEWS_FLAT_H

#include <stddef.h>
#include <stdint.h>

struct tui_flat_row {
    uint32_t outer, inner; /* of devices: the agent, and its device */
};

struct tui_flat {
    struct tui_flat_row *rows;
    size_t count, capacity;
};

void tui_flat_clear(struct tui_flat *flat);

/* Appends a row; when memory ran out it is missing. */
void tui_flat_add(struct tui_flat *flat, size_t outer, size_t inner);

void tui_flat_finish(struct tui_flat *flat);

#endif
