/* Whether bytes for a terminal are nothing but what the console's painter means to send. */
#ifndef TESTS_TUI_CONSOLE_VT_CHECK_H
#define TESTS_TUI_CONSOLE_VT_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * True if the bytes are whole, well-formed characters of UTF-8 that are no controls, and sequences
 * ESC [ numbers and semicolons, then one of C G H J K m. Otherwise false, and *ret_at is the first
 * byte that is neither.
 */
bool vt_check(const char *bytes, size_t len, size_t *ret_at);

#endif
