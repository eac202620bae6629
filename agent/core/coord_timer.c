// A binary heap of jobs by the time at which something happens to them by itself.
#include <stdlib.h>

#include "agent/core/coord_internal.h"

bool agent_coord_timer_reserve(struct agent_coord *core, size_t count)
{
    if (count <= core->heap_room)
        return true;
    size_t room = core->heap_room == 0 ? 256 : core->heap_room;
    while (room < count)
        room *= 2;
    struct coord_job **heap = realloc(core->heap, room * sizeof(struct coord_job *));
    if (heap == NULL)
        return false;
    core->heap = heap;
    core->heap_room = room;
    return true;
}

static void put(struct agent_coord *core, size_t i, struct coord_job *job)
{
    core->heap[i] = job;
    job->timer = i + 1;
}

static void settle(struct agent_coord *core, size_t i, struct coord_job *job)
{
    while (i > 0 && job->due_us < core->heap[(i - 1) / 2]->due_us) {
        put(core, i, core->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= core->heap_count)
            break;
        if (child + 1 < core->heap_count &&
            core->heap[child + 1]->due_us < core->heap[child]->due_us)
            child++;
        if (core->heap[child]->due_us >= job->due_us)
            break;
        put(core, i, core->heap[child]);
        i = child;
    }
    put(core, i, job);
}

void agent_coord_timer_clear(struct agent_coord *core, struct coord_job *job)
{
    if (job->timer == 0)
        return;
    size_t i = job->timer - 1;
    job->timer = 0;
    struct coord_job *last = core->heap[--core->heap_count];
    if (last != job)
        settle(core, i, last);
}

void agent_coord_timer_set(struct agent_coord *core, struct coord_job *job)
{
    int64_t due = job->deadline_us;
    if (job->where == COORD_DELAYED && (due == 0 || job->not_before_us < due))
        due = job->not_before_us;
    if (due == 0) {
        agent_coord_timer_clear(core, job);
        return;
    }
    job->due_us = due;
    if (job->timer != 0)
        settle(core, job->timer - 1, job);
    else
        settle(core, core->heap_count++, job);
}

struct coord_job *agent_coord_timer_due(const struct agent_coord *core)
{
    if (core->heap_count == 0 || core->heap[0]->due_us > core->now_us)
        return NULL;
    return core->heap[0];
}

int64_t agent_coord_backoff_us(struct agent_coord *core, uint32_t failures)
{
    int64_t wait = core->limits.backoff_us_min;
    for (uint32_t i = 1; i < failures && wait < core->limits.backoff_us_max; i++)
        wait *= 2;
    if (wait > core->limits.backoff_us_max)
        wait = core->limits.backoff_us_max;
    // xorshift64*: the core has no other source of chance than its seed.
    core->random ^= core->random >> 12;
    core->random ^= core->random << 25;
    core->random ^= core->random >> 27;
    uint64_t draw = core->random * 0x2545f4914f6cdd1du;
    return wait / 2 + (int64_t)(draw % (uint64_t)(wait / 2 + 1));
}
