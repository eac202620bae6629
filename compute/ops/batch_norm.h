/* Batch normalization in inference: inputs x, scale, bias, mean, variance, the last four a number
 * a channel (axis 1). With constant parameters it has become something else before a plan is
 * made. ScaleShift, ours: y = scale[c] * x + shift[c], inputs x, scale, shift, no attributes. */
#ifndef CX_BATCH_NORM_H
#define CX_BATCH_NORM_H

/* node->attrs of BatchNormalization */
struct cx_batch_norm {
    float epsilon;
};

#endif
