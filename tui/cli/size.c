#include "cli/size.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool tui_option_bytes(const struct tui_cli *cli, const char *name, uint64_t min,
                      uint64_t *ret_bytes)
{
    static const char units[] = "KMGT";
    const char *text = tui_option_value(cli, name);
    const char *unit;
    char *end;

    if (text == NULL)
        return true;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    unit = *end != '\0' ? strchr(units, *end) : NULL;
    unsigned int shift = unit != NULL ? 10 * (unsigned int)(unit - units + 1) : 0;
    if (errno != 0 || end == text || text[0] == '-' || (*end != '\0' && unit == NULL) ||
        (unit != NULL && end[1] != '\0') || number > (UINT64_MAX >> 1) >> shift ||
        number << shift < min) {
        tui_complain("such as 64M or 2G", "--%s takes at least %llu bytes, not '%s'", name,
                     (unsigned long long)min, text);
        return false;
    }
    *ret_bytes = number << shift;
    return true;
}
