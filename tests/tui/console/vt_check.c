#include "vt_check.h"

#include <stdint.h>
#include <string.h>

/* The bytes of the sequence; 0 if it is none of those that are allowed. */
static size_t sequence(const unsigned char *bytes, size_t len)
{
    size_t at = 2;

    if (len < 3 || bytes[1] != '[')
        return 0;
    while (at < len && ((bytes[at] >= '0' && bytes[at] <= '9') || bytes[at] == ';'))
        at++;
    return at < len && at < 48 && strchr("CGHJKm", bytes[at]) ? at + 1 : 0;
}

/* The bytes of the character; 0 if it is a control or ill-formed. */
static size_t character(const unsigned char *bytes, size_t len)
{
    size_t need = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    uint32_t cp = need == 1 ? bytes[0] : bytes[0] & (0xffu >> (need + 1));

    if (need > len || (bytes[0] >= 0x80 && bytes[0] < 0xc2) || bytes[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < need; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        cp = cp << 6 | (bytes[i] & 0x3f);
    }
    bool control = cp < 0x20 || (cp >= 0x7f && cp < 0xa0);
    bool moves = (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
                 (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff || cp == 0x61c;
    return control || moves || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000) ? 0 : need;
}

bool vt_check(const char *bytes, size_t len, size_t *ret_at)
{
    const unsigned char *at = (const unsigned char *)bytes;

    for (size_t i = 0; i < len;) {
        size_t taken = at[i] == 033 ? sequence(at + i, len - i) : character(at + i, len - i);
        if (taken == 0) {
            *ret_at = i;
            return false;
        }
        i += taken;
    }
    return true;
}
