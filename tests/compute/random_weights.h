/* Networks whose weights were left out of their files to keep them small: a ConstantOfShape node
 * stands for each. This makes the weights that the expected outputs were computed with. */
#ifndef TESTS_COMPUTE_RANDOM_WEIGHTS_H
#define TESTS_COMPUTE_RANDOM_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

/* The bytes of the model at PATH, declared for one image a run, with weights in place of the nodes
 * and declared for BATCH images instead; malloc'ed. NULL when the file can't be read or holds a
 * node whose role isn't known.
 *
 * Weight NAME's element i is a + b * u, where u = (2q - 255) / 255, q the highest byte of
 * splitmix64(fnv1a64(NAME) + i), and a and b follow from what the weight is used for. */
uint8_t *random_weights(const char *path, int64_t batch, size_t *ret_size);

#endif
