// The agents that take work, ranked by what the strategy in force goes by: a heap, kept up to date
// with every change of what an agent holds, whose array is a list of the open ones as well; and a
// bit for each open slot, to go through them in turn.
#include "coord_index.h"

#include <stdlib.h>

#include "agent/core/coord/coord_internal.h"

#define WORD_BITS 64
#define TURN_BITS 20 // of a key: among equals the one that was picked longest ago comes first

int64_t agent_coord_agent_wait_us(const struct coord_agent *agent)
{
    return agent->n_devices > 1 ? agent->backlog_us / agent->n_devices : agent->backlog_us;
}

static int64_t key_of(const struct agent_coord *core, const struct coord_agent *agent)
{
    int64_t load = 0;
    if (core->strategy->order == AGENT_ORDER_TIME)
        load = agent_coord_agent_wait_us(agent) +
               (((int64_t)core->rank_job_us * agent->slowness) >> COORD_SLOWNESS_SHIFT);
    else if (agent->credit > 0)
        load = ((int64_t)agent_coord_agent_holds(agent) << 12) / agent->credit;
    return (load << TURN_BITS) + (int64_t)(agent->picked_turn & ((1u << TURN_BITS) - 1));
}

void agent_coord_index_update(struct agent_coord *core, struct coord_agent *agent)
{
    bool was_open = agent_heap_has(&agent->rank);
    uint64_t bit = UINT64_C(1) << agent->slot % WORD_BITS;
    if (agent->open) {
        core->open_bits[agent->slot / WORD_BITS] |= bit;
        int64_t key = key_of(core, agent);
        if (!was_open || key != agent_heap_key(&core->ranks, &agent->rank))
            agent_heap_set(&core->ranks, &agent->rank, key);
    } else if (was_open) {
        core->open_bits[agent->slot / WORD_BITS] &= ~bit;
        agent_heap_remove(&core->ranks, &agent->rank);
    }
    core->open_agents = core->ranks.count;
}

void agent_coord_index_rebuild(struct agent_coord *core)
{
    for (uint32_t slot = 0; slot < core->n_agents; slot++) {
        if (core->agents[slot] != NULL)
            agent_coord_index_update(core, core->agents[slot]);
    }
}

struct coord_agent *agent_coord_index_at(const struct agent_coord *core, uint32_t at)
{
    return AGENT_CONTAINER(core->ranks.entries[at].node, struct coord_agent, rank);
}

bool agent_coord_index_next(const struct agent_coord *core, uint32_t from, uint32_t *ret_slot)
{
    for (uint32_t word = from / WORD_BITS; word * WORD_BITS < core->n_agents; word++) {
        uint64_t bits = core->open_bits[word];
        if (word == from / WORD_BITS)
            bits &= ~UINT64_C(0) << from % WORD_BITS;
        if (bits == 0)
            continue;
        *ret_slot = word * WORD_BITS + (uint32_t)__builtin_ctzll(bits);
        return true;
    }
    return false;
}

bool agent_coord_index_create(struct agent_coord *core)
{
    core->open_bits = calloc(core->limits.agents_max / WORD_BITS + 1, sizeof *core->open_bits);
    return core->open_bits != NULL && agent_heap_reserve(&core->ranks, core->limits.agents_max);
}

void agent_coord_index_free(struct agent_coord *core)
{
    agent_heap_finish(&core->ranks);
    free(core->open_bits);
}

bool agent_coord_index_check(const struct agent_coord *core)
{
    uint32_t open = 0;
    for (uint32_t slot = 0; slot < core->n_agents; slot++) {
        const struct coord_agent *agent = core->agents[slot];
        uint32_t next = UINT32_MAX;
        bool has_bit = agent_coord_index_next(core, slot, &next) && next == slot;
        bool is_open = agent != NULL && agent->open;
        if (has_bit != is_open || (agent != NULL && agent_heap_has(&agent->rank) != is_open) ||
            (is_open && agent_heap_key(&core->ranks, &agent->rank) != key_of(core, agent)))
            return false;
        open += is_open;
    }
    return open == core->open_agents && open == core->ranks.count;
}
