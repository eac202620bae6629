/* DynamicQuantizeLinear: one launch for the range, one for the numbers. */
#include "kernels/kernel_spec.h"

#define PARTS_MAX 256 /* work-items: each of the second launch reads all parts' ranges */

static enum cx_status prepare(struct cx_prepare *p)
{
    int64_t count = cx_shape_elements(&cx_prepare_input(p, 0)->shape);
    int64_t each = (count + PARTS_MAX - 1) / PARTS_MAX;
    each = each < 64 ? 64 : each;
    int64_t parts = count == 0 ? 1 : (count + each - 1) / each;
    uint32_t ranges;
    struct cx_launch_spec spec;
    enum cx_status status = cx_prepare_scratch(p, (uint64_t)parts * 2 * sizeof(float), &ranges);
    if (status != CX_OK)
        return status;
    cx_spec_init(&spec, "any/dynamic_quantize.cl", "find_ranges");
    spec.global[0] = (size_t)parts;
    spec.local[0] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_scratch(ranges));
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(each));
    status = cx_prepare_launch(p, &spec);
    if (status != CX_OK)
        return status;
    cx_spec_init(&spec, "any/dynamic_quantize.cl", "quantize_by_range");
    spec.global[0] = (size_t)parts;
    spec.local[0] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_scratch(ranges));
    for (uint32_t i = 0; i < 3; i++)
        cx_launch_arg(&spec, cx_prepare_output_arg(p, i));
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(each));
    cx_launch_arg(&spec, cx_arg_i32(parts));
    return cx_prepare_launch(p, &spec);
}

const struct cx_kernel cx_kernel_dynamic_quantize_any = {.prepare = prepare};
