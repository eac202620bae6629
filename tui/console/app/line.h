/* A line of UTF-8 text that is being typed, at its end. */
#ifndef TUI_CONSOLE_APP_LINE_H
#define TUI_CONSOLE_APP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Appends a character; controls and what doesn't fit into `size` bytes are ignored. */
void tui_line_type(char *text, size_t size, uint32_t key);

/* Removes the last character; false if there is none. */
bool tui_line_erase(char *text);

/* Removes the last word and the blanks around it. */
void tui_line_erase_word(char *text);

#endif
