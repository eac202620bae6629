#include "kernels/kernel_spec.h"

#include <string.h>

#define RUN_MIN 4096    /* elements that are worth a work-item of their own on a CPU */
#define RUNS_PER_UNIT 4 /* so that units that finish early find more */
#define GROUP_GPU 64

bool cx_spec_is_cpu(const struct cx_prepare *p)
{
    return cx_prepare_device(p)->family == CX_FAMILY_CPU;
}

bool cx_spec_device_covers(const struct cx_device_info *device, enum cx_dtype dtype)
{
    if (dtype == CX_DTYPE_DOUBLE)
        return device->fp64;
    return (CX_DTYPES_PLAIN >> dtype & 1) != 0;
}

bool cx_spec_covers(const struct cx_prepare *p, enum cx_dtype dtype)
{
    return cx_spec_device_covers(cx_prepare_device(p), dtype);
}

struct cx_layouts cx_spec_follow(const struct cx_layout_query *query, bool finite)
{
    const struct cx_node *node = query->node;
    const struct cx_value *values = query->graph->values;
    bool covered = cx_spec_device_covers(query->device, values[node->outputs[0]].dtype);
    for (uint32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != CX_VALUE_NONE)
            covered =
                covered && cx_spec_device_covers(query->device, values[node->inputs[i]].dtype);
    return covered ? cx_layouts_follow(query, finite)
                   : (struct cx_layouts){.input = CX_LAYOUT_PLAIN};
}

void cx_spec_init(struct cx_launch_spec *spec, const char *file, const char *kernel)
{
    *spec = (struct cx_launch_spec){.file = file, .kernel = kernel, .dim_n = 1};
}

/* OpenCL's name of a type, that of its storage for the 16-bit floats. */
static const char *storage_name(enum cx_dtype dtype)
{
    switch (dtype) {
    case CX_DTYPE_FLOAT:
        return "float";
    case CX_DTYPE_DOUBLE:
        return "double";
    case CX_DTYPE_FLOAT16:
        return "half";
    case CX_DTYPE_INT8:
        return "char";
    case CX_DTYPE_INT16:
        return "short";
    case CX_DTYPE_INT32:
        return "int";
    case CX_DTYPE_INT64:
        return "long";
    case CX_DTYPE_UINT32:
        return "uint";
    case CX_DTYPE_UINT64:
        return "ulong";
    case CX_DTYPE_UINT16:
    case CX_DTYPE_BFLOAT16:
        return "ushort";
    default: /* UINT8 and BOOL; others don't pass cx_spec_covers */
        return "uchar";
    }
}

static enum cx_dtype acc_of(enum cx_dtype dtype)
{
    return dtype == CX_DTYPE_FLOAT16 || dtype == CX_DTYPE_BFLOAT16 ? CX_DTYPE_FLOAT : dtype;
}

void cx_spec_operand_as(struct cx_launch_spec *spec, const char *x, enum cx_dtype dtype,
                        enum cx_dtype acc)
{
    int kind = dtype == CX_DTYPE_FLOAT16    ? CX_SPEC_HALF
               : dtype == CX_DTYPE_BFLOAT16 ? CX_SPEC_BFLOAT16
                                            : CX_SPEC_PLAIN;
    cx_launch_option(spec, "-D%s_T=%s", x, storage_name(dtype));
    cx_launch_option(spec, "-D%s_KIND=%d", x, kind);
    cx_launch_option(spec, "-D%s_ACC=%s", x, storage_name(acc));
    if (acc == CX_DTYPE_FLOAT)
        cx_launch_option(spec, "-D%s_ACC_FLOAT=1", x);
    if (!cx_dtype_is_float(acc))
        cx_launch_option(spec, "-D%s_ACC_INT=1", x);
    if (cx_dtype_is_signed(acc))
        cx_launch_option(spec, "-D%s_ACC_SIGNED=1", x);
    if (dtype == CX_DTYPE_DOUBLE || acc == CX_DTYPE_DOUBLE)
        cx_launch_option(spec, "-DNEED_FP64=1");
}

void cx_spec_operand(struct cx_launch_spec *spec, const char *x, enum cx_dtype dtype)
{
    cx_spec_operand_as(spec, x, dtype, acc_of(dtype));
}

uint32_t cx_spec_width(struct cx_launch_spec *spec, const struct cx_prepare *p)
{
    uint32_t native = cx_prepare_device(p)->float_width;
    uint32_t width = !cx_spec_is_cpu(p) || native < 8 ? 4 : native < 16 ? 8 : 16;
    cx_launch_option(spec, "-DW=%u", width);
    return width;
}

void cx_spec_range(struct cx_launch_spec *spec, const struct cx_prepare *p, int64_t count)
{
    spec->dim_n = 1;
    spec->global[0] = (size_t)count;
    spec->local[0] = cx_spec_is_cpu(p) ? 1 : GROUP_GPU;
}

int64_t cx_spec_runs(struct cx_launch_spec *spec, const struct cx_prepare *p, int64_t count,
                     uint32_t width)
{
    int64_t each = width;
    if (cx_spec_is_cpu(p)) {
        int64_t runs = (int64_t)cx_prepare_device(p)->compute_units * RUNS_PER_UNIT;
        each = (count + runs - 1) / runs;
        each = (each < RUN_MIN ? RUN_MIN : each + 63) / 64 * 64;
    }
    cx_spec_range(spec, p, (count + each - 1) / each);
    return each;
}

int64_t cx_spec_rows(struct cx_launch_spec *spec, const struct cx_prepare *p, int64_t rows,
                     int64_t width)
{
    int64_t each = 1;
    if (cx_spec_is_cpu(p)) {
        int64_t runs = (int64_t)cx_prepare_device(p)->compute_units * RUNS_PER_UNIT;
        int64_t least = (RUN_MIN + width - 1) / (width > 0 ? width : 1);
        each = (rows + runs - 1) / runs;
        each = each < least ? least : each;
    }
    cx_spec_range(spec, p, (rows + each - 1) / each);
    return each;
}

static struct cx_tensor view_of(const struct cx_value *value)
{
    struct cx_tensor tensor = {.dtype = CX_DTYPE_UNDEFINED};
    if (value != NULL) {
        tensor.dtype = value->dtype;
        tensor.shape = value->shape;
        memcpy(&tensor.data, &value->data, sizeof value->data);
    }
    return tensor;
}

void cx_spec_call_init(struct cx_spec_call *call, const struct cx_prepare *p)
{
    call->error = (struct cx_error){CX_OK, ""};
    for (uint32_t i = 0; i < CX_SPEC_OPERANDS_MAX; i++) {
        call->in[i] = view_of(cx_prepare_input(p, i));
        call->out[i] = view_of(cx_prepare_output(p, i));
    }
    call->call = (struct cx_call){cx_prepare_node(p), call->in, call->out, &call->error};
}

enum cx_status cx_spec_call_fail(const struct cx_spec_call *call, struct cx_prepare *p,
                                 enum cx_status status)
{
    return cx_prepare_fail(p, status, "%s", call->error.text);
}
