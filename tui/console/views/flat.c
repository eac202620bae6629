#include "views/flat.h"

#include <stdlib.h>

void tui_flat_clear(struct tui_flat *flat)
{
    flat->count = 0;
}

void tui_flat_add(struct tui_flat *flat, size_t outer, size_t inner)
{
    if (flat->count == flat->capacity) {
        size_t capacity = flat->capacity > 0 ? 2 * flat->capacity : 64;
        struct tui_flat_row *rows = realloc(flat->rows, capacity * sizeof(*rows));
        if (!rows)
            return;
        flat->rows = rows;
        flat->capacity = capacity;
    }
    flat->rows[flat->count++] = (struct tui_flat_row){(uint32_t)outer, (uint32_t)inner};
}

void tui_flat_finish(struct tui_flat *flat)
{
    free(flat->rows);
    *flat = (struct tui_flat){0};
}
