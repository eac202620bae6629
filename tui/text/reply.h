/* Reading replies: every field may be missing or of another type, and none of it is trusted to be
 * printable. */
#ifndef TUI_TEXT_REPLY_H
#define TUI_TEXT_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

/* The string `name` of `object`, or "" where there is none. Lives as long as the object. */
const char *tui_reply_text(const cJSON *object, const char *name);
/* The number `name` of `object`, or 0. */
double tui_reply_number(const cJSON *object, const char *name);
bool tui_reply_bool(const cJSON *object, const char *name);
const cJSON *tui_reply_member(const cJSON *object, const char *name);

/* tui_text_clean in a form that fits into an expression: returns out. */
char *tui_shown(const char *text, char *out, size_t out_bytes);

#endif
