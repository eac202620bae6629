/* Kernels that move elements against the host reference: shapes that turn matrices, merge, repeat,
 * run backwards, hold nothing, and have more loops than a kernel takes. */
#include <criterion/criterion.h>

#include "tests/compute/node_rig.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

TestSuite(movement, .fini = rig_free_all);

static void check_transpose(enum cx_family family)
{
    static const struct {
        uint32_t rank;
        int64_t dims[8], perm[8];
        enum cx_dtype dtype;
    } rows[] = {
        {2, {37, 53}, {1, 0}, CX_DTYPE_FLOAT},
        {2, {64, 8}, {1, 0}, CX_DTYPE_UINT8},
        {3, {3, 19, 21}, {0, 2, 1}, CX_DTYPE_FLOAT16},
        {3, {3, 19, 21}, {2, 1, 0}, CX_DTYPE_INT64},
        {4, {2, 3, 17, 9}, {0, 2, 3, 1}, CX_DTYPE_FLOAT},
        {4, {2, 12, 4, 8}, {0, 2, 1, 3}, CX_DTYPE_FLOAT},
        {4, {1, 1, 5, 1}, {3, 2, 1, 0}, CX_DTYPE_BOOL},
        {8, {2, 3, 2, 3, 2, 3, 2, 3}, {7, 5, 3, 1, 0, 2, 4, 6}, CX_DTYPE_INT16},
        {3, {0, 3, 4}, {2, 0, 1}, CX_DTYPE_DOUBLE},
        {2, {1030, 515}, {1, 0}, CX_DTYPE_FLOAT},
    };
    for (size_t i = 0; i < N(rows); i++) {
        struct rig_node node = {.op = "Transpose", .opset = 13, .input_n = 1, .output_n = 1};
        node.inputs[0] = rig_tensor(rows[i].dtype, rows[i].rank, rows[i].dims, 1);
        rig_attr_ints(&node, "perm", rows[i].rank, rows[i].perm);
        rig_check(&node, family);
    }
}

static void check_slice(enum cx_family family)
{
    static const int64_t dims[] = {5, 20, 9};
    static const struct {
        int64_t starts[3], ends[3], steps[3];
    } rows[] = {
        {{1, 2, 3}, {4, 18, 9}, {1, 1, 1}},
        {{-1, 19, 0}, {-100, 2, 9}, {-1, -3, 2}},
        {{0, 0, 8}, {5, 20, -100}, {2, 1, -1}},
        {{3, 0, 0}, {3, 20, 9}, {1, 1, 1}},
    };
    for (size_t i = 0; i < N(rows); i++) {
        struct rig_node node = {.op = "Slice", .opset = 13, .input_n = 5, .output_n = 1};
        static const int64_t axes[] = {0, -2, 2};
        node.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 3, dims, 2);
        node.inputs[1] = rig_int64s(3, rows[i].starts);
        node.inputs[2] = rig_int64s(3, rows[i].ends);
        node.inputs[3] = rig_int64s(3, axes);
        node.inputs[4] = rig_int64s(3, rows[i].steps);
        for (uint32_t k = 1; k < 5; k++)
            node.constant[k] = true;
        rig_check(&node, family);
    }
}

static void check_concat_and_split(enum cx_family family)
{
    static const int64_t axes[] = {0, 1, -1};
    for (size_t i = 0; i < N(axes); i++) {
        int64_t dims[] = {4, 6, 10};
        struct rig_node concat = {.op = "Concat", .opset = 13, .input_n = 3, .output_n = 1};
        for (uint32_t k = 0; k < 3; k++) {
            dims[axes[i] < 0 ? 2 : axes[i]] = (int64_t)k * 2; /* the first has no elements */
            concat.inputs[k] = rig_tensor(CX_DTYPE_FLOAT, 3, dims, k + 1);
        }
        rig_attr_int(&concat, "axis", axes[i]);
        rig_check(&concat, family);

        static const int64_t whole[] = {6, 6, 6}, sizes[] = {1, 0, 5};
        struct rig_node split = {.op = "Split", .opset = 13, .input_n = 2, .output_n = 3};
        split.inputs[0] = rig_tensor(CX_DTYPE_INT8, 3, whole, 9);
        split.inputs[1] = rig_int64s(3, sizes);
        split.constant[1] = true;
        rig_attr_int(&split, "axis", axes[i]);
        rig_check(&split, family);
    }
}

static void check_pad(enum cx_family family)
{
    static const char *const modes[] = {"constant", "reflect", "edge", "wrap"};
    static const int64_t dims[] = {2, 3, 7}, pads[] = {0, 2, 3, 1, 0, 5},
                         cut[] = {0, -1, 2, 0, 0, -3};
    static const int64_t one = 1;
    for (size_t i = 0; i < N(modes); i++) {
        for (uint32_t value = 0; value < 2; value++) {
            struct rig_node node = {.op = "Pad", .opset = 19, .output_n = 1};
            node.input_n = 2 + value;
            node.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 3, dims, 3);
            node.inputs[1] = rig_int64s(6, value == 0 ? pads : cut);
            node.inputs[2] = rig_tensor(CX_DTYPE_FLOAT, 1, &one, 4);
            node.constant[1] = true;
            rig_attr_string(&node, "mode", modes[i]);
            rig_check(&node, family);
        }
    }
}

static void check_expand_and_where(enum cx_family family)
{
    static const int64_t from[] = {3, 1, 5}, to[] = {2, 3, 4, 1}, column[] = {4, 1},
                         full[] = {4, 37};
    struct rig_node expand = {.op = "Expand", .opset = 13, .input_n = 2, .output_n = 1};
    expand.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 3, from, 5);
    expand.inputs[1] = rig_int64s(4, to);
    expand.constant[1] = true;
    rig_check(&expand, family);

    struct rig_node where = {.op = "Where", .opset = 16, .input_n = 3, .output_n = 1};
    where.inputs[0] = rig_tensor(CX_DTYPE_BOOL, 2, full, 6);
    where.inputs[1] = rig_tensor(CX_DTYPE_FLOAT, 2, full, 7);
    where.inputs[2] = rig_tensor(CX_DTYPE_FLOAT, 2, column, 8);
    rig_check(&where, family);
    where.inputs[0] = rig_tensor(CX_DTYPE_BOOL, 2, column, 6);
    rig_check(&where, family);
    where.inputs[2] = rig_tensor(CX_DTYPE_FLOAT, 2, full, 8);
    where.inputs[1] = rig_tensor(CX_DTYPE_FLOAT, 0, NULL, 8);
    rig_check(&where, family);
}

static void check_gather(enum cx_family family)
{
    static const int64_t dims[] = {3, 7, 11}, index_dims[] = {2, 2};
    int64_t numbers[] = {6, -7, 0, -1};
    for (int64_t axis = -1; axis < 2; axis++) {
        struct rig_node node = {.op = "Gather", .opset = 13, .input_n = 2, .output_n = 1};
        numbers[0] = axis == 0 ? 2 : 6;
        numbers[1] = axis == 0 ? -3 : -7;
        node.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 3, dims, 5);
        node.inputs[1] = rig_int64s(4, numbers);
        node.inputs[1].shape = (struct cx_shape){2, {index_dims[0], index_dims[1]}};
        rig_attr_int(&node, "axis", axis);
        rig_check(&node, family);
        ((int64_t *)node.inputs[1].data)[2] = 1000000;
        rig_check_run_fails(&node, family, CX_FORMAT);
    }
}

static void check_cast(enum cx_family family)
{
    static const struct {
        enum cx_dtype from, to;
    } rows[] = {
        {CX_DTYPE_FLOAT, CX_DTYPE_INT8},     {CX_DTYPE_FLOAT, CX_DTYPE_UINT64},
        {CX_DTYPE_FLOAT, CX_DTYPE_BOOL},     {CX_DTYPE_INT64, CX_DTYPE_FLOAT},
        {CX_DTYPE_FLOAT, CX_DTYPE_FLOAT16},  {CX_DTYPE_BFLOAT16, CX_DTYPE_DOUBLE},
        {CX_DTYPE_DOUBLE, CX_DTYPE_FLOAT16}, {CX_DTYPE_UINT8, CX_DTYPE_INT32},
        {CX_DTYPE_BOOL, CX_DTYPE_FLOAT},     {CX_DTYPE_FLOAT16, CX_DTYPE_BFLOAT16},
        {CX_DTYPE_INT16, CX_DTYPE_INT16},    {CX_DTYPE_FLOAT, CX_DTYPE_FLOAT8E4M3FN},
    };
    static const int64_t dim = 77;
    for (size_t i = 0; i < N(rows); i++) {
        struct rig_node node = {.op = "Cast", .opset = 19, .input_n = 1, .output_n = 1};
        node.inputs[0] = rig_tensor(rows[i].from, 1, &dim, 11);
        rig_attr_int(&node, "to", (int64_t)rows[i].to);
        rig_check(&node, family);
    }
}

static void check_tile_and_depth_space(enum cx_family family)
{
    static const int64_t dims[] = {2, 12, 4, 6}, repeats[] = {3, 1, 2, 2}, none[] = {1, 0, 2, 1};
    static const char *const modes[] = {"DCR", "CRD"};
    for (size_t i = 0; i < 2; i++) {
        struct rig_node tile = {.op = "Tile", .opset = 13, .input_n = 2, .output_n = 1};
        tile.inputs[0] = rig_tensor(i == 0 ? CX_DTYPE_FLOAT : CX_DTYPE_INT16, 4, dims, 12);
        tile.inputs[1] = rig_int64s(4, i == 0 ? repeats : none);
        tile.constant[1] = true;
        rig_check(&tile, family);

        struct rig_node out = {.op = "DepthToSpace", .opset = 13, .input_n = 1, .output_n = 1};
        out.inputs[0] = rig_tensor(i == 0 ? CX_DTYPE_FLOAT : CX_DTYPE_UINT8, 4, dims, 13);
        rig_attr_int(&out, "blocksize", 2);
        rig_attr_string(&out, "mode", modes[i]);
        rig_check(&out, family);

        struct rig_node in = {.op = "SpaceToDepth", .opset = 13, .input_n = 1, .output_n = 1};
        in.inputs[0] = out.inputs[0];
        rig_attr_int(&in, "blocksize", 2);
        rig_check(&in, family);
    }
}

static void check_all(enum cx_family family)
{
    check_transpose(family);
    check_slice(family);
    check_concat_and_split(family);
    check_pad(family);
    check_expand_and_where(family);
    check_gather(family);
    check_cast(family);
    check_tile_and_depth_space(family);
}

Test(movement, cpu, .timeout = 200)
{
    check_all(CX_FAMILY_CPU);
}

Test(movement, gpu, .timeout = 200)
{
    check_all(CX_FAMILY_GPU);
}
