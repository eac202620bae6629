#include "views/view.h"

const struct tui_view tui_views[TUI_VIEW_COUNT] = {
#define TUI_VIEW(name, lower, key, context, title, help) \
    [TUI_VIEW_##name] = {#lower, title, help, key, TUI_CONTEXT_##context, &tui_view_##lower},
#include "views/views.def"
#undef TUI_VIEW
};
