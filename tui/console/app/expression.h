/* POSIX expressions that somebody types, kept from costing more than a list can wait for. */
#ifndef TUI_CONSOLE_APP_EXPRESSION_H
#define TUI_CONSOLE_APP_EXPRESSION_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Compiles an extended expression, without regard to case, whose . and [^x] stop at a line's end.
 * False with the reason in ret_why when it is wrong, refers back (\1), or its repetitions would
 * unfold to more than a few hundred characters. On true regfree it.
 */
bool tui_expression_compile(const char *text, regex_t *ret_expression, char *ret_why, size_t size);

#endif
