/* Amounts of bytes as they are typed. */
#ifndef TUI_CLI_SIZE_H
#define TUI_CLI_SIZE_H

#include "cli/cli.h"

/* The value of an option such as 64M, 2G or 500000. On a bad one prints what is allowed and returns
 * false. One that is not given leaves *ret_bytes alone and returns true. */
bool tui_option_bytes(const struct tui_cli *cli, const char *name, uint64_t min,
                      uint64_t *ret_bytes);

#endif
