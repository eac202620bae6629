/* Text from the fleet, made safe to show. */
#ifndef TUI_TEXT_TEXT_H
#define TUI_TEXT_TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Reads one code point of a zero-terminated string and advances *at past it. A byte that doesn't
 * belong to well-formed UTF-8 (overlong forms, surrogates and values above U+10FFFF included)
 * counts as one code point, U+FFFD. Returns 0 at the end, without advancing.
 */
uint32_t tui_text_next(const char **at);

/* The UTF-8 of a code point, which is at most U+10FFFF and no surrogate: 1 to 4 bytes, not
 * zero-terminated; how many. */
size_t tui_text_put(char ret_bytes[4], uint32_t code_point);

/*
 * Copies `in` (NULL is "") into ret_out[size], cut at a code point's border so that it fits, with
 * every code point that could move the cursor, change the terminal or hide its neighbours replaced
 * by '?': controls C0, C1 and DEL, ill-formed UTF-8, line and paragraph separators, bidirectional
 * and zero-width formatting, private use and tags. size is at least 1.
 */
void tui_text_clean(char *ret_out, size_t size, const char *in);

#endif
