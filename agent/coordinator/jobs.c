#include <stdlib.h>

#include "agent/coordinator/io.h"

struct io_job *agent_io_job(const struct agent_coordinator *c, uint64_t id)
{
    return agent_idmap_get(&c->jobs, id);
}

struct io_job *agent_io_job_new(struct agent_coordinator *c, uint64_t id, struct agent_blob *input)
{
    struct io_job *job = c->spare_jobs;
    if (job != NULL)
        c->spare_jobs = job->spare;
    else
        job = malloc(sizeof *job);
    if (job == NULL || !agent_idmap_put(&c->jobs, id, job)) {
        free(job);
        return NULL;
    }
    c->n_spare_jobs -= c->n_spare_jobs > 0;
    *job = (struct io_job){.id = id};
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

static void empty(struct io_job *job)
{
    while (job->submitter.next != NULL) {
        struct io_waiter *waiter = job->submitter.next;
        job->submitter.next = waiter->next;
        free(waiter);
    }
    agent_blob_unref(job->input);
    agent_blob_unref(job->output);
}

void agent_io_job_free(struct agent_coordinator *c, struct io_job *job)
{
    agent_idmap_remove(&c->jobs, job->id);
    empty(job);
    if (c->n_spare_jobs == IO_SPARE_JOBS) {
        free(job);
        return;
    }
    job->spare = c->spare_jobs;
    c->spare_jobs = job;
    c->n_spare_jobs++;
}

void agent_io_jobs_free(struct agent_coordinator *c)
{
    for (size_t i = 0; i < c->jobs.capacity; i++) {
        struct io_job *job = c->jobs.entries[i].value;
        if (job == NULL)
            continue;
        empty(job);
        free(job);
    }
    while (c->spare_jobs != NULL) {
        struct io_job *job = c->spare_jobs;
        c->spare_jobs = job->spare;
        free(job);
    }
    agent_idmap_finish(&c->jobs);
}
