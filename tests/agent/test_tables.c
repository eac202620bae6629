// The core's tables against plain ones, through many random changes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "agent/core/base/heap.h"
#include "agent/core/base/idpages.h"
#include "agent/core/base/names.h"
#include "agent/core/base/pace.h"
#include "agent/core/base/pool.h"

static uint32_t chance(uint32_t n)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % n;
}

// Ids rise, and go in another order: some stay for long.
Test(tables, ids_are_found_until_they_are_removed)
{
    enum { IDS = 20000 };
    static int things[IDS];
    static bool there[IDS];
    struct agent_idpages ids = {0};
    size_t count = 0;
    for (uint64_t next = 0; next < IDS; next++) {
        cr_assert(agent_idpages_put(&ids, next, &things[next]));
        there[next] = true;
        count++;
        for (int i = 0; i < 2; i++) {
            uint64_t id = next - chance(next < 300 ? (uint32_t)next + 1 : 300);
            cr_assert_eq(agent_idpages_get(&ids, id), there[id] ? &things[id] : NULL);
            if (!there[id])
                continue;
            agent_idpages_remove(&ids, id);
            there[id] = false;
            count--;
        }
    }
    for (uint64_t id = 0; id < IDS + 200; id++)
        cr_assert_eq(agent_idpages_get(&ids, id), id < IDS && there[id] ? &things[id] : NULL);
    cr_assert_eq(ids.count, count);
    for (uint64_t id = 0; id < IDS; id++) {
        if (there[id])
            agent_idpages_remove(&ids, id);
    }
    cr_assert_eq(ids.pages.count, 0, "pages are left");
    agent_idpages_finish(&ids);
}

struct thing {
    struct agent_heap_node node;
    int64_t key;
    bool in;
};

Test(tables, the_least_of_a_heap_is_first)
{
    enum { THINGS = 300 };
    static struct thing things[THINGS];
    struct agent_heap heap = {0};
    cr_assert(agent_heap_reserve(&heap, THINGS));
    for (int round = 0; round < 20000; round++) {
        struct thing *thing = &things[chance(THINGS)];
        if (thing->in && chance(3) == 0) {
            agent_heap_remove(&heap, &thing->node);
            thing->in = false;
        } else {
            thing->key = chance(1000) - 500;
            agent_heap_set(&heap, &thing->node, thing->key);
            thing->in = true;
        }
        int64_t least = INT64_MAX;
        uint32_t count = 0;
        for (int i = 0; i < THINGS; i++) {
            count += things[i].in;
            if (things[i].in && things[i].key < least)
                least = things[i].key;
            cr_assert_eq(things[i].in, agent_heap_has(&things[i].node));
            cr_assert(!things[i].in || agent_heap_key(&heap, &things[i].node) == things[i].key);
        }
        cr_assert_eq(heap.count, count);
        cr_assert(count == 0 || heap.entries[0].key == least);
    }
    agent_heap_finish(&heap);
}

struct bearer {
    struct agent_named named;
    char name[16];
    bool in;
};

Test(tables, names_are_found_until_they_are_removed)
{
    enum { BEARERS = 2000 };
    static struct bearer bearers[BEARERS];
    struct agent_names names = {.seed = 7};
    for (int i = 0; i < BEARERS; i++)
        snprintf(bearers[i].name, sizeof bearers[i].name, "agent-%d", i);
    for (int round = 0; round < 30000; round++) {
        struct bearer *bearer = &bearers[chance(BEARERS)];
        struct agent_named *found = agent_names_get(&names, bearer->name);
        cr_assert_eq(found, bearer->in ? &bearer->named : NULL);
        if (bearer->in) {
            agent_names_remove(&names, &bearer->named);
        } else {
            cr_assert(agent_names_reserve(&names));
            agent_names_put(&names, &bearer->named, bearer->name);
        }
        bearer->in = !bearer->in;
    }
    agent_names_finish(&names);
}

Test(tables, a_pool_gives_what_came_back_last_and_keeps_so_many)
{
    struct agent_pool pool = {.size = 40, .kept_max = 2};
    void *a = agent_pool_get(&pool), *b = agent_pool_get(&pool), *c = agent_pool_get(&pool);
    memset(a, 1, 40);
    agent_pool_put(&pool, a);
    agent_pool_put(&pool, b);
    agent_pool_put(&pool, c);
    cr_assert_eq(pool.kept, 2);
    cr_assert_eq(agent_pool_get(&pool), b);
    cr_assert_eq(agent_pool_get(&pool), a);
    agent_pool_put(&pool, a);
    agent_pool_put(&pool, b);
    agent_pool_finish(&pool);
}

Test(tables, a_pace_follows_and_fades)
{
    struct agent_pace pace = {0};
    int64_t now = 1000;
    cr_assert_eq(agent_pace_wait_us(&pace, now, 1, 1, 777), 777);
    for (int i = 0; i < 5000; i++, now += 1000) // 1,000 a second
        agent_pace_add(&pace, now, 1);
    uint64_t milli = agent_pace_milli(&pace, now);
    cr_assert(milli > 950000 && milli < 1050000, "%lu", (unsigned long)milli);
    cr_assert_leq(agent_pace_milli(&pace, now + 10000000), 25000); // nothing for ten seconds
    // So much that nobody should wait for it.
    cr_assert_eq(agent_pace_wait_us(&pace, now, UINT64_MAX / 2, 2, 1), AGENT_PACE_WAIT_US_MAX);
    cr_assert_eq(agent_pace_wait_us(&pace, now, 100000, 3, 1), AGENT_PACE_WAIT_US_MAX);
    int64_t first = agent_pace_wait_us(&pace, now, 10, 4, 1);
    cr_assert(first > 9000 && first < 11000, "%lld", (long long)first);
    cr_assert_eq(agent_pace_wait_us(&pace, now, 10, 4, 1), first); // the same asks again
    cr_assert_gt(agent_pace_wait_us(&pace, now, 10, 5, 1), first);
}

// At a gigabyte a second: those who come later are told to come back later, up to the longest wait.
Test(tables, a_pace_of_many_bytes_promises_later_and_later)
{
    struct agent_pace pace = {0};
    int64_t now = 1000000, last = 0;
    for (int i = 0; i < 8; i++, now += 250000)
        agent_pace_add(&pace, now, 250000000);
    for (uint64_t asker = 1; asker <= 1000; asker++) {
        int64_t wait = agent_pace_wait_us(&pace, now, 64u << 20, asker, 1);
        cr_assert_geq(wait, last, "asker %d waits %lld us", (int)asker, (long long)wait);
        last = wait;
    }
    cr_assert_eq(last, AGENT_PACE_WAIT_US_MAX);
}
