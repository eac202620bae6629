/* Winograd's convolutions on a CPU against the host reference: every candidate of each shape, on
 * devices of every vector width. */
#include <math.h>
#include <stddef.h>

#include <criterion/criterion.h>

#include "tests/compute/node_rig.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

TestSuite(winograd, .fini = rig_free_all);

struct shape {
    int64_t batch, channels, rows, groups, height, width;
    int64_t pads[4]; /* top, left, bottom, right */
};

static const struct shape shapes[] = {
    {1, 32, 32, 1, 8, 8, {1, 1, 1, 1}},
    {1, 16, 48, 1, 13, 17, {1, 1, 1, 1}}, /* tiles over the edge, an odd block */
    {3, 20, 40, 1, 7, 7, {0, 0, 0, 0}},   /* blocks that aren't full, strips of many images */
    {2, 48, 24, 1, 5, 30, {0, 1, 1, 0}},  /* uneven borders */
    {1, 64, 64, 2, 9, 6, {1, 1, 1, 1}},   /* groups of whole blocks */
    {1, 33, 17, 1, 3, 3, {0, 0, 0, 0}},   /* one pixel */
    {1, 16, 16, 1, 2, 50, {2, 2, 2, 2}},  /* rows of tiles without a row of input */
    {2, 16, 33, 1, 47, 41, {1, 1, 1, 1}}, /* many strips */
    {1, 300, 40, 1, 6, 6, {1, 1, 1, 1}},  /* deep */
};

/* Errors follow the sum's largest terms, not the sum. Numbers are uniform in -4 .. 4. */
static double tolerance(const struct shape *s)
{
    double scale = 16.0 / 3 * sqrt((double)(s->channels / s->groups) * 9) * 3;
    return 1e-5 * scale;
}

static void check(const struct shape *s, const struct cx_epilogue *epilogue, bool residual)
{
    const int64_t x[] = {s->batch, s->channels, s->height, s->width};
    const int64_t w[] = {s->rows, s->channels / s->groups, 3, 3};
    const int64_t y[] = {s->batch, s->rows, s->height + s->pads[0] + s->pads[2] - 2,
                         s->width + s->pads[1] + s->pads[3] - 2};
    struct rig_node node = {.op = "Conv", .opset = 11, .input_n = 3, .output_n = 1};
    node.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 4, x, 1);
    node.inputs[1] = rig_tensor(CX_DTYPE_FLOAT, 4, w, 2);
    node.inputs[2] = rig_tensor(CX_DTYPE_FLOAT, 1, &s->rows, 3);
    node.constant[1] = node.constant[2] = true;
    if (epilogue != NULL)
        node.epilogue = *epilogue;
    if (residual)
        node.residual = rig_tensor(CX_DTYPE_FLOAT, 4, y, 4);
    node.atol = tolerance(s);
    rig_attr_int(&node, "group", s->groups);
    rig_attr_ints(&node, "pads", 4, s->pads);
    rig_check(&node, CX_FAMILY_CPU);
    rig_free_all();
}

static void check_width(uint32_t width)
{
    rig_want_width(width);
    for (size_t i = 0; i < N(shapes); i++) {
        cr_log_info("shape %zu of %u lanes\n", i, width);
        check(&shapes[i], NULL, false);
    }
    rig_close_devices();
}

Test(winograd, width_4)
{
    check_width(4);
}

Test(winograd, width_8)
{
    check_width(8);
}

Test(winograd, width_16)
{
    check_width(16);
}

Test(winograd, epilogues)
{
    static const struct cx_epilogue epilogues[] = {
        {CX_ACT_NONE, 0, 0, 0},
        {CX_ACT_RELU, 0, 0, 0},
        {CX_ACT_CLIP, -30, 20, 0},
        {CX_ACT_LEAKY_RELU, 0.25f, 0, 0},
    };
    for (size_t i = 0; i < N(epilogues); i++) {
        check(&shapes[1], &epilogues[i], false);
        check(&shapes[2], &epilogues[i], true);
    }
}
