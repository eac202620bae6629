#include "kernels/product.h"

#define DIRECT_GROUP 64

void cx_product_args(struct cx_launch_spec *spec, struct cx_prepare *p,
                     const struct cx_product *product)
{
    const struct cx_epilogue *epilogue = &cx_prepare_node(p)->epilogue;
    cx_launch_option(spec, "-DHAS_C=%d -DC_COL=%d -DACT=%d -DHAS_RESIDUAL=%d", product->has_c,
                     product->c_col != 0, (int)epilogue->act, epilogue->residual != CX_VALUE_NONE);
    cx_launch_arg(spec, cx_arg_i32(product->c_row));
    cx_launch_arg(spec, cx_arg_f32(product->alpha));
    cx_launch_arg(spec, cx_arg_f32(product->beta));
    cx_launch_arg(spec, cx_arg_i32x8(product->batch_dims));
    cx_launch_arg(spec, cx_arg_i64x8(product->a_batch));
    cx_launch_arg(spec, cx_arg_i64x8(product->b_batch));
    cx_launch_arg(spec, cx_arg_f32(epilogue->alpha));
    cx_launch_arg(spec, cx_arg_f32(epilogue->beta));
    spec->flops =
        2.0 * (double)product->batch * (double)product->m * (double)product->n * (double)product->k;
}

static bool has_kernel(const struct cx_prepare *p, const struct cx_product *product,
                       enum cx_dtype dtype)
{
    bool scaled = product->alpha != 1.0f || (product->has_c && product->beta != 1.0f);
    switch (dtype) {
    case CX_DTYPE_FLOAT:
    case CX_DTYPE_FLOAT16:
        return true;
    case CX_DTYPE_DOUBLE:
        return cx_prepare_device(p)->fp64;
    case CX_DTYPE_INT32:
    case CX_DTYPE_INT64:
    case CX_DTYPE_UINT32:
    case CX_DTYPE_UINT64:
        return !scaled && cx_prepare_node(p)->epilogue.act == CX_ACT_NONE;
    default:
        return false;
    }
}

enum cx_status cx_product_prepare_direct(struct cx_prepare *p, const struct cx_product *product)
{
    enum cx_dtype dtype = cx_prepare_output(p, 0)->dtype;
    if (!has_kernel(p, product, dtype))
        return cx_prepare_host(p);
    struct cx_launch_spec spec = {.file = "any/product.cl", .kernel = "product"};
    cx_launch_option_dtype(&spec, p, dtype);
    spec.dim_n = 3;
    spec.global[0] = (size_t)product->n;
    spec.global[1] = (size_t)product->m;
    spec.global[2] = (size_t)product->batch;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 1));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 2));
    cx_launch_arg(&spec, cx_prepare_residual_arg(p));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_i32(product->k));
    cx_launch_arg(&spec, cx_arg_i64(product->a_row));
    cx_launch_arg(&spec, cx_arg_i64(product->a_col));
    cx_launch_arg(&spec, cx_arg_i64(product->b_row));
    cx_launch_arg(&spec, cx_arg_i64(product->b_col));
    cx_product_args(&spec, p, product);
    return cx_prepare_launch(p, &spec);
}
