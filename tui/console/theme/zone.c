#include "theme/zone.h"

#include <stdio.h>

void tui_zone_add(struct tui_canvas *canvas, struct tui_rect rect, enum tui_zone_kind kind,
                  int value, const char *id)
{
    struct tui_zones *zones = canvas->zones;

    if (!zones || zones->count == TUI_ZONES_MAX)
        return;
    struct tui_zone *zone = &zones->zones[zones->count++];
    *zone = (struct tui_zone){.rect = rect, .kind = kind, .value = value};
    if (id)
        snprintf(zone->id, sizeof(zone->id), "%s", id);
}

const struct tui_zone *tui_zone_at(const struct tui_canvas *canvas, int y, int x)
{
    const struct tui_zones *zones = canvas->zones;

    for (size_t i = zones ? zones->count : 0; i > 0; i--) {
        const struct tui_rect *rect = &zones->zones[i - 1].rect;
        if (y >= rect->y && y < rect->y + rect->rows && x >= rect->x && x < rect->x + rect->cols)
            return &zones->zones[i - 1];
    }
    return NULL;
}
