#include "conformance.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "onnx/onnx.h"
#include "ops/number.h"
#include "ops/op.h"

enum {
    COLUMN_CASE,
    COLUMN_DIR,
    COLUMN_OPS,
    COLUMN_OPSET,
    COLUMN_RTOL = 7,
    COLUMN_ATOL = 8,
    COLUMN_RESULT = 9
};

/* Cuts a line at its tabs. */
static uint32_t split(char *line, char **fields, uint32_t max)
{
    uint32_t count = 0;
    for (char *field = line; field != NULL && count < max;) {
        fields[count++] = field;
        field = strpbrk(field, "\t\n");
        if (field != NULL)
            *field++ = '\0';
    }
    return count;
}

/* Nobody is asked for more digits than the reference runtime itself had: the manifest says which
 * cases it passed only with these tolerances. */
static void relax(const char *result, struct conf_case *one)
{
    bool loose = strcmp(result, "pass_loose") == 0;
    if (!loose && strcmp(result, "pass_relaxed") != 0)
        return;
    one->rtol = fmax(one->rtol, loose ? 1e-2 : 1e-3);
    one->atol = fmax(one->atol, loose ? 1e-3 : 1e-5);
}

static bool parse_line(const char *root, char *line, struct conf_case *ret_case)
{
    char *fields[16];
    if (split(line, fields, 16) <= COLUMN_RESULT || strcmp(fields[COLUMN_CASE], "case") == 0)
        return false;
    snprintf(ret_case->name, sizeof ret_case->name, "%s", fields[COLUMN_CASE]);
    snprintf(ret_case->dir, sizeof ret_case->dir, "%s/%s", root, fields[COLUMN_DIR]);
    snprintf(ret_case->op_types, sizeof ret_case->op_types, "%s", fields[COLUMN_OPS]);
    snprintf(ret_case->opset, sizeof ret_case->opset, "%s", fields[COLUMN_OPSET]);
    ret_case->rtol = strtod(fields[COLUMN_RTOL], NULL);
    ret_case->atol = strtod(fields[COLUMN_ATOL], NULL);
    relax(fields[COLUMN_RESULT], ret_case);
    ret_case->disputed = strncmp(fields[COLUMN_RESULT], "pass", 4) != 0;
    return true;
}

bool conf_list(const char *folder, struct conf_case **ret_cases, size_t *ret_count)
{
    const char *base = getenv("STOKER_CONFORMANCE_DIR");
    char root[512], path[600], line[8192];
    if (base == NULL)
        return false;
    snprintf(root, sizeof root, "%s/%s", base, folder);
    snprintf(path, sizeof path, "%s/MANIFEST.tsv", root);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    size_t count = 0, capacity = 0;
    struct conf_case *cases = NULL;
    while (fgets(line, sizeof line, file) != NULL) {
        if (count == capacity) {
            capacity = capacity == 0 ? 256 : capacity * 2;
            struct conf_case *more = realloc(cases, capacity * sizeof *cases);
            if (more == NULL)
                break;
            cases = more;
        }
        if (parse_line(root, line, &cases[count]))
            count++;
    }
    fclose(file);
    *ret_cases = cases;
    *ret_count = count;
    return true;
}

static void *read_file(const char *path, size_t *ret_size)
{
    struct stat info;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    void *data = fstat(fileno(file), &info) == 0 ? malloc((size_t)info.st_size + 1) : NULL;
    size_t size = data != NULL ? (size_t)info.st_size : 0;
    if (data != NULL && fread(data, 1, size, file) != size) {
        free(data);
        data = NULL;
    }
    fclose(file);
    *ret_size = size;
    return data;
}

bool conf_read(const struct conf_case *one, uint32_t set, const char *kind, struct cx_arena *arena,
               struct conf_tensors *ret_tensors, struct cx_error *error)
{
    char path[1200];
    struct stat info;
    snprintf(path, sizeof path, "%s/test_data_set_%u", one->dir, set);
    if (stat(path, &info) != 0) {
        snprintf(error->text, sizeof error->text, "no data set %u", set);
        return false;
    }
    ret_tensors->count = 0;
    for (uint32_t i = 0; i < CONF_TENSORS_MAX; i++) {
        size_t size = 0;
        snprintf(path, sizeof path, "%s/test_data_set_%u/%s_%u.pb", one->dir, set, kind, i);
        void *data = read_file(path, &size);
        if (data == NULL)
            break;
        enum cx_status status = cx_onnx_read_tensor(data, size, arena, &ret_tensors->tensors[i],
                                                    &ret_tensors->names[i], error);
        free(data);
        if (status != CX_OK)
            return false;
        ret_tensors->count++;
    }
    return true;
}

const struct cx_tensor *conf_pick(const struct conf_tensors *tensors, uint32_t i, uint32_t count,
                                  const char *name)
{
    if (tensors->count == count)
        return &tensors->tensors[i];
    for (uint32_t k = 0; k < tensors->count; k++)
        if (strcmp(tensors->names[k], name) == 0)
            return &tensors->tensors[k];
    return i < tensors->count ? &tensors->tensors[i] : NULL;
}

/* What the order of a sum of floats alone may change: a few units in the last place of the largest
 * number, since the small ones of an output are differences of as large terms. */
static double rounding(const struct cx_tensor *want, int64_t count)
{
    double largest = 0;
    for (int64_t i = 0; i < count && want->dtype == CX_DTYPE_FLOAT; i++) {
        double magnitude = fabs(cx_get_f64(want, i));
        if (isfinite(magnitude))
            largest = fmax(largest, magnitude);
    }
    return 4 * FLT_EPSILON * largest;
}

bool conf_compare(const struct cx_tensor *got, const struct cx_tensor *want, double rtol,
                  double atol, char *why, size_t why_size)
{
    char got_text[128], want_text[128];
    if (got->dtype != want->dtype || !cx_shape_equal(&got->shape, &want->shape)) {
        snprintf(why, why_size, "%s of %s where %s of %s is expected",
                 cx_shape_format(&got->shape, got_text, sizeof got_text), cx_dtype_name(got->dtype),
                 cx_shape_format(&want->shape, want_text, sizeof want_text),
                 cx_dtype_name(want->dtype));
        return false;
    }
    int64_t count = cx_shape_elements(&want->shape);
    atol = fmax(atol, rounding(want, count));
    for (int64_t i = 0; i < count; i++) {
        double a = cx_get_f64(got, i), b = cx_get_f64(want, i);
        bool same = a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= atol + rtol * fabs(b);
        if (isinf(a) != isinf(b))
            same = false;
        if (!cx_dtype_is_float(got->dtype) && got->dtype != CX_DTYPE_BOOL && rtol == 0)
            same = cx_get_i64(got, i) == cx_get_i64(want, i);
        if (!same) {
            snprintf(why, why_size, "element %lld is %.9g where %.9g is expected", (long long)i, a,
                     b);
            return false;
        }
    }
    return true;
}

bool conf_is_known(const struct conf_case *one)
{
    char ops[sizeof one->op_types];
    char *rest = NULL;
    snprintf(ops, sizeof ops, "%s", one->op_types);
    for (char *op = strtok_r(ops, ",", &rest); op != NULL; op = strtok_r(NULL, ",", &rest)) {
        bool known = false;
        for (uint32_t i = 0; i < CX_OP_COUNT; i++)
            known = known || (cx_ops[i].domain[0] == '\0' && strcmp(cx_ops[i].name, op) == 0);
        if (!known)
            return false;
    }
    return true;
}
