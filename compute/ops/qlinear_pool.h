/* Means of quantized channels. */
#ifndef CX_QLINEAR_POOL_H
#define CX_QLINEAR_POOL_H

#include <stdint.h>

/* What a sum of COUNT differences from x's zero point is multiplied with. */
float cx_qlinear_pool_multiplier(float x_scale, float y_scale, int64_t count);

#endif
