/* A dispatched job as the agent holds it: its tensors copied out of the link's buffer, so that they
 * outlive it and can be run again. */
#ifndef WORKER_JOB_H
#define WORKER_JOB_H

#include "agent/core/worker/worker_core.h"
#include "net_msg.h"

struct worker_tensor {
    const char *name; /* "": by position */
    uint8_t dtype;
    uint8_t rank;
    int64_t dims[NET_RANK_MAX];
    const uint8_t *data;
    uint64_t bytes;
};

struct worker_job {
    uint32_t rows;
    uint32_t n_inputs;
    struct worker_tensor inputs[];
};

/* NULL without memory. free() it. */
struct worker_job *agent_worker_job_copy(const struct net_dispatch *dispatch);

/* Rows of all inputs, or 0 when they differ or an input has none; and what must be equal for two
 * jobs to share a batch. */
uint32_t agent_worker_job_rows(const struct net_dispatch *dispatch);
uint64_t agent_worker_job_signature(const struct net_dispatch *dispatch);

#endif
