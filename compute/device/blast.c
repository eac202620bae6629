/* Matrix products by CLBlast.
 *
 * CLBlast is called column-major with the operands swapped (y^T = b^T * a^T): its tiled kernel
 * writes columns, and a row-major call would copy and transpose y after every product.
 *
 * A product takes one of two ways in CLBlast, by its size. Small ones are one kernel; a batch of
 * them is one more. Large ones are first copied into padded temporary matrices; only the routine
 * for a single product takes that memory from its caller, so a large batch is several calls. Half
 * is left to our own kernel: CLBlast sums halves in half. */
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "device/blast_library.h"
#include "device/cl.h"
#include "device/queue.h"
#include "error.h"

#define CALLS_MAX 64
/* For AUTO: each call costs the host some tens of microseconds, and tiles of 64 rows and more are
 * wasted on a few. */
#define SIDE_MIN 16
#define PRODUCTS_MIN (128.0 * 128.0 * 128.0)
#define BLAS_CODES (-1024) /* CLBlast's codes above this are OpenCL's */

struct call {
    size_t a, b, y; /* where its first product starts, in elements */
};

struct cx_gemm {
    struct cx_device *device;
    enum cx_dtype dtype;
    size_t m, n, k, a_ld, b_ld;
    CLBlastTranspose a_trans, b_trans;
    double alpha, flops;
    size_t run, a_step, b_step; /* products in one call */
    cl_mem a, b, y, temp;
    size_t call_n;
    struct call calls[];
};

/* Open devices that used CLBlast, which keeps its programs for the process. */
static atomic_uint users;

void cx_blas_release(struct cx_device *device)
{
    if (device->blas_used && atomic_fetch_sub(&users, 1) == 1)
        cx_blast_library()->ClearCache();
    device->blas_used = false;
}

static CLBlastTranspose transpose(bool yes)
{
    return yes ? CLBlastTransposeYes : CLBlastTransposeNo;
}

/* With OFFSET elements before each matrix. */
static bool temp_bytes(struct cx_device *device, const struct cx_gemm_spec *s, size_t offset,
                       size_t *ret_bytes)
{
    const struct cx_blast *blast = cx_blast_library();
    CLBlastStatusCode code =
        (s->dtype == CX_DTYPE_DOUBLE ? blast->DGemmTempBufferSize : blast->SGemmTempBufferSize)(
            CLBlastLayoutColMajor, transpose(s->b_trans), transpose(s->a_trans), (size_t)s->n,
            (size_t)s->m, (size_t)s->k, offset, (size_t)s->b_ld, offset, (size_t)s->a_ld, offset,
            (size_t)s->n, &device->queue, ret_bytes);
    return code == CLBlastSuccess;
}

/* The innermost axes of the batch along which a and b each advance evenly. */
static int64_t even_run(const struct cx_gemm_spec *s, int64_t *ret_a_step, int64_t *ret_b_step)
{
    int64_t run = 1, a_step = 0, b_step = 0;
    for (int i = CX_RANK_MAX - 1; i >= 0; i--) {
        if (s->batch_dims[i] == 1)
            continue;
        if (run == 1) {
            a_step = s->a_batch[i];
            b_step = s->b_batch[i];
        } else if (s->a_batch[i] != a_step * run || s->b_batch[i] != b_step * run) {
            break;
        }
        run *= s->batch_dims[i];
    }
    *ret_a_step = a_step;
    *ret_b_step = b_step;
    return run;
}

static int64_t batch_count(const struct cx_gemm_spec *s)
{
    int64_t count = 1;
    for (int i = 0; i < CX_RANK_MAX; i++)
        count *= s->batch_dims[i];
    return count;
}

static int64_t batch_offset(const struct cx_gemm_spec *s, const int64_t steps[CX_RANK_MAX],
                            int64_t item)
{
    int64_t offset = 0;
    for (int i = CX_RANK_MAX - 1; i >= 0; i--) {
        offset += item % s->batch_dims[i] * steps[i];
        item /= s->batch_dims[i];
    }
    return offset;
}

/* CLBlast's kernels count elements in int. */
static bool fits_int(const struct cx_gemm_spec *s)
{
    int64_t batch = batch_count(s);
    double a = (double)s->a_ld * (double)(s->a_trans ? s->k : s->m);
    double b = (double)s->b_ld * (double)(s->b_trans ? s->n : s->k);
    a += (double)batch_offset(s, s->a_batch, batch - 1);
    b += (double)batch_offset(s, s->b_batch, batch - 1);
    double y = (double)s->m * (double)s->n * (double)batch;
    return a <= INT_MAX && b <= INT_MAX && y <= INT_MAX;
}

static bool worth_it(const struct cx_device *device, const struct cx_gemm_spec *s)
{
    if (device->blas != CX_BLAS_AUTO)
        return device->blas == CX_BLAS_ALWAYS;
    return device->info.type == CX_DEVICE_GPU && s->m >= SIDE_MIN && s->n >= SIDE_MIN &&
           (double)s->m * (double)s->n * (double)s->k >= PRODUCTS_MIN;
}

/* Fills in how many products go into one call; false when CLBlast can't tell. A batch in one call
 * is only for small products: the others' temporary memory would be taken in the run. */
static bool divide(struct cx_device *device, const struct cx_gemm_spec *s, struct cx_gemm *ret_gemm,
                   size_t *ret_temp_bytes)
{
    size_t aside, bytes;
    int64_t a_step = 0, b_step = 0, run = 1;
    /* Memory for matrices that don't start at 0 is asked for by every large product. */
    if (!temp_bytes(device, s, 1, &aside) || !temp_bytes(device, s, 0, &bytes))
        return false;
    if (aside == 0)
        run = even_run(s, &a_step, &b_step);
    ret_gemm->run = (size_t)run;
    ret_gemm->a_step = (size_t)a_step;
    ret_gemm->b_step = (size_t)b_step;
    ret_gemm->call_n = (size_t)(batch_count(s) / run);
    *ret_temp_bytes = ret_gemm->call_n > 1 ? aside : bytes;
    return true;
}

bool cx_gemm_choose(struct cx_device *device, const struct cx_gemm_spec *spec,
                    uint64_t *ret_temp_bytes)
{
    if (device->blas_failed)
        return false;
    bool known =
        spec->dtype == CX_DTYPE_FLOAT || (spec->dtype == CX_DTYPE_DOUBLE && device->info.fp64);
    if (!known || spec->m < 1 || spec->n < 1 || spec->k < 1 || batch_count(spec) < 1 ||
        !worth_it(device, spec) || !fits_int(spec) || cx_blast_library() == NULL)
        return false;
    struct cx_gemm gemm;
    size_t bytes;
    if (!divide(device, spec, &gemm, &bytes) || gemm.call_n > CALLS_MAX)
        return false;
    *ret_temp_bytes = bytes;
    return true;
}

bool cx_gemm_wanted(const struct cx_device *device)
{
    return device->blas == CX_BLAS_ALWAYS;
}

enum cx_status cx_gemm_create(struct cx_device *device, const struct cx_gemm_spec *spec,
                              struct cx_buffer *a, struct cx_buffer *b, struct cx_buffer *y,
                              struct cx_buffer *temp, struct cx_gemm **ret_gemm,
                              struct cx_error *err)
{
    struct cx_gemm *gemm = calloc(1, sizeof *gemm + CALLS_MAX * sizeof gemm->calls[0]);
    if (gemm == NULL)
        return cx_error_set(err, CX_MEMORY, "no memory for a product");
    size_t bytes;
    if (device->blas_failed) {
        free(gemm);
        return cx_error_set(err, CX_BUILD, "CLBlast failed on %s before", device->info.name);
    }
    if (a == NULL || b == NULL || y == NULL || !divide(device, spec, gemm, &bytes) ||
        gemm->call_n > CALLS_MAX) {
        free(gemm);
        return cx_error_set(err, CX_INTERNAL, "CLBlast was not chosen for this product");
    }
    gemm->device = device;
    gemm->dtype = spec->dtype;
    gemm->m = (size_t)spec->m;
    gemm->n = (size_t)spec->n;
    gemm->k = (size_t)spec->k;
    gemm->a_ld = (size_t)spec->a_ld;
    gemm->b_ld = (size_t)spec->b_ld;
    gemm->a_trans = transpose(spec->a_trans);
    gemm->b_trans = transpose(spec->b_trans);
    gemm->alpha = spec->alpha;
    gemm->flops =
        2.0 * (double)batch_count(spec) * (double)spec->m * (double)spec->n * (double)spec->k;
    gemm->a = a->mem;
    gemm->b = b->mem;
    gemm->y = y->mem;
    gemm->temp = temp != NULL ? temp->mem : NULL;
    for (size_t i = 0; i < gemm->call_n; i++) {
        int64_t item = (int64_t)(i * gemm->run);
        gemm->calls[i].a = (size_t)batch_offset(spec, spec->a_batch, item);
        gemm->calls[i].b = (size_t)batch_offset(spec, spec->b_batch, item);
        gemm->calls[i].y = (size_t)(item * spec->m * spec->n);
    }
    if (!device->blas_used)
        atomic_fetch_add(&users, 1);
    device->blas_used = true;
    *ret_gemm = gemm;
    return CX_OK;
}

void cx_gemm_destroy(struct cx_gemm *gemm)
{
    free(gemm);
}

const char *cx_gemm_name(const struct cx_gemm *gemm)
{
    if (gemm->dtype == CX_DTYPE_DOUBLE)
        return gemm->run > 1 ? "CLBlastDgemmStridedBatched" : "CLBlastDgemm";
    return gemm->run > 1 ? "CLBlastSgemmStridedBatched" : "CLBlastSgemm";
}

double cx_gemm_flops(const struct cx_gemm *gemm)
{
    return gemm->flops;
}

static CLBlastStatusCode call_single(const struct cx_gemm *g, const struct call *at,
                                     cl_event *ret_event)
{
    cl_command_queue *queue = &g->device->queue;
    if (g->dtype == CX_DTYPE_DOUBLE)
        return cx_blast_library()->DgemmWithTempBuffer(
            CLBlastLayoutColMajor, g->b_trans, g->a_trans, g->n, g->m, g->k, g->alpha, g->b, at->b,
            g->b_ld, g->a, at->a, g->a_ld, 0.0, g->y, at->y, g->n, queue, ret_event, g->temp);
    return cx_blast_library()->SgemmWithTempBuffer(
        CLBlastLayoutColMajor, g->b_trans, g->a_trans, g->n, g->m, g->k, (float)g->alpha, g->b,
        at->b, g->b_ld, g->a, at->a, g->a_ld, 0.0f, g->y, at->y, g->n, queue, ret_event, g->temp);
}

static CLBlastStatusCode call_batch(const struct cx_gemm *g, const struct call *at,
                                    cl_event *ret_event)
{
    cl_command_queue *queue = &g->device->queue;
    if (g->dtype == CX_DTYPE_DOUBLE)
        return cx_blast_library()->DgemmStridedBatched(
            CLBlastLayoutColMajor, g->b_trans, g->a_trans, g->n, g->m, g->k, g->alpha, g->b, at->b,
            g->b_ld, g->b_step, g->a, at->a, g->a_ld, g->a_step, 0.0, g->y, at->y, g->n,
            g->m * g->n, g->run, queue, ret_event);
    return cx_blast_library()->SgemmStridedBatched(
        CLBlastLayoutColMajor, g->b_trans, g->a_trans, g->n, g->m, g->k, (float)g->alpha, g->b,
        at->b, g->b_ld, g->b_step, g->a, at->a, g->a_ld, g->a_step, 0.0f, g->y, at->y, g->n,
        g->m * g->n, g->run, queue, ret_event);
}

static enum cx_status fail(struct cx_error *err, CLBlastStatusCode code, const struct cx_gemm *gemm)
{
    gemm->device->blas_failed = true;
    if (code > BLAS_CODES)
        return cx_cl_fail(err, (cl_int)code, gemm->device, cx_gemm_name(gemm));
    return cx_error_set(err, CX_INTERNAL, "%s: CLBlast's code %d on %s", cx_gemm_name(gemm),
                        (int)code, gemm->device->info.name);
}

/* A product is several commands: the stamp begins with a marker and ends with the last of them. */
enum cx_status cx_queue_gemm(struct cx_gemm *gemm, struct cx_stamp *stamp, struct cx_error *err)
{
    cl_event before = NULL, last = NULL;
    if (stamp != NULL) {
        cx_stamp_clear(stamp);
        cl_int code = clEnqueueMarkerWithWaitList(gemm->device->queue, 0, NULL, &before);
        if (code != CL_SUCCESS)
            return cx_cl_fail(err, code, gemm->device, "clEnqueueMarkerWithWaitList");
        stamp->before = before;
    }
    for (size_t i = 0; i < gemm->call_n; i++) {
        cl_event *event = stamp != NULL && i + 1 == gemm->call_n ? &last : NULL;
        CLBlastStatusCode code = gemm->run > 1 ? call_batch(gemm, &gemm->calls[i], event)
                                               : call_single(gemm, &gemm->calls[i], event);
        if (code != CLBlastSuccess)
            return fail(err, code, gemm);
    }
    if (stamp != NULL)
        stamp->event = last;
    return CX_OK;
}
