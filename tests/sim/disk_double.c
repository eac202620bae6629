// A double of the ledger and the disk below it: appends that are committed together and later, in
// their order, slowly or not at all for a while, and of which a crash leaves some first part.
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define RETRY_US (250 * SIM_MS)

void sim_disk_init(struct sim *sim)
{
    struct sim_disk *disk = &sim->disk;
    sim_random_init(&disk->random, sim->scenario->seed, SIM_OF_DISK, 0);
    disk->next_job = 1;
}

// ---- copies

static void *must(void *memory)
{
    if (memory == NULL)
        exit(2);
    return memory;
}

static void copy(struct sim_append *append, const struct agent_record *record)
{
    const char **texts[AGENT_RECORD_TEXTS_MAX];
    append->record = *record;
    if (record->kind == AGENT_RECORD_FORGET) {
        size_t size = record->forget.count * sizeof *record->forget.ids;
        append->texts = must(malloc(size + 1));
        memcpy(append->texts, record->forget.ids, size);
        append->record.forget.ids = (const uint64_t *)(const void *)append->texts;
        return;
    }
    size_t n = agent_record_texts(&append->record, texts), size = 0;
    for (size_t i = 0; i < n; i++)
        size += (*texts[i] != NULL ? strlen(*texts[i]) : 0) + 1;
    char *at = append->texts = must(malloc(size + 1));
    for (size_t i = 0; i < n; i++) {
        size_t length = *texts[i] != NULL ? strlen(*texts[i]) : 0;
        if (length > 0)
            memcpy(at, *texts[i], length);
        at[length] = '\0';
        *texts[i] = at;
        at += length + 1;
    }
}

// Takes the append over.
static void keep(struct sim_append *row, struct sim_append *append)
{
    free(row->texts);
    *row = *append;
    append->texts = NULL;
}

// ---- what is on the disk

static struct sim_disk_job *row_of(struct sim_disk *disk, uint64_t id)
{
    disk->jobs = sim_grow(disk->jobs, &disk->jobs_room, id + 1, sizeof *disk->jobs);
    return &disk->jobs[id];
}

const struct agent_job_record *sim_disk_job(const struct sim *sim, uint64_t id)
{
    const struct sim_disk *disk = &sim->disk;
    return id < disk->jobs_room && disk->jobs[id].is_there ? &disk->jobs[id].row.record.job : NULL;
}

const struct agent_operation_record *sim_disk_operation(const struct sim *sim, uint64_t id)
{
    for (size_t i = 0; i < sim->disk.n_operations; i++) {
        if (sim->disk.operations[i].record.operation.id == id)
            return &sim->disk.operations[i].record.operation;
    }
    return NULL;
}

uint8_t sim_disk_admin(const struct sim *sim, const char *agent)
{
    for (size_t i = 0; i < sim->disk.n_agents; i++) {
        if (strcmp(sim->disk.agents[i].record.agent.name, agent) == 0)
            return sim->disk.agents[i].record.agent.admin;
    }
    return AGENT_ADMIN_NONE;
}

static void write_job(struct sim *sim, struct sim_append *append)
{
    struct sim_disk *disk = &sim->disk;
    struct agent_job_record *job = &append->record.job;
    struct sim_disk_job *row = row_of(disk, job->id);
    if (append->record.kind == AGENT_RECORD_JOB) {
        if (row->is_there)
            sim_fail(sim, "a job is written twice", "job %llu", (unsigned long long)job->id);
        job->state = AGENT_JOB_QUEUED;
        keep(&row->row, append);
        row->is_there = true;
        row->failures = row->dispatches = 0;
        if (job->id >= disk->next_job)
            disk->next_job = job->id + 1;
        return;
    }
    if (!row->is_there)
        return; // as an UPDATE of no row
    struct agent_job_record *old = &row->row.record.job;
    if (old->state > AGENT_JOB_RUNNING)
        sim_fail(sim, "a job ends twice on the disk", "job %llu", (unsigned long long)job->id);
    keep(&row->row, append);
}

static struct sim_append *operation_row(struct sim_disk *disk, uint64_t id)
{
    for (size_t i = 0; i < disk->n_operations; i++) {
        if (disk->operations[i].record.operation.id == id)
            return &disk->operations[i];
    }
    disk->operations = sim_grow(disk->operations, &disk->operations_room, disk->n_operations + 1,
                                sizeof *disk->operations);
    return &disk->operations[disk->n_operations++];
}

static struct sim_append *agent_row(struct sim_disk *disk, const char *name)
{
    for (size_t i = 0; i < disk->n_agents; i++) {
        if (strcmp(disk->agents[i].record.agent.name, name) == 0)
            return &disk->agents[i];
    }
    disk->agents =
        sim_grow(disk->agents, &disk->agents_room, disk->n_agents + 1, sizeof *disk->agents);
    return &disk->agents[disk->n_agents++];
}

static struct sim_append *meta_row(struct sim_disk *disk, const char *key)
{
    for (size_t i = 0; i < disk->n_metas; i++) {
        if (strcmp(disk->metas[i].record.meta.key, key) == 0)
            return &disk->metas[i];
    }
    disk->metas = sim_grow(disk->metas, &disk->metas_room, disk->n_metas + 1, sizeof *disk->metas);
    return &disk->metas[disk->n_metas++];
}

static void write_attempt(struct sim_disk_job *row, const struct agent_attempt_record *attempt)
{
    if (attempt->failures > row->failures)
        row->failures = attempt->failures;
    if (attempt->number > row->dispatches)
        row->dispatches = attempt->number;
}

static void write_one(struct sim *sim, struct sim_append *append)
{
    struct sim_disk *disk = &sim->disk;
    const struct agent_record *record = &append->record;
    switch (record->kind) {
    case AGENT_RECORD_JOB:
    case AGENT_RECORD_END:
        write_job(sim, append);
        break;
    case AGENT_RECORD_FORGET:
        for (uint32_t i = 0; i < record->forget.count; i++)
            row_of(disk, record->forget.ids[i])->is_there = false;
        break;
    case AGENT_RECORD_ATTEMPT:
        write_attempt(row_of(disk, record->attempt.job), &record->attempt);
        break;
    case AGENT_RECORD_OPERATION:
        keep(operation_row(disk, record->operation.id), append);
        break;
    case AGENT_RECORD_AGENT:
        keep(agent_row(disk, record->agent.name), append);
        break;
    case AGENT_RECORD_META:
        if (strcmp(record->meta.key, "strategy") == 0)
            snprintf(disk->strategy, sizeof disk->strategy, "%s", record->meta.value);
        keep(meta_row(disk, record->meta.key), append);
        break;
    default:
        break;
    }
    free(append->texts);
    append->texts = NULL;
}

// The first `count` of those that wait become durable.
static void write_out(struct sim *sim, size_t count)
{
    struct sim_disk *disk = &sim->disk;
    for (size_t i = 0; i < count; i++) {
        struct sim_append *append = &disk->waiting[i];
        bool is_refused = append->record.kind == AGENT_RECORD_JOB && disk->refuses > 0;
        if (!is_refused) {
            write_one(sim, append);
            continue;
        }
        sim_trace(sim, "disk refuses job %llu", (unsigned long long)append->record.job.id);
        disk->refuses--;
        sim_coordinator_refused(sim, append->seq);
        free(append->texts);
        append->texts = NULL;
    }
    disk->n_waiting -= count;
    if (disk->n_waiting > 0)
        memmove(disk->waiting, disk->waiting + count, disk->n_waiting * sizeof *disk->waiting);
    disk->busy = 0;
}

// ---- the writer

static void begin(struct sim *sim);

static void fire_commit(struct sim *sim, const struct sim_event *event)
{
    struct sim_disk *disk = &sim->disk;
    if (event->a != disk->generation || disk->busy == 0)
        return;
    if (disk->full_until_us > sim->now_us) {
        disk->busy = 0;
        sim_trace(sim, "disk can't write");
        sim_coordinator_ledger_failed(sim);
        sim_at(sim, sim->now_us + RETRY_US, fire_commit, disk->generation, 0, 0);
        disk->busy =
            disk->n_waiting < sim->scenario->batch_max ? disk->n_waiting : sim->scenario->batch_max;
        return;
    }
    uint64_t seq = 0;
    for (size_t i = 0; i < disk->busy; i++)
        seq = disk->waiting[i].seq != 0 ? disk->waiting[i].seq : seq;
    write_out(sim, disk->busy);
    sim_mark(sim, 1, seq);
    sim_trace(sim, "disk has all up to %llu", (unsigned long long)seq);
    if (seq != 0)
        sim_coordinator_committed(sim, seq);
    begin(sim);
}

static void begin(struct sim *sim)
{
    struct sim_disk *disk = &sim->disk;
    if (disk->busy > 0 || disk->n_waiting == 0)
        return;
    disk->busy =
        disk->n_waiting < sim->scenario->batch_max ? disk->n_waiting : sim->scenario->batch_max;
    int64_t us =
        sim_between(&disk->random, sim->scenario->commit_us_min, sim->scenario->commit_us_max);
    if (disk->slow_until_us > sim->now_us)
        us += sim_between(&disk->random, 0, disk->slow_us);
    sim_at(sim, sim->now_us + us, fire_commit, disk->generation, 0, 0);
}

void sim_disk_append(struct sim *sim, const struct agent_action *action)
{
    struct sim_disk *disk = &sim->disk;
    disk->waiting =
        sim_grow(disk->waiting, &disk->waiting_room, disk->n_waiting + 1, sizeof *disk->waiting);
    struct sim_append *append = &disk->waiting[disk->n_waiting++];
    append->seq = action->seq;
    copy(append, action->record);
    disk->appends++;
    begin(sim);
}

void sim_disk_crash(struct sim *sim, size_t survivors)
{
    struct sim_disk *disk = &sim->disk;
    write_out(sim, survivors < disk->n_waiting ? survivors : disk->n_waiting);
    for (size_t i = 0; i < disk->n_waiting; i++)
        free(disk->waiting[i].texts);
    disk->n_waiting = disk->busy = 0;
    disk->generation++;
}

// ---- the next start

static void recover(struct sim *sim, const struct agent_event *event)
{
    sim_coordinator_step(sim, event, 1);
}

static bool is_ended(const struct sim_disk_job *job)
{
    return job->is_there && job->row.record.job.state > AGENT_JOB_RUNNING;
}

static void recover_job(struct sim *sim, const struct sim_disk_job *job)
{
    struct agent_job_record record = job->row.record.job;
    if (!is_ended(job)) {
        record.attempts = job->failures;
        record.dispatches = job->dispatches;
    }
    recover(sim, &(struct agent_event){.kind = AGENT_EVENT_RECOVER_JOB, .job = &record});
}

// Of all but the newest ended jobs only what must be known of them; then the rest by their ids.
static void recover_jobs(struct sim *sim)
{
    struct sim_disk *disk = &sim->disk;
    uint32_t recent = sim->scenario->limits.jobs_recent_max;
    uint64_t cut = disk->jobs_room;
    for (; cut > 0 && recent > 0; cut--)
        recent -= is_ended(&disk->jobs[cut - 1]);
    for (uint64_t id = 0; id < cut; id++) {
        const struct agent_job_record *job = &disk->jobs[id].row.record.job;
        struct agent_kept_record kept = {.id = id,
                                         .tenant = job->tenant,
                                         .key = job->key,
                                         .finished_us = job->finished_us,
                                         .output_bytes = job->output_bytes};
        if (is_ended(&disk->jobs[id]))
            recover(sim, &(struct agent_event){.kind = AGENT_EVENT_RECOVER_KEPT, .kept = &kept});
    }
    for (uint64_t id = 0; id < disk->jobs_room; id++) {
        if (disk->jobs[id].is_there && (id >= cut || !is_ended(&disk->jobs[id])))
            recover_job(sim, &disk->jobs[id]);
    }
}

void sim_disk_recover(struct sim *sim)
{
    struct sim_disk *disk = &sim->disk;
    for (size_t i = 0; i < disk->n_metas; i++) {
        struct agent_event event = {.kind = AGENT_EVENT_RECOVER_META};
        event.meta.key = disk->metas[i].record.meta.key;
        event.meta.value = disk->metas[i].record.meta.value;
        recover(sim, &event);
    }
    for (size_t i = 0; i < disk->n_agents; i++)
        recover(sim, &(struct agent_event){.kind = AGENT_EVENT_RECOVER_AGENT,
                                           .agent_record = &disk->agents[i].record.agent});
    // In the order of their ids.
    for (uint64_t id = 0, found = 0; found < disk->n_operations; id++) {
        const struct agent_operation_record *record = sim_disk_operation(sim, id);
        if (record == NULL)
            continue;
        found++;
        recover(sim,
                &(struct agent_event){.kind = AGENT_EVENT_RECOVER_OPERATION, .operation = record});
    }
    recover_jobs(sim);
    recover(sim, &(struct agent_event){.kind = AGENT_EVENT_RECOVER_NEXT_ID, .id = disk->next_job});
}

void sim_disk_finish(struct sim *sim)
{
    struct sim_disk *disk = &sim->disk;
    sim_disk_crash(sim, 0);
    for (size_t i = 0; i < disk->jobs_room; i++)
        free(disk->jobs[i].row.texts);
    for (size_t i = 0; i < disk->n_operations; i++)
        free(disk->operations[i].texts);
    for (size_t i = 0; i < disk->n_agents; i++)
        free(disk->agents[i].texts);
    for (size_t i = 0; i < disk->n_metas; i++)
        free(disk->metas[i].texts);
    free(disk->metas);
    free(disk->jobs);
    free(disk->operations);
    free(disk->agents);
    free(disk->waiting);
}
