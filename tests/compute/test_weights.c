/* Weights that stay in the model's file: the same numbers as when the file is read into memory, and
 * memory for one copy of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph/weight.h"
#include "model_builder.h"
#include "onnx/onnx.h"
#include "ops/op.h"

#define CHANNELS 64

static struct cx_error error;
static char path[64];
static int failures;

static void check(bool good, const char *what)
{
    printf("%s: %s %s\n", good ? "right" : "WRONG", what, good ? "" : error.text);
    failures += !good;
}

static void write_model(struct mb *mb)
{
    size_t size = 0;
    uint8_t *bytes = mb_pack(mb, &size);
    FILE *file = fopen(path, "wb");
    if (bytes == NULL || file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        abort();
}

/* Reads the model under construction from a file and from memory. */
static bool read_both(struct mb *mb, struct cx_graph **ret_file, struct cx_graph **ret_memory)
{
    *ret_file = *ret_memory = NULL;
    write_model(mb);
    return cx_onnx_load(path, ret_file, &error) == CX_OK &&
           mb_read(mb, ret_memory, &error) == CX_OK;
}

static const struct cx_value *input_of(const struct cx_graph *graph, const char *op, uint32_t i)
{
    for (uint32_t n = 0; n < graph->node_count; n++)
        if (strcmp(graph->nodes[n].op->name, op) == 0)
            return &graph->values[graph->nodes[n].inputs[i]];
    return NULL;
}

/* But for the rounding: factors are multiplied before they meet a weight in a file. */
static bool same_elements(const struct cx_value *a, const struct cx_value *b)
{
    if (a == NULL || b == NULL || a->bytes != b->bytes)
        return false;
    float *x = malloc(a->bytes), *y = malloc(b->bytes);
    if (x == NULL || y == NULL)
        abort();
    cx_weight_read(a, x);
    cx_weight_release(a);
    memset(x, 0, a->bytes);
    cx_weight_read(a, x);
    cx_weight_read(b, y);
    bool same = true;
    for (size_t i = 0; i < a->bytes / sizeof *x; i++)
        same = same && fabsf(x[i] - y[i]) <= 3e-7f * fabsf(y[i]);
    free(x);
    free(y);
    return same;
}

static void add_norm(struct mb *mb, const char *x, const char *y, uint32_t seed)
{
    char inputs[64];
    float var[CHANNELS];
    for (int i = 0; i < CHANNELS; i++)
        var[i] = 0.5f + 0.01f * (float)i;
    snprintf(inputs, sizeof inputs, "%s g%u b%u m%u v%u", x, seed, seed, seed, seed);
    char name[4][8];
    for (int i = 0; i < 4; i++)
        snprintf(name[i], sizeof name[i], "%c%u", "gbmv"[i], seed);
    for (uint32_t i = 0; i < 3; i++)
        mb_random(mb, cx_arena_string(&mb->arena, name[i], strlen(name[i])), MB_SHAPE(CHANNELS),
                  seed + i);
    mb_floats(mb, cx_arena_string(&mb->arena, name[3], strlen(name[3])), MB_SHAPE(CHANNELS), var);
    mb_node(mb, "BatchNormalization", inputs, y);
}

/* Two convolutions share a weight and are normalized differently, one of them twice. */
static void check_folding(void)
{
    struct mb mb;
    struct cx_graph *file, *memory;
    mb_init(&mb, 15);
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(1, CHANNELS, 8, 8));
    mb_random(&mb, "w", MB_SHAPE(CHANNELS, CHANNELS, 3, 3), 1);
    mb_node(&mb, "Conv", "x w", "a");
    add_norm(&mb, "a", "b", 10);
    add_norm(&mb, "b", "c", 20);
    mb_node(&mb, "Conv", "c w", "d");
    add_norm(&mb, "d", "y", 30);
    mb_output(&mb, "y");
    bool good = read_both(&mb, &file, &memory) && file->node_count == memory->node_count;
    check(good, "a model in a file folds like one in memory");
    bool in_file = good && input_of(file, "Conv", 1)->in_file;
    check(in_file, "a convolution's weight stays in the file");
    for (uint32_t n = 0; good && n < file->node_count; n++)
        for (uint32_t i = 1; i < file->nodes[n].input_count; i++)
            check(same_elements(&file->values[file->nodes[n].inputs[i]],
                                &memory->values[memory->nodes[n].inputs[i]]),
                  "the numbers are the same, also after the pages were given back");
    cx_graph_destroy(file);
    cx_graph_destroy(memory);
    mb_finish(&mb);
}

/* Readers that know of no files find elements aligned in memory. */
static void check_other_readers(void)
{
    struct mb mb;
    struct cx_graph *file, *memory;
    mb_init(&mb, 15);
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(96, 96));
    mb_random(&mb, "w", MB_SHAPE(96, 96), 1);
    mb_random(&mb, "v", MB_SHAPE(96, 96), 2);
    mb_node(&mb, "MatMul", "x w", "a");
    mb_node(&mb, "Add", "a w", "b");
    mb_node(&mb, "MatMul", "b v", "y");
    mb_output(&mb, "y");
    bool good = read_both(&mb, &file, &memory);
    const struct cx_value *w = good ? input_of(file, "Add", 1) : NULL;
    check(good && !w->in_file && (uintptr_t)w->data % sizeof(float) == 0 &&
              memcmp(w->data, input_of(memory, "Add", 1)->data, w->bytes) == 0,
          "a weight that a sum reads too is in memory");
    cx_graph_destroy(file);
    cx_graph_destroy(memory);
    mb_finish(&mb);
}

/* Of raw_data given twice the last one counts, whichever of the two is left out of the message. */
static void check_repeated(bool last_is_short)
{
    struct mb mb;
    struct cx_graph *graph = NULL;
    static float numbers[96 * 96];
    for (int i = 0; i < 96 * 96; i++)
        numbers[i] = (float)i;
    mb_init(&mb, 15);
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(96, 96));
    Onnx__Tensor *w = mb_random(&mb, "w", MB_SHAPE(96, 96), 1);
    ProtobufCMessageUnknownField again = {.tag = 9,
                                          .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED};
    /* An unknown field's bytes begin with its length: 36864, or 4. */
    static uint8_t longer[3 + sizeof numbers] = {0x80, 0xa0, 0x02};
    memcpy(longer + 3, numbers, sizeof numbers);
    again.data = last_is_short ? (uint8_t[]){4, 1, 2, 3, 4} : longer;
    again.len = last_is_short ? 5 : sizeof longer;
    w->base.n_unknown_fields = 1;
    w->base.unknown_fields = &again;
    mb_node(&mb, "MatMul", "x w", "y");
    mb_output(&mb, "y");
    write_model(&mb);
    w->base.n_unknown_fields = 0;
    enum cx_status status = cx_onnx_load(path, &graph, &error);
    if (last_is_short) {
        check(status == CX_FORMAT && strstr(error.text, "tensor 'w': 4 elements or bytes") != NULL,
              "elements given again, too few of them, are refused");
    } else {
        struct cx_value wanted = {.data = numbers, .bytes = sizeof numbers};
        check(status == CX_OK && same_elements(input_of(graph, "MatMul", 1), &wanted),
              "of elements given twice the last count");
    }
    cx_graph_destroy(graph);
    mb_finish(&mb);
}

int main(void)
{
    snprintf(path, sizeof path, "/tmp/stoker-weights-%ld.onnx", (long)getpid());
    check_folding();
    check_other_readers();
    check_repeated(false);
    check_repeated(true);
    unlink(path);
    return failures == 0 ? 0 : 1;
}
