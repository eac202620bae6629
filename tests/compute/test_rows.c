/* Kernels that work along rows, columns and channels against the host reference: reductions,
 * softmax, normalizations. */
#include <criterion/criterion.h>

#include "tests/compute/node_rig.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

TestSuite(rows, .fini = rig_free_all);

static struct rig_node reduction(const char *op, enum cx_dtype dtype, uint32_t rank,
                                 const int64_t *dims, uint32_t axis_n, const int64_t *axes)
{
    struct rig_node node = {.op = op, .opset = 18, .input_n = 2, .output_n = 1};
    node.rtol = dtype == CX_DTYPE_FLOAT16 ? 2e-3 : dtype == CX_DTYPE_BFLOAT16 ? 1e-2 : 1e-5;
    node.atol = 1e-5;
    node.inputs[0] = rig_tensor(dtype, rank, dims, 21);
    node.inputs[1] = rig_int64s(axis_n, axes);
    node.constant[1] = true;
    return node;
}

static void check_reduce_shapes(enum cx_family family)
{
    static const int64_t dims[] = {3, 5, 4, 41};
    static const struct {
        uint32_t count;
        int64_t axes[4];
    } rows[] = {
        {1, {-1}},      {1, {1}},     {1, {0}},          {2, {2, 3}}, {2, {0, 2}},
        {3, {0, 2, 3}}, {2, {1, -1}}, {4, {0, 1, 2, 3}}, {0, {0}},
    };
    for (size_t i = 0; i < N(rows); i++) {
        for (int64_t keep = 0; keep < 2; keep++) {
            struct rig_node node =
                reduction("ReduceMean", CX_DTYPE_FLOAT, 4, dims, rows[i].count, rows[i].axes);
            rig_attr_int(&node, "keepdims", keep);
            rig_check(&node, family);
        }
    }
    static const int64_t none[] = {2, 0, 3}, axis[] = {1}, last[] = {2};
    struct rig_node node = reduction("ReduceMean", CX_DTYPE_FLOAT, 3, none, 1, last);
    rig_check(&node, family); /* no results */
    node = reduction("ReduceSum", CX_DTYPE_FLOAT, 3, none, 1, axis);
    rig_check(&node, family); /* results over nothing */
    node = reduction("ReduceMax", CX_DTYPE_FLOAT, 3, none, 1, axis);
    rig_check(&node, family);
}

static void check_reduce_ops(enum cx_family family)
{
    static const struct {
        const char *op;
        enum cx_dtype dtype;
    } rows[] = {
        {"ReduceL1", CX_DTYPE_FLOAT},      {"ReduceL2", CX_DTYPE_FLOAT},
        {"ReduceLogSum", CX_DTYPE_FLOAT},  {"ReduceLogSumExp", CX_DTYPE_FLOAT},
        {"ReduceMax", CX_DTYPE_FLOAT},     {"ReduceMin", CX_DTYPE_INT8},
        {"ReduceProd", CX_DTYPE_FLOAT},    {"ReduceSum", CX_DTYPE_INT64},
        {"ReduceSum", CX_DTYPE_FLOAT16},   {"ReduceSumSquare", CX_DTYPE_DOUBLE},
        {"ReduceMean", CX_DTYPE_BFLOAT16}, {"ReduceMax", CX_DTYPE_BOOL},
        {"ReduceMean", CX_DTYPE_INT32},
    };
    static const int64_t dims[] = {4, 37, 9}, inner[] = {2}, middle[] = {1};
    for (size_t i = 0; i < N(rows); i++) {
        struct rig_node node = reduction(rows[i].op, rows[i].dtype, 3, dims, 1, inner);
        rig_check(&node, family);
        node = reduction(rows[i].op, rows[i].dtype, 3, dims, 1, middle);
        rig_check(&node, family);
    }
}

static void check_softmax(enum cx_family family)
{
    static const char *const ops[] = {"Softmax", "LogSoftmax"};
    static const int64_t dims[] = {3, 11, 37};
    for (size_t i = 0; i < N(ops); i++) {
        for (int64_t axis = -1; axis < 2; axis++) {
            for (int32_t opset = 11; opset <= 13; opset += 2) {
                struct rig_node node = {.op = ops[i], .opset = opset, .input_n = 1, .output_n = 1};
                node.rtol = 1e-5;
                node.atol = 1e-6;
                node.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 3, dims, 31);
                rig_attr_int(&node, "axis", axis);
                rig_check(&node, family);
            }
        }
    }
    struct rig_node half = {.op = "Softmax", .opset = 13, .input_n = 1, .output_n = 1};
    half.rtol = 2e-3;
    half.atol = 1e-4;
    half.inputs[0] = rig_tensor(CX_DTYPE_FLOAT16, 3, dims, 31);
    rig_check(&half, family);
}

static void check_channels(enum cx_family family)
{
    static const int64_t dims[] = {2, 7, 5, 9}, channels[] = {7};
    for (int64_t size = 1; size < 6; size += 2) {
        struct rig_node lrn = {.op = "LRN", .opset = 13, .input_n = 1, .output_n = 1};
        lrn.rtol = 1e-5;
        lrn.atol = 1e-6;
        lrn.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 4, dims, 41);
        rig_attr_int(&lrn, "size", size);
        rig_attr_float(&lrn, "alpha", 0.5f);
        if (size == 3)
            rig_attr_float(&lrn, "beta", 0.6f);
        rig_check(&lrn, family);
    }
    struct rig_node norm = {.op = "BatchNormalization", .opset = 15, .input_n = 5, .output_n = 1};
    norm.rtol = 1e-4;
    norm.atol = 1e-5;
    norm.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 4, dims, 42);
    for (uint32_t i = 1; i < 5; i++)
        norm.inputs[i] = rig_tensor(CX_DTYPE_FLOAT, 1, channels, 42 + i);
    for (int64_t c = 0; c < channels[0]; c++) /* a variance has no sign */
        ((float *)norm.inputs[4].data)[c] = 0.5f + (float)c;
    rig_check(&norm, family);
}

static void check_many(enum cx_family family)
{
    static const char *const ops[] = {"Max", "Min", "Sum", "Mean"};
    static const int64_t full[] = {3, 4, 21}, row[] = {21}, column[] = {4, 1};
    for (size_t i = 0; i < N(ops); i++) {
        struct rig_node node = {.op = ops[i], .opset = 13, .input_n = 3, .output_n = 1};
        node.rtol = 1e-5;
        node.atol = 1e-6;
        node.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 1, row, 51);
        node.inputs[1] = rig_tensor(CX_DTYPE_FLOAT, 2, column, 52);
        node.inputs[2] = rig_tensor(CX_DTYPE_FLOAT, 3, full, 53);
        rig_check(&node, family);
        node.input_n = 1;
        rig_check(&node, family);
    }
    struct rig_node clip = {.op = "Clip", .opset = 13, .input_n = 3, .output_n = 1};
    clip.inputs[0] = rig_tensor(CX_DTYPE_INT32, 3, full, 54);
    clip.inputs[2] = rig_tensor(CX_DTYPE_INT32, 0, NULL, 55);
    rig_check(&clip, family);
}

static void check_all(enum cx_family family)
{
    check_reduce_shapes(family);
    check_reduce_ops(family);
    check_softmax(family);
    check_channels(family);
    check_many(family);
}

Test(rows, cpu, .timeout = 200)
{
    check_all(CX_FAMILY_CPU);
}

Test(rows, gpu, .timeout = 200)
{
    check_all(CX_FAMILY_GPU);
}
