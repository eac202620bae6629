#include "tune_shapes.h"

#include <stdio.h>

enum cx_status agent_tune_shapes(const struct cx_model *model, int64_t rows,
                                 struct cx_shape *ret_shapes, struct cx_error *err)
{
    size_t n = cx_model_input_count(model);
    if (n > AGENT_TUNE_INPUTS_MAX) {
        snprintf(err->text, sizeof(err->text), "over %d inputs", AGENT_TUNE_INPUTS_MAX);
        return CX_LIMIT;
    }
    bool is_taken = rows == 1;
    for (size_t i = 0; i < n; i++) {
        const struct cx_tensor_info *info = cx_model_input(model, i);
        ret_shapes[i] = info->shape;
        for (uint32_t d = 0; d < ret_shapes[i].rank; d++) {
            if (ret_shapes[i].dims[d] != CX_DIM_SYMBOLIC)
                continue;
            if (d > 0) {
                snprintf(err->text, sizeof(err->text),
                         "input '%.100s': dimension %u is open; only the first may be", info->name,
                         d);
                return CX_UNSUPPORTED;
            }
            ret_shapes[i].dims[d] = rows;
        }
        is_taken = is_taken || (ret_shapes[i].rank > 0 && ret_shapes[i].dims[0] == rows);
    }
    if (!is_taken) {
        snprintf(err->text, sizeof(err->text),
                 "no input has %lld rows or leaves their number open: tune it without --batch",
                 (long long)rows);
        return CX_SHAPE;
    }
    return CX_OK;
}
