/* What opens over a view and takes the keys: a table of functions made from overlays.def. */
#ifndef TUI_CONSOLE_APP_OVERLAY_H
#define TUI_CONSOLE_APP_OVERLAY_H

#include "app/app.h"

struct tui_overlay {
    enum tui_context context;
    /* Whether it is there now. */
    bool (*open)(const struct tui_app *app);
    /* A key that is no command of its context. */
    void (*type)(struct tui_app *app, uint32_t key);
    /* Over the view and the chrome. */
    void (*draw)(const struct tui_app *app, struct tui_canvas *canvas);
};

enum tui_overlay_id {
#define TUI_OVERLAY(name, lower, context, help) TUI_OVERLAY_##name,
#include "app/overlays.def"
#undef TUI_OVERLAY
    TUI_OVERLAY_COUNT
};

#define TUI_OVERLAY(name, lower, context, help)                         \
    bool tui_overlay_##lower##_open(const struct tui_app *app);         \
    void tui_overlay_##lower##_type(struct tui_app *app, uint32_t key); \
    void tui_overlay_##lower##_draw(const struct tui_app *app, struct tui_canvas *canvas);
#include "app/overlays.def"
#undef TUI_OVERLAY

/* In stacking order. */
extern const struct tui_overlay tui_overlays[TUI_OVERLAY_COUNT];

/* The topmost open one; NULL: the view has the keys. */
const struct tui_overlay *tui_overlay_top(const struct tui_app *app);

#endif
