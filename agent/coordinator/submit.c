// What every submission goes through, whichever way it came: its model, its inputs' shapes, and the
// bytes that are kept of it.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/io.h"

// A model's declared inputs, under the beginning of its hash.
struct io_declared {
    uint8_t hash[AGENT_HASH_SIZE];
    struct agent_declared *inputs;
};

static uint64_t key_of(const uint8_t *hash)
{
    uint64_t key;
    memcpy(&key, hash, sizeof key);
    return key;
}

static void declared_free(struct io_declared *declared)
{
    if (declared == NULL)
        return;
    agent_declared_free(declared->inputs);
    free(declared);
}

void agent_io_shapes_set(struct agent_coordinator *c, const char *hex, cJSON *shapes)
{
    struct io_declared *declared = calloc(1, sizeof *declared);
    if (declared != NULL && agent_io_hash_parse(hex, declared->hash))
        declared->inputs = agent_declared_new(cJSON_GetObjectItemCaseSensitive(shapes, "inputs"));
    cJSON_AddItemToObject(c->shapes, hex, shapes);
    if (declared == NULL || declared->inputs == NULL) {
        declared_free(declared);
        return;
    }
    uint64_t key = key_of(declared->hash);
    declared_free(agent_idmap_remove(&c->declared, key));
    if (!agent_idmap_put(&c->declared, key, declared))
        declared_free(declared);
}

void agent_io_shapes_free(struct agent_coordinator *c)
{
    for (size_t i = 0; i < c->declared.capacity; i++)
        declared_free(c->declared.entries[i].value);
    agent_idmap_finish(&c->declared);
    cJSON_Delete(c->shapes);
    c->shapes = NULL;
}

const struct agent_model *agent_io_find_model(const struct agent_coordinator *c, const char *name,
                                              uint32_t version, struct io_refusal *ret_refusal)
{
    const struct agent_model *model = agent_model_set_find(c->models, name, version);
    if (model != NULL)
        return model;
    *ret_refusal = (struct io_refusal){.code = "not_found", .hint = "stoker models lists them"};
    if (agent_model_set_find(c->models, name, 0) != NULL)
        snprintf(ret_refusal->text, sizeof ret_refusal->text, "model '%s' has no version %" PRIu32,
                 name, version);
    else
        snprintf(ret_refusal->text, sizeof ret_refusal->text, "no model named '%s'", name);
    return NULL;
}

bool agent_io_model_valid(const struct agent_model *model, struct io_refusal *ret_refusal)
{
    if (model->error[0] == '\0')
        return true;
    *ret_refusal =
        (struct io_refusal){.code = "unavailable", .hint = "repair it in the model repository"};
    snprintf(ret_refusal->text, sizeof ret_refusal->text,
             "model '%s:%" PRIu32 "' is invalid: %.300s", model->name, model->version,
             model->error);
    return false;
}

bool agent_io_submit_fits(const struct agent_coordinator *c, const struct agent_model *model,
                          const struct net_tensor *list, size_t count,
                          struct io_refusal *ret_refusal)
{
    struct agent_error err = {0};
    const struct io_declared *declared = agent_idmap_get(&c->declared, key_of(model->hash));
    if (declared == NULL || memcmp(declared->hash, model->hash, sizeof declared->hash) != 0 ||
        agent_declared_fit(declared->inputs, list, count, &err) == AGENT_OK)
        return true;
    *ret_refusal = (struct io_refusal){.code = "wrong_input",
                                       .hint = "stoker models shows what a model takes"};
    snprintf(ret_refusal->text, sizeof ret_refusal->text, "%s", err.text);
    return false;
}

struct agent_blob *agent_io_submit_input(struct agent_coordinator *c,
                                         const struct agent_model *model,
                                         const struct io_inputs *inputs, uint8_t priority)
{
    struct net_dispatch dispatch;
    dispatch.ref = (struct net_job_ref){.job = 1, .epoch = c->epoch, .attempt = 1};
    dispatch.deadline_ms = 0;
    // On this link the higher number goes first.
    dispatch.priority = (uint8_t)(AGENT_PRIORITIES - 1 - priority);
    dispatch.model = net_text_of(model->name);
    dispatch.model_version = model->version;
    memcpy(dispatch.model_hash, model->hash, sizeof dispatch.model_hash);
    dispatch.packed = inputs->packed;
    dispatch.n_inputs = inputs->count;
    if (inputs->packed.len == 0)
        memcpy(dispatch.inputs, inputs->list, inputs->count * sizeof *inputs->list);
    net_buf_reset(&c->encoded);
    if (net_dispatch_encode(&c->encoded, &dispatch, NULL) != NET_OK)
        return NULL;
    return agent_blob_new(c->encoded.data + NET_FRAME_HEADER_SIZE,
                          c->encoded.len - NET_FRAME_HEADER_SIZE);
}

// What is in a job, as a DISPATCH of it has it.
static bool content_of(const uint8_t *model_hash, const struct agent_blob *input,
                       uint8_t ret_key[AGENT_RESPONSE_KEY_SIZE])
{
    struct net_dispatch dispatch;
    struct net_frame frame = {
        .type = NET_MSG_DISPATCH, .len = (uint32_t)input->size, .body = input->bytes};
    return net_dispatch_decode(&frame, &dispatch, NULL) == NET_OK &&
           agent_response_key(model_hash, dispatch.packed.data, dispatch.packed.len, ret_key);
}

struct io_content *agent_io_content_ask(struct agent_coordinator *c,
                                        const struct agent_model *model,
                                        const struct agent_blob *input, struct agent_submit *submit)
{
    uint8_t key[AGENT_RESPONSE_KEY_SIZE];
    if (input != NULL && agent_coord_poison_of(c->core, model->hash) &&
        content_of(model->hash, input, key))
        submit->content = (const uint8_t *)agent_io_scratch(c, (const char *)key, sizeof key);
    if (!model->cache_responses || c->settings.response_bytes_max == 0 || input == NULL)
        return NULL;
    struct io_content *content = calloc(1, sizeof *content);
    if (content == NULL || !content_of(model->hash, input, content->key)) {
        free(content);
        return NULL;
    }
    content->output = agent_response_cache_get(c->responses, content->key);
    submit->cached = content->output != NULL;
    submit->output_bytes = submit->cached ? content->output->size : 0;
    return content;
}

void agent_io_poisoned(struct agent_coordinator *c, uint64_t id)
{
    uint8_t key[AGENT_RESPONSE_KEY_SIZE];
    struct agent_job_view view;
    const struct io_job *job = agent_io_job(c, id);
    if (job == NULL || job->input == NULL || !agent_coord_job(c->core, id, &view) ||
        !content_of(view.hash, job->input, key))
        return;
    // Getting the event may take a step, which ends what the view points to.
    uint8_t hash[AGENT_HASH_SIZE];
    memcpy(hash, view.hash, sizeof hash);
    struct agent_event *event = agent_io_event(c, AGENT_EVENT_POISON);
    event->poison.job = id;
    event->poison.model = (const uint8_t *)agent_io_scratch(c, (const char *)hash, sizeof hash);
    event->poison.content = (const uint8_t *)agent_io_scratch(c, (const char *)key, sizeof key);
}

void agent_io_content_keep(struct agent_coordinator *c, const struct io_job *job)
{
    if (job->content != NULL && job->content->output == NULL && job->output != NULL)
        agent_response_cache_put(c->responses, job->content->key, job->output);
}

void agent_io_content_free(struct io_content *content)
{
    if (content != NULL)
        agent_blob_unref(content->output);
    free(content);
}

uint32_t agent_io_rows_of(const struct net_tensor *first)
{
    if (first->rank == 0 || first->dims[0] < 0)
        return 1;
    return first->dims[0] > UINT32_MAX ? UINT32_MAX : (uint32_t)first->dims[0];
}
