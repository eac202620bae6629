#include "app/fuzzy.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool begins_word(const char *text, size_t at)
{
    if (at == 0)
        return true;
    unsigned char before = (unsigned char)text[at - 1];
    return !isalnum(before) || (isalpha(before) && isdigit((unsigned char)text[at]));
}

/* The letters in order, each as early as it goes; 0 if one is missing. */
static int scattered(const char *pattern, const char *text)
{
    int score = 1000;
    size_t at = 0;
    size_t last = 0;

    for (size_t i = 0; pattern[i] != 0; i++) {
        while (text[at] != 0 &&
               tolower((unsigned char)text[at]) != tolower((unsigned char)pattern[i]))
            at++;
        if (text[at] == 0)
            return 0;
        score += begins_word(text, at) ? 20 : i > 0 && at == last + 1 ? 10 : -5;
        last = at++;
    }
    return score;
}

int tui_fuzzy(const char *pattern, const char *text)
{
    size_t pattern_len = strlen(pattern);
    size_t text_len = strlen(text);
    int longer;

    if (pattern_len == 0)
        return 1;
    if (text_len < pattern_len)
        return 0;
    longer = text_len - pattern_len > 255 ? 255 : (int)(text_len - pattern_len);
    if (strncasecmp(pattern, text, pattern_len) == 0)
        return longer == 0 ? 10000 : TUI_FUZZY_PREFIX + 255 - longer;
    for (size_t at = 1; at + pattern_len <= text_len; at++) {
        if (begins_word(text, at) && strncasecmp(pattern, text + at, pattern_len) == 0)
            return 5000 + 255 - longer;
    }
    if (strcasestr(text, pattern))
        return 3000 + 255 - longer;
    int score = scattered(pattern, text) - longer;
    return score > 0 ? score : 0;
}
