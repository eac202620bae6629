/* Functions of one byte by their tables. */
#include "kernels/kernel_spec.h"

static enum cx_status prepare(struct cx_prepare *p)
{
    struct cx_launch_spec spec;
    /* In a blocked layout the padding is looked up along. */
    int64_t count = (int64_t)cx_prepare_output(p, 0)->bytes;
    cx_spec_init(&spec, "any/byte_table.cl", "byte_table");
    int64_t each = cx_spec_runs(&spec, p, count, 4);
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 1));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(each));
    return cx_prepare_launch(p, &spec);
}

static struct cx_layouts layout(const struct cx_layout_query *query)
{
    return cx_spec_follow(query, true);
}

const struct cx_kernel cx_kernel_byte_table_any = {.prepare = prepare, .layout = layout};
