#include "config_value.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* "|a|b": the list is that of the strategies themselves. */
static const char strategies[] =
#define AGENT_STRATEGY(symbol, name, order, help) "|" name
#include "agent/core/strategy/strategies.def"
#undef AGENT_STRATEGY
    ;
#define CONFIG_STRATEGIES (strategies + 1)

const struct config_row agent_config_rows[AGENT_SETTING_COUNT] = {
#define SETTING(field, section, key, type, min, max, unit, default_, reload, help) \
    {section, key,      CONFIG_##type, min,  max,                                  \
     unit,    default_, reload,        help, offsetof(struct agent_config, field)},
#include "settings.def"
#undef SETTING
};

struct suffix {
    const char *text;
    int64_t factor;
};

static const struct suffix size_suffixes[] = {
    {"TiB", 1LL << 40}, {"GiB", 1LL << 30}, {"MiB", 1LL << 20}, {"KiB", 1LL << 10}, {"", 1},
};

static const struct suffix duration_suffixes_us[] = {
    {"h", 3600000000LL}, {"min", 60000000LL}, {"s", 1000000LL}, {"ms", 1000LL}, {"us", 1LL},
};

static void *member(const struct config_row *row, struct agent_config *config)
{
    return (char *)config + row->offset;
}

static const void *member_const(const struct config_row *row, const struct agent_config *config)
{
    return (const char *)config + row->offset;
}

static int64_t duration_unit_us(const struct config_row *row)
{
    return strcmp(row->unit, "us") == 0 ? 1 : 1000;
}

int64_t agent_config_choice_find(const char *choices, const char *text)
{
    size_t length = strlen(text);
    int64_t index = 0;
    for (const char *p = choices;; index++) {
        size_t n = strcspn(p, "|");
        if (n == length && memcmp(p, text, n) == 0)
            return index;
        if (p[n] == '\0')
            return -1;
        p += n + 1;
    }
}

static void choice_format(const char *choices, int64_t index, char *ret_text, size_t size)
{
    const char *p = choices;
    for (; index > 0 && *p != '\0'; index--) {
        p += strcspn(p, "|");
        p += *p == '|';
    }
    snprintf(ret_text, size, "%.*s", (int)strcspn(p, "|"), p);
}

/* The largest unit that writes the number without a fraction. */
static void number_format(const struct suffix *suffixes, size_t count, int64_t value,
                          char *ret_text, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        if (value % suffixes[i].factor == 0 && (value != 0 || i == count - 1)) {
            snprintf(ret_text, size, "%lld%s", (long long)(value / suffixes[i].factor),
                     suffixes[i].text);
            return;
        }
    }
}

static void size_format(int64_t value, char *ret_text, size_t size)
{
    number_format(size_suffixes, sizeof(size_suffixes) / sizeof(*size_suffixes), value, ret_text,
                  size);
}

static void duration_format(int64_t value_us, char *ret_text, size_t size)
{
    if (value_us == 0)
        snprintf(ret_text, size, "0ms");
    else
        number_format(duration_suffixes_us,
                      sizeof(duration_suffixes_us) / sizeof(*duration_suffixes_us), value_us,
                      ret_text, size);
}

void agent_config_value_allowed(const struct config_row *row, char ret_text[256])
{
    char low[32], high[32];
    switch (row->type) {
    case CONFIG_BOOL:
        snprintf(ret_text, 256, "true or false");
        return;
    case CONFIG_INT:
        snprintf(ret_text, 256, "%lld to %lld %s", (long long)row->min, (long long)row->max,
                 row->unit);
        return;
    case CONFIG_SIZE:
        size_format(row->min, low, sizeof(low));
        size_format(row->max, high, sizeof(high));
        snprintf(ret_text, 256, "%s to %s, in bytes, KiB, MiB, GiB or TiB", low, high);
        return;
    case CONFIG_DURATION:
        duration_format(row->min * duration_unit_us(row), low, sizeof(low));
        duration_format(row->max * duration_unit_us(row), high, sizeof(high));
        snprintf(ret_text, 256, "%s to %s, with its unit: us, ms, s, min or h", low, high);
        return;
    case CONFIG_NAME:
        snprintf(ret_text, 256, "at most %lld letters, digits, '.', '_' and '-'",
                 (long long)row->max);
        return;
    case CONFIG_ADDRESS:
        snprintf(ret_text, 256, "tcp://HOST:PORT, tls+tcp://HOST:PORT or ipc:///PATH");
        return;
    case CONFIG_ENUM:
        snprintf(ret_text, 256, "one of %s", row->unit);
        return;
    case CONFIG_STRING:
    case CONFIG_PATH:
        snprintf(ret_text, 256, "at most %lld printable characters", (long long)row->max);
        return;
    }
}

static int parse_scaled(const char *text, const struct suffix *suffixes, size_t count,
                        int64_t *ret_value)
{
    if (!isdigit((unsigned char)text[0]))
        return -1;
    errno = 0;
    char *end;
    long long number = strtoll(text, &end, 10);
    if (errno != 0)
        return -1;
    while (*end == ' ')
        end++;
    if (number == 0 && *end == '\0') {
        *ret_value = 0;
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(end, suffixes[i].text) == 0)
            return __builtin_mul_overflow(number, suffixes[i].factor, ret_value) ? -1 : 0;
    }
    return -1;
}

static int parse_number(const struct config_row *row, const char *text, int64_t *ret_value)
{
    static const struct suffix plain[] = {{"", 1}};
    int64_t value = 0;
    int failed = 0;
    if (row->type == CONFIG_INT) {
        failed = parse_scaled(text, plain, 1, &value);
    } else if (row->type == CONFIG_SIZE) {
        failed = parse_scaled(text, size_suffixes, sizeof(size_suffixes) / sizeof(*size_suffixes),
                              &value);
    } else {
        failed = parse_scaled(text, duration_suffixes_us,
                              sizeof(duration_suffixes_us) / sizeof(*duration_suffixes_us), &value);
        if (value % duration_unit_us(row) != 0)
            return -1;
        value /= duration_unit_us(row);
    }
    if (failed || value < row->min || value > row->max)
        return -1;
    *ret_value = value;
    return 0;
}

static bool is_host_and_port(const char *text)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon == text || strchr(text, '/') != NULL)
        return false;
    size_t digits = strspn(colon + 1, "0123456789");
    return digits > 0 && digits <= 5 && colon[1 + digits] == '\0' &&
           strtol(colon + 1, NULL, 10) <= 65535;
}

static bool is_address(const char *text)
{
    if (strncmp(text, "tcp://", 6) == 0)
        return is_host_and_port(text + 6);
    if (strncmp(text, "tls+tcp://", 10) == 0)
        return is_host_and_port(text + 10);
    /* sun_path holds 107 characters. */
    return strncmp(text, "ipc:///", 7) == 0 && strlen(text + 6) > 1 && strlen(text + 6) <= 107;
}

static bool is_text_allowed(const struct config_row *row, const char *text)
{
    size_t length = strlen(text);
    if ((int64_t)length < row->min || (int64_t)length > row->max)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        bool ok = row->type == CONFIG_NAME ? isalnum(c) || strchr("._-", c) != NULL
                                           : c >= 0x20 && c != 0x7f;
        if (!ok)
            return false;
    }
    return row->type != CONFIG_ADDRESS || is_address(text);
}

static bool parse_bool(const char *text, bool *ret_value)
{
    static const char words[] = "false|no|off|0|true|yes|on|1";
    int64_t index = agent_config_choice_find(words, text);
    *ret_value = index >= 4;
    return index >= 0;
}

int agent_config_value_parse(const struct config_row *row, const char *text,
                             struct agent_config *config, char why[256])
{
    int64_t number;
    bool flag;
    switch (row->type) {
    case CONFIG_BOOL:
        if (!parse_bool(text, &flag))
            goto refused;
        memcpy(member(row, config), &flag, sizeof(flag));
        return 0;
    case CONFIG_INT:
    case CONFIG_SIZE:
    case CONFIG_DURATION:
        if (parse_number(row, text, &number) != 0)
            goto refused;
        memcpy(member(row, config), &number, sizeof(number));
        return 0;
    case CONFIG_ENUM:
        number = agent_config_choice_find(row->unit, text);
        if (number < 0)
            goto refused;
        memcpy(member(row, config), &number, sizeof(number));
        return 0;
    case CONFIG_NAME:
    case CONFIG_STRING:
    case CONFIG_ADDRESS:
    case CONFIG_PATH:
        if (!is_text_allowed(row, text))
            goto refused;
        memcpy(member(row, config), text, strlen(text) + 1);
        return 0;
    }
refused:
    agent_config_value_allowed(row, why);
    return -1;
}

void agent_config_value_format(const struct config_row *row, const struct agent_config *config,
                               char ret_text[AGENT_CONFIG_TEXT_MAX])
{
    int64_t number = 0;
    bool flag = false;
    switch (row->type) {
    case CONFIG_BOOL:
        memcpy(&flag, member_const(row, config), sizeof(flag));
        snprintf(ret_text, AGENT_CONFIG_TEXT_MAX, "%s", flag ? "true" : "false");
        return;
    case CONFIG_NAME:
    case CONFIG_STRING:
    case CONFIG_ADDRESS:
    case CONFIG_PATH:
        snprintf(ret_text, AGENT_CONFIG_TEXT_MAX, "%s", (const char *)member_const(row, config));
        return;
    default:
        memcpy(&number, member_const(row, config), sizeof(number));
    }
    if (row->type == CONFIG_SIZE)
        size_format(number, ret_text, AGENT_CONFIG_TEXT_MAX);
    else if (row->type == CONFIG_DURATION)
        duration_format(number * duration_unit_us(row), ret_text, AGENT_CONFIG_TEXT_MAX);
    else if (row->type == CONFIG_ENUM)
        choice_format(row->unit, number, ret_text, AGENT_CONFIG_TEXT_MAX);
    else
        snprintf(ret_text, AGENT_CONFIG_TEXT_MAX, "%lld", (long long)number);
}
