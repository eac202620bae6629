/* Convolution and matrix product of integers written down as they are defined: any of the byte
 * types, weights and scales that only a run knows. X, W8 and D are the operands' types and S that
 * of the scales; REQUANTIZES: y is quantized, else it is the int32 sums. */
#include "any/conv_window.cl"
#include "any/quant.cl"

struct finish {
    __global const S_T *x_scale, *w_scale, *y_scale;
    __global const D_T *y_zero;
    __global const int *bias;
    __global const D_T *residual;
    __global const S_T *residual_scale, *sum_scale;
    __global const D_T *residual_zero, *sum_zero;
    int low, high;
};

#define FINISH_PARAMETERS                                                                          \
    __global const S_T *x_scale, __global const S_T *w_scale, __global const S_T *y_scale,         \
        __global const D_T *y_zero, __global const int *bias, __global const D_T *residual,        \
        __global const S_T *residual_scale, __global const D_T *residual_zero,                     \
        __global const S_T *sum_scale, __global const D_T *sum_zero, int low, int high
#define FINISH                                                                                     \
    {                                                                                              \
        x_scale, w_scale, y_scale, y_zero, bias, residual, residual_scale, sum_scale,              \
            residual_zero, sum_zero, low, high                                                     \
    }

/* Element `at` of output channel m from its sum. */
static inline D_T finished(const struct finish *f, size_t at, int m, int sum)
{
#if REQUANTIZES
#if HAS_BIAS
    sum += f->bias[m];
#endif
    float multiplier = quotient((float)LOAD1(S, f->x_scale, 0) *
                                    (float)LOAD1(S, f->w_scale, SCALE_A_CHANNEL ? m : 0),
                                (float)LOAD1(S, f->y_scale, 0));
    int y_zero = f->y_zero[0];
    int y = quant_round((float)sum * multiplier, y_zero, D_LOW, D_HIGH);
#if HAS_RESIDUAL
    float scale = LOAD1(S, f->sum_scale, 0);
    float of_y = quotient((float)LOAD1(S, f->y_scale, 0), scale);
    float of_r = quotient((float)LOAD1(S, f->residual_scale, 0), scale);
    y = quant_round(quant_sum(y - y_zero, of_y, (int)f->residual[at] - f->residual_zero[0], of_r),
                    f->sum_zero[0], D_LOW, D_HIGH);
#endif
    return (D_T)clamp(y, f->low, f->high);
#else
    return sum;
#endif
}

#if HAS_X_ZERO
#define X_ZERO ((int)x_zero[0])
#else
#define X_ZERO 0
#endif
#if HAS_W_ZERO
#define W_ZERO(m) ((int)w_zero[ZERO_A_CHANNEL ? (m) : 0])
#else
#define W_ZERO(m) 0
#endif

__kernel void qlinear_conv(__global const X_T *input, __global const W8_T *weights,
                           __global const X_T *x_zero, __global const W8_T *w_zero,
                           __global D_T *out, FINISH_PARAMETERS, int8 in_shape, int8 steps,
                           int8 pads, int rows)
{
    CONV_PLACE;
    int zero = X_ZERO, weight_zero = W_ZERO(channel), sum = 0;
    CONV_EACH(sum, ((int)weights[w_at] - weight_zero) * ((int)input[in_at] - zero))
    struct finish f = FINISH;
    out[out_at] = finished(&f, out_at, channel, sum);
}

/* One (m, k) x (k, n) product of a batch; dims and the operands' steps along the batch's axes. */
__kernel void qlinear_matmul(__global const X_T *a, __global const W8_T *b,
                             __global const X_T *x_zero, __global const W8_T *w_zero,
                             __global D_T *out, FINISH_PARAMETERS, long8 dims, long8 a_steps,
                             long8 b_steps, int m, int n, int k)
{
    int j = get_global_id(0), i = get_global_id(1);
    long product = get_global_id(2), rest = product, a_at = 0, b_at = 0;
    if (j >= n)
        return;
    long d[8], as[8], bs[8];
    vstore8(dims, 0, d);
    vstore8(a_steps, 0, as);
    vstore8(b_steps, 0, bs);
    for (int axis = 7; axis >= 0; axis--) {
        a_at += rest % d[axis] * as[axis];
        b_at += rest % d[axis] * bs[axis];
        rest /= d[axis];
    }
    int zero = X_ZERO, weight_zero = W_ZERO(j), sum = 0;
    for (int t = 0; t < k; t++)
        sum += ((int)a[(a_at * m + i) * k + t] - zero) *
               ((int)b[(b_at * k + t) * n + j] - weight_zero);
    size_t at = ((size_t)product * m + i) * n + j;
    struct finish f = FINISH;
    out[at] = finished(&f, at, j, sum);
}
