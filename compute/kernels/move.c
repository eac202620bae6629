#include "kernels/move.h"

#include "graph/tensor.h"
#include "kernels/kernel_spec.h"

enum { DST, SRC };

#define TURN_MIN 8          /* steps on both sides that make a matrix worth turning in tiles */
#define TURN_BAND_BYTES 128 /* as in cpu/move.cl */
#define TURN_TILE 16        /* as in gpu/move.cl */
#define GROUPS_MAX 65535    /* in one dimension of a launch, on GPUs that are strict */

bool cx_move_covers(enum cx_dtype dtype)
{
    size_t size = cx_dtype_size(dtype);
    return size == 1 || size == 2 || size == 4 || size == 8;
}

void cx_move_nest(struct cx_nest *nest, const struct cx_shape *out, int64_t start,
                  const int64_t *strides)
{
    cx_nest_init(nest, out);
    nest->operands = 2;
    nest->start[SRC] = start;
    for (uint32_t k = 0; k < out->rank; k++)
        nest->stride[SRC][k] = strides[k];
}

static void swap_loops(struct cx_nest *nest, uint32_t a, uint32_t b)
{
    int64_t dim = nest->dims[a];
    nest->dims[a] = nest->dims[b];
    nest->dims[b] = dim;
    for (uint32_t o = 0; o < nest->operands; o++) {
        int64_t stride = nest->stride[o][a];
        nest->stride[o][a] = nest->stride[o][b];
        nest->stride[o][b] = stride;
    }
}

/* Whether the nest turns a matrix: dst runs along the last loop and src along another, which is
 * brought next to it. */
static bool find_matrix(struct cx_nest *nest)
{
    uint32_t last = nest->rank - 1;
    if (nest->rank < 2 || nest->stride[DST][last] != 1 || nest->stride[SRC][last] == 1 ||
        nest->stride[SRC][last] == 0 || nest->dims[last] < TURN_MIN)
        return false;
    for (uint32_t k = 0; k < last; k++) {
        if (nest->stride[SRC][k] == 1 && nest->dims[k] >= TURN_MIN) {
            swap_loops(nest, k, last - 1);
            return true;
        }
    }
    return false;
}

static void add_nest(struct cx_launch_spec *spec, const struct cx_nest *nest)
{
    int64_t numbers[CX_RANK_MAX];
    cx_launch_arg(spec, cx_arg_i64(nest->start[SRC]));
    cx_launch_arg(spec, cx_arg_i64(nest->start[DST]));
    cx_nest_dims8(nest, numbers);
    cx_launch_arg(spec, cx_arg_i64x8(numbers));
    cx_nest_strides8(nest, SRC, numbers);
    cx_launch_arg(spec, cx_arg_i64x8(numbers));
    cx_nest_strides8(nest, DST, numbers);
    cx_launch_arg(spec, cx_arg_i64x8(numbers));
}

static void describe_cpu(struct cx_launch_spec *spec, struct cx_prepare *p,
                         const struct cx_nest *nest, size_t size, bool turn)
{
    int64_t count = cx_nest_count(nest);
    if (turn) {
        int64_t height = nest->dims[nest->rank - 2], width = nest->dims[nest->rank - 1];
        int64_t band = TURN_BAND_BYTES / (int64_t)size;
        int64_t bands = count / height / width * ((height + band - 1) / band);
        int64_t each = cx_spec_rows(spec, p, bands, width * band);
        cx_launch_arg(spec, cx_arg_i64(bands));
        cx_launch_arg(spec, cx_arg_i64(each));
        return;
    }
    int64_t each = cx_spec_runs(spec, p, count, 1);
    cx_launch_arg(spec, cx_arg_i64(count));
    cx_launch_arg(spec, cx_arg_i64(each));
}

static void describe_gpu(struct cx_launch_spec *spec, struct cx_prepare *p,
                         const struct cx_nest *nest, bool turn)
{
    int64_t count = cx_nest_count(nest);
    cx_launch_option(spec, "-DINDEX=%s", count <= INT32_MAX ? "uint" : "ulong");
    cx_launch_arg(spec, cx_arg_i32(nest->rank));
    if (turn) {
        int64_t height = nest->dims[nest->rank - 2], width = nest->dims[nest->rank - 1];
        spec->dim_n = 3;
        spec->local[0] = spec->local[1] = TURN_TILE;
        spec->local[2] = 1;
        spec->global[0] = (size_t)width;
        spec->global[1] = (size_t)height;
        spec->global[2] = (size_t)(count / height / width);
        return;
    }
    cx_launch_arg(spec, cx_arg_i64(count));
    cx_spec_range(spec, p, count);
}

/* A nest of up to CX_RANK_MAX loops. */
static enum cx_status launch_one(struct cx_prepare *p, struct cx_nest nest, enum cx_dtype dtype,
                                 struct cx_arg src, struct cx_arg dst)
{
    bool cpu = cx_spec_is_cpu(p);
    bool turn = find_matrix(&nest);
    if (turn && !cpu) {
        int64_t height = nest.dims[nest.rank - 2], width = nest.dims[nest.rank - 1];
        turn =
            cx_nest_count(&nest) / height / width <= GROUPS_MAX && height / TURN_TILE < GROUPS_MAX;
    }
    struct cx_launch_spec spec;
    cx_spec_init(&spec, cpu ? "cpu/move.cl" : "gpu/move.cl", turn ? "turn" : "move");
    cx_launch_option(&spec, "-DSIZE=%zu", cx_dtype_size(dtype));
    cx_launch_arg(&spec, src);
    cx_launch_arg(&spec, dst);
    add_nest(&spec, &nest);
    if (cpu)
        describe_cpu(&spec, p, &nest, cx_dtype_size(dtype), turn);
    else
        describe_gpu(&spec, p, &nest, turn);
    return cx_prepare_launch(p, &spec);
}

enum cx_status cx_move_launch(struct cx_prepare *p, const struct cx_nest *given,
                              enum cx_dtype dtype, struct cx_arg src, struct cx_arg dst)
{
    struct cx_nest nest = *given;
    if (cx_nest_count(&nest) == 0)
        return CX_OK;
    cx_nest_merge(&nest);
    if (nest.rank <= CX_RANK_MAX)
        return launch_one(p, nest, dtype, src, dst);
    /* More loops than kernels take: a launch for each step of the outermost. */
    struct cx_nest inner = nest;
    inner.rank--;
    for (uint32_t k = 0; k < inner.rank; k++)
        swap_loops(&inner, k, k + 1);
    enum cx_status status = CX_OK;
    for (int64_t i = 0; i < nest.dims[0] && status == CX_OK; i++) {
        inner.start[DST] = nest.start[DST] + i * nest.stride[DST][0];
        inner.start[SRC] = nest.start[SRC] + i * nest.stride[SRC][0];
        status = cx_move_launch(p, &inner, dtype, src, dst);
    }
    return status;
}
