/* Spans of time as an operator types them. */
#ifndef TUI_TEXT_DURATION_H
#define TUI_TEXT_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/* A whole number of at most 1,000,000 with its unit, 500ms, 30s, 10m or 1h, in milliseconds. */
bool tui_duration_parse(const char *text, int64_t *ret_ms);

#endif
