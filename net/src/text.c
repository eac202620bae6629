// Texts, and the rules for names and paths.
#include "text.h"

#include <string.h>

#include "net_msg.h"

struct net_text net_text_of(const char *string)
{
    return (struct net_text){string, string ? strlen(string) : 0};
}

bool net_text_equal(struct net_text text, const char *string)
{
    size_t len = strlen(string);
    return text.len == len && (len == 0 || memcmp(text.data, string, len) == 0);
}

// Bytes of the UTF-8 sequence at `s`, or 0 when it is none. NUL is refused.
static size_t sequence(const unsigned char *s, size_t len)
{
    if (s[0] < 0x80)
        return s[0] ? 1 : 0;
    size_t n = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || n > len)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    // Overlong forms, surrogates and what is beyond U+10FFFF show in the second byte.
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
        (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    return n;
}

bool net_utf8_valid(const char *data, size_t len)
{
    const unsigned char *s = (const unsigned char *)data;
    while (len > 0) {
        size_t n = sequence(s, len);
        if (n == 0)
            return false;
        s += n;
        len -= n;
    }
    return true;
}

size_t net_utf8_clean(struct net_text text, char *dst, size_t size)
{
    const unsigned char *s = (const unsigned char *)text.data;
    size_t used = 0;
    for (size_t at = 0; at < text.len;) {
        size_t n = sequence(s + at, text.len - at);
        size_t put = n ? n : 1;
        if (used + put > size)
            break;
        if (n)
            memcpy(dst + used, s + at, n);
        else
            dst[used] = '?';
        used += put;
        at += put;
    }
    return used;
}

void net_text_copy(struct net_text text, char *dst, size_t size)
{
    dst[net_utf8_clean(text, dst, size - 1)] = '\0';
}

static bool lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool name_char(char c)
{
    return lower_or_digit(c) || c == '.' || c == '_' || c == '-';
}

bool net_agent_name_valid(const char *name, size_t len)
{
    if (len == 0 || len > NET_NAME_MAX || !lower_or_digit(name[0]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!name_char(name[i]))
            return false;
    return true;
}

bool net_model_name_valid(const char *name, size_t len)
{
    if (len == 0 || len > NET_MODEL_NAME_MAX || name[0] == '.')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!name_char(name[i]) && !(name[i] >= 'A' && name[i] <= 'Z'))
            return false;
    return true;
}

static bool path_part_valid(const char *part, size_t len)
{
    bool dots = (len == 1 && part[0] == '.') || (len == 2 && part[0] == '.' && part[1] == '.');
    return len > 0 && !dots;
}

bool net_path_valid(const char *path, size_t len)
{
    if (len == 0 || len > NET_PATH_MAX || !net_utf8_valid(path, len))
        return false;
    size_t start = 0;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)path[i] < 0x20 || path[i] == 0x7F || path[i] == '\\')
            return false;
        if (path[i] == '/') {
            if (!path_part_valid(path + start, i - start))
                return false;
            start = i + 1;
        }
    }
    return path_part_valid(path + start, len - start);
}
