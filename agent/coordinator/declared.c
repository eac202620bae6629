#include "declared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/tensors.h"

struct declared_input {
    char *name;                 // ""
    char *dtype;                // NULL: any
    int rank;                   // -1: any
    int64_t dims[NET_RANK_MAX]; // -1: any
    uint8_t type;               // of `dtype`; 0 where that is none that can be sent
};

struct agent_declared {
    int count; // as declared: more than NET_TENSORS_MAX fit no job
    struct declared_input inputs[NET_TENSORS_MAX];
};

static bool read_input(const cJSON *item, struct declared_input *input)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "name"));
    const char *dtype = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "dtype"));
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(item, "shape");
    const cJSON *dim;
    input->name = strdup(name != NULL ? name : "");
    input->dtype = dtype != NULL ? strdup(dtype) : NULL;
    input->type = dtype != NULL ? agent_dtype_find(dtype) : 0;
    input->rank = -1;
    if (!cJSON_IsArray(shape))
        return input->name != NULL;
    input->rank = 0;
    cJSON_ArrayForEach(dim, shape)
    {
        double value = dim->valuedouble;
        if (input->rank < NET_RANK_MAX)
            input->dims[input->rank] = value >= 0 && value < 9e15 ? (int64_t)value : -1;
        input->rank++;
    }
    return input->name != NULL;
}

struct agent_declared *agent_declared_new(const cJSON *inputs)
{
    if (!cJSON_IsArray(inputs))
        return NULL;
    struct agent_declared *declared = calloc(1, sizeof *declared);
    const cJSON *item;
    bool ok = declared != NULL;
    cJSON_ArrayForEach(item, inputs)
    {
        if (ok && declared->count < NET_TENSORS_MAX)
            ok = read_input(item, &declared->inputs[declared->count]);
        if (ok)
            declared->count++;
    }
    if (ok)
        return declared;
    agent_declared_free(declared);
    return NULL;
}

void agent_declared_free(struct agent_declared *declared)
{
    if (declared == NULL)
        return;
    for (int i = 0; i < NET_TENSORS_MAX; i++) {
        free(declared->inputs[i].name);
        free(declared->inputs[i].dtype);
    }
    free(declared);
}

// The declared input that a tensor is meant for: by name, or by position where it has none.
static const struct declared_input *find_input(const struct agent_declared *declared,
                                               const struct net_tensor *tensor, int index)
{
    if (tensor->name.len == 0)
        return &declared->inputs[index];
    for (int i = 0; i < declared->count; i++) {
        if (net_text_equal(tensor->name, declared->inputs[i].name))
            return &declared->inputs[i];
    }
    return NULL;
}

static bool shape_fits(const struct net_tensor *tensor, const struct declared_input *input)
{
    if (input->rank < 0)
        return true;
    if (input->rank != tensor->rank)
        return false;
    for (int i = 0; i < input->rank; i++) {
        if (input->dims[i] >= 0 && input->dims[i] != tensor->dims[i])
            return false;
    }
    return true;
}

static enum agent_status bad_shape(const struct declared_input *input, struct agent_error *err)
{
    char text[NET_RANK_MAX * 24 + 3] = "[";
    size_t used = 1;
    for (int i = 0; i < input->rank && i < NET_RANK_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%lld", i > 0 ? "," : "",
                                 (long long)input->dims[i]);
    return agent_error_set(err, AGENT_ERR_CORRUPT,
                           "input '%s' has the shape %s], where -1 is any number", input->name,
                           text);
}

enum agent_status agent_declared_fit(const struct agent_declared *declared,
                                     const struct net_tensor *list, size_t count,
                                     struct agent_error *err)
{
    if (count != (size_t)declared->count)
        return agent_error_set(err, AGENT_ERR_CORRUPT, "the model has %d inputs, not %zu",
                               declared->count, count);
    for (int i = 0; i < declared->count; i++) {
        const struct net_tensor *tensor = &list[i];
        const struct declared_input *input = find_input(declared, tensor, i);
        if (input == NULL)
            return agent_error_set(err, AGENT_ERR_CORRUPT, "the model has no input named '%.*s'",
                                   (int)tensor->name.len, tensor->name.data);
        const char *dtype = agent_dtype_name(tensor->dtype);
        if (input->dtype != NULL && (input->type == 0 || input->type != tensor->dtype))
            return agent_error_set(err, AGENT_ERR_CORRUPT, "input '%s' is %s, not %s", input->name,
                                   input->dtype, dtype != NULL ? dtype : "of that type");
        if (!shape_fits(tensor, input))
            return bad_shape(input, err);
    }
    return AGENT_OK;
}
