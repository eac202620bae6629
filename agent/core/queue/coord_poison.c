// What jobs in quarantine were about: the same input of the same model under a new job would kill
// again, and again only after several agents. It is refused instead, until an operator has retried
// the job, the job is forgotten, or the model is another.
#include "coord_poison.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/planted.h"

#define META_PREFIX "poison:"
#define POISONS_MAX 256 // the oldest goes

struct coord_poison {
    uint8_t content[AGENT_HASH_SIZE], model[AGENT_HASH_SIZE];
    uint64_t job;
};

static void to_hex(const uint8_t *hash, char ret_hex[2 * AGENT_HASH_SIZE + 1])
{
    for (int i = 0; i < AGENT_HASH_SIZE; i++)
        snprintf(ret_hex + 2 * i, 3, "%02x", hash[i]);
}

static bool of_hex(const char *hex, uint8_t *ret_hash)
{
    for (int i = 0; i < AGENT_HASH_SIZE; i++) {
        unsigned byte;
        if (strspn(hex + 2 * i, "0123456789abcdef") < 2 || sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return false;
        ret_hash[i] = (uint8_t)byte;
    }
    return true;
}

// "poison:CONTENT" is MODEL:JOB, and nothing once it is refused no more.
static void append(struct agent_coord *core, const struct coord_poison *poison, bool there)
{
    char key[sizeof META_PREFIX + 2 * AGENT_HASH_SIZE] = META_PREFIX;
    char value[2 * AGENT_HASH_SIZE + 24] = "";
    to_hex(poison->content, key + sizeof META_PREFIX - 1);
    if (there) {
        to_hex(poison->model, value);
        snprintf(value + 2 * AGENT_HASH_SIZE, 24, ":%" PRIu64, poison->job);
    }
    agent_coord_append(core,
                       &(struct agent_record){.kind = AGENT_RECORD_META, .meta = {key, value}});
}

static void drop(struct agent_coord *core, uint32_t place)
{
    append(core, &core->poisons[place], false);
    memmove(&core->poisons[place], &core->poisons[place + 1],
            (--core->n_poisons - place) * sizeof *core->poisons);
}

static const struct coord_poison *find(const struct agent_coord *core, const uint8_t *content)
{
    for (uint32_t i = 0; i < core->n_poisons; i++) {
        if (memcmp(core->poisons[i].content, content, AGENT_HASH_SIZE) == 0)
            return &core->poisons[i];
    }
    return NULL;
}

static bool add(struct agent_coord *core, const struct coord_poison *poison)
{
    if (core->poisons == NULL)
        core->poisons = calloc(POISONS_MAX, sizeof *core->poisons);
    if (core->poisons == NULL || find(core, poison->content) != NULL)
        return false;
    if (core->n_poisons == POISONS_MAX)
        drop(core, 0);
    core->poisons[core->n_poisons++] = *poison;
    return true;
}

void agent_coord_poison(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_poison poison = {.job = event->poison.job};
    memcpy(poison.content, event->poison.content, AGENT_HASH_SIZE);
    memcpy(poison.model, event->poison.model, AGENT_HASH_SIZE);
    if (add(core, &poison))
        append(core, &poison, true);
}

void agent_coord_recover_poison(struct agent_coord *core, const char *key, const char *value)
{
    struct coord_poison poison;
    size_t prefix = sizeof META_PREFIX - 1;
    if (strncmp(key, META_PREFIX, prefix) != 0 || !of_hex(key + prefix, poison.content) ||
        !of_hex(value, poison.model) || value[2 * AGENT_HASH_SIZE] != ':')
        return;
    poison.job = strtoull(value + 2 * AGENT_HASH_SIZE + 1, NULL, 10);
    if (poison.job != 0)
        add(core, &poison);
}

bool agent_coord_is_poison(struct agent_coord *core, const struct agent_event *event)
{
    const struct agent_submit *submit = &event->submit;
    const struct coord_poison *poison =
        submit->content != NULL ? find(core, submit->content) : NULL;
    if (poison == NULL || submit->retry_of != 0 || AGENT_PLANTED(POISON_AGAIN))
        return false;
    agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, 0,
                      "poisoned: job %" PRIu64 " had the same input, killed executors with it and "
                      "is in quarantine: stoker retry %" PRIu64,
                      poison->job, poison->job);
    return true;
}

void agent_coord_poison_forget(struct agent_coord *core, uint64_t job)
{
    for (uint32_t i = core->n_poisons; i-- > 0;) {
        if (core->poisons[i].job == job)
            drop(core, i);
    }
}

bool agent_coord_poison_of(const struct agent_coord *core, const uint8_t *model)
{
    for (uint32_t i = 0; i < core->n_poisons; i++) {
        if (memcmp(core->poisons[i].model, model, AGENT_HASH_SIZE) == 0)
            return true;
    }
    return false;
}
