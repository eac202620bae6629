#include "text/text.h"

#include <stdbool.h>

struct range {
    uint32_t first, last;
};

/* Code points that are never shown as they came; sorted. */
static const struct range hidden[] = {
    {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},       {0x300, 0x36f},
    {0x61c, 0x61c},     {0x115f, 0x1160},   {0x180b, 0x180f},   {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff},   {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
    {0x20d0, 0x20ff},   {0x3164, 0x3164},   {0xe000, 0xf8ff},   {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xffff},
    {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff},
};

static bool is_hidden(uint32_t cp)
{
    size_t count = sizeof(hidden) / sizeof(hidden[0]);
    for (size_t i = 0; i < count && cp >= hidden[i].first; i++) {
        if (cp <= hidden[i].last)
            return true;
    }
    return false;
}

uint32_t tui_text_next(const char **at)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *s = (const unsigned char *)*at;
    unsigned int more;
    uint32_t cp;

    if (s[0] == 0)
        return 0;
    if (s[0] < 0x80) {
        *at += 1;
        return s[0];
    }
    if (s[0] >= 0xc2 && s[0] <= 0xdf) {
        more = 1;
        cp = s[0] & 0x1fu;
    } else if (s[0] >= 0xe0 && s[0] <= 0xef) {
        more = 2;
        cp = s[0] & 0x0fu;
    } else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        more = 3;
        cp = s[0] & 0x07u;
    } else {
        *at += 1;
        return 0xfffd;
    }
    for (unsigned int i = 1; i <= more; i++) {
        if ((s[i] & 0xc0u) != 0x80u) {
            *at += 1;
            return 0xfffd;
        }
        cp = (cp << 6) | (s[i] & 0x3fu);
    }
    if (cp < least[more] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff)) {
        *at += 1;
        return 0xfffd;
    }
    *at += more + 1;
    return cp;
}

size_t tui_text_put(char ret_bytes[4], uint32_t code_point)
{
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;

    for (size_t i = n; i > 1; i--) {
        ret_bytes[i - 1] = (char)(0x80 | (code_point & 0x3f));
        code_point >>= 6;
    }
    ret_bytes[0] = (char)(leads[n] | code_point);
    return n;
}

void tui_text_clean(char *ret_out, size_t size, const char *in)
{
    size_t used = 0;
    const char *at = in ? in : "";

    for (;;) {
        const char *from = at;
        uint32_t cp = tui_text_next(&at);
        size_t bytes = (size_t)(at - from);
        if (cp == 0)
            break;
        if (cp == 0xfffd || is_hidden(cp)) {
            from = "?";
            bytes = 1;
        }
        if (used + bytes >= size)
            break;
        for (size_t i = 0; i < bytes; i++)
            ret_out[used++] = from[i];
    }
    ret_out[used] = 0;
}
