/* Who sits here. */
#ifndef TUI_CONSOLE_OPERATOR_H
#define TUI_CONSOLE_OPERATOR_H

#include <stddef.h>

/* user@host, made safe to show: recorded with what this operator does. */
void tui_operator_name(char *ret_name, size_t size);

#endif
