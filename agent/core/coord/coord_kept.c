// Ended jobs: the newest are whole, for consoles and for who waits; of the others stays what
// retention and idempotency need. The ledger has all of them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/queue/coord_poison.h"

#define FORGET_IDS 256  // of one record
#define RETAIN_MAX 8192 // jobs forgotten at one time, so that no step takes long

// ---- keys

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static void sip_rounds(uint64_t v[4], int rounds)
{
    for (int i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

// SipHash-2-4 of 128 bits over tenant and key: two have the same one never, not even where somebody
// tries, so that it stands for the key itself.
static struct coord_key key_of(const struct agent_coord *core, const char *tenant, const char *text)
{
    char key[AGENT_NAME_MAX + AGENT_KEY_MAX + 2]; // no tenant has a line's end in its name
    int printed = snprintf(key, sizeof key, "%s\n%s", agent_coord_tenant_name(tenant), text);
    size_t len = printed < (int)sizeof key ? (size_t)printed : sizeof key - 1;
    uint64_t k0 = core->limits.seed, k1 = core->limits.seed2;
    uint64_t v[4] = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du ^ 0xee,
                     k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u};
    uint64_t word;
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        memcpy(&word, key + i, 8);
        v[3] ^= word;
        sip_rounds(v, 2);
        v[0] ^= word;
    }
    word = 0;
    memcpy(&word, key + i, len - i);
    word |= (uint64_t)len << 56;
    v[3] ^= word;
    sip_rounds(v, 2);
    v[0] ^= word;
    v[2] ^= 0xee;
    sip_rounds(v, 4);
    struct coord_key hash = {.low = v[0] ^ v[1] ^ v[2] ^ v[3]};
    v[1] ^= 0xdd;
    sip_rounds(v, 4);
    hash.high = v[0] ^ v[1] ^ v[2] ^ v[3];
    if (hash.low == 0)
        hash.low = 1; // 0 is no key
    return hash;
}

// ---- the compact ones: a ring, and a table from keys to places in it

static struct coord_kept *kept_at(const struct agent_coord *core, uint64_t place)
{
    return &core->kept_ring[place & (core->kept_room - 1)];
}

uint64_t agent_coord_kept_by_key(const struct agent_coord *core, const char *tenant,
                                 const char *key)
{
    if (core->kept_end == core->kept_begin)
        return 0;
    struct coord_key hash = key_of(core, tenant, key);
    uintptr_t place = (uintptr_t)agent_idmap_get(&core->kept_keys, hash.low);
    if (place == 0)
        return 0;
    const struct coord_kept *kept = kept_at(core, place);
    return kept->key.high == hash.high ? kept->id : 0;
}

static bool has_room(struct agent_coord *core)
{
    if (core->kept_end - core->kept_begin < core->kept_room)
        return true;
    size_t room = core->kept_room == 0 ? 1024 : core->kept_room * 2;
    struct coord_kept *ring = malloc(room * sizeof *ring);
    if (ring == NULL)
        return false;
    for (uint64_t place = core->kept_begin; place != core->kept_end; place++)
        ring[place & (room - 1)] = *kept_at(core, place);
    free(core->kept_ring);
    core->kept_ring = ring;
    core->kept_room = room;
    return true;
}

static bool keep(struct agent_coord *core, const struct agent_kept_record *record)
{
    struct coord_kept kept = {
        .id = record->id, .finished_us = record->finished_us, .output_bytes = record->output_bytes};
    if (!has_room(core))
        return false;
    if (record->key[0] != '\0') {
        kept.key = key_of(core, record->tenant, record->key);
        if (!agent_idmap_put(&core->kept_keys, kept.key.low,
                             (void *)(uintptr_t)core->kept_end)) // places begin at 1
            return false;
    }
    *kept_at(core, core->kept_end++) = kept;
    return true;
}

void agent_coord_recover_kept(struct agent_coord *core, const struct agent_kept_record *record)
{
    if (!keep(core, record))
        return;
    core->output_bytes += record->output_bytes;
    if (record->id >= core->next_job)
        core->next_job = record->id + 1;
}

// NULL: none, or it ended in this very step, after which it is looked at.
static struct coord_job *oldest_told(const struct agent_coord *core)
{
    struct coord_job *oldest = TAILQ_FIRST(&core->kept);
    return oldest != NULL && oldest->not_before_us != core->now_us ? oldest : NULL;
}

static void compact(struct agent_coord *core)
{
    struct coord_job *oldest;
    while (core->n_where[COORD_ENDED] > core->limits.jobs_recent_max &&
           (oldest = oldest_told(core)) != NULL) {
        struct agent_kept_record record = {.id = oldest->id,
                                           .tenant = agent_coord_chars(oldest->tenant_name),
                                           .key = agent_coord_chars(oldest->key),
                                           .finished_us = oldest->finished_us,
                                           .output_bytes = oldest->output_bytes};
        if (!keep(core, &record))
            return; // without memory for it the whole one stays
        agent_coord_job_leave(core, oldest);
        agent_coord_job_free(core, oldest);
    }
}

// ---- retention

struct forgetting {
    struct agent_coord *core;
    uint64_t ids[FORGET_IDS];
    uint32_t count;
};

static void tell(struct forgetting *forgetting)
{
    if (forgetting->count == 0)
        return;
    agent_coord_append(
        forgetting->core,
        &(struct agent_record){.kind = AGENT_RECORD_FORGET,
                               .forget = {.ids = forgetting->ids, .count = forgetting->count}});
    forgetting->count = 0;
}

static void forget(struct forgetting *forgetting, uint64_t id)
{
    if (forgetting->count == FORGET_IDS)
        tell(forgetting);
    forgetting->ids[forgetting->count++] = id;
    agent_coord_poison_forget(forgetting->core, id);
    agent_coord_act(forgetting->core,
                    &(struct agent_action){.kind = AGENT_ACTION_FORGET, .id = id});
}

static bool keeps_too_much(const struct agent_coord *core, int64_t oldest_us)
{
    return agent_coord_kept_count(core) > core->limits.jobs_kept_max ||
           core->output_bytes > core->limits.output_bytes_max ||
           core->now_us - oldest_us > core->limits.kept_us;
}

static void drop_kept(struct agent_coord *core, struct coord_kept *kept)
{
    core->output_bytes -= kept->output_bytes;
    if (kept->key.low != 0 &&
        (uintptr_t)agent_idmap_get(&core->kept_keys, kept->key.low) == (uintptr_t)core->kept_begin)
        agent_idmap_remove(&core->kept_keys, kept->key.low);
    core->kept_begin++;
}

uint32_t agent_coord_kept_count(const struct agent_coord *core)
{
    return core->n_where[COORD_ENDED] + (uint32_t)(core->kept_end - core->kept_begin);
}

void agent_coord_retain(struct agent_coord *core)
{
    struct forgetting forgetting = {.core = core};
    compact(core);
    for (uint32_t i = 0; core->ledger_ok && i < RETAIN_MAX; i++) {
        uint64_t id;
        if (core->kept_begin != core->kept_end) {
            struct coord_kept *oldest = kept_at(core, core->kept_begin);
            if (!keeps_too_much(core, oldest->finished_us))
                break;
            id = oldest->id;
            drop_kept(core, oldest);
        } else {
            struct coord_job *oldest = oldest_told(core);
            if (oldest == NULL || !keeps_too_much(core, oldest->finished_us))
                break;
            id = oldest->id;
            core->output_bytes -= oldest->output_bytes;
            agent_coord_job_leave(core, oldest);
            agent_coord_job_free(core, oldest);
        }
        forget(&forgetting, id);
    }
    tell(&forgetting);
}

// ---- for tests

uint64_t agent_coord_kept_bytes(const struct agent_coord *core)
{
    uint64_t bytes = 0;
    for (uint64_t place = core->kept_begin; place != core->kept_end; place++)
        bytes += kept_at(core, place)->output_bytes;
    return bytes;
}

void agent_coord_kept_finish(struct agent_coord *core)
{
    free(core->kept_ring);
    agent_idmap_finish(&core->kept_keys);
}
