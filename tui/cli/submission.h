/* What `stoker submit` sends: files made into the tensors that a model wants, several jobs a
 * request. */
#ifndef TUI_CLI_SUBMISSION_H
#define TUI_CLI_SUBMISSION_H

#include "cli/cli.h"
#include "input/tensor.h"

enum { TUI_INPUTS_MAX = 16, TUI_JOBS_A_REQUEST = 256 };
#define TUI_REQUEST_BYTES ((size_t)32 << 20)

/* The inputs of a model as `model` answers them; n = 0 where no agent has loaded it yet. */
struct tui_model_inputs {
    size_t n;
    const char *names[TUI_INPUTS_MAX]; /* belong to the reply */
    struct tui_input_spec specs[TUI_INPUTS_MAX];
    struct tui_input_spec unknown; /* for a model that was not loaded yet */
};

void tui_model_inputs_read(const cJSON *model, struct tui_model_inputs *ret_inputs);

/* Lays --dtype and --shape (1,3,224,224; N for a free dimension) over a spec. Complains and returns
 * false on a bad one; NULL leaves the spec as it is. */
bool tui_spec_override(const char *dtype, const char *shape, struct tui_input_spec *spec);

/* Reads `path` for the input `spec` and checks it against the shape where that is known. Complains
 * with the path and returns NULL. The result is an object of `inputs` in a submission. */
cJSON *tui_submission_input(const char *path, const char *name, const struct tui_input_spec *spec,
                            size_t *ret_bytes);

#endif
