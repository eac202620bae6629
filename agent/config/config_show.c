#include "config_value.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

static const char *const names[AGENT_SETTING_COUNT] = {
#define SETTING(field, section, key, ...) section "." key,
#include "settings.def"
#undef SETTING
};

const char *agent_config_name(enum agent_setting setting)
{
    return names[setting];
}

bool agent_config_is_reloadable(enum agent_setting setting)
{
    return agent_config_rows[setting].reload;
}

void agent_config_format(const struct agent_config *config, enum agent_setting setting,
                         char ret_text[AGENT_CONFIG_TEXT_MAX])
{
    agent_config_value_format(&agent_config_rows[setting], config, ret_text);
}

void agent_config_allowed(enum agent_setting setting, char ret_text[256])
{
    agent_config_value_allowed(&agent_config_rows[setting], ret_text);
}

const char *agent_config_help(enum agent_setting setting)
{
    return agent_config_rows[setting].help;
}

const char *agent_config_default(enum agent_setting setting)
{
    return agent_config_rows[setting].value_default;
}

void agent_config_origin_format(const struct agent_config_loaded *loaded,
                                enum agent_setting setting, char *ret_text, size_t size)
{
    const struct agent_config_origin *origin = &loaded->origin[setting];
    switch (origin->from) {
    case AGENT_CONFIG_DEFAULT:
        snprintf(ret_text, size, "default");
        return;
    case AGENT_CONFIG_FILE:
        snprintf(ret_text, size, "%s:%d", loaded->file, origin->line);
        return;
    case AGENT_CONFIG_ENVIRONMENT:
        snprintf(ret_text, size, "environment");
        return;
    case AGENT_CONFIG_FLAG:
        snprintf(ret_text, size, "option");
        return;
    case AGENT_CONFIG_LIVE:
        snprintf(ret_text, size, "live.ini:%d", origin->line);
        return;
    }
}

/* Prints `text` in lines of at most `width` characters, each after `prefix`. */
static void print_wrapped(FILE *stream, const char *prefix, const char *text, size_t width)
{
    while (*text != '\0') {
        size_t length = strlen(text);
        if (length > width) {
            length = width;
            while (length > 0 && text[length] != ' ')
                length--;
            if (length == 0)
                length = strcspn(text, " ");
        }
        fprintf(stream, "%s%.*s\n", prefix, (int)length, text);
        text += length;
        text += *text == ' ';
    }
}

void agent_config_print_help(FILE *stream)
{
    for (int i = 0; i < AGENT_SETTING_COUNT; i++) {
        const struct config_row *row = &agent_config_rows[i];
        char flag[128], allowed[256];
        snprintf(flag, sizeof(flag), "--%s-%s", row->section, row->key);
        for (char *p = flag; *p != '\0'; p++)
            if (*p == '_')
                *p = '-';
        agent_config_value_allowed(row, allowed);
        fprintf(stream, "  %-24s %s%s%s\n", flag, allowed,
                row->value_default[0] != '\0' ? "; default " : "", row->value_default);
        print_wrapped(stream, "                           ", row->help, 72);
    }
}

void agent_config_print(const struct agent_config_loaded *loaded, FILE *stream)
{
    fprintf(stream, "%-22s %-36s %s\n", "SETTING", "VALUE", "FROM");
    for (int i = 0; i < AGENT_SETTING_COUNT; i++) {
        char value[AGENT_CONFIG_TEXT_MAX], from[AGENT_CONFIG_TEXT_MAX + 16];
        agent_config_value_format(&agent_config_rows[i], &loaded->values, value);
        agent_config_origin_format(loaded, (enum agent_setting)i, from, sizeof(from));
        fprintf(stream, "%-22s %-36s %s\n", names[i], value[0] != '\0' ? value : "-", from);
    }
}

static bool setting_to_json(const struct agent_config_loaded *loaded, int setting, cJSON *list)
{
    const struct config_row *row = &agent_config_rows[setting];
    char value[AGENT_CONFIG_TEXT_MAX], from[AGENT_CONFIG_TEXT_MAX + 16];
    agent_config_value_format(row, &loaded->values, value);
    agent_config_origin_format(loaded, (enum agent_setting)setting, from, sizeof(from));
    cJSON *object = cJSON_CreateObject();
    if (!cJSON_AddItemToArray(list, object))
        return false;
    return cJSON_AddStringToObject(object, "name", names[setting]) != NULL &&
           cJSON_AddStringToObject(object, "value", value) != NULL &&
           cJSON_AddStringToObject(object, "from", from) != NULL &&
           cJSON_AddStringToObject(object, "default", row->value_default) != NULL &&
           cJSON_AddBoolToObject(object, "reloadable", row->reload) != NULL &&
           cJSON_AddStringToObject(object, "help", row->help) != NULL;
}

int agent_config_print_json(const struct agent_config_loaded *loaded, FILE *stream)
{
    int status = -1;
    char *text = NULL;
    cJSON *root = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(root, "settings");
    if (list == NULL || cJSON_AddStringToObject(root, "file", loaded->file) == NULL)
        goto out;
    for (int i = 0; i < AGENT_SETTING_COUNT; i++)
        if (!setting_to_json(loaded, i, list))
            goto out;
    text = cJSON_Print(root);
    if (text == NULL)
        goto out;
    status = fprintf(stream, "%s\n", text) < 0 ? -1 : 0;
out:
    cJSON_free(text);
    cJSON_Delete(root);
    return status;
}

void agent_config_print_sample(FILE *stream)
{
    fputs("; Settings of stokerd. Everything here is commented out and shows its default.\n"
          "; An environment variable STOKER_SECTION_KEY wins over this file, and an option\n"
          "; --section-key over both. `stokerd config` shows what is in force and why.\n"
          "; This file is printed by `stokerd config --sample`.\n",
          stream);
    const char *section = "";
    for (int i = 0; i < AGENT_SETTING_COUNT; i++) {
        const struct config_row *row = &agent_config_rows[i];
        char allowed[256];
        if (strcmp(section, row->section) != 0) {
            section = row->section;
            fprintf(stream, "\n[%s]\n", section);
        }
        agent_config_value_allowed(row, allowed);
        print_wrapped(stream, "; ", row->help, 90);
        fprintf(stream, "; (%s%s)\n", allowed, row->reload ? "; SIGHUP applies a change" : "");
        fprintf(stream, ";%s =%s%s\n", row->key, row->value_default[0] != '\0' ? " " : "",
                row->value_default);
    }
}
