#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_refusal.h"
#include "agent/core/placement/coord_speed.h"
#include "agent/core/planted.h"

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

void agent_coord_model_free(struct coord_model *model)
{
    if (model == NULL)
        return;
    agent_coord_text_unref(model->name);
    for (uint32_t slot = 0; slot < model->on_room; slot++)
        agent_coord_refusal_clear(&model->on[slot]);
    free(model->on);
    free(model->holders);
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
        if (core->models[i] == NULL || (core->models[i]->refs == 0 && core->models[i]->pins == 0)) {
            if (core->models[i] != NULL) {
                agent_coord_flows_free_model(core, core->models[i]);
                agent_idmap_remove(&core->by_hash, hash_key(core->models[i]->hash));
                agent_coord_residency_drop(core, core->models[i]);
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
    enum agent_model_state before = agent_coord_model_state_on(model, agent->slot);
    enum agent_model_state state = event->model.state;
    bool resident = state == AGENT_MODEL_RESIDENT;
    if (resident)
        agent_coord_speed_loaded(core, agent, model, event->model.load_us);
    if (!agent_coord_residency_set(core, agent, model, state))
        return;
    if (resident)
        agent_coord_residency_bytes(core, agent, model, event->model.bytes);
    if (resident)
        agent_coord_refusal_clear(&model->on[agent->slot]);
    else if (state == AGENT_MODEL_FAILED)
        agent_coord_refusal_set(&model->on[agent->slot], event->model.code, event->model.text);
    if (before == state)
        return;
    bool was_resident = before == AGENT_MODEL_RESIDENT;
    if (!AGENT_PLANTED(BLOCKED_FOR_EVER))
        core->world++;
    if (resident)
        agent_coord_pin_arrived(core, agent, model);
    const char *name = agent_coord_chars(agent->name);
    if (event->model.state == AGENT_MODEL_RESIDENT)
        agent_coord_notice(core, AGENT_NOTICE_MODEL_LOADED, AGENT_NOTICE_INFO, name, 0, "%s:%u",
                           agent_coord_chars(model->name), model->version);
    else if (event->model.state == AGENT_MODEL_FAILED)
        agent_coord_notice(core, AGENT_NOTICE_MODEL_INVALID, AGENT_NOTICE_WARNING, name, 0,
                           "%s:%u can't be loaded there: %s", agent_coord_chars(model->name),
                           model->version, event->model.text);
    else if (was_resident && ++core->caches.model_evictions > 0)
        agent_coord_notice(core, AGENT_NOTICE_MODEL_EVICTED, AGENT_NOTICE_INFO, name, 0, "%s:%u",
                           agent_coord_chars(model->name), model->version);
}
