/* Matrix products through CLBlast, on the GPU family's path. */
#include <stdlib.h>

#include <criterion/criterion.h>

#include "tests/compute/node_rig.h"

static void check_gemm(int64_t m, int64_t n, int64_t k, bool trans_a, bool trans_b)
{
    const int64_t a[] = {trans_a ? k : m, trans_a ? m : k};
    const int64_t b[] = {trans_b ? n : k, trans_b ? k : n};
    struct rig_node node = {.op = "Gemm", .opset = 13, .input_n = 3, .output_n = 1};
    node.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 2, a, 1);
    node.inputs[1] = rig_tensor(CX_DTYPE_FLOAT, 2, b, 2);
    node.inputs[2] = rig_tensor(CX_DTYPE_FLOAT, 1, &n, 3);
    node.constant[1] = node.constant[2] = true;
    rig_attr_int(&node, "transA", trans_a);
    rig_attr_int(&node, "transB", trans_b);
    rig_attr_float(&node, "alpha", 0.7f);
    node.epilogue.act = CX_ACT_RELU;
    node.rtol = 1e-4;
    node.atol = 2e-3;
    rig_check(&node, CX_FAMILY_GPU);
}

Test(clblast, products_agree_with_the_reference, .fini = rig_free_all, .timeout = 600)
{
    if (getenv("STOKER_SLOW_TESTS") == NULL)
        cr_skip_test("STOKER_SLOW_TESTS is not set");
    rig_want_blas();
    check_gemm(33, 70, 50, false, false);
    check_gemm(33, 70, 50, true, false);
    check_gemm(33, 70, 50, false, true);
    check_gemm(1, 100, 64, true, true);
    check_gemm(40, 7, 1, true, true);
    check_gemm(600, 520, 530, false, true);
}
