/* The candidates that kernels were seen to have, so that a test can force each in turn. */
#ifndef TESTS_COMPUTE_CANDIDATES_H
#define TESTS_COMPUTE_CANDIDATES_H

#include <stdint.h>

#include "graph/session.h"

#define CANDIDATES_MAX 256

/* Zeroed: none. */
struct candidates {
    char names[CANDIDATES_MAX][CX_CANDIDATE_NAME_BYTES];
    uint32_t n;
};

/* Adds those that a plan's nodes could choose from. Ends the program when there are too many. */
void candidates_see(struct candidates *candidates, const struct cx_plan *plan);

#endif
