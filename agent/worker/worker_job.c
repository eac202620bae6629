#include "worker_job.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

enum { DATA_ALIGN = 64 };

static size_t align_up(size_t n)
{
    return (n + DATA_ALIGN - 1) / DATA_ALIGN * DATA_ALIGN;
}

struct worker_job *agent_worker_job_copy(const struct net_dispatch *dispatch)
{
    /* The wire's limits keep this sum far below overflow. */
    size_t size =
        align_up(sizeof(struct worker_job) + dispatch->n_inputs * sizeof(struct worker_tensor));
    size_t header = size;
    for (uint32_t i = 0; i < dispatch->n_inputs; i++)
        size += align_up(dispatch->inputs[i].data.len) + align_up(dispatch->inputs[i].name.len + 1);
    struct worker_job *job = malloc(size);
    if (job == NULL)
        return NULL;
    uint8_t *to = (uint8_t *)job + header;
    job->n_inputs = dispatch->n_inputs;
    job->rows = agent_worker_job_rows(dispatch);
    for (uint32_t i = 0; i < dispatch->n_inputs; i++) {
        const struct net_tensor *from = &dispatch->inputs[i];
        struct worker_tensor *tensor = &job->inputs[i];
        tensor->dtype = from->dtype;
        tensor->rank = from->rank;
        memcpy(tensor->dims, from->dims, sizeof(tensor->dims));
        tensor->bytes = from->data.len;
        tensor->data = to;
        if (from->data.len > 0)
            memcpy(to, from->data.data, from->data.len);
        to += align_up(from->data.len);
        net_text_copy(from->name, (char *)to, from->name.len + 1);
        tensor->name = (const char *)to;
        to += align_up(from->name.len + 1);
    }
    return job;
}

uint32_t agent_worker_job_rows(const struct net_dispatch *dispatch)
{
    int64_t rows = 0;
    for (uint32_t i = 0; i < dispatch->n_inputs; i++) {
        const struct net_tensor *tensor = &dispatch->inputs[i];
        if (tensor->rank == 0 || tensor->dims[0] <= 0 || tensor->dims[0] > WORKER_BATCH_JOBS_MAX ||
            (i > 0 && tensor->dims[0] != rows))
            return 0;
        rows = tensor->dims[0];
    }
    return (uint32_t)rows;
}

uint64_t agent_worker_job_signature(const struct net_dispatch *dispatch)
{
    uint64_t hash = dispatch->n_inputs;
    for (uint32_t i = 0; i < dispatch->n_inputs; i++) {
        const struct net_tensor *tensor = &dispatch->inputs[i];
        hash = XXH64(tensor->name.data != NULL ? tensor->name.data : "", tensor->name.len, hash);
        uint8_t kind[2] = {tensor->dtype, tensor->rank};
        hash = XXH64(kind, sizeof(kind), hash);
        if (tensor->rank > 1)
            hash = XXH64(&tensor->dims[1], (size_t)(tensor->rank - 1) * sizeof(int64_t), hash);
    }
    return hash;
}
