#include <stdlib.h>

#include "agent/coordinator/io.h"

struct io_job *agent_io_job(const struct agent_coordinator *c, uint64_t id)
{
    return agent_idpages_get(&c->jobs, id);
}

struct io_job *agent_io_job_new(struct agent_coordinator *c, uint64_t id, struct agent_blob *input)
{
    struct io_job *job = agent_pool_get(&c->job_pool);
    if (job == NULL || !agent_idpages_put(&c->jobs, id, job)) {
        agent_pool_put(&c->job_pool, job);
        return NULL;
    }
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
    agent_io_content_free(job->content);
}

void agent_io_job_free(struct agent_coordinator *c, struct io_job *job)
{
    agent_idpages_remove(&c->jobs, job->id);
    empty(job);
    agent_pool_put(&c->job_pool, job);
}

void agent_io_jobs_free(struct agent_coordinator *c)
{
    for (size_t i = 0; i < c->jobs.pages.capacity; i++) {
        const struct agent_idpage *page = c->jobs.pages.entries[i].value;
        for (size_t at = 0; page != NULL && at < AGENT_IDPAGE_IDS; at++) {
            if (page->values[at] == NULL)
                continue;
            empty(page->values[at]);
            free(page->values[at]);
        }
    }
    agent_pool_finish(&c->job_pool);
    agent_idpages_finish(&c->jobs);
}
