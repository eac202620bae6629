/* The settings by number; their values are in settings.h. */
#ifndef TUI_CONSOLE_CONFIG_SETTING_H
#define TUI_CONSOLE_CONFIG_SETTING_H

enum tui_setting_id {
#define TUI_SETTING(field, key, type, argument, def, help) TUI_SETTING_##field,
#include "console/config/settings.def"
#undef TUI_SETTING
    TUI_SETTING_COUNT
};

#endif
