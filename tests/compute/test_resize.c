/* Resize on a device against the host reference, which the ONNX cases check: each mode, way up and
 * down, on inner and outer axes, in blocks of channels too. */
#include <criterion/criterion.h>

#include "tests/compute/node_rig.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

TestSuite(resize, .fini = rig_free_all);

struct row {
    const char *mode, *coordinate, *nearest;
    enum cx_dtype dtype;
    int64_t sizes[4];
    bool antialias, exclude_outside;
};

static const int64_t dims[] = {2, 6, 9, 14};

static const struct row rows[] = {
    {"nearest", "half_pixel", "round_prefer_floor", CX_DTYPE_FLOAT, {2, 6, 18, 28}, false, false},
    {"nearest", "asymmetric", "floor", CX_DTYPE_UINT8, {2, 6, 4, 33}, false, false},
    {"nearest", "align_corners", "ceil", CX_DTYPE_INT64, {2, 6, 9, 5}, false, false},
    {"nearest", "half_pixel", "round_prefer_ceil", CX_DTYPE_FLOAT16, {1, 9, 9, 14}, false, false},
    {"linear", "half_pixel", "floor", CX_DTYPE_FLOAT, {2, 6, 18, 28}, false, false},
    {"linear", "pytorch_half_pixel", "floor", CX_DTYPE_FLOAT, {2, 6, 1, 40}, false, false},
    {"linear", "align_corners", "floor", CX_DTYPE_DOUBLE, {3, 5, 7, 11}, false, false},
    {"linear", "half_pixel", "floor", CX_DTYPE_FLOAT16, {2, 6, 18, 5}, true, false},
    {"linear", "half_pixel", "floor", CX_DTYPE_INT32, {2, 6, 4, 5}, false, false},
    {"cubic", "half_pixel", "floor", CX_DTYPE_FLOAT, {2, 6, 13, 30}, false, true},
    {"cubic", "half_pixel_symmetric", "floor", CX_DTYPE_FLOAT, {2, 6, 3, 4}, true, false},
    {"cubic", "asymmetric", "floor", CX_DTYPE_BFLOAT16, {2, 6, 9, 29}, false, false},
    {"nearest", "half_pixel", "floor", CX_DTYPE_FLOAT, {2, 6, 9, 14}, false, false},
};

static void check_row(const struct row *row, enum cx_family family, bool blocked)
{
    struct rig_node node = {.op = "Resize", .opset = 19, .input_n = 4, .output_n = 1};
    node.inputs[0] = rig_tensor(row->dtype, 4, dims, 1);
    node.inputs[3] = rig_int64s(4, row->sizes);
    node.constant[3] = true;
    node.blocked = blocked;
    rig_attr_string(&node, "mode", row->mode);
    rig_attr_string(&node, "coordinate_transformation_mode", row->coordinate);
    rig_attr_string(&node, "nearest_mode", row->nearest);
    rig_attr_int(&node, "antialias", row->antialias);
    rig_attr_int(&node, "exclude_outside", row->exclude_outside);
    bool is_short = row->dtype == CX_DTYPE_FLOAT16 || row->dtype == CX_DTYPE_BFLOAT16;
    node.rtol = node.atol = is_short ? 1e-2 : 1e-5;
    rig_check(&node, family);
}

static void check_all(enum cx_family family)
{
    for (size_t i = 0; i < N(rows); i++) {
        check_row(&rows[i], family, false);
        if (rows[i].sizes[0] == dims[0] && rows[i].sizes[1] == dims[1] &&
            rows[i].dtype == CX_DTYPE_FLOAT)
            check_row(&rows[i], family, true);
    }
}

Test(resize, cpu, .timeout = 200)
{
    check_all(CX_FAMILY_CPU);
}

Test(resize, gpu, .timeout = 200)
{
    check_all(CX_FAMILY_GPU);
}
