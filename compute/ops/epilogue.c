#include "ops/epilogue.h"

#include <math.h>

#include "ops/number.h"

double cx_act_eval(enum cx_act act, double alpha, double beta, double x)
{
    switch (act) {
    case CX_ACT_RELU:
        return x < 0 ? 0 : x;
    case CX_ACT_CLIP:
        x = x < alpha ? alpha : x;
        return x > beta ? beta : x;
    case CX_ACT_LEAKY_RELU:
        return x < 0 ? alpha * x : x;
    case CX_ACT_SIGMOID:
        return 1 / (1 + exp(-x));
    case CX_ACT_TANH:
        return tanh(x);
    case CX_ACT_HARD_SWISH:
        return x * fmax(0, fmin(1, x / 6 + 0.5));
    case CX_ACT_HARD_SIGMOID:
        return fmax(0, fmin(1, alpha * x + beta));
    case CX_ACT_NONE:
    case CX_ACT_COUNT:
        break;
    }
    return x;
}

void cx_epilogue_eval(const struct cx_epilogue *epilogue, const struct cx_tensor *residual,
                      const struct cx_tensor *out)
{
    if (epilogue->act == CX_ACT_NONE && residual == NULL)
        return;
    int64_t count = cx_shape_elements(&out->shape);
    double alpha = (double)epilogue->alpha, beta = (double)epilogue->beta;
    for (int64_t i = 0; i < count; i++) {
        double x = cx_get_f64(out, i) + (residual != NULL ? cx_get_f64(residual, i) : 0);
        cx_set_f64(out, i, cx_act_eval(epilogue->act, alpha, beta, x));
    }
}
