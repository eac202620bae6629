// Chance, the queue of events, and the record of what happened.
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

void sim_random_init(struct sim_random *random, uint64_t seed, enum sim_subject subject,
                     uint64_t index)
{
    random->state = mix(mix(seed) ^ mix(((uint64_t)subject + 1) << 32 | index));
}

uint64_t sim_random_bits(struct sim_random *random)
{
    random->state += 0x9e3779b97f4a7c15u;
    return mix(random->state);
}

uint32_t sim_chance(struct sim_random *random, uint32_t n)
{
    return n == 0 ? 0 : (uint32_t)((sim_random_bits(random) >> 32) * n >> 32);
}

int64_t sim_between(struct sim_random *random, int64_t low, int64_t high)
{
    return high <= low ? low
                       : low + (int64_t)(sim_random_bits(random) % (uint64_t)(high - low + 1));
}

void *sim_grow(void *list, size_t *room, size_t count, size_t size)
{
    if (count <= *room)
        return list;
    size_t grown = *room == 0 ? 16 : *room;
    while (grown < count)
        grown *= 2;
    list = realloc(list, grown * size);
    if (list == NULL) {
        fprintf(stderr, "sim: out of memory\n");
        exit(2);
    }
    memset((char *)list + *room * size, 0, (grown - *room) * size);
    *room = grown;
    return list;
}

// ---- the queue

static bool goes_before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void sim_at(struct sim *sim, int64_t at_us, sim_fire_fn *fire, uint64_t a, uint64_t b, uint64_t c)
{
    struct sim_queue *queue = &sim->queue;
    queue->heap = sim_grow(queue->heap, &queue->room, queue->count + 1, sizeof *queue->heap);
    struct sim_event event = {.at_us = at_us > sim->now_us ? at_us : sim->now_us,
                              .order = ++queue->order,
                              .fire = fire,
                              .a = a,
                              .b = b,
                              .c = c};
    size_t i = queue->count++;
    for (; i > 0 && goes_before(&event, &queue->heap[(i - 1) / 2]); i = (i - 1) / 2)
        queue->heap[i] = queue->heap[(i - 1) / 2];
    queue->heap[i] = event;
}

bool sim_queue_pop(struct sim_queue *queue, struct sim_event *ret_event)
{
    if (queue->count == 0)
        return false;
    *ret_event = queue->heap[0];
    struct sim_event last = queue->heap[--queue->count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= queue->count)
            break;
        if (child + 1 < queue->count && goes_before(&queue->heap[child + 1], &queue->heap[child]))
            child++;
        if (!goes_before(&queue->heap[child], &last))
            break;
        queue->heap[i] = queue->heap[child];
        i = child;
    }
    if (queue->count > 0)
        queue->heap[i] = last;
    return true;
}

// ---- what happened

void sim_mark(struct sim *sim, uint64_t a, uint64_t b)
{
    sim->result.hash =
        mix(sim->result.hash ^ mix(a) ^ (b * 0x100000001b3u) ^ (uint64_t)sim->now_us);
}

void sim_trace(struct sim *sim, const char *format, ...)
{
    if (!sim->is_trace)
        return;
    va_list args;
    va_start(args, format);
    printf("%11.6f ", (double)sim->now_us / 1e6);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
}

void sim_fail(struct sim *sim, const char *what, const char *format, ...)
{
    struct sim_result *result = &sim->result;
    if (result->has_failed)
        return;
    result->has_failed = true;
    result->what = what;
    char more[400];
    va_list args;
    va_start(args, format);
    vsnprintf(more, sizeof more, format, args);
    va_end(args);
    snprintf(result->text, sizeof result->text, "at %.6f s: %s%s%s", (double)sim->now_us / 1e6,
             what, more[0] != '\0' ? ": " : "", more);
    sim_trace(sim, "FAILED %s", result->text);
}

void sim_model_hash(uint32_t model, uint8_t ret_hash[AGENT_HASH_SIZE])
{
    uint64_t bits = mix(model + 1);
    memset(ret_hash, 0, AGENT_HASH_SIZE);
    memcpy(ret_hash, &bits, sizeof bits);
    ret_hash[AGENT_HASH_SIZE - 1] = (uint8_t)model;
}

const uint8_t *sim_poison_content(uint32_t model)
{
    static uint8_t contents[SIM_MODELS_MAX][AGENT_HASH_SIZE];
    memset(contents[model], (int)model + 1, AGENT_HASH_SIZE);
    return contents[model];
}

uint32_t sim_model_of_hash(const uint8_t *hash)
{
    return hash[AGENT_HASH_SIZE - 1];
}

// The names that agents' errors have on the wire.
const char *sim_error_name(uint32_t error)
{
    static const char *const names[] = {
        [WORKER_ERROR_NONE] = "",
        [WORKER_ERROR_INPUT] = "bad_input",
        [WORKER_ERROR_MODEL] = "bad_model",
        [WORKER_ERROR_UNSUPPORTED] = "unsupported",
        [WORKER_ERROR_NO_MODEL] = "no_model",
        [WORKER_ERROR_MEMORY] = "no_memory",
        [WORKER_ERROR_DEVICE] = "device",
        [WORKER_ERROR_DIED] = "executor_died",
        [WORKER_ERROR_HUNG] = "executor_hung",
        [WORKER_ERROR_DRAINING] = "draining",
        [WORKER_ERROR_INTERNAL] = "internal",
        [WORKER_ERROR_STOPPED] = "internal",
    };
    return names[error];
}
