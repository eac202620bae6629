/* From the unpacked message to a graph. */
#include <string.h>

#include "error.h"
#include "graph/names.h"
#include "graph/simplify.h"
#include "graph/weight.h"
#include "onnx/internal.h"
#include "onnx/onnx.h"
#include "ops/op.h"

struct builder {
    const struct onnx_source *source;
    const Onnx__Model *model;
    struct cx_graph *graph;
    struct cx_names names;
    struct cx_error *error;
};

enum cx_status cx_onnx_check_name(const char *name, const char *what, struct cx_error *error)
{
    size_t len = strnlen(name, CX_ONNX_NAME_MAX + 1);
    if (len > CX_ONNX_NAME_MAX)
        return cx_error_set(error, CX_LIMIT, "the name of a %s is longer than %d bytes", what,
                            CX_ONNX_NAME_MAX);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return cx_error_set(error, CX_FORMAT, "the name of a %s has a control character", what);
    return CX_OK;
}

static enum cx_status no_memory(const struct builder *b)
{
    return cx_error_set(b->error, CX_MEMORY, "out of memory");
}

static const char *text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* "" and "ai.onnx" are the same domain. */
static const char *domain_name(const char *domain)
{
    domain = text_or_empty(domain);
    return strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}

/* 0 when the file imports none of that domain. */
static int32_t find_opset(const Onnx__Model *model, const char *domain)
{
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const Onnx__OperatorSetId *import = model->opset_import[i];
        if (strcmp(domain_name(import->domain), domain) == 0)
            return import->version > 0 && import->version <= INT32_MAX ? (int32_t)import->version
                                                                       : 0;
    }
    /* Files before IR version 3 don't import, and mean the first. */
    return model->n_opset_import == 0 ? 1 : 0;
}

/* Adds a value that nothing of that name exists for yet. */
static enum cx_status define(struct builder *b, const char *name, const char *what,
                             uint32_t *ret_value)
{
    enum cx_status status = cx_onnx_check_name(name, what, b->error);
    if (status != CX_OK)
        return status;
    if (cx_names_find(&b->names, name) != CX_VALUE_NONE)
        return cx_error_set(b->error, CX_FORMAT, "the %s '%s' is defined twice", what, name);
    status = cx_graph_add_value(b->graph, name, ret_value);
    if (status == CX_OK)
        status = cx_names_add(&b->names, b->graph->values[*ret_value].name, *ret_value);
    return status == CX_OK ? CX_OK : no_memory(b);
}

static enum cx_status build_initializers(struct builder *b, const Onnx__Graph *proto)
{
    for (size_t i = 0; i < proto->n_initializer; i++) {
        uint32_t id;
        struct cx_tensor tensor;
        const char *name = text_or_empty(proto->initializer[i]->name);
        enum cx_status status = define(b, name, "initializer", &id);
        if (status == CX_OK)
            status = cx_onnx_decode_tensor(b->source, proto->initializer[i], name, &tensor);
        if (status != CX_OK)
            return status;
        struct cx_value *value = &b->graph->values[id];
        value->dtype = tensor.dtype;
        value->shape = tensor.shape;
        value->shape_known = value->rank_known = true;
        value->data = tensor.data;
        /* Two tensors may name the same bytes of a file. */
        bool in_file = cx_onnx_in_file(b->source->owner, tensor.data);
        value->data_private = proto->initializer[i]->data_location == 0 && !in_file;
        cx_shape_bytes(tensor.dtype, &tensor.shape, CX_LAYOUT_PLAIN, &value->bytes);
        value->in_file = in_file && value->bytes >= CX_WEIGHT_BYTES_MIN;
    }
    return CX_OK;
}

/* The declared type of a graph input; unknown dims become symbolic. */
static enum cx_status read_type(struct builder *b, const Onnx__ValueInfo *info,
                                struct cx_value *value)
{
    const Onnx__TensorType *type = info->type != NULL ? info->type->tensor_type : NULL;
    if (type == NULL)
        return cx_error_set(b->error, CX_UNSUPPORTED, "input '%s' is not a tensor", value->name);
    value->dtype = (enum cx_dtype)type->elem_type;
    if (type->elem_type <= 0 || cx_dtype_bits(value->dtype) == 0)
        return cx_error_set(b->error, CX_UNSUPPORTED,
                            "input '%s': element type %s (%d) is not supported", value->name,
                            cx_dtype_name(value->dtype), type->elem_type);
    if (type->shape == NULL)
        return CX_OK;
    if (type->shape->n_dim > CX_RANK_MAX)
        return cx_error_set(b->error, CX_UNSUPPORTED,
                            "input '%s': more than %d axes are not supported", value->name,
                            CX_RANK_MAX);
    value->rank_known = true;
    value->shape.rank = (uint32_t)type->shape->n_dim;
    for (uint32_t i = 0; i < value->shape.rank; i++) {
        const Onnx__Dimension *dim = type->shape->dim[i];
        bool given = dim->has_dim_value && dim->dim_value >= 0;
        value->shape.dims[i] = given ? dim->dim_value : CX_DIM_SYMBOLIC;
    }
    return CX_OK;
}

static enum cx_status build_inputs(struct builder *b, const Onnx__Graph *proto)
{
    struct cx_graph *graph = b->graph;
    if (proto->n_input > CX_ONNX_TENSORS_MAX)
        return cx_error_set(b->error, CX_LIMIT, "more than %u inputs", CX_ONNX_TENSORS_MAX);
    graph->inputs = cx_arena_array(&graph->arena, proto->n_input, sizeof *graph->inputs);
    if (graph->inputs == NULL)
        return no_memory(b);
    for (size_t i = 0; i < proto->n_input; i++) {
        const char *name = text_or_empty(proto->input[i]->name);
        uint32_t id = cx_names_find(&b->names, name);
        /* Before IR version 4 every initializer had to be listed as an input too. */
        if (id != CX_VALUE_NONE && graph->values[id].data != NULL)
            continue;
        enum cx_status status = define(b, name, "input", &id);
        if (status == CX_OK)
            status = read_type(b, proto->input[i], &graph->values[id]);
        if (status != CX_OK)
            return status;
        if (graph->input_count == CX_ONNX_INPUTS_MAX)
            return cx_error_set(b->error, CX_LIMIT, "more than %d inputs", CX_ONNX_INPUTS_MAX);
        graph->inputs[graph->input_count++] = id;
    }
    return CX_OK;
}

static enum cx_status build_outputs(struct builder *b, const Onnx__Graph *proto)
{
    struct cx_graph *graph = b->graph;
    if (proto->n_output == 0 || proto->n_output > CX_ONNX_INPUTS_MAX)
        return cx_error_set(b->error, CX_FORMAT, "%zu outputs", proto->n_output);
    graph->outputs = cx_arena_array(&graph->arena, proto->n_output, sizeof *graph->outputs);
    if (graph->outputs == NULL)
        return no_memory(b);
    for (size_t i = 0; i < proto->n_output; i++) {
        const char *name = text_or_empty(proto->output[i]->name);
        uint32_t id = cx_names_find(&b->names, name);
        if (id == CX_VALUE_NONE)
            return cx_error_set(b->error, CX_FORMAT, "output '%.128s' is computed by no node",
                                name);
        graph->outputs[graph->output_count++] = id;
    }
    return CX_OK;
}

/* Inputs that end with absent ones mean the same without them. */
static uint32_t trimmed(char *const *names, size_t count)
{
    while (count > 0 && names[count - 1][0] == '\0')
        count--;
    return (uint32_t)count;
}

static enum cx_status check_arity(const struct cx_attr_set *set, const struct cx_op *op,
                                  const struct cx_node *node)
{
    if (node->input_count < op->in_min || node->input_count > op->in_max)
        return cx_attr_fail(set, CX_UNSUPPORTED, "%u inputs; %u to %u are supported",
                            node->input_count, op->in_min, op->in_max);
    if (node->output_count < op->out_min || node->output_count > op->out_max)
        return cx_attr_fail(set, CX_UNSUPPORTED, "%u outputs; %u to %u are supported",
                            node->output_count, op->out_min, op->out_max);
    for (uint32_t i = 0; i < op->in_min; i++)
        if (node->inputs[i] == CX_VALUE_NONE)
            return cx_attr_fail(set, CX_FORMAT, "input %u is missing", i);
    return CX_OK;
}

/* Every node's results are named before any node's operands are looked up: not every file lists
 * its nodes in the order they run. */
static enum cx_status build_results(struct builder *b, const Onnx__Node *proto,
                                    const struct cx_attr_set *set, struct cx_node *node)
{
    struct cx_arena *arena = &b->graph->arena;
    if (proto->n_input > CX_ARITY_MAX || proto->n_output > CX_ARITY_MAX)
        return cx_attr_fail(set, CX_LIMIT, "more than %d inputs or outputs", CX_ARITY_MAX);
    node->input_count = trimmed(proto->input, proto->n_input);
    node->output_count = trimmed(proto->output, proto->n_output);
    node->inputs = cx_arena_array(arena, node->input_count, sizeof *node->inputs);
    node->outputs = cx_arena_array(arena, node->output_count, sizeof *node->outputs);
    if (node->inputs == NULL || node->outputs == NULL)
        return no_memory(b);
    for (uint32_t i = 0; i < node->output_count; i++) {
        enum cx_status status = CX_OK;
        node->outputs[i] = CX_VALUE_NONE;
        if (proto->output[i][0] != '\0')
            status = define(b, proto->output[i], "value", &node->outputs[i]);
        if (status != CX_OK)
            return status;
    }
    return CX_OK;
}

static enum cx_status build_operands(struct builder *b, const Onnx__Node *proto,
                                     const struct cx_attr_set *set, struct cx_node *node)
{
    for (uint32_t i = 0; i < node->input_count; i++) {
        const char *name = proto->input[i];
        node->inputs[i] = name[0] == '\0' ? CX_VALUE_NONE : cx_names_find(&b->names, name);
        if (name[0] != '\0' && node->inputs[i] == CX_VALUE_NONE)
            return cx_attr_fail(set, CX_FORMAT, "input '%.128s' is computed by no node", name);
    }
    return check_arity(set, node->op, node);
}

static enum cx_status find_op(const struct builder *b, const struct cx_attr_set *set,
                              const char *domain, const char *name, int32_t opset,
                              const struct cx_op **ret_op)
{
    if (opset == 0)
        return cx_error_set(b->error, CX_FORMAT, "%s: the model imports no opset of this domain",
                            set->what);
    const struct cx_op *op = NULL;
    if (strcmp(domain, "cx") != 0)
        op = cx_op_find(domain, name, opset);
    if (op == NULL)
        return cx_error_set(b->error, CX_UNSUPPORTED, "%s is not supported", set->what);
    *ret_op = op;
    return CX_OK;
}

static enum cx_status start_node(struct builder *b, const Onnx__Node *proto)
{
    char what[CX_ERROR_TEXT_MAX];
    struct cx_node *node = &b->graph->nodes[b->graph->node_count++];
    const char *domain = domain_name(proto->domain);
    const char *op_name = text_or_empty(proto->op_type), *name = text_or_empty(proto->name);
    if (name[0] == '\0' && proto->n_output > 0)
        name = proto->output[0];
    node->opset = find_opset(b->model, domain);
    node->epilogue.residual = CX_VALUE_NONE;
    enum cx_status status = cx_onnx_check_name(op_name, "operator", b->error);
    if (status == CX_OK)
        status = cx_onnx_check_name(name, "node", b->error);
    if (status == CX_OK)
        status = cx_onnx_check_name(domain, "domain", b->error);
    if (status != CX_OK)
        return status;
    cx_node_describe(op_name, name, domain, node->opset, what, sizeof what);
    struct cx_attr_set set = {.arena = &b->graph->arena, .what = what, .error = b->error};
    status = find_op(b, &set, domain, op_name, node->opset, &node->op);
    if (status != CX_OK)
        return status;
    node->name = cx_arena_string(&b->graph->arena, name, strlen(name));
    if (node->name == NULL)
        return no_memory(b);
    return build_results(b, proto, &set, node);
}

static enum cx_status finish_node(struct builder *b, const Onnx__Node *proto, struct cx_node *node)
{
    char what[CX_ERROR_TEXT_MAX];
    struct cx_attr_set set = {.arena = &b->graph->arena, .what = what, .error = b->error};
    cx_node_describe(node->op->name, node->name, node->op->domain, node->opset, what, sizeof what);
    enum cx_status status = build_operands(b, proto, &set, node);
    if (status == CX_OK)
        status = cx_onnx_read_attrs(b->source, proto, &set);
    if (status == CX_OK)
        node->attrs_hash = cx_attr_set_hash(&set);
    if (status == CX_OK && node->op->impl->parse != NULL)
        status = node->op->impl->parse(&set, node->op, node->opset, &node->attrs);
    if (status == CX_OK)
        status = cx_attr_check_used(&set);
    return status == CX_MEMORY ? no_memory(b) : status;
}

static enum cx_status build_nodes(struct builder *b, const Onnx__Graph *proto)
{
    enum cx_status status = CX_OK;
    for (size_t i = 0; i < proto->n_node && status == CX_OK; i++)
        status = start_node(b, proto->node[i]);
    for (size_t i = 0; i < proto->n_node && status == CX_OK; i++)
        status = finish_node(b, proto->node[i], &b->graph->nodes[i]);
    return status == CX_OK ? cx_graph_sort(b->graph, b->error) : status;
}

/* A weight stays in the file when only nodes read it that know how. */
static enum cx_status settle_weights(struct builder *b)
{
    struct cx_graph *graph = b->graph;
    bool *known = cx_arena_array(&graph->arena, graph->value_count, sizeof *known);
    bool *others = cx_arena_array(&graph->arena, graph->value_count, sizeof *others);
    if (known == NULL || others == NULL)
        return no_memory(b);
    for (uint32_t n = 0; n < graph->node_count; n++)
        for (uint32_t i = 0; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] != CX_VALUE_NONE)
                *(cx_weight_place(&graph->nodes[n], i) ? &known[graph->nodes[n].inputs[i]]
                                                       : &others[graph->nodes[n].inputs[i]]) = true;
    for (uint32_t i = 0; i < graph->output_count; i++)
        others[graph->outputs[i]] = true;
    for (uint32_t v = 0; v < graph->value_count; v++) {
        struct cx_value *value = &graph->values[v];
        bool stays = known[v] && !others[v] && value->dtype == CX_DTYPE_FLOAT;
        if (!stays && cx_weight_settle(&graph->arena, value) != CX_OK)
            return no_memory(b);
    }
    return CX_OK;
}

static enum cx_status check_model(const struct builder *b, const Onnx__Graph *proto)
{
    int32_t opset = find_opset(b->model, "");
    if (b->model->n_opset_import > CX_ONNX_OPSETS_MAX || proto->n_node > CX_ONNX_NODES_MAX ||
        proto->n_initializer > CX_ONNX_TENSORS_MAX)
        return cx_error_set(b->error, CX_LIMIT, "%zu opsets, %zu nodes, %zu initializers",
                            b->model->n_opset_import, proto->n_node, proto->n_initializer);
    if (proto->n_sparse_initializer > 0)
        return cx_error_set(b->error, CX_UNSUPPORTED, "sparse initializers are not supported");
    if (opset != 0 && (opset < CX_OPSET_MIN || opset > CX_OPSET_MAX))
        return cx_error_set(b->error, CX_UNSUPPORTED,
                            "opset %d of ai.onnx is not supported; %d to %d are", opset,
                            CX_OPSET_MIN, CX_OPSET_MAX);
    return CX_OK;
}

enum cx_status cx_onnx_build_graph(const struct onnx_source *source, const Onnx__Model *model,
                                   struct cx_graph *graph)
{
    struct builder b = {.source = source, .model = model, .graph = graph, .error = source->error};
    b.names.arena = &graph->arena;
    const Onnx__Graph *proto = model->graph;
    if (proto == NULL)
        return cx_error_set(b.error, CX_FORMAT, "not an ONNX model: it has no graph");
    enum cx_status status = check_model(&b, proto);
    if (status != CX_OK)
        return status;
    const char *name = text_or_empty(proto->name);
    graph->name = cx_arena_string(&graph->arena, name, strlen(name));
    graph->nodes = cx_arena_array(&graph->arena, proto->n_node, sizeof *graph->nodes);
    if (graph->name == NULL || graph->nodes == NULL)
        return no_memory(&b);
    status = cx_onnx_check_name(graph->name, "graph", b.error);
    if (status == CX_OK)
        status = build_initializers(&b, proto);
    if (status == CX_OK)
        status = build_inputs(&b, proto);
    if (status == CX_OK)
        status = build_nodes(&b, proto);
    if (status == CX_OK)
        status = build_outputs(&b, proto);
    return status == CX_OK ? settle_weights(&b) : status;
}
