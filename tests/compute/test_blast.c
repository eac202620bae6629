/* Products that CLBlast does, against the host reference, and what happens when it can't. */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>

#include <clblast_c.h>
#include <criterion/criterion.h>

#include "device/cl.h"
#include "tests/compute/node_rig.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

TestSuite(blast, .fini = rig_free_all, .timeout = 280);

/* What CLBlast takes or builds in a run counts: these stand before the driver's functions, and
 * cx_run is wrapped by the linker. */
static bool in_run;
static unsigned buffers_in_runs, programs_in_runs;

enum cx_status __real_cx_run(struct cx_plan *plan, const void *const *inputs, void *const *outputs,
                             struct cx_timing *ret_timing, struct cx_error *err);
enum cx_status __wrap_cx_run(struct cx_plan *plan, const void *const *inputs, void *const *outputs,
                             struct cx_timing *ret_timing, struct cx_error *err);

enum cx_status __wrap_cx_run(struct cx_plan *plan, const void *const *inputs, void *const *outputs,
                             struct cx_timing *ret_timing, struct cx_error *err)
{
    in_run = true;
    enum cx_status status = __real_cx_run(plan, inputs, outputs, ret_timing, err);
    in_run = false;
    return status;
}

cl_mem clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void *host_ptr,
                      cl_int *errcode_ret)
{
    cl_mem (*next)(cl_context, cl_mem_flags, size_t, void *, cl_int *);
    *(void **)&next = dlsym(RTLD_NEXT, "clCreateBuffer");
    buffers_in_runs += in_run;
    return next(context, flags, size, host_ptr, errcode_ret);
}

cl_int clBuildProgram(cl_program program, cl_uint num_devices, const cl_device_id *device_list,
                      const char *options, void(CL_CALLBACK *pfn_notify)(cl_program, void *),
                      void *user_data)
{
    cl_int (*next)(cl_program, cl_uint, const cl_device_id *, const char *,
                   void(CL_CALLBACK *)(cl_program, void *), void *);
    *(void **)&next = dlsym(RTLD_NEXT, "clBuildProgram");
    programs_in_runs += in_run;
    return next(program, num_devices, device_list, options, pfn_notify, user_data);
}

/* Small tiles, so that small products have several of them and ragged ones; and products from
 * SIDE_LARGE cubed on take the way of large ones. */
#define SIDE_LARGE 8

static void override(const char *kernel, size_t n, const char **names, const size_t *values)
{
    struct cx_device *device = rig_device(CX_FAMILY_GPU);
    CLBlastStatusCode code =
        CLBlastOverrideParameters(device->id, kernel, CLBlastPrecisionSingle, n, names, values);
    cr_assert_eq(code, CLBlastSuccess, "%s: %d", kernel, (int)code);
    if (cx_device_describe(device)->fp64) {
        code =
            CLBlastOverrideParameters(device->id, kernel, CLBlastPrecisionDouble, n, names, values);
        cr_assert_eq(code, CLBlastSuccess, "%s: %d", kernel, (int)code);
    }
}

static void use_blas(void)
{
    const char *routine[] = {"XGEMM_MIN_INDIRECT_SIZE"};
    const size_t routine_values[] = {SIDE_LARGE};
    const char *direct[] = {"KWID", "MDIMAD", "MDIMCD", "NDIMBD", "NDIMCD",
                            "PADA", "PADB",   "VWMD",   "VWND",   "WGD"};
    const size_t direct_values[] = {2, 8, 8, 8, 8, 0, 0, 1, 1, 8};
    const char *tiled[] = {"GEMMK", "KREG", "KWG", "KWI", "MDIMA", "MDIMC", "MWG", "NDIMB",
                           "NDIMC", "NWG",  "SA",  "SB",  "STRM",  "STRN",  "VWM", "VWN"};
    const size_t tiled_values[] = {0, 1, 16, 2, 8, 8, 16, 8, 8, 16, 0, 0, 0, 0, 1, 1};
    rig_want_blas();
    override("GemmRoutine", N(routine), routine, routine_values);
    override("XgemmDirect", N(direct), direct, direct_values);
    override("Xgemm", N(tiled), tiled, tiled_values);
}

struct gemm_case {
    bool trans_a, trans_b;
    uint32_t c_rank; /* 0: absent */
    int64_t c[2];
    bool residual;
    enum cx_act act;
};

struct sides {
    int64_t m, n, k;
};

static const struct sides small = {7, 9, 5}, large = {17, 19, 21};

/* C's sides: 0 for 1, 1 for that of the output. */
static const struct gemm_case gemm_cases[] = {
    {false, false, 0, {0, 0}, false, CX_ACT_NONE},
    {false, true, 1, {1, 0}, false, CX_ACT_RELU},
    {true, false, 2, {1, 0}, true, CX_ACT_NONE},
    {true, true, 2, {1, 1}, false, CX_ACT_SIGMOID},
};

static void check_gemm(const struct gemm_case *g, enum cx_dtype dtype, const struct sides *s)
{
    const int64_t a[] = {g->trans_a ? s->k : s->m, g->trans_a ? s->m : s->k};
    const int64_t b[] = {g->trans_b ? s->n : s->k, g->trans_b ? s->k : s->n};
    const int64_t y[] = {s->m, s->n};
    struct rig_node node = {.op = "Gemm", .opset = 13, .input_n = 3, .output_n = 1};
    node.inputs[0] = rig_tensor(dtype, 2, a, 1);
    node.inputs[1] = rig_tensor(dtype, 2, b, 2);
    node.constant[1] = g->trans_b;
    int64_t c[2];
    for (uint32_t i = 0; i < g->c_rank; i++)
        c[i] = g->c[i] == 1 ? y[2 - g->c_rank + i] : 1;
    if (g->c_rank > 0)
        node.inputs[2] = rig_tensor(dtype, g->c_rank, c, 3);
    if (g->residual)
        node.residual = rig_tensor(dtype, 2, y, 4);
    rig_attr_int(&node, "transA", g->trans_a);
    rig_attr_int(&node, "transB", g->trans_b);
    rig_attr_float(&node, "alpha", 0.7f);
    rig_attr_float(&node, "beta", 1.5f);
    node.epilogue.act = g->act;
    node.rtol = dtype == CX_DTYPE_FLOAT16 ? 5e-3 : 1e-5;
    node.atol = dtype == CX_DTYPE_FLOAT16 ? 5e-2 : 1e-4;
    rig_check(&node, CX_FAMILY_GPU);
}

struct matmul_case {
    uint32_t a_batch_n, b_batch_n;
    int64_t a_batch[2], b_batch[2];
    uint32_t y_batch_n; /* 0: without a residual */
    int64_t y_batch[2];
};

static const struct matmul_case matmul_cases[] = {
    {1, 1, {4}, {4}, 1, {4}},       /* one even run */
    {2, 2, {2, 3}, {2, 3}, 0, {0}}, /* one even run over two axes */
    {1, 0, {4}, {0}, 0, {0}},       /* one product */
    {2, 1, {2, 3}, {3}, 2, {2, 3}}, /* b repeats along the outer axis */
    {1, 2, {3}, {2, 3}, 0, {0}},    /* a does */
    {2, 2, {2, 1}, {1, 3}, 0, {0}}, /* both repeat */
    {0, 1, {0}, {3}, 1, {3}},       /* a repeats */
};

static struct cx_tensor matrices(uint32_t batch_n, const int64_t *batch, int64_t rows,
                                 int64_t columns, uint32_t seed)
{
    int64_t dims[4] = {batch[0], batch[1]};
    dims[batch_n] = rows;
    dims[batch_n + 1] = columns;
    return rig_tensor(CX_DTYPE_FLOAT, batch_n + 2, dims, seed);
}

static void check_matmul(const struct matmul_case *c, const struct sides *s)
{
    struct rig_node node = {.op = "MatMul", .opset = 13, .input_n = 2, .output_n = 1};
    node.inputs[0] = matrices(c->a_batch_n, c->a_batch, s->m, s->k, 5);
    node.inputs[1] = matrices(c->b_batch_n, c->b_batch, s->k, s->n, 6);
    if (c->y_batch_n > 0) {
        node.residual = matrices(c->y_batch_n, c->y_batch, s->m, s->n, 7);
        node.epilogue.act = CX_ACT_RELU;
    }
    node.rtol = 1e-5;
    node.atol = 1e-4;
    rig_check(&node, CX_FAMILY_GPU);
}

static void check_all(const struct sides *sides)
{
    for (size_t i = 0; i < N(gemm_cases); i++) {
        check_gemm(&gemm_cases[i], CX_DTYPE_FLOAT, sides);
        cr_assert_eq(rig_blas_steps(), 1);
    }
    for (size_t i = 0; i < N(matmul_cases); i++) {
        check_matmul(&matmul_cases[i], sides);
        cr_assert_eq(rig_blas_steps(), 1);
    }
}

Test(blast, small_and_large_products_agree_with_the_reference)
{
    static const struct sides row = {1, 9, 5}, column = {7, 1, 5}, outer = {7, 9, 1};
    use_blas();
    check_all(&small);
    check_all(&large);
    check_gemm(&gemm_cases[2], CX_DTYPE_FLOAT, &row);
    check_gemm(&gemm_cases[1], CX_DTYPE_FLOAT, &column);
    check_gemm(&gemm_cases[3], CX_DTYPE_FLOAT, &outer);
    /* A device opened again has programs of its own. */
    rig_close_devices();
    check_gemm(&gemm_cases[1], CX_DTYPE_FLOAT, &small);
    cr_assert_eq(rig_blas_steps(), 1);
    rig_close_devices();
    cr_assert_eq(buffers_in_runs, 0);
    cr_assert_eq(programs_in_runs, 0);
}

Test(blast, double_has_a_routine_and_half_has_none)
{
    use_blas();
    check_gemm(&gemm_cases[1], CX_DTYPE_FLOAT16, &small);
    cr_assert_eq(rig_blas_steps(), 0);
    if (!cx_device_describe(rig_device(CX_FAMILY_GPU))->fp64)
        cr_skip_test("no fp64 on this device");
    check_gemm(&gemm_cases[1], CX_DTYPE_DOUBLE, &large);
    cr_assert_eq(rig_blas_steps(), 1);
}

Test(blast, a_failing_build_falls_back_to_the_own_kernel)
{
    /* CLBlast hands this to the driver, which doesn't know it. */
    setenv("CLBLAST_BUILD_OPTIONS", "-no-such-option", 1);
    use_blas();
    for (size_t i = 0; i < N(gemm_cases); i++) {
        check_gemm(&gemm_cases[i], CX_DTYPE_FLOAT, &large);
        cr_assert_eq(rig_blas_steps(), 0);
    }
    check_matmul(&matmul_cases[3], &small);
    cr_assert_eq(rig_blas_steps(), 0);
}

Test(blast, small_products_are_left_to_the_own_kernel)
{
    check_gemm(&gemm_cases[1], CX_DTYPE_FLOAT, &large);
    cr_assert_eq(rig_blas_steps(), 0);
}
