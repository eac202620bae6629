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

bool agent_io_job_wait(struct io_job *job, uint64_t link_id, uint64_t seq)
{
    struct io_waiter *waiter = &job->submitter;
    if (waiter->link_id != 0) {
        waiter = malloc(sizeof *waiter);
        if (waiter == NULL)
            return false;
        waiter->next = job->submitter.next;
        job->submitter.next = waiter;
    }
    waiter->link_id = link_id;
    waiter->seq = seq;
    return true;
}

static void destroy(struct io_job *job)
{
    while (job->submitter.next != NULL) {
        struct io_waiter *waiter = job->submitter.next;
        job->submitter.next = waiter->next;
        free(waiter);
    }
    agent_blob_unref(job->input);
    agent_blob_unref(job->output);
    free(job);
}

void agent_io_job_free(struct agent_coordinator *c, struct io_job *job)
{
    agent_idmap_remove(&c->jobs, job->id);
    destroy(job);
}

void agent_io_jobs_free(struct agent_coordinator *c)
{
    for (size_t i = 0; i < c->jobs.capacity; i++) {
        if (c->jobs.entries[i].value != NULL)
            destroy(c->jobs.entries[i].value);
    }
    agent_idmap_finish(&c->jobs);
}
