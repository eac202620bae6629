#include <stdlib.h>
#include <string.h>

#include "agent/core/coord_internal.h"
#include "agent/core/coord_speed.h"

static uint64_t hash_key(const uint8_t *hash)
{
    uint64_t key;
    memcpy(&key, hash, sizeof key); // SHA-256: any eight bytes are as good as a hash of it
    return key;
}

struct coord_model *agent_coord_model_find(const struct agent_coord *core, const uint8_t *hash)
{
    struct coord_model *model = agent_idmap_get(&core->by_hash, hash_key(hash));
    if (model == NULL || memcmp(model->hash, hash, AGENT_HASH_SIZE) != 0)
        return NULL;
    return model;
}

const struct coord_on *agent_coord_on(const struct coord_model *model, uint32_t slot)
{
    return slot < model->on_room ? &model->on[slot] : NULL;
}

struct coord_on *agent_coord_on_get(struct coord_model *model, uint32_t slot)
{
    if (slot >= model->on_room) {
        uint32_t room = model->on_room == 0 ? 8 : model->on_room;
        while (room <= slot)
            room *= 2;
        struct coord_on *on = realloc(model->on, room * sizeof *on);
        if (on == NULL)
            return NULL;
        memset(on + model->on_room, 0, (room - model->on_room) * sizeof *on);
        model->on = on;
        model->on_room = room;
    }
    return &model->on[slot];
}

enum agent_model_state agent_coord_model_state_on(const struct coord_model *model, uint32_t slot)
{
    const struct coord_on *on = agent_coord_on(model, slot);
    return on != NULL ? (enum agent_model_state)on->state : AGENT_MODEL_UNKNOWN;
}

void agent_coord_model_free(struct coord_model *model)
{
    if (model == NULL)
        return;
    agent_coord_text_unref(model->name);
    free(model->on);
    free(model);
}

// The place of a model that no job refers to any more, or a new one.
static bool find_place(struct agent_coord *core, uint32_t *ret_place)
{
    if (core->n_models < core->limits.models_max) {
        *ret_place = core->n_models++;
        return true;
    }
    for (uint32_t i = 0; i < core->n_models; i++) {
        if (core->models[i] == NULL || core->models[i]->refs == 0) {
            if (core->models[i] != NULL) {
                agent_coord_flows_free_model(core, core->models[i]);
                agent_idmap_remove(&core->by_hash, hash_key(core->models[i]->hash));
            }
            agent_coord_model_free(core->models[i]);
            core->models[i] = NULL;
            *ret_place = i;
            return true;
        }
    }
    return false;
}

struct coord_model *agent_coord_model_get(struct agent_coord *core, const char *name,
                                          uint32_t version, const uint8_t *hash)
{
    struct coord_model *model = agent_idmap_get(&core->by_hash, hash_key(hash));
    if (model != NULL)
        return memcmp(model->hash, hash, AGENT_HASH_SIZE) == 0 ? model : NULL;
    uint32_t place;
    if (!find_place(core, &place))
        return NULL;
    model = calloc(1, sizeof *model);
    if (model == NULL)
        return NULL;
    model->name = agent_coord_text_new(name);
    if (model->name == NULL || !agent_idmap_put(&core->by_hash, hash_key(hash), model)) {
        agent_coord_model_free(model);
        return NULL;
    }
    model->version = version;
    memcpy(model->hash, hash, AGENT_HASH_SIZE);
    model->number = ++core->next_model;
    LIST_INIT(&model->flows);
    core->models[place] = model;
    return model;
}

void agent_coord_model_state(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_agent *agent = agent_coord_agent_by_link(core, event->link);
    struct coord_model *model = agent_coord_model_find(core, event->model.hash);
    if (agent == NULL || model == NULL)
        return;
    struct coord_on *on = agent_coord_on_get(model, agent->slot);
    if (on == NULL)
        return;
    bool resident = event->model.state == AGENT_MODEL_RESIDENT;
    on->bytes = resident ? event->model.bytes : 0;
    if (resident && event->model.bytes != 0)
        model->bytes = event->model.bytes;
    if (on->state == event->model.state)
        return;
    bool was_resident = on->state == AGENT_MODEL_RESIDENT;
    on->state = (uint8_t)event->model.state;
    if (resident)
        agent_coord_speed_loaded(core, agent, model, event->model.load_us);
    core->world++;
    const char *name = agent_coord_chars(agent->name);
    if (event->model.state == AGENT_MODEL_RESIDENT)
        agent_coord_notice(core, AGENT_NOTICE_MODEL_LOADED, AGENT_NOTICE_INFO, name, 0, "%s:%u",
                           agent_coord_chars(model->name), model->version);
    else if (event->model.state == AGENT_MODEL_FAILED)
        agent_coord_notice(core, AGENT_NOTICE_MODEL_INVALID, AGENT_NOTICE_WARNING, name, 0,
                           "%s:%u can't be loaded there: %s", agent_coord_chars(model->name),
                           model->version, event->model.text);
    else if (was_resident)
        agent_coord_notice(core, AGENT_NOTICE_MODEL_EVICTED, AGENT_NOTICE_INFO, name, 0, "%s:%u",
                           agent_coord_chars(model->name), model->version);
}

// What was measured stays: the same agent comes back as fast as it was.
static void forget_on(struct coord_model *model, uint32_t slot)
{
    if (slot >= model->on_room)
        return;
    model->on[slot].state = AGENT_MODEL_UNKNOWN;
    model->on[slot].bytes = 0;
}

void agent_coord_model_forget_agent(struct agent_coord *core, uint32_t slot)
{
    for (uint32_t i = 0; i < core->n_models; i++) {
        if (core->models[i] != NULL)
            forget_on(core->models[i], slot);
    }
}
