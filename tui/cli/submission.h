/* What `stoker submit` sends: files made into the tensors that a model wants, several jobs a
 * request. */
#ifndef TUI_CLI_SUBMISSION_H
#define TUI_CLI_SUBMISSION_H

#include "cli/cli.h"
#include "input/job_input.h"

enum { TUI_JOBS_A_REQUEST = 256 };
#define TUI_REQUEST_BYTES ((size_t)32 << 20)

/* Lays --dtype and --shape (1,3,224,224; N for a free dimension) over a spec. Complains and returns
 * false on a bad one; NULL leaves the spec as it is. */
bool tui_spec_override(const char *dtype, const char *shape, struct tui_input_spec *spec);

/* As tui_job_input; complains with the path and returns NULL. */
cJSON *tui_submission_input(const char *path, const char *name, const struct tui_input_spec *spec,
                            size_t *ret_bytes);

#endif
