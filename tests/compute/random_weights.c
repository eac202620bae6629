#include "random_weights.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx.pb-c.h"

#define FILE_BYTES_MAX (64u << 20)
#define DIMS_MAX 8

struct weight {
    const char *name;
    size_t dim_n;
    int64_t dims[DIMS_MAX];
    size_t count;
    double a, b;
};

/* Scales that keep deep sums and one saturating softmax in range. */
struct scales {
    double conv, gemm;
};

static uint64_t fnv1a(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t splitmix(uint64_t z)
{
    z += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static double kaiming(double scale, double gain, int64_t fan_in)
{
    return (double)(float)(scale * sqrt(gain / (double)fan_in));
}

static bool transposed(const Onnx__Node *node)
{
    for (size_t i = 0; i < node->n_attribute; i++)
        if (strcmp(node->attribute[i]->name, "transB") == 0)
            return node->attribute[i]->i != 0;
    return false;
}

/* What input I of a node of this kind takes; false where the node says nothing about it. */
static bool role_of(const Onnx__Node *node, size_t i, const struct scales *scales,
                    struct weight *weight)
{
    static const struct {
        const char *op;
        int input; /* -1: any */
        double a, b;
    } rows[] = {
        {"BatchNormalization", 1, 1, .5},
        {"BatchNormalization", 2, 0, .2},
        {"BatchNormalization", 3, 0, .2},
        {"BatchNormalization", 4, 1, .5},
        {"Conv", 2, 0, .1},
        {"Gemm", 2, 0, .1},
        {"Mul", -1, 1, .5},
        {"Add", -1, 0, .2},
    };
    weight->a = 0;
    if (strcmp(node->op_type, "Conv") == 0 && i == 1) {
        weight->b = kaiming(scales->conv, 6, (int64_t)weight->count / weight->dims[0]);
        return true;
    }
    if (strcmp(node->op_type, "Gemm") == 0 && i == 1) {
        weight->b = kaiming(scales->gemm, 3, weight->dims[transposed(node) ? 1 : 0]);
        return true;
    }
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        if (strcmp(node->op_type, rows[k].op) == 0 &&
            (rows[k].input < 0 || rows[k].input == (int)i)) {
            weight->a = rows[k].a;
            weight->b = rows[k].b;
            return true;
        }
    }
    return false;
}

/* Follows a value through nodes that only reshape it, DEPTH of them at most. */
static bool find_role(const Onnx__Graph *graph, const char *value, int depth,
                      const struct scales *scales, struct weight *weight)
{
    for (size_t n = 0; n < graph->n_node && depth > 0; n++) {
        const Onnx__Node *node = graph->node[n];
        for (size_t i = 0; i < node->n_input; i++) {
            if (strcmp(node->input[i], value) != 0)
                continue;
            bool passes = strcmp(node->op_type, "Unsqueeze") == 0 ||
                          strcmp(node->op_type, "Reshape") == 0 ||
                          strcmp(node->op_type, "Identity") == 0;
            if (passes ? find_role(graph, node->output[0], depth - 1, scales, weight)
                       : role_of(node, i, scales, weight))
                return true;
        }
    }
    return false;
}

static bool read_shape(const Onnx__Graph *graph, const char *name, struct weight *weight)
{
    for (size_t i = 0; i < graph->n_initializer; i++) {
        const Onnx__Tensor *tensor = graph->initializer[i];
        if (strcmp(tensor->name, name) != 0)
            continue;
        bool raw = tensor->n_int64_data == 0;
        weight->dim_n = raw ? tensor->raw_data.len / sizeof(int64_t) : tensor->n_int64_data;
        if (weight->dim_n == 0 || weight->dim_n > DIMS_MAX)
            return false;
        memcpy(weight->dims, raw ? (const void *)tensor->raw_data.data : tensor->int64_data,
               weight->dim_n * sizeof(int64_t));
        weight->count = 1;
        for (size_t k = 0; k < weight->dim_n; k++)
            weight->count *= (size_t)weight->dims[k];
        return true;
    }
    return false;
}

/* An initializer in malloc'ed pieces, as the model's destructor expects. */
static Onnx__Tensor *make_tensor(const struct weight *weight)
{
    Onnx__Tensor *tensor = malloc(sizeof *tensor);
    float *data = malloc(weight->count * sizeof *data);
    if (tensor == NULL || data == NULL)
        abort();
    onnx__tensor__init(tensor);
    uint64_t seed = fnv1a(weight->name);
    for (size_t i = 0; i < weight->count; i++) {
        double q = (double)(splitmix(seed + i) >> 56);
        data[i] = (float)(weight->a + weight->b * ((2 * q - 255) / 255));
    }
    tensor->name = strdup(weight->name);
    tensor->has_data_type = true;
    tensor->data_type = 1; /* float */
    tensor->n_dims = weight->dim_n;
    tensor->dims = malloc(weight->dim_n * sizeof *tensor->dims);
    if (tensor->dims == NULL || tensor->name == NULL)
        abort();
    memcpy(tensor->dims, weight->dims, weight->dim_n * sizeof *tensor->dims);
    tensor->has_raw_data = true;
    tensor->raw_data.len = weight->count * sizeof *data;
    tensor->raw_data.data = (uint8_t *)data;
    return tensor;
}

static bool fill_in(Onnx__Graph *graph, const struct scales *scales)
{
    size_t kept = 0, made = graph->n_initializer;
    Onnx__Tensor **tensors =
        realloc(graph->initializer, (made + graph->n_node) * sizeof(Onnx__Tensor *));
    if (tensors == NULL)
        abort();
    graph->initializer = tensors;
    bool right = true;
    for (size_t n = 0; n < graph->n_node; n++) {
        Onnx__Node *node = graph->node[n];
        struct weight weight = {.name = node->n_output > 0 ? node->output[0] : ""};
        if (strcmp(node->op_type, "ConstantOfShape") != 0)
            continue;
        right = right && read_shape(graph, node->input[0], &weight) &&
                find_role(graph, weight.name, 8, scales, &weight);
        if (right)
            tensors[made++] = make_tensor(&weight);
    }
    graph->n_initializer = made;
    for (size_t n = 0; n < graph->n_node; n++) {
        if (strcmp(graph->node[n]->op_type, "ConstantOfShape") == 0)
            onnx__node__free_unpacked(graph->node[n], NULL);
        else
            graph->node[kept++] = graph->node[n];
    }
    graph->n_node = kept;
    return right;
}

static Onnx__Tensor *find_initializer(const Onnx__Graph *graph, const char *name)
{
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(graph->initializer[i]->name, name) == 0)
            return graph->initializer[i];
    return NULL;
}

static void set_first_dim(Onnx__ValueInfo *info, int64_t batch)
{
    if (info->type == NULL || info->type->tensor_type == NULL ||
        info->type->tensor_type->shape == NULL || info->type->tensor_type->shape->n_dim == 0)
        return;
    info->type->tensor_type->shape->dim[0]->has_dim_value = true;
    info->type->tensor_type->shape->dim[0]->dim_value = batch;
}

/* A weight that is listed as an input may be overridden by a run, so some runtimes fold none. */
static void drop_weight_inputs(Onnx__Graph *graph)
{
    size_t kept = 0;
    for (size_t i = 0; i < graph->n_input; i++) {
        if (find_initializer(graph, graph->input[i]->name) != NULL)
            onnx__value_info__free_unpacked(graph->input[i], NULL);
        else
            graph->input[kept++] = graph->input[i];
    }
    graph->n_input = kept;
}

/* Inputs, outputs, and the shapes that reshapes give. What the file says of the values between
 * (which only Onnx__Graph's unknown fields keep) would be wrong, and goes. */
static void set_batch(Onnx__Graph *graph, int64_t batch)
{
    for (size_t i = 0; i < graph->n_input; i++)
        set_first_dim(graph->input[i], batch);
    for (size_t i = 0; i < graph->n_output; i++)
        set_first_dim(graph->output[i], batch);
    for (size_t n = 0; n < graph->n_node; n++) {
        const Onnx__Node *node = graph->node[n];
        if (strcmp(node->op_type, "Reshape") != 0 || node->n_input < 2)
            continue;
        Onnx__Tensor *shape = find_initializer(graph, node->input[1]);
        if (shape != NULL && shape->n_int64_data > 0 && shape->int64_data[0] == 1)
            shape->int64_data[0] = batch;
        int64_t first = 0;
        if (shape != NULL && shape->raw_data.len >= sizeof first)
            memcpy(&first, shape->raw_data.data, sizeof first);
        if (first == 1)
            memcpy(shape->raw_data.data, &batch, sizeof batch);
    }
    for (unsigned i = 0; i < graph->base.n_unknown_fields; i++)
        free(graph->base.unknown_fields[i].data);
    graph->base.n_unknown_fields = 0;
}

static Onnx__Model *read_model(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(FILE_BYTES_MAX);
    size_t size = file != NULL && bytes != NULL ? fread(bytes, 1, FILE_BYTES_MAX, file) : 0;
    if (file != NULL)
        fclose(file);
    Onnx__Model *model = size > 0 ? onnx__model__unpack(NULL, size, bytes) : NULL;
    free(bytes);
    return model;
}

uint8_t *random_weights(const char *path, int64_t batch, size_t *ret_size)
{
    Onnx__Model *model = read_model(path);
    uint8_t *bytes = NULL;
    if (model == NULL)
        return NULL;
    struct scales scales = {1, strstr(path, "inception_v1") != NULL ? 0.25 : 1};
    for (size_t n = 0; n < model->graph->n_node; n++)
        if (strcmp(model->graph->node[n]->op_type, "Sum") == 0)
            scales.conv = 0.6;
    if (fill_in(model->graph, &scales)) {
        if (model->ir_version < 4) /* initializers need not be inputs from here on */
            model->ir_version = 4;
        drop_weight_inputs(model->graph);
        if (batch != 1)
            set_batch(model->graph, batch);
        *ret_size = onnx__model__get_packed_size(model);
        bytes = malloc(*ret_size);
        if (bytes != NULL)
            onnx__model__pack(model, bytes);
    }
    onnx__model__free_unpacked(model, NULL);
    return bytes;
}
