#include "graph/model.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "onnx/onnx.h"

struct cx_model {
    struct cx_graph *graph;
    struct cx_tensor_info *inputs, *outputs; /* in the graph's arena */
    uint64_t weight_bytes;
};

static struct cx_tensor_info *describe(struct cx_graph *graph, const uint32_t *ids, uint32_t count)
{
    struct cx_tensor_info *infos = cx_arena_array(&graph->arena, count, sizeof *infos);
    for (uint32_t i = 0; infos != NULL && i < count; i++) {
        const struct cx_value *value = &graph->values[ids[i]];
        infos[i] = (struct cx_tensor_info){value->name, value->dtype, value->shape};
    }
    return infos;
}

/* Constants that nodes still read: those folded away don't count. */
static uint64_t count_weights(struct cx_graph *graph)
{
    uint64_t bytes = 0;
    bool *seen = cx_arena_array(&graph->arena, graph->value_count, sizeof *seen);
    for (uint32_t n = 0; seen != NULL && n < graph->node_count; n++) {
        const struct cx_node *node = &graph->nodes[n];
        for (uint32_t i = 0; i < node->input_count; i++) {
            uint32_t id = node->inputs[i];
            if (id == CX_VALUE_NONE || seen[id] || graph->values[id].data == NULL)
                continue;
            seen[id] = true;
            bytes += graph->values[id].bytes;
        }
    }
    return bytes;
}

/* What can be told before a plan gives the shapes: with every open dim at 1 the types and ranks are
 * already those of any run. Shapes that don't fit prove nothing then, unless all are declared. */
static enum cx_status check_types(const struct cx_graph *graph, const char *path,
                                  struct cx_error *err)
{
    struct cx_error why = {0};
    struct cx_graph *bound = NULL;
    bool open = false, unknown = false;
    struct cx_bind_input *inputs = calloc((size_t)graph->input_count + 1, sizeof *inputs);
    if (inputs == NULL)
        return cx_error_set(err, CX_MEMORY, "out of memory");
    for (uint32_t i = 0; i < graph->input_count; i++) {
        const struct cx_value *value = &graph->values[graph->inputs[i]];
        unknown = unknown || !value->rank_known;
        inputs[i].shape = value->shape;
        for (uint32_t d = 0; d < value->shape.rank; d++) {
            open = open || value->shape.dims[d] < 0;
            inputs[i].shape.dims[d] = value->shape.dims[d] < 0 ? 1 : value->shape.dims[d];
        }
    }
    enum cx_status status = CX_OK;
    if (!unknown)
        status = cx_graph_bind(graph, inputs, graph->input_count, NULL, &bound, &why);
    cx_graph_destroy(bound);
    free(inputs);
    if (open && status != CX_UNSUPPORTED && status != CX_TYPE && status != CX_MEMORY)
        return CX_OK;
    if (status != CX_OK) {
        const char *slash = strrchr(path, '/');
        cx_error_set(err, status, "%.200s: %s", slash != NULL ? slash + 1 : path, why.text);
    }
    return status;
}

enum cx_status cx_model_read(const char *path, struct cx_model **ret_model, struct cx_error *err)
{
    struct cx_model *model = calloc(1, sizeof *model);
    if (model == NULL)
        return cx_error_set(err, CX_MEMORY, "out of memory");
    enum cx_status status = cx_onnx_load(path, &model->graph, err);
    if (status != CX_OK)
        goto out;
    struct cx_graph *graph = model->graph;
    model->inputs = describe(graph, graph->inputs, graph->input_count);
    model->outputs = describe(graph, graph->outputs, graph->output_count);
    model->weight_bytes = count_weights(graph);
    if (model->inputs == NULL || model->outputs == NULL) {
        status = cx_error_set(err, CX_MEMORY, "out of memory");
        goto out;
    }
    *ret_model = model;
    model = NULL;
out:
    cx_model_destroy(model);
    return status;
}

enum cx_status cx_model_load(const char *path, struct cx_model **ret_model, struct cx_error *err)
{
    struct cx_model *model = NULL;
    enum cx_status status = cx_model_read(path, &model, err);
    if (status == CX_OK)
        status = check_types(model->graph, path, err);
    if (status == CX_OK)
        *ret_model = model;
    else
        cx_model_destroy(model);
    return status;
}

void cx_model_destroy(struct cx_model *model)
{
    if (model == NULL)
        return;
    cx_graph_destroy(model->graph);
    free(model);
}

const struct cx_graph *cx_model_graph(const struct cx_model *model)
{
    return model->graph;
}

size_t cx_model_input_count(const struct cx_model *model)
{
    return model->graph->input_count;
}

size_t cx_model_output_count(const struct cx_model *model)
{
    return model->graph->output_count;
}

const struct cx_tensor_info *cx_model_input(const struct cx_model *model, size_t i)
{
    return i < model->graph->input_count ? &model->inputs[i] : NULL;
}

const struct cx_tensor_info *cx_model_output(const struct cx_model *model, size_t i)
{
    return i < model->graph->output_count ? &model->outputs[i] : NULL;
}

uint64_t cx_model_weight_bytes(const struct cx_model *model)
{
    return model->weight_bytes;
}
