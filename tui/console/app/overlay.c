#include "app/overlay.h"

const struct tui_overlay tui_overlays[TUI_OVERLAY_COUNT] = {
#define TUI_OVERLAY(name, lower, context, help)                                \
    [TUI_OVERLAY_##name] = {TUI_CONTEXT_##context, tui_overlay_##lower##_open, \
                            tui_overlay_##lower##_type, tui_overlay_##lower##_draw},
#include "app/overlays.def"
#undef TUI_OVERLAY
};

const struct tui_overlay *tui_overlay_top(const struct tui_app *app)
{
    for (size_t i = TUI_OVERLAY_COUNT; i > 0; i--) {
        if (tui_overlays[i - 1].open(app))
            return &tui_overlays[i - 1];
    }
    return NULL;
}
