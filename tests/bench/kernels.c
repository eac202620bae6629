/* What each family of kernels reaches, beside what the same device showed in the same run:
 *
 * kernels [-c CACHE_DIR] [-d DEVICE] [-n RUNS] [NAME…]
 *
 * One row a line: name, microseconds, then GFLOP/s and the share of the measured peak, or GB/s and
 * the share of the speed at which one launch reads as many bytes (those in a cache from that
 * cache). Bytes are those that an operator must read and write once. Only the operator's own
 * launches count, the shortest run of RUNS by the device's clock. A NAME picks the rows that begin
 * with it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compute/device/device.h"
#include "compute/graph/session.h"
#include "cx.h"
#include "tests/bench/kernel_rows.h"
#include "tests/compute/model_builder.h"

#define RUNS_DEFAULT 15
#define RUNS_MAX 1000

struct bench {
    struct cx_device *device;
    double peak_gflops;
    int runs;
    struct cx_error err;
};

/* The operator as the node "y", behind a convolution where it is to find its input in the layout
 * that convolutions leave. */
static enum cx_status read_model(const struct kernel_row *row, struct cx_graph **ret_graph,
                                 struct cx_error *err)
{
    static const char *const names[KERNEL_INPUTS_MAX] = {"a", "b", "c"};
    struct mb mb;
    char inputs[32];
    snprintf(inputs, sizeof inputs, "%s%s%s", row->behind_conv ? "before" : "a",
             row->input_n > 1 ? " b" : "", row->input_n > 2 ? " c" : "");
    mb_init(&mb, 17);
    for (uint32_t i = 0; i < row->input_n; i++) {
        if (row->weights >> i & 1)
            mb_random(&mb, names[i], row->inputs[i], i + 1);
        else
            mb_input(&mb, names[i], CX_DTYPE_FLOAT, row->inputs[i]);
    }
    if (row->behind_conv) {
        int64_t channels = row->inputs[0].dims[1];
        mb_random(&mb, "w", MB_SHAPE(channels, channels, 1, 1), 9);
        mb_node(&mb, "Conv", "a w", "before");
    }
    Onnx__Node *node = mb_node(&mb, row->op, inputs, "y");
    for (uint32_t i = 0; i < row->attr_n; i++) {
        const struct kernel_attr *attr = &row->attrs[i];
        if (attr->n == 0)
            mb_attr_int(&mb, node, attr->name, attr->values[0]);
        else
            mb_attr_ints(&mb, node, attr->name, attr->n, attr->values);
    }
    mb_output(&mb, "y");
    enum cx_status status = mb_read(&mb, ret_graph, err);
    mb_finish(&mb);
    return status;
}

/* Of the last run: the node's own launches, without conversions of layout around it. */
static enum cx_status add_launches(struct cx_plan *plan, double *ret_ns, double *ret_flops,
                                   struct cx_error *err)
{
    const struct cx_launch_time *times = NULL;
    double ns = 0, flops = 0;
    enum cx_status status = cx_plan_profile(plan, &times, err);
    for (size_t i = 0; i < cx_plan_launch_count(plan) && status == CX_OK; i++) {
        if (strcmp(times[i].node, "y") != 0 || strncmp(times[i].kernel, "reorder", 7) == 0)
            continue;
        ns += (double)times[i].duration_ns;
        flops += times[i].flops;
    }
    *ret_ns = ns;
    *ret_flops = flops;
    return status;
}

static enum cx_status time_plan(struct bench *bench, struct cx_plan *plan, double *ret_ns,
                                double *ret_flops)
{
    void *inputs[KERNEL_INPUTS_MAX] = {NULL}, *output = calloc(1, cx_plan_output_bytes(plan, 0));
    enum cx_status status = output == NULL ? CX_MEMORY : CX_OK;
    for (size_t i = 0; cx_plan_input(plan, i) != NULL; i++) {
        inputs[i] = calloc(1, cx_plan_input_bytes(plan, i));
        status = inputs[i] == NULL ? CX_MEMORY : status;
    }
    *ret_ns = 0;
    for (int run = 0; run < bench->runs && status == CX_OK; run++) {
        double ns = 0;
        status = cx_run(plan, (const void *const *)inputs, &output, NULL, &bench->err);
        if (status == CX_OK)
            status = add_launches(plan, &ns, ret_flops, &bench->err);
        if (run == 0 || ns < *ret_ns)
            *ret_ns = ns;
    }
    for (size_t i = 0; i < KERNEL_INPUTS_MAX; i++)
        free(inputs[i]);
    free(output);
    return status;
}

static double bytes_of(const struct kernel_row *row, const struct cx_plan *plan)
{
    double bytes = (double)cx_plan_output_bytes(plan, 0);
    for (uint32_t i = 0; i < row->input_n; i++) {
        double elements = 1;
        for (uint32_t axis = 0; axis < row->inputs[i].rank; axis++)
            elements *= (double)row->inputs[i].dims[axis];
        bytes += elements * sizeof(float);
    }
    return bytes;
}

static enum cx_status print_row(struct bench *bench, const struct kernel_row *row,
                                struct cx_plan *plan)
{
    double ns = 0, flops = 0, limit = 0;
    enum cx_status status = time_plan(bench, plan, &ns, &flops);
    if (status != CX_OK || ns == 0)
        return status;
    if (!row->by_bytes) {
        printf("%-28s %9.1f us %7.1f GFLOP/s ratio %.2fx of measured_peak\n", row->name, ns * 1e-3,
               flops / ns, flops / ns / bench->peak_gflops);
        return CX_OK;
    }
    double bytes = bytes_of(row, plan);
    status = cx_device_measure_read(bench->device, (uint64_t)bytes, &limit, &bench->err);
    if (status == CX_OK)
        printf("%-28s %9.1f us %7.1f GB/s ratio %.2fx of reading %.1f MB\n", row->name, ns * 1e-3,
               bytes / ns, bytes / ns / limit, bytes * 1e-6);
    return status;
}

static enum cx_status run_row(struct bench *bench, const struct kernel_row *row)
{
    struct cx_shape shapes[KERNEL_INPUTS_MAX];
    struct cx_graph *graph = NULL;
    struct cx_plan *plan = NULL;
    uint32_t n = 0;
    struct cx_session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return CX_MEMORY;
    for (uint32_t i = 0; i < row->input_n; i++)
        if (!(row->weights >> i & 1))
            shapes[n++] = row->inputs[i];
    enum cx_status status = read_model(row, &graph, &bench->err);
    session->graph = graph;
    session->device = bench->device;
    if (status == CX_OK)
        status = cx_plan_create(session, shapes, n, NULL, &plan, &bench->err);
    if (status == CX_OK)
        status = print_row(bench, row, plan);
    cx_plan_destroy(plan);
    cx_session_destroy(session);
    cx_graph_destroy(graph);
    cx_device_trim(bench->device);
    return status;
}

static bool picked(const struct kernel_row *row, char **names, int n)
{
    for (int i = 0; i < n; i++)
        if (strncmp(row->name, names[i], strlen(names[i])) == 0)
            return true;
    return n == 0;
}

int main(int argc, char **argv)
{
    struct bench bench = {.runs = RUNS_DEFAULT};
    struct cx_device_options options = {.profiling = true};
    const char *device_id = NULL;
    int option;
    while ((option = getopt(argc, argv, "c:d:n:")) != -1) {
        if (option == 'c')
            options.cache_dir = optarg;
        else if (option == 'd')
            device_id = optarg;
        else
            bench.runs = option == 'n' ? (int)strtol(optarg, NULL, 10) : 0;
        if (bench.runs < 1 || bench.runs > RUNS_MAX) {
            fputs("usage: kernels [-c CACHE_DIR] [-d DEVICE] [-n RUNS] [NAME…]\n", stderr);
            return 2;
        }
    }
    double bandwidth = 0;
    enum cx_status status = CX_OK;
    if (options.cache_dir != NULL)
        status = cx_setup(options.cache_dir, &bench.err);
    if (status == CX_OK)
        status = cx_device_open(device_id, &options, &bench.device, &bench.err);
    if (status == CX_OK)
        status = cx_device_measure(bench.device, &bench.peak_gflops, &bandwidth, &bench.err);
    if (status == CX_OK)
        printf("measured_peak %.1f GFLOP/s\nmeasured_bandwidth %.1f GB/s\n", bench.peak_gflops,
               bandwidth);
    for (size_t i = 0; i < kernel_row_n && status == CX_OK; i++)
        if (picked(&kernel_rows[i], argv + optind, argc - optind))
            status = run_row(&bench, &kernel_rows[i]);
    if (status != CX_OK)
        fprintf(stderr, "kernels: %s: %s\n", cx_status_name(status), bench.err.text);
    while (bench.device != NULL && cx_device_idle(bench.device))
        continue;
    cx_device_close(bench.device);
    return status == CX_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
