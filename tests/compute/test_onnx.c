/* The reader: what a person is told about a file that can't be run, and that none crashes it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "model_builder.h"
#include "onnx/onnx.h"
#include "ops/op.h"

static struct mb mb;
static struct cx_graph *graph;
static struct cx_error error;

static void start(void)
{
    mb_init(&mb, 13);
    mb_input(&mb, "x", CX_DTYPE_FLOAT, MB_SHAPE(-1, 4));
    graph = NULL;
    error = (struct cx_error){0};
}

static void stop(void)
{
    cx_graph_destroy(graph);
    mb_finish(&mb);
}

TestSuite(onnx, .init = start, .fini = stop);

/* Reads the model under construction, expecting a refusal that says TEXT. */
static void expect_refusal(enum cx_status status, const char *text)
{
    enum cx_status got = mb_read(&mb, &graph, &error);
    cr_assert(got == status, "%s: %s", cx_status_name(got), error.text);
    cr_assert(error.status == status);
    cr_assert(strstr(error.text, text) != NULL, "%s", error.text);
    cr_assert(graph == NULL);
}

Test(onnx, reads_values_nodes_and_symbolic_dims)
{
    mb_node(&mb, "Relu", "x", "y");
    mb_output(&mb, "y");
    cr_assert(mb_read(&mb, &graph, &error) == CX_OK, "%s", error.text);
    cr_assert(graph->node_count == 1 && graph->input_count == 1 && graph->output_count == 1);
    const struct cx_value *x = &graph->values[graph->inputs[0]];
    cr_assert(strcmp(x->name, "x") == 0 && x->dtype == CX_DTYPE_FLOAT);
    cr_assert(x->shape.rank == 2 && x->shape.dims[0] == CX_DIM_SYMBOLIC && x->shape.dims[1] == 4);
    cr_assert(graph->nodes[0].op == &cx_ops[CX_OP_ID_Relu]);
    cr_assert(strcmp(graph->nodes[0].name, "y") ==
              0); /* nodes without a name take their result's */
}

Test(onnx, names_an_unknown_operator)
{
    mb_node(&mb, "Foo", "x", "y")->name = (char[]){"n1"};
    mb_output(&mb, "y");
    expect_refusal(CX_UNSUPPORTED,
                   "operator 'Foo' (node 'n1', domain 'ai.onnx', opset 13) is not supported");
}

Test(onnx, names_an_operator_of_a_later_opset)
{
    mb.opset.version = 11;
    mb_node(&mb, "HardSwish", "x", "y");
    mb_output(&mb, "y");
    expect_refusal(CX_UNSUPPORTED, "operator 'HardSwish' (node 'y', domain 'ai.onnx', opset 11)");
}

Test(onnx, refuses_operators_that_passes_make)
{
    mb_node(&mb, "ScaleShift", "x x x", "y")->domain = (char[]){"cx"};
    mb_output(&mb, "y");
    expect_refusal(CX_FORMAT, "imports no opset");
}

Test(onnx, refuses_opsets_out_of_range)
{
    mb.opset.version = 6;
    mb_node(&mb, "Relu", "x", "y");
    mb_output(&mb, "y");
    expect_refusal(CX_UNSUPPORTED, "opset 6 of ai.onnx is not supported");
}

Test(onnx, refuses_an_attribute_nobody_reads)
{
    Onnx__Node *node = mb_node(&mb, "Relu", "x", "y");
    mb_attr_int(&mb, node, "sharpness", 3);
    mb_output(&mb, "y");
    expect_refusal(CX_UNSUPPORTED, "attribute 'sharpness' is not known");
}

Test(onnx, refuses_an_attribute_of_another_type)
{
    Onnx__Node *node = mb_node(&mb, "LeakyRelu", "x", "y");
    mb_attr_int(&mb, node, "alpha", 1);
    mb_output(&mb, "y");
    expect_refusal(CX_FORMAT, "attribute 'alpha' has the wrong type");
}

Test(onnx, refuses_missing_operands_and_outputs)
{
    mb_node(&mb, "Add", "x nowhere", "y");
    mb_output(&mb, "y");
    expect_refusal(CX_FORMAT, "input 'nowhere' is computed by no node");
}

Test(onnx, refuses_a_cycle)
{
    mb_node(&mb, "Add", "x b", "a");
    mb_node(&mb, "Relu", "a", "b");
    mb_output(&mb, "b");
    expect_refusal(CX_FORMAT, "depends on its own result");
}

Test(onnx, sorts_nodes_that_are_listed_backwards)
{
    mb_node(&mb, "Tanh", "b", "c");
    mb_node(&mb, "Relu", "a", "b");
    mb_node(&mb, "Exp", "x", "a");
    mb_output(&mb, "c");
    cr_assert(mb_read(&mb, &graph, &error) == CX_OK, "%s", error.text);
    cr_assert(graph->nodes[0].op == &cx_ops[CX_OP_ID_Exp]);
    cr_assert(graph->nodes[2].op == &cx_ops[CX_OP_ID_Tanh]);
}

Test(onnx, refuses_two_values_of_one_name)
{
    mb_node(&mb, "Relu", "x", "y");
    mb_node(&mb, "Exp", "x", "y");
    mb_output(&mb, "y");
    expect_refusal(CX_FORMAT, "'y' is defined twice");
}

Test(onnx, refuses_control_characters_in_names)
{
    mb_node(&mb, "Relu", "x", "y\x1b[2J");
    mb_output(&mb, "y\x1b[2J");
    expect_refusal(CX_FORMAT, "control character");
}

Test(onnx, checks_a_tensor_against_its_bytes)
{
    float data[3] = {1, 2, 3};
    mb_tensor(&mb, "w", CX_DTYPE_FLOAT, MB_SHAPE(4), data, sizeof data);
    mb_node(&mb, "Add", "x w", "y");
    mb_output(&mb, "y");
    expect_refusal(CX_FORMAT, "tensor 'w': 12 elements or bytes of data where 4 of float needs 16");
}

Test(onnx, refuses_dims_that_overflow)
{
    mb_tensor(&mb, "w", CX_DTYPE_FLOAT, MB_SHAPE(INT64_MAX, INT64_MAX, 4), "", 0);
    mb_node(&mb, "Add", "x w", "y");
    mb_output(&mb, "y");
    expect_refusal(CX_FORMAT, "tensor 'w': its dims are negative or too large");
}

Test(onnx, reads_data_in_every_typed_field)
{
    int32_t half[2] = {0x3c00, 0x4000};
    uint64_t big[1] = {UINT64_MAX};
    Onnx__Tensor *w = mb_tensor(&mb, "w", CX_DTYPE_FLOAT16, MB_SHAPE(2), "", 0);
    Onnx__Tensor *u = mb_tensor(&mb, "u", CX_DTYPE_UINT64, MB_SHAPE(1), "", 0);
    w->has_raw_data = u->has_raw_data = false;
    w->n_int32_data = 2;
    w->int32_data = half;
    u->n_uint64_data = 1;
    u->uint64_data = big;
    mb_node(&mb, "Identity", "w", "y");
    mb_node(&mb, "Identity", "u", "z");
    mb_output(&mb, "y");
    mb_output(&mb, "z");
    cr_assert(mb_read(&mb, &graph, &error) == CX_OK, "%s", error.text);
    const uint16_t *y = graph->values[graph->outputs[0]].data;
    const uint64_t *z = graph->values[graph->outputs[1]].data;
    cr_assert(y[0] == 0x3c00 && y[1] == 0x4000 && z[0] == UINT64_MAX);
}

Test(onnx, takes_initializers_listed_as_inputs)
{
    float data[4] = {1, 2, 3, 4};
    mb_floats(&mb, "w", MB_SHAPE(4), data);
    mb_input(&mb, "w", CX_DTYPE_FLOAT, MB_SHAPE(4));
    mb_node(&mb, "Add", "x w", "y");
    mb_output(&mb, "y");
    cr_assert(mb_read(&mb, &graph, &error) == CX_OK, "%s", error.text);
    cr_assert(graph->input_count == 1);
}

Test(onnx, tells_where_a_file_is_cut)
{
    size_t size;
    char text[64];
    mb_random(&mb, "w", MB_SHAPE(4), 1);
    mb_node(&mb, "Add", "x w", "y");
    mb_output(&mb, "y");
    uint8_t *bytes = mb_pack(&mb, &size);
    for (size_t cut = 3; cut < size; cut++) {
        uint8_t *part = malloc(cut);
        cr_assert(part != NULL);
        memcpy(part, bytes, cut);
        enum cx_status status = cx_onnx_read(part, cut, NULL, &graph, &error);
        free(part);
        if (status == CX_OK) { /* cut behind the graph: nothing of it is missing */
            cx_graph_destroy(graph);
            graph = NULL;
            continue;
        }
        snprintf(text, sizeof text, "truncated at byte %zu", cut);
        bool no_graph = strstr(error.text, "no graph") != NULL || strstr(error.text, "opset");
        cr_assert(strstr(error.text, text) != NULL || no_graph, "%zu: %s", cut, error.text);
    }
}

Test(onnx, survives_every_flipped_byte)
{
    size_t size;
    int64_t shape[2] = {2, 2};
    mb_ints(&mb, "s", 2, shape);
    mb_node(&mb, "Reshape", "x s", "r");
    mb_attr_ints(&mb, mb_node(&mb, "Transpose", "r", "y"), "perm", 2, (int64_t[]){1, 0});
    mb_output(&mb, "y");
    uint8_t *bytes = mb_pack(&mb, &size);
    for (size_t at = 0; at < size; at++) {
        for (uint32_t bit = 0; bit < 8; bit++) {
            bytes[at] ^= (uint8_t)(1u << bit);
            enum cx_status status = cx_onnx_read(bytes, size, NULL, &graph, &error);
            cr_assert(status == CX_OK || error.text[0] != '\0');
            if (status == CX_OK)
                cx_graph_destroy(graph);
            graph = NULL;
            bytes[at] ^= (uint8_t)(1u << bit);
        }
    }
}

Test(onnx, names_the_file)
{
    cr_assert(cx_onnx_load("/nonexistent/some.onnx", &graph, &error) == CX_IO);
    cr_assert(strcmp(error.text, "some.onnx: No such file or directory") == 0, "%s", error.text);
    cr_assert(cx_onnx_load("/dev/null", &graph, &error) == CX_IO);
    cr_assert(strcmp(error.text, "null: not a file") == 0, "%s", error.text);
}

static enum cx_status load_model(void)
{
    char path[] = "/tmp/stoker-model-XXXXXX";
    size_t size;
    struct cx_model *model = NULL;
    uint8_t *bytes = mb_pack(&mb, &size);
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    close(fd);
    enum cx_status status = cx_model_load(path, &model, &error);
    unlink(path);
    cx_model_destroy(model);
    return status;
}

/* Without a plan, from the declared types alone. */
Test(onnx, refuses_types_when_a_model_is_loaded)
{
    mb_input(&mb, "i", CX_DTYPE_INT32, MB_SHAPE(-1, 4));
    mb_node(&mb, "Tanh", "i", "y");
    mb_output(&mb, "y");
    cr_assert(load_model() == CX_UNSUPPORTED, "%s", error.text);
    cr_assert(strstr(error.text, "operator 'Tanh' (node 'y', domain 'ai.onnx', opset 13): type "
                                 "int32 of input 0 is not supported") != NULL,
              "%s", error.text);
}

/* Open dims of 1 don't fit this product; those of a run may. */
Test(onnx, loads_models_whose_open_dims_may_fit)
{
    mb_input(&mb, "z", CX_DTYPE_FLOAT, MB_SHAPE(4, -1));
    mb_random(&mb, "w", MB_SHAPE(7, 2), 1);
    mb_node(&mb, "MatMul", "z w", "y");
    mb_output(&mb, "y");
    cr_assert(load_model() == CX_OK, "%s", error.text);
}

/* A folder with model.onnx, whose tensor w lies in LOCATION, and weights.bin of 20 bytes. */
static enum cx_status load_external(const char *location, const char *offset, const char *dir)
{
    char path[256];
    float data[5] = {0, 1, 2, 3, 4};
    size_t size;
    Onnx__Tensor *w = mb_tensor(&mb, "w", CX_DTYPE_FLOAT, MB_SHAPE(4), "", 0);
    Onnx__StringEntry entries[2] = {ONNX__STRING_ENTRY__INIT, ONNX__STRING_ENTRY__INIT};
    Onnx__StringEntry *list[2] = {&entries[0], &entries[1]};
    char location_copy[256], offset_copy[64];
    snprintf(location_copy, sizeof location_copy, "%s", location);
    snprintf(offset_copy, sizeof offset_copy, "%s", offset);
    entries[0].key = (char[]){"location"};
    entries[0].value = location_copy;
    entries[1].key = (char[]){"offset"};
    entries[1].value = offset_copy;
    w->has_raw_data = false;
    w->has_data_location = true;
    w->data_location = 1;
    w->n_external_data = 2;
    w->external_data = list;
    mb_node(&mb, "Identity", "w", "y");
    mb_output(&mb, "y");
    uint8_t *bytes = mb_pack(&mb, &size);
    snprintf(path, sizeof path, "%s/weights.bin", dir);
    FILE *file = fopen(path, "wb");
    cr_assert(file != NULL && fwrite(data, 1, sizeof data, file) == sizeof data);
    fclose(file);
    snprintf(path, sizeof path, "%s/model.onnx", dir);
    file = fopen(path, "wb");
    cr_assert(file != NULL && fwrite(bytes, 1, size, file) == size);
    fclose(file);
    return cx_onnx_load(path, &graph, &error);
}

static void remove_folder(const char *dir)
{
    char path[256];
    const char *const names[] = {"weights.bin", "model.onnx", "link.bin"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

Test(onnx, reads_external_data_at_an_offset)
{
    char dir[] = "/tmp/stoker-onnx-XXXXXX";
    cr_assert(mkdtemp(dir) != NULL);
    enum cx_status status = load_external("weights.bin", "4", dir);
    remove_folder(dir);
    cr_assert(status == CX_OK, "%s", error.text);
    const float *y = graph->values[graph->outputs[0]].data;
    cr_assert(y[0] == 1 && y[3] == 4);
}

Test(onnx, refuses_external_data_outside_the_folder_or_too_short)
{
    static const struct {
        const char *location, *offset, *text;
        enum cx_status status;
    } cases[] = {
        {"../weights.bin", "0", "lies outside the model's folder", CX_FORMAT},
        {"/etc/passwd", "0", "lies outside the model's folder", CX_FORMAT},
        {"a/../../weights.bin", "0", "lies outside the model's folder", CX_FORMAT},
        {"weights.bin", "8", "'weights.bin' has 20 bytes, 16 from byte 8 are needed", CX_FORMAT},
        {"weights.bin", "18446744073709551615", "are needed", CX_FORMAT},
        {"weights.bin", "-1", "external data has the offset '-1'", CX_FORMAT},
        {"missing.bin", "0", "external data 'missing.bin': No such file", CX_IO},
        {"link.bin", "0", "external data 'link.bin'", CX_IO},
    };
    char dir[] = "/tmp/stoker-onnx-XXXXXX", path[64];
    cr_assert(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/link.bin", dir);
    cr_assert(symlink("/etc/passwd", path) == 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stop();
        start();
        enum cx_status status = load_external(cases[i].location, cases[i].offset, dir);
        cr_expect(status == cases[i].status, "%s: %s", cases[i].location, error.text);
        cr_expect(strstr(error.text, cases[i].text) != NULL, "%s: %s", cases[i].location,
                  error.text);
    }
    remove_folder(dir);
}
