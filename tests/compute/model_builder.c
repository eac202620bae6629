#include "model_builder.h"

#include <stdlib.h>
#include <string.h>

#include "onnx/onnx.h"

static void *take(struct mb *mb, size_t bytes)
{
    void *memory = cx_arena_alloc(&mb->arena, bytes);
    if (memory == NULL)
        exit(EXIT_FAILURE);
    return memory;
}

static char *text(struct mb *mb, const char *from, size_t len)
{
    char *copy = take(mb, len + 1);
    memcpy(copy, from, len);
    return copy;
}

void mb_init(struct mb *mb, int32_t opset)
{
    *mb = (struct mb){0};
    onnx__model__init(&mb->model);
    onnx__graph__init(&mb->graph);
    onnx__operator_set_id__init(&mb->opset);
    mb->model.has_ir_version = true;
    mb->model.ir_version = 8;
    mb->model.graph = &mb->graph;
    mb->model.n_opset_import = 1;
    mb->model.opset_import = mb->opsets;
    mb->opsets[0] = &mb->opset;
    mb->opset.has_version = true;
    mb->opset.version = opset;
    mb->graph.node = mb->nodes;
    mb->graph.initializer = mb->initializers;
    mb->graph.input = mb->inputs;
    mb->graph.output = mb->outputs;
}

void mb_finish(struct mb *mb)
{
    cx_arena_finish(&mb->arena);
}

static Onnx__ValueInfo *value_info(struct mb *mb, const char *name)
{
    Onnx__ValueInfo *info = take(mb, sizeof *info);
    onnx__value_info__init(info);
    info->name = text(mb, name, strlen(name));
    return info;
}

void mb_input(struct mb *mb, const char *name, enum cx_dtype dtype, struct cx_shape shape)
{
    Onnx__ValueInfo *info = value_info(mb, name);
    info->type = take(mb, sizeof *info->type);
    onnx__type__init(info->type);
    Onnx__TensorType *type = info->type->tensor_type = take(mb, sizeof *type);
    onnx__tensor_type__init(type);
    type->has_elem_type = true;
    type->elem_type = (int32_t)dtype;
    type->shape = take(mb, sizeof *type->shape);
    onnx__tensor_shape__init(type->shape);
    type->shape->n_dim = shape.rank;
    type->shape->dim = take(mb, (shape.rank + 1) * sizeof(void *));
    for (uint32_t i = 0; i < shape.rank; i++) {
        Onnx__Dimension *dim = type->shape->dim[i] = take(mb, sizeof *dim);
        onnx__dimension__init(dim);
        dim->has_dim_value = shape.dims[i] >= 0;
        dim->dim_value = shape.dims[i];
    }
    mb->inputs[mb->graph.n_input++] = info;
}

void mb_output(struct mb *mb, const char *name)
{
    mb->outputs[mb->graph.n_output++] = value_info(mb, name);
}

Onnx__Tensor *mb_tensor(struct mb *mb, const char *name, enum cx_dtype dtype, struct cx_shape shape,
                        const void *data, size_t bytes)
{
    Onnx__Tensor *tensor = take(mb, sizeof *tensor);
    onnx__tensor__init(tensor);
    tensor->name = text(mb, name, strlen(name));
    tensor->has_data_type = true;
    tensor->data_type = (int32_t)dtype;
    tensor->n_dims = shape.rank;
    tensor->dims = take(mb, sizeof shape.dims);
    memcpy(tensor->dims, shape.dims, sizeof shape.dims);
    tensor->has_raw_data = true;
    tensor->raw_data.len = bytes;
    tensor->raw_data.data = take(mb, bytes);
    memcpy(tensor->raw_data.data, data, bytes);
    mb->initializers[mb->graph.n_initializer++] = tensor;
    return tensor;
}

Onnx__Tensor *mb_floats(struct mb *mb, const char *name, struct cx_shape shape, const float *data)
{
    size_t bytes = (size_t)cx_shape_elements(&shape) * sizeof *data;
    return mb_tensor(mb, name, CX_DTYPE_FLOAT, shape, data, bytes);
}

Onnx__Tensor *mb_random(struct mb *mb, const char *name, struct cx_shape shape, uint32_t seed)
{
    size_t count = (size_t)cx_shape_elements(&shape);
    float *data = take(mb, count * sizeof *data);
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        data[i] = (float)(seed >> 8) / (float)(1 << 23) - 1;
    }
    return mb_floats(mb, name, shape, data);
}

Onnx__Tensor *mb_ints(struct mb *mb, const char *name, uint32_t count, const int64_t *data)
{
    return mb_tensor(mb, name, CX_DTYPE_INT64, (struct cx_shape){1, {count}}, data,
                     count * sizeof *data);
}

static char **split(struct mb *mb, const char *names, size_t *ret_count)
{
    char **list = take(mb, MB_MAX * sizeof *list);
    size_t count = 0;
    while (*names != '\0') {
        size_t len = strcspn(names, " ");
        bool absent = len == 1 && names[0] == '-';
        list[count++] = text(mb, names, absent ? 0 : len);
        names += len + (names[len] == ' ' ? 1 : 0);
    }
    *ret_count = count;
    return list;
}

Onnx__Node *mb_node(struct mb *mb, const char *op, const char *inputs, const char *outputs)
{
    Onnx__Node *node = take(mb, sizeof *node);
    onnx__node__init(node);
    node->op_type = text(mb, op, strlen(op));
    node->input = split(mb, inputs, &node->n_input);
    node->output = split(mb, outputs, &node->n_output);
    node->attribute = take(mb, MB_MAX * sizeof *node->attribute);
    mb->nodes[mb->graph.n_node++] = node;
    return node;
}

static Onnx__Attribute *attr(struct mb *mb, Onnx__Node *node, const char *name, int32_t type)
{
    Onnx__Attribute *attribute = take(mb, sizeof *attribute);
    onnx__attribute__init(attribute);
    attribute->name = text(mb, name, strlen(name));
    attribute->has_type = true;
    attribute->type = type;
    node->attribute[node->n_attribute++] = attribute;
    return attribute;
}

void mb_attr_int(struct mb *mb, Onnx__Node *node, const char *name, int64_t value)
{
    Onnx__Attribute *attribute = attr(mb, node, name, 2);
    attribute->has_i = true;
    attribute->i = value;
}

void mb_attr_float(struct mb *mb, Onnx__Node *node, const char *name, float value)
{
    Onnx__Attribute *attribute = attr(mb, node, name, 1);
    attribute->has_f = true;
    attribute->f = value;
}

void mb_attr_ints(struct mb *mb, Onnx__Node *node, const char *name, uint32_t count,
                  const int64_t *values)
{
    Onnx__Attribute *attribute = attr(mb, node, name, 7);
    attribute->n_ints = count;
    attribute->ints = take(mb, count * sizeof *values);
    memcpy(attribute->ints, values, count * sizeof *values);
}

uint8_t *mb_pack(struct mb *mb, size_t *ret_size)
{
    size_t size = onnx__model__get_packed_size(&mb->model);
    uint8_t *bytes = take(mb, size);
    onnx__model__pack(&mb->model, bytes);
    *ret_size = size;
    return bytes;
}

enum cx_status mb_read(struct mb *mb, struct cx_graph **ret_graph, struct cx_error *error)
{
    size_t size;
    uint8_t *bytes = mb_pack(mb, &size);
    return cx_onnx_read(bytes, size, NULL, ret_graph, error);
}
