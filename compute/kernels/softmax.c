/* Softmax and its logarithm. Hardmax, which nothing in a hurry uses, runs on the host. */
#include "ops/softmax.h"

#include "kernels/kernel_spec.h"

#define GROUP_GPU 64             /* as in gpu/softmax.cl */
#define STRIP_BYTES (256 * 1024) /* half of a small second cache */
#define STRIP_MAX 64             /* columns; four cache lines of floats a row */

static void describe_rows(struct cx_launch_spec *spec, struct cx_prepare *p, int64_t n,
                          int64_t rows)
{
    spec->kernel = "softmax_rows";
    cx_launch_arg(spec, cx_arg_i64(n));
    if (!cx_spec_is_cpu(p)) {
        spec->global[0] = (size_t)rows * GROUP_GPU;
        spec->local[0] = GROUP_GPU;
        return;
    }
    cx_launch_arg(spec, cx_arg_i64(rows));
    cx_launch_arg(spec, cx_arg_i64(cx_spec_rows(spec, p, rows, n)));
}

/* Columns of a strip that fits what a CPU's second cache surely has; 0 when not one vector does. */
static int64_t strip_of(const struct cx_prepare *p, enum cx_dtype dtype, int64_t n, int64_t inner,
                        int64_t width)
{
    int64_t size = dtype == CX_DTYPE_DOUBLE ? sizeof(double) : sizeof(float);
    uint64_t local = cx_prepare_device(p)->local_bytes;
    int64_t room = local < STRIP_BYTES ? (int64_t)local : STRIP_BYTES;
    int64_t columns = room / size / n / width * width;
    int64_t all = (inner + width - 1) / width * width;
    columns = columns < STRIP_MAX ? columns : STRIP_MAX;
    return columns < all ? columns : all;
}

static void describe_columns(struct cx_launch_spec *spec, struct cx_prepare *p, enum cx_dtype dtype,
                             const int64_t sizes[3], int64_t width)
{
    int64_t outer = sizes[0], n = sizes[1], inner = sizes[2];
    bool cpu = cx_spec_is_cpu(p);
    int64_t strip = cpu ? strip_of(p, dtype, n, inner, width) : 0;
    spec->kernel = strip > 0 ? "softmax_strips" : "softmax_columns";
    if (strip > 0) {
        int64_t size = dtype == CX_DTYPE_DOUBLE ? sizeof(double) : sizeof(float);
        cx_launch_arg(spec, cx_arg_local((uint64_t)(n * strip * size)));
    }
    cx_launch_arg(spec, cx_arg_i64(n));
    cx_launch_arg(spec, cx_arg_i64(inner));
    cx_launch_arg(spec, cx_arg_i64(strip > 0 ? strip : outer));
    int64_t columns = strip > 0 ? strip : cpu ? width : 1;
    cx_spec_range(spec, p, outer * ((inner + columns - 1) / columns));
}

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_softmax *softmax = cx_prepare_node(p)->attrs;
    const struct cx_value *x = cx_prepare_input(p, 0);
    struct cx_spec_call call;
    cx_spec_call_init(&call, p);
    int64_t outer = 0, n = 0, inner = 0;
    enum cx_status status = cx_softmax_resolve(&call.call, &outer, &n, &inner);
    if (status != CX_OK)
        return cx_spec_call_fail(&call, p, status);
    if (!cx_spec_covers(p, x->dtype) || softmax->kind == CX_HARDMAX)
        return cx_prepare_host(p);
    if (outer == 0 || n == 0 || inner == 0)
        return CX_OK;
    struct cx_launch_spec spec;
    cx_spec_init(&spec, cx_spec_is_cpu(p) ? "cpu/softmax.cl" : "gpu/softmax.cl", "");
    cx_spec_operand(&spec, "A", x->dtype);
    cx_spec_operand(&spec, "D", x->dtype);
    if (softmax->kind == CX_LOG_SOFTMAX)
        cx_launch_option(&spec, "-DOP_LOG=1");
    int64_t width = cx_spec_width(&spec, p);
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    if (inner == 1) {
        describe_rows(&spec, p, n, outer);
    } else {
        describe_columns(&spec, p, x->dtype, (const int64_t[]){outer, n, inner}, width);
    }
    return cx_prepare_launch(p, &spec);
}

const struct cx_kernel cx_kernel_softmax_any = {.prepare = prepare};
