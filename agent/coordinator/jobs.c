#include <stdlib.h>

#include "agent/coordinator/io.h"

struct io_job *agent_io_job(const struct agent_coordinator *c, uint64_t id)
{
    return agent_idmap_get(&c->jobs, id);
}

struct io_job *agent_io_job_new(struct agent_coordinator *c, uint64_t id, struct agent_blob *input)
{
    struct io_job *job = calloc(1, sizeof *job);
    if (job == NULL || !agent_idmap_put(&c->jobs, id, job)) {
        free(job);
        return NULL;
    }
    job->id = id;
    job->input = agent_blob_ref(input);
    TAILQ_INIT(&job->waiters);
    return job;
}

void agent_io_job_free(struct agent_coordinator *c, struct io_job *job)
{
    agent_idmap_remove(&c->jobs, job->id);
    agent_blob_unref(job->input);
    agent_blob_unref(job->output);
    free(job);
}
