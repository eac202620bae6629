#include <stdio.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_refusal.h"

static void view_job(const struct agent_coord *core, const struct coord_job *job,
                     struct agent_job_view *view)
{
    bool tries = job->where == COORD_HELD || (job->end_state == AGENT_JOB_DONE && !job->cached);
    *view = (struct agent_job_view){
        .id = job->id,
        .state = job->state,
        .model = agent_coord_chars(job->model->name),
        .version = job->model->version,
        .hash = job->model->hash,
        .agent = agent_coord_chars(job->agent_name),
        .device = job->device,
        .priority = job->priority,
        .attempts = job->failures + tries,
        .attempts_max = core->limits.attempts_max,
        .submitted_us = job->submitted_us,
        .started_us = job->started_us,
        .deadline_us = job->deadline_us,
        .key = agent_coord_chars(job->key),
        .tenant = agent_coord_chars(job->tenant_name),
        .rows = job->rows,
        .batch = job->batch,
        .error_code = job->error_code,
        .error_text = agent_coord_chars(job->error),
        .cached = job->cached,
    };
    if (job->where == COORD_ENDED) {
        view->finished_us = job->finished_us;
        view->timing = job->timing;
    } else if (job->where == COORD_ENDING) {
        view->error_code = view->error_text = "";
    } else if (job->state == AGENT_JOB_QUEUED) {
        view->agent = "";
    }
}

bool agent_coord_job(const struct agent_coord *core, uint64_t id, struct agent_job_view *ret_view)
{
    const struct coord_job *job = agent_coord_job_find(core, id);
    if (job == NULL || job->where == COORD_PENDING)
        return false;
    view_job(core, job, ret_view);
    return true;
}

void agent_coord_waiting(const struct agent_coord *core, uint64_t id, char *ret_text, size_t size)
{
    const struct coord_job *job = agent_coord_job_find(core, id);
    ret_text[0] = '\0';
    if (job == NULL)
        return;
    if (job->where == COORD_READY) {
        agent_coord_why(core, job->model, ret_text, size);
        agent_coord_refused_add(core, job->model, ret_text, size);
    } else if (job->where == COORD_DELAYED) {
        snprintf(ret_text, size, "waits %lld ms before its next attempt",
                 (long long)(job->not_before_us - core->now_us) / 1000);
    } else if (job->where == COORD_ENDING) {
        snprintf(ret_text, size, "has ended; waits for the ledger");
    }
}

size_t agent_coord_history(const struct agent_coord *core, uint64_t id,
                           struct agent_history_view *ret_views, size_t max)
{
    const struct coord_job *job = agent_coord_job_find(core, id);
    if (job == NULL || job->where == COORD_PENDING)
        return 0;
    size_t count = job->history_count < max ? job->history_count : max;
    for (size_t i = 0; i < count; i++) {
        const struct coord_history *entry = &job->history[i];
        ret_views[i] = (struct agent_history_view){
            .time_us = entry->time_us,
            .state = entry->state,
            .agent = agent_coord_chars(entry->agent),
            .attempt = entry->attempt,
            .decision = entry->decision,
            .text = agent_coord_chars(entry->text),
        };
        if (entry->decision == 0)
            continue;
        agent_coord_decision_text(core, entry->decision, ret_views[i].decided,
                                  sizeof ret_views[i].decided);
        ret_views[i].text = ret_views[i].decided;
    }
    // How it ended stands in the job itself.
    if (job->where == COORD_ENDED && count < max)
        ret_views[count++] = (struct agent_history_view){
            .time_us = job->finished_us,
            .state = job->state,
            .agent = "",
            .attempt = job->dispatches,
            .text = agent_coord_chars(job->error),
        };
    return count;
}

static bool matches(const struct coord_job *job, const struct agent_jobs_filter *filter)
{
    if (job->where == COORD_PENDING || (filter->live && job->where == COORD_ENDED))
        return false;
    return (filter->state < 0 || job->state == filter->state) &&
           (filter->model == NULL ||
            strcmp(agent_coord_chars(job->model->name), filter->model) == 0) &&
           (filter->agent == NULL ||
            strcmp(agent_coord_chars(job->agent_name), filter->agent) == 0) &&
           (filter->tenant == NULL ||
            strcmp(agent_coord_chars(job->tenant_name), filter->tenant) == 0);
}

uint32_t agent_coord_jobs(const struct agent_coord *core, const struct agent_jobs_filter *filter,
                          void (*each)(void *user, const struct agent_job_view *job), void *user)
{
    // Without conditions it is known how many there are: nobody walks over a million for it.
    bool all = filter->state < 0 && filter->model == NULL && filter->agent == NULL &&
               filter->tenant == NULL;
    uint32_t count = 0, given = 0;
    const struct coord_job *job;
    TAILQ_FOREACH_REVERSE(job, &core->jobs, coord_jobs, all)
    {
        if (all && given == filter->limit)
            break;
        if (!matches(job, filter))
            continue;
        count++;
        if (given == filter->limit || (filter->before != 0 && job->id >= filter->before))
            continue;
        given++;
        struct agent_job_view view;
        view_job(core, job, &view);
        each(user, &view);
    }
    if (!all)
        return count;
    count = agent_coord_jobs_live(core) - core->n_where[COORD_PENDING];
    return filter->live ? count : count + core->n_where[COORD_ENDED];
}

static void view_agent(const struct coord_agent *agent, struct agent_agent_view *view)
{
    *view = (struct agent_agent_view){
        .id = agent->id,
        .name = agent_coord_chars(agent->name),
        .state = agent_coord_agent_state(agent),
        .reason = agent_coord_chars(agent->doubt != NULL ? agent->doubt : agent->reason),
        .instance = agent->instance,
        .connected = agent->link != 0,
        .link = agent->link,
        .heard_us = agent->heard_us,
        .connected_us = agent->connected_us,
        .credit = agent->credit,
        .assigned = agent->assigned,
        .running = agent->running,
        .revoked = agent->revoked_count,
        .done = agent->done,
        .failed = agent->failed,
        .requeued = agent->requeued,
    };
    const struct coord_hedge *hedge;
    TAILQ_FOREACH(hedge, &agent->hedges, link)
    {
        view->assigned += !hedge->running;
        view->running += hedge->running;
    }
}

bool agent_coord_agent_at(const struct agent_coord *core, uint32_t index,
                          struct agent_agent_view *ret_view)
{
    // Slots are taken in order, and one that is given up is taken at once.
    if (index >= core->n_agents || core->agents[index] == NULL)
        return false;
    view_agent(core->agents[index], ret_view);
    return true;
}

bool agent_coord_agent(const struct agent_coord *core, const char *name,
                       struct agent_agent_view *ret_view)
{
    const struct coord_agent *agent = agent_coord_agent_by_name(core, name);
    if (agent == NULL)
        return false;
    view_agent(agent, ret_view);
    return true;
}

enum agent_model_state agent_coord_model_on(const struct agent_coord *core, const uint8_t *hash,
                                            const char *agent_name)
{
    const struct coord_model *model = agent_coord_model_find(core, hash);
    const struct coord_agent *agent = agent_coord_agent_by_name(core, agent_name);
    if (model == NULL || agent == NULL || agent->link == 0)
        return AGENT_MODEL_UNKNOWN;
    return agent_coord_model_state_on(model, agent->slot);
}

uint64_t agent_coord_model_jobs(const struct agent_coord *core, const uint8_t *hash)
{
    const struct coord_model *model = agent_coord_model_find(core, hash);
    return model != NULL ? model->total : 0;
}

bool agent_coord_model_load(const struct agent_coord *core, const uint8_t *hash,
                            struct agent_model_load *ret_load)
{
    const struct coord_model *model = agent_coord_model_find(core, hash);
    if (model == NULL)
        return false;
    *ret_load = (struct agent_model_load){.queued = model->queued,
                                          .held = model->held,
                                          .hits = model->hits,
                                          .misses = model->misses,
                                          .load_us = model->load_us};
    return true;
}

static void view_operation(const struct agent_coord *core, const struct coord_operation *operation,
                           struct agent_operation_view *view)
{
    static const char *const states[] = {"running", "done", "cancelled", "failed"};
    bool running = operation->state == AGENT_OPERATION_RUNNING;
    *view = (struct agent_operation_view){
        .id = operation->id,
        .kind = operation->kind->name,
        .target = agent_coord_chars(operation->target),
        .state = states[operation->state],
        .by = agent_coord_chars(operation->by),
        .reason = agent_coord_chars(operation->reason),
        .started_us = operation->started_us,
        .deadline_us = operation->deadline_us,
        .finished_us = running ? 0 : operation->finished_us,
        .requeued = operation->requeued,
        .finished = !running,
        .text = agent_coord_chars(operation->text),
    };
    if (operation->kind->view != NULL)
        operation->kind->view(core, operation, view);
}

bool agent_coord_operation_at(const struct agent_coord *core, uint32_t index,
                              struct agent_operation_view *ret_view)
{
    const struct coord_operation *operation;
    TAILQ_FOREACH(operation, &core->operations, all)
    {
        if (index-- == 0) {
            view_operation(core, operation, ret_view);
            return true;
        }
    }
    return false;
}

bool agent_coord_operation(const struct agent_coord *core, uint64_t id,
                           struct agent_operation_view *ret_view)
{
    const struct coord_operation *operation = agent_coord_operation_find(core, id);
    if (operation != NULL)
        view_operation(core, operation, ret_view);
    return operation != NULL;
}

uint32_t agent_coord_blockers(const struct agent_coord *core, const char *agent_name,
                              struct agent_blocker_view *ret_views, uint32_t max)
{
    const struct coord_agent *agent = agent_coord_agent_by_name(core, agent_name);
    if (agent == NULL)
        return 0;
    uint32_t count = 0;
    const struct coord_job *job;
    TAILQ_FOREACH(job, &agent->jobs, link)
    {
        if (count < max) {
            ret_views[count] = (struct agent_blocker_view){
                .job = job->id,
                .model = agent_coord_chars(job->model->name),
                .state = job->state,
                .running_us = job->started_us != 0 ? core->now_us - job->started_us : 0,
                .expected_us = agent_coord_run_us(core, agent, job->model),
                .left_us = agent_coord_job_left_us(core, job),
            };
        }
        count++;
    }
    for (uint32_t i = 0; i < agent->revoked_count; i++) {
        if (count < max)
            ret_views[count] = (struct agent_blocker_view){.job = agent->revoked[i].job,
                                                           .model = "",
                                                           .state = AGENT_JOB_CANCELLED,
                                                           .left_us = -1};
        count++;
    }
    return count;
}

void agent_coord_totals(const struct agent_coord *core, struct agent_totals *ret_totals)
{
    *ret_totals = (struct agent_totals){
        .queued = core->n_state[AGENT_JOB_QUEUED],
        .assigned = core->n_state[AGENT_JOB_ASSIGNED],
        .running = core->n_state[AGENT_JOB_RUNNING],
        .kept = agent_coord_kept_count(core),
        .recent = core->n_where[COORD_ENDED],
        .submitted = core->submitted,
        .done = core->done,
        .failed = core->failed,
        .cancelled = core->cancelled,
        .expired = core->expired,
        .requeued = core->requeued,
        .stale = core->stale,
        .input_bytes = core->input_bytes,
        .output_bytes = core->output_bytes,
        .ledger_ok = core->ledger_ok && core->ledger_damage == NULL,
        .ledger_damaged = core->ledger_damage != NULL,
        .stopping = core->stopping,
        .ledger_error = agent_coord_chars(core->ledger_damage != NULL ? core->ledger_damage
                                                                      : core->ledger_error),
        .strategy = core->strategy->name,
    };
    for (uint32_t i = 0; i < core->n_agents; i++) {
        const struct coord_agent *agent = core->agents[i];
        if (agent == NULL)
            continue;
        ret_totals->agents++;
        ret_totals->agents_ready += agent->link != 0 && agent->admin == AGENT_ADMIN_NONE &&
                                    !agent_coord_agent_doubted(agent);
    }
}
