#include "candidates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct candidates *candidates, const char *name)
{
    for (uint32_t i = 0; i < candidates->n; i++)
        if (strcmp(candidates->names[i], name) == 0)
            return;
    if (candidates->n == CANDIDATES_MAX) {
        fprintf(stderr, "over %d candidates\n", CANDIDATES_MAX);
        abort();
    }
    memcpy(candidates->names[candidates->n++], name, CX_CANDIDATE_NAME_BYTES);
}

void candidates_see(struct candidates *candidates, const struct cx_plan *plan)
{
    for (uint32_t i = 0; i < plan->point_n; i++)
        for (uint32_t c = 0; c < plan->points[i].candidate_n; c++)
            add(candidates, plan->points[i].names[c]);
}
