/* Commands that do one thing to jobs: cancel, retry. */
#ifndef TUI_CLI_JOB_VERB_H
#define TUI_CLI_JOB_VERB_H

#include "cli/cli.h"

extern const struct tui_option tui_job_verb_options[];

/* Sends `op` for every job that the arguments name. `tell` prints what came of one, with the `job`
 * of the reply; the first failure is what the caller gets. */
enum tui_exit tui_job_verb(struct tui_cli *cli, const char *op,
                           void (*tell)(int64_t id, const cJSON *job));

#endif
