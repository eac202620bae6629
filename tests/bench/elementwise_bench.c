/* What kernels bound by memory reach, beside the bandwidth that the same device shows in the same
 * run: elementwise_bench [CACHE_DIR]. One figure a line: name value GB/s ratio Rx of
 * measured_bandwidth. Bytes are those that an operator must read and write once. */
#include <stdio.h>
#include <stdlib.h>

#include "compute/graph/session.h"
#include "cx.h"
#include "tests/compute/model_builder.h"

#define RUNS 7

struct row {
    const char *name, *op;
    uint32_t input_n;
    struct cx_shape inputs[2];
    const char *attr; /* an integer attribute, or a list of them */
    uint32_t value_n;
    int64_t values[4];
};

static const struct row rows[] = {
    {"add", "Add", 2, {{2, {4096, 2048}}, {2, {4096, 2048}}}, NULL, 0, {0}},
    {"add_row", "Add", 2, {{2, {4096, 2048}}, {1, {2048}}}, NULL, 0, {0}},
    {"add_channel", "Add", 2, {{4, {8, 256, 64, 64}}, {3, {256, 1, 1}}}, NULL, 0, {0}},
    {"relu", "Relu", 1, {{2, {4096, 2048}}}, NULL, 0, {0}},
    {"sigmoid", "Sigmoid", 1, {{2, {4096, 2048}}}, NULL, 0, {0}},
    {"erf", "Erf", 1, {{2, {4096, 2048}}}, NULL, 0, {0}},
    {"softmax_rows", "Softmax", 1, {{2, {8192, 1024}}}, "axis", 0, {-1}},
    {"softmax_columns", "Softmax", 1, {{3, {8, 1024, 1024}}}, "axis", 0, {1}},
    {"transpose_matrix", "Transpose", 1, {{2, {2048, 4096}}}, "perm", 2, {1, 0}},
    {"transpose_nchw_nhwc", "Transpose", 1, {{4, {8, 256, 64, 64}}}, "perm", 4, {0, 2, 3, 1}},
    {"transpose_heads", "Transpose", 1, {{4, {16, 512, 16, 64}}}, "perm", 4, {0, 2, 1, 3}},
    {"concat", "Concat", 2, {{4, {8, 128, 64, 64}}, {4, {8, 128, 64, 64}}}, "axis", 0, {1}},
};

static enum cx_status read_model(const struct row *row, struct cx_graph **ret_graph,
                                 struct cx_error *err)
{
    static const char *const names[] = {"a", "b"};
    struct mb mb;
    mb_init(&mb, 17);
    for (uint32_t i = 0; i < row->input_n; i++)
        mb_input(&mb, names[i], CX_DTYPE_FLOAT, row->inputs[i]);
    Onnx__Node *node = mb_node(&mb, row->op, row->input_n == 2 ? "a b" : "a", "out");
    if (row->attr != NULL && row->value_n > 0)
        mb_attr_ints(&mb, node, row->attr, row->value_n, row->values);
    else if (row->attr != NULL)
        mb_attr_int(&mb, node, row->attr, row->values[0]);
    mb_output(&mb, "out");
    enum cx_status status = mb_read(&mb, ret_graph, err);
    mb_finish(&mb);
    return status;
}

/* The shortest time of all launches of a run, by the device's clock. */
static enum cx_status time_plan(struct cx_plan *plan, const struct row *row, double *ret_ns,
                                double *ret_bytes, struct cx_error *err)
{
    void *inputs[2] = {NULL, NULL}, *output = NULL;
    enum cx_status status = CX_MEMORY;
    double best = 0, bytes = (double)cx_plan_output_bytes(plan, 0);
    output = calloc(1, cx_plan_output_bytes(plan, 0));
    if (output == NULL)
        goto out;
    for (uint32_t i = 0; i < row->input_n; i++) {
        inputs[i] = calloc(1, cx_plan_input_bytes(plan, i));
        if (inputs[i] == NULL)
            goto out;
        bytes += (double)cx_plan_input_bytes(plan, i);
    }
    status = CX_OK;
    for (int run = 0; run < RUNS && status == CX_OK; run++) {
        const struct cx_launch_time *times = NULL;
        double sum = 0;
        status = cx_run(plan, (const void *const *)inputs, &output, NULL, err);
        if (status == CX_OK)
            status = cx_plan_profile(plan, &times, err);
        for (size_t i = 0; i < cx_plan_launch_count(plan) && status == CX_OK; i++)
            sum += (double)times[i].duration_ns;
        if (run == 0 || sum < best)
            best = sum;
    }
    *ret_ns = best;
    *ret_bytes = bytes;
out:
    free(inputs[0]);
    free(inputs[1]);
    free(output);
    return status;
}

static enum cx_status run_row(struct cx_device *device, const struct row *row, double bandwidth,
                              struct cx_error *err)
{
    struct cx_graph *graph = NULL;
    struct cx_plan *plan = NULL;
    double ns = 0, bytes = 0;
    struct cx_session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return CX_MEMORY;
    enum cx_status status = read_model(row, &graph, err);
    session->graph = graph;
    session->device = device;
    if (status == CX_OK)
        status = cx_plan_create(session, row->inputs, row->input_n, NULL, &plan, err);
    if (status == CX_OK)
        status = time_plan(plan, row, &ns, &bytes, err);
    if (status == CX_OK && ns > 0)
        printf("%s %.1f GB/s ratio %.2fx of measured_bandwidth\n", row->name, bytes / ns,
               bytes / ns / bandwidth);
    cx_plan_destroy(plan);
    cx_session_destroy(session);
    cx_graph_destroy(graph);
    return status;
}

int main(int argc, char **argv)
{
    struct cx_error err = {CX_OK, ""};
    struct cx_device_options options = {.profiling = true};
    struct cx_device *device = NULL;
    double gflops = 0, bandwidth = 0;
    enum cx_status status = argc > 1 ? cx_setup(argv[1], &err) : CX_OK;
    if (status == CX_OK)
        status = cx_device_open(NULL, &options, &device, &err);
    if (status == CX_OK)
        status = cx_device_measure(device, &gflops, &bandwidth, &err);
    if (status == CX_OK)
        printf("measured_bandwidth %.1f GB/s\n", bandwidth);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && status == CX_OK; i++)
        status = run_row(device, &rows[i], bandwidth, &err);
    if (status != CX_OK)
        fprintf(stderr, "elementwise_bench: %s: %s\n", cx_status_name(status), err.text);
    cx_device_close(device);
    return status == CX_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
