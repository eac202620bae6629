/* One value of one setting: text to value and back, with the bounds of its row. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "agent_config.h"

#include <stddef.h>

enum config_type {
    CONFIG_BOOL,
    CONFIG_INT,
    CONFIG_SIZE,
    CONFIG_DURATION,
    CONFIG_NAME,
    CONFIG_STRING,
    CONFIG_ADDRESS,
    CONFIG_ENUM,
    CONFIG_PATH,
};

struct config_row {
    const char *section;
    const char *key;
    enum config_type type;
    int64_t min;
    int64_t max;
    const char *unit;
    const char *value_default;
    bool reload;
    const char *help;
    size_t offset; /* of the member in struct agent_config */
};

extern const struct config_row agent_config_rows[AGENT_SETTING_COUNT];

/* Parses `text` into the row's member of *config. On -1 says in `why` (256 characters) what is
 * allowed, and leaves *config as it was. */
int agent_config_value_parse(const struct config_row *row, const char *text,
                             struct agent_config *config, char why[256]);

/* The value as it would be written in the file. */
void agent_config_value_format(const struct config_row *row, const struct agent_config *config,
                               char ret_text[AGENT_CONFIG_TEXT_MAX]);

/* What a row allows, in a few words. */
void agent_config_value_allowed(const struct config_row *row, char ret_text[256]);

/* The number of a choice in "a|b|c", or -1. */
int64_t agent_config_choice_find(const char *choices, const char *text);

#endif
