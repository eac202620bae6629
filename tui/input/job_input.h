/* Files made into the `inputs` of a submission, as the model says that it wants them. */
#ifndef TUI_INPUT_JOB_INPUT_H
#define TUI_INPUT_JOB_INPUT_H

#include <cjson/cJSON.h>

#include "input/tensor.h"

enum { TUI_INPUTS_MAX = 16, TUI_JOB_ERROR_BYTES = 512 };

/* The inputs of a model as `model` answers them; n = 0 where no agent has loaded it yet. */
struct tui_model_inputs {
    size_t n;
    const char *names[TUI_INPUTS_MAX]; /* belong to the reply */
    struct tui_input_spec specs[TUI_INPUTS_MAX];
    struct tui_input_spec unknown; /* for a model that was not loaded yet */
};

/* `model` is the member of that name of the reply; NULL reads as a model without inputs. */
void tui_model_inputs_read(const cJSON *model, struct tui_model_inputs *ret_inputs);

/* Reads `path` for the input `spec` and checks it against the shape where that is known. The result
 * is an object of `inputs` in a submission, the caller's to cJSON_Delete; `name` may be NULL. On
 * failure NULL, and ret_error (TUI_JOB_ERROR_BYTES) has one line that names no file. Blocks on the
 * disk. */
cJSON *tui_job_input(const char *path, const char *name, const struct tui_input_spec *spec,
                     size_t *ret_bytes, char *ret_error);

#endif
