/* Asking before something is done that can't be undone by a key. */
#ifndef TUI_CLI_CONSENT_H
#define TUI_CLI_CONSENT_H

#include <stdio.h>

#include "cli/cli.h"

/* True with --yes, or when the operator answers `question` with y on a terminal. Without either it
 * complains and returns false. */
bool tui_consent(const struct tui_cli *cli, const char *question);

/* Prints the texts of a plan's "warnings", each on a line of `out`. Returns how many there were. */
int tui_warnings_print(FILE *out, const cJSON *warnings);

#endif
