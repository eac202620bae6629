/* Showing what a job answered: class names with probabilities where the model has labels. */
#ifndef TUI_CLI_ANSWER_H
#define TUI_CLI_ANSWER_H

#include "cli/cli.h"
#include "input/tensor.h"

enum { TUI_TOP_MAX = 10 };

struct tui_top {
    size_t n;
    struct {
        size_t index;
        double value;
    } best[TUI_TOP_MAX];
};

/* Decodes one output of a reply to `result`. `data` in the tensor is the caller's to free. Returns
 * false where its dtype, shape and bytes don't fit together. */
bool tui_answer_tensor(const cJSON *output, struct tui_tensor *ret_tensor);
/* The `n` largest values of the tensor's last axis in its first row; n = 0 where it has no numbers
 * of a kind that can be ranked. NaN ranks last. */
void tui_answer_top(const struct tui_tensor *tensor, size_t n, struct tui_top *ret_top);
/* Writes "7 97.2%, 1 1.4%" (values that are no probabilities as plain numbers), or the shape where
 * there are no labels. `labels` may be NULL. Cleaned of control characters; returns out. */
char *tui_answer_text(const cJSON *outputs, const cJSON *labels, size_t top, char *out,
                      size_t out_bytes);
/* Adds "classes":[{"label","value"}] to `target` where the model has labels. */
void tui_answer_add_classes(cJSON *target, const cJSON *outputs, const cJSON *labels, size_t top);

/* The exit code that a job in this state deserves: OK, JOB_FAILED, JOB_ENDED or WAIT. */
enum tui_exit tui_answer_exit(const cJSON *job);

#endif
