// What jobs did lately, over all, by agent and by model; and what went wrong with an agent last.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/io.h"

#define HASH_SEED 0xcbf29ce484222325u

const char *const agent_io_span_names[IO_SPANS] = {"total", "queue", "load", "compute", "copy"};

static uint64_t name_key(const char *name)
{
    return agent_io_hash(HASH_SEED, name, strlen(name));
}

static uint64_t model_key(const uint8_t *hash)
{
    return agent_io_hash(HASH_SEED, hash, AGENT_HASH_SIZE);
}

uint64_t agent_io_hash(uint64_t hash, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

// What is in the map, made of so many zeroed bytes where there is nothing. NULL: no memory.
static void *entry_of(struct agent_idmap *map, uint64_t key, size_t size)
{
    void *entry = agent_idmap_get(map, key);
    if (entry != NULL)
        return entry;
    entry = calloc(1, size);
    if (entry == NULL || !agent_idmap_put(map, key, entry)) {
        free(entry);
        return NULL;
    }
    return entry;
}

struct io_agent_stats *agent_io_agent_stats(struct agent_coordinator *c, const char *agent)
{
    return agent_idmap_get(&c->stats_by_agent, name_key(agent));
}

struct io_model_stats *agent_io_model_stats(struct agent_coordinator *c, const uint8_t *hash)
{
    return agent_idmap_get(&c->stats_by_model, model_key(hash));
}

const struct io_agent_error *agent_io_agent_error(struct agent_coordinator *c, const char *agent)
{
    return agent_idmap_get(&c->errors_by_agent, name_key(agent));
}

void agent_io_agent_failed(struct agent_coordinator *c, const char *agent, const char *format, ...)
{
    struct io_agent_error *error =
        entry_of(&c->errors_by_agent, name_key(agent), sizeof(struct io_agent_error));
    va_list args;
    if (error == NULL)
        return;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    error->time_us = agent_io_now_us(c);
}

static void free_all(struct agent_idmap *map)
{
    for (size_t i = 0; i < map->capacity; i++)
        free(map->entries[i].value);
    agent_idmap_finish(map);
}

void agent_io_stats_free(struct agent_coordinator *c)
{
    free_all(&c->stats_by_agent);
    free_all(&c->stats_by_model);
    free_all(&c->errors_by_agent);
}

static void count_model(struct agent_coordinator *c, const struct agent_job_view *job,
                        const uint64_t spans[IO_SPANS])
{
    int64_t now = c->step_us;
    // Made with a model's first job, as an agent's: they are large.
    struct io_model_stats *stats =
        job->hash == NULL
            ? NULL
            : entry_of(&c->stats_by_model, model_key(job->hash), sizeof(struct io_model_stats));
    if (stats == NULL)
        return;
    stats->failed += job->state == AGENT_JOB_FAILED;
    if (job->state != AGENT_JOB_DONE)
        return;
    stats->done++;
    agent_rate_add(&stats->done_rate, now, 1);
    agent_window_add(&stats->total, now, spans[IO_SPAN_TOTAL]);
    for (size_t i = 0; i < IO_SPANS; i++)
        agent_mean_add(&stats->means[i], now, spans[i]);
}

void agent_io_count_end(struct agent_coordinator *c, const struct agent_job_view *job)
{
    const uint64_t spans[IO_SPANS] = {
        [IO_SPAN_TOTAL] = job->timing.total_us, [IO_SPAN_QUEUE] = job->timing.queue_us,
        [IO_SPAN_LOAD] = job->timing.load_us,   [IO_SPAN_COMPUTE] = job->timing.compute_us,
        [IO_SPAN_COPY] = job->timing.copy_us,
    };
    int64_t now = c->step_us;
    count_model(c, job, spans);
    if (job->state != AGENT_JOB_DONE)
        return;
    agent_rate_add(&c->stats.done, now, 1);
    for (size_t i = 0; i < IO_SPANS; i++)
        agent_window_add(&c->stats.spans[i], now, spans[i]);
    if (job->agent[0] == '\0')
        return;
    struct io_agent_stats *stats =
        entry_of(&c->stats_by_agent, name_key(job->agent), sizeof(struct io_agent_stats));
    if (stats == NULL)
        return;
    snprintf(stats->name, sizeof stats->name, "%s", job->agent);
    agent_window_add(&stats->total, now, spans[IO_SPAN_TOTAL]);
    agent_rate_add(&stats->done, now, 1);
}
