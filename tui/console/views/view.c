#include "views/view.h"

#include <math.h>

const struct tui_view tui_views[TUI_VIEW_COUNT] = {
#define TUI_VIEW(name, lower, key, context, title, help) \
    [TUI_VIEW_##name] = {#lower, title, help, key, TUI_CONTEXT_##context, &tui_view_##lower},
#include "views/views.def"
#undef TUI_VIEW
};

void tui_view_value(const struct tui_view_ops *ops, const struct tui_app *app, size_t index,
                    size_t field, struct tui_value *ret_value)
{
    ret_value->number = NAN;
    ret_value->text = "";
    ops->value(app, index, field, ret_value);
}
