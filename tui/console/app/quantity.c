#include "app/quantity.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#define UNITS_MAX 12
#define DIGITS_MAX 15 /* a double holds no more of them exactly */

/* The units of a kind, what each is worth in the field's own, and how to tell of them. */
static const struct {
    const char *help;
    bool bare; /* a number without a unit is one of the first unit */
    struct {
        const char *name;
        double worth;
    } units[UNITS_MAX];
} kinds[TUI_FIELD_KIND_COUNT] = {
    [TUI_FIELD_TEXT] = {"a text", false, {{NULL, 0}}},
    [TUI_FIELD_ID] = {"a number such as 7, >100", true, {{"", 1}, {NULL, 0}}},
    [TUI_FIELD_COUNT] = {"a number such as 12, 4k, >100",
                         true,
                         {{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {NULL, 0}}},
    [TUI_FIELD_SHARE] = {"a share such as 80%, <5%", true, {{"%", 0.01}, {NULL, 0}}},
    [TUI_FIELD_US] = {"a time such as 250us, 10ms, 5s, 2m",
                      false,
                      {{"us", 1},
                       {"ms", 1e3},
                       {"s", 1e6},
                       {"m", 6e7},
                       {"min", 6e7},
                       {"h", 3.6e9},
                       {"d", 8.64e10},
                       {NULL, 0}}},
    [TUI_FIELD_MS] = {"a time such as 500ms, 5s, 10m, 2h, 3d",
                      false,
                      {{"ms", 1},
                       {"us", 1e-3},
                       {"s", 1e3},
                       {"m", 6e4},
                       {"min", 6e4},
                       {"h", 3.6e6},
                       {"d", 8.64e7},
                       {NULL, 0}}},
    [TUI_FIELD_BYTES] = {"a size such as 512MiB, 2G",
                         false,
                         {{"B", 1},
                          {"k", 1024.},
                          {"M", 1048576.},
                          {"G", 1073741824.},
                          {"KiB", 1024.},
                          {"MiB", 1048576.},
                          {"GiB", 1073741824.},
                          {"kB", 1e3},
                          {"MB", 1e6},
                          {"GB", 1e9},
                          {"TiB", 1099511627776.},
                          {NULL, 0}}},
    [TUI_FIELD_CELSIUS] = {"a temperature such as 70, >80C", true, {{"C", 1}, {NULL, 0}}},
    [TUI_FIELD_WATT] = {"a power such as 150W", true, {{"W", 1}, {NULL, 0}}},
};

struct number {
    double value;
    double half; /* of the last digit that was typed */
};

const char *tui_quantity_help(enum tui_field_kind kind)
{
    return kinds[kind].help;
}

/* What a unit is worth; 0 for one that the kind doesn't have. */
static double unit_worth(enum tui_field_kind kind, const char *unit, size_t len, bool zero)
{
    if (len == 0 && (kinds[kind].bare || zero))
        return kinds[kind].units[0].worth;
    for (size_t i = 0; i < UNITS_MAX && kinds[kind].units[i].name; i++) {
        const char *name = kinds[kind].units[i].name;
        if (len > 0 && strlen(name) == len && strncasecmp(name, unit, len) == 0)
            return kinds[kind].units[i].worth;
    }
    return 0;
}

/* Reads [digits][.digits][unit] off *at. */
static bool read_number(const char **at, enum tui_field_kind kind, struct number *ret_number)
{
    const char *s = *at;
    double value = 0;
    double place = 1;
    int digits = 0;
    bool fraction = false;

    for (; isdigit((unsigned char)*s) || (*s == '.' && s[1] != '.' && !fraction); s++) {
        if (*s == '.') {
            fraction = true;
            continue;
        }
        if (++digits > DIGITS_MAX)
            return false;
        value = value * 10 + (*s - '0');
        place = fraction ? place / 10 : 1;
    }
    size_t len = strspn(s, "%abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    double worth = unit_worth(kind, s, len, value == 0);
    if (digits == 0 || worth == 0)
        return false;
    ret_number->value = value * place * worth;
    ret_number->half = place / 2 * worth;
    *at = s + len;
    return true;
}

bool tui_quantity_parse(const char *text, enum tui_field_kind kind,
                        struct tui_interval *ret_interval)
{
    struct tui_interval interval = {-INFINITY, INFINITY};
    struct number first;
    struct number last;
    char sign = *text == '<' || *text == '>' || *text == '=' ? *text++ : 0;
    bool equal = sign == '=' || *text == '=';

    if (sign != 0 && sign != '=' && *text == '=')
        text++;
    if (!read_number(&text, kind, &first))
        return false;
    last = first;
    if (sign == '<') {
        interval.high = equal ? first.value : nextafter(first.value, -INFINITY);
    } else if (sign == '>') {
        interval.low = equal ? first.value : nextafter(first.value, INFINITY);
    } else {
        if (strncmp(text, "..", 2) == 0) {
            text += 2;
            if (!read_number(&text, kind, &last))
                return false;
        }
        interval.low = first.value - first.half;
        interval.high = last.value + last.half;
    }
    if (*text != 0)
        return false;
    *ret_interval = interval;
    return true;
}
