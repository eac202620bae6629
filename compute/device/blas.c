#include "device/blas.h"

#include <clblast_c.h>

#include "device/cl.h"
#include "error.h"

/* Below this many multiplications a call costs more than it saves. */
#define WORK_MIN (UINT64_C(64) * 64 * 64)

/* CLBlast has one kernel for small products and another for large ones; both are tried. */
static const size_t trial_sizes[] = {32, 512};

static CLBlastTranspose turned(bool trans)
{
    return trans ? CLBlastTransposeYes : CLBlastTransposeNo;
}

bool cx_blas_scratch(struct cx_device *device, const struct cx_blas_product *g, uint64_t *ret_bytes)
{
    size_t bytes = 0;
    CLBlastStatusCode code = CLBlastSGemmTempBufferSize(
        CLBlastLayoutRowMajor, turned(g->trans_a), turned(g->trans_b), g->m, g->n, g->k, 0, g->a_ld,
        0, g->b_ld, 0, g->n, &device->queue, &bytes);
    if (code != CLBlastSuccess)
        return false;
    *ret_bytes = bytes;
    return true;
}

enum cx_status cx_blas_enqueue(struct cx_device *device, const struct cx_blas_product *g,
                               const cl_mem mems[CX_BLAS_ARG_COUNT], cl_event *event,
                               struct cx_error *err)
{
    CLBlastStatusCode code = CLBlastSgemmWithTempBuffer(
        CLBlastLayoutRowMajor, turned(g->trans_a), turned(g->trans_b), g->m, g->n, g->k, g->alpha,
        mems[CX_BLAS_A], 0, g->a_ld, mems[CX_BLAS_B], 0, g->b_ld, 0.0f, mems[CX_BLAS_OUT], 0, g->n,
        &device->queue, event, mems[CX_BLAS_SCRATCH]);
    if (code == CLBlastSuccess)
        return CX_OK;
    /* Its codes down to -1024 are OpenCL's. */
    if (code > -1024)
        return cx_cl_fail(err, (cl_int)code, device, "CLBlastSgemm");
    return cx_error_set(err, CX_DEVICE, "CLBlastSgemm: status %d on %s", (int)code,
                        device->info.name);
}

static bool trial(struct cx_device *device, size_t size)
{
    struct cx_blas_product product = {size, size, size, false, false, size, size, 1.0f};
    struct cx_buffer *matrix = NULL, *out = NULL, *scratch = NULL;
    uint64_t bytes = size * size * sizeof(float), scratch_bytes = 0;
    bool works =
        cx_buffer_create(device, bytes, &matrix, NULL) == CX_OK &&
        cx_buffer_create(device, bytes, &out, NULL) == CX_OK &&
        cx_buffer_clear(matrix, NULL) == CX_OK &&
        cx_blas_scratch(device, &product, &scratch_bytes) &&
        (scratch_bytes == 0 || cx_buffer_create(device, scratch_bytes, &scratch, NULL) == CX_OK);
    if (works) {
        const cl_mem mems[CX_BLAS_ARG_COUNT] = {matrix->mem, matrix->mem, out->mem,
                                                scratch != NULL ? scratch->mem : NULL};
        works = cx_blas_enqueue(device, &product, mems, NULL, NULL) == CX_OK;
        works = clFinish(device->queue) == CL_SUCCESS && works;
    }
    cx_buffer_destroy(matrix);
    cx_buffer_destroy(out);
    cx_buffer_destroy(scratch);
    return works;
}

bool cx_blas_wanted(struct cx_device *device, const struct cx_blas_product *g)
{
    bool always = device->blas == CX_BLAS_ALWAYS;
    if (device->blas == CX_BLAS_NEVER || (!always && device->info.type != CX_DEVICE_GPU) ||
        (!always && (uint64_t)g->m * g->n * g->k < WORK_MIN))
        return false;
    if (device->blas_state == CX_BLAS_UNTRIED) {
        device->blas_state = CX_BLAS_WORKS;
        for (size_t i = 0; i < sizeof trial_sizes / sizeof trial_sizes[0]; i++)
            if (!trial(device, trial_sizes[i]))
                device->blas_state = CX_BLAS_FAILS;
    }
    return device->blas_state == CX_BLAS_WORKS;
}
