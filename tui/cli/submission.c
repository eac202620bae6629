#include "cli/submission.h"

#include <stdlib.h>

static bool parse_dims(const char *text, struct tui_input_spec *spec)
{
    spec->rank = 0;
    while (*text != '\0') {
        char *end;
        long long dim = *text == 'N' ? -1 : strtoll(text, &end, 10);
        if (*text == 'N')
            end = (char *)(uintptr_t)(text + 1);
        if (end == text || dim < -1 || dim > INT32_MAX || spec->rank == TUI_RANK_MAX ||
            (*end != ',' && *end != '\0'))
            return false;
        spec->dims[spec->rank++] = dim;
        text = *end == ',' ? end + 1 : end;
    }
    return spec->rank > 0;
}

bool tui_spec_override(const char *dtype, const char *shape, struct tui_input_spec *spec)
{
    if (dtype != NULL && (spec->dtype = tui_dtype_find(dtype)) == NULL) {
        tui_complain("such as float32, uint8 or int64", "--dtype '%s' is unknown", dtype);
        return false;
    }
    if (shape != NULL && !parse_dims(shape, spec)) {
        tui_complain("give 1 to 8 sizes such as 1,3,224,224, N for a free one",
                     "--shape '%s' is no shape", shape);
        return false;
    }
    return true;
}

cJSON *tui_submission_input(const char *path, const char *name, const struct tui_input_spec *spec,
                            size_t *ret_bytes)
{
    char error[TUI_JOB_ERROR_BYTES];
    cJSON *input = tui_job_input(path, name, spec, ret_bytes, error);

    if (input == NULL)
        tui_complain(NULL, "%s: %s", path, error);
    return input;
}
