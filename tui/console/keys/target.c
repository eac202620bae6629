#include "keys/target.h"

const struct tui_target_row tui_target_rows[TUI_TARGET_COUNT] = {
#define TUI_TARGET(name, one, many, key, asked, help) \
    [TUI_TARGET_##name] = {one, many, key, asked, help},
#include "keys/targets.def"
#undef TUI_TARGET
};

const char *tui_target_word(enum tui_target target, size_t count)
{
    return count == 1 ? tui_target_rows[target].one : tui_target_rows[target].many;
}
