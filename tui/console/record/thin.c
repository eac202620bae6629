#include "record/thin.h"

#include <string.h>

#include "model/update.h"
#include "record/format.h"

bool tui_thin_is_fleet(const char *kind)
{
    return strcmp(kind, tui_update_kind_name(TUI_UPDATE_FLEET)) == 0 ||
           strcmp(kind, tui_update_kind_name(TUI_UPDATE_DELTA)) == 0;
}

bool tui_thin_wants(const char *kind)
{
    /* Lists and panes are asked for again every second; the others tell what happened. */
    static const char *const kinds[] = {"events",  "request",   "answer",
                                        "silence", "malformed", TUI_RECORD_LOST};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i], kind) == 0)
            return true;
    }
    return tui_thin_is_fleet(kind);
}

/* One past the string that begins at text[at]. */
static size_t skip_string(const char *text, size_t len, size_t at)
{
    for (at++; at < len && text[at] != '"'; at++) {
        if (text[at] == '\\')
            at++;
    }
    return at < len ? at + 1 : len;
}

/* One past the array or object that begins at text[at]. */
static size_t skip_nested(const char *text, size_t len, size_t at)
{
    size_t depth = 0;

    while (at < len) {
        char ch = text[at];
        if (ch == '"') {
            at = skip_string(text, len, at);
            continue;
        }
        at++;
        if (ch == '[' || ch == '{')
            depth++;
        else if ((ch == ']' || ch == '}') && --depth == 0)
            return at;
    }
    return len;
}

size_t tui_thin(const char *text, size_t len, char *ret_text)
{
    size_t at = 0;
    size_t used = 0;
    size_t depth = 0;

    while (at < len) {
        size_t from = at;
        if (text[at] == '"') {
            at = skip_string(text, len, at);
        } else if (text[at] == '[' && depth == 1) {
            at = skip_nested(text, len, at);
            if (at - from > TUI_THIN_LIST_BYTES) {
                memcpy(ret_text + used, "[]", 2);
                used += 2;
                continue;
            }
        } else {
            depth += text[at] == '{' || text[at] == '[';
            depth -= depth > 0 && (text[at] == '}' || text[at] == ']');
            at++;
        }
        memcpy(ret_text + used, text + from, at - from);
        used += at - from;
    }
    return used;
}
