/* A configuration file with everything that can be in it, made from the tables. */
#ifndef TUI_CONSOLE_CONFIG_SAMPLE_H
#define TUI_CONSOLE_CONFIG_SAMPLE_H

#include <stdio.h>

/* Every setting, key and role with its default and what it is for; as it is it changes nothing. */
void tui_sample_print(FILE *out);

#endif
