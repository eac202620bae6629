/* Runs a model on a device and prints figures, one a line: name value unit.
 *
 * compute_bench [-d DEVICE] [-c CACHE_DIR] [-n RUNS] [-p] [-i FILE] [-o FILE] MODEL.onnx [BATCH…]
 * The first axis of every input is the batch. -p adds a line a launch. -i reads the first input's
 * bytes, -o writes the first output's: onnx_check.py compares them with ONNX Runtime's. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cx.h"

#define RUNS_DEFAULT 30
#define RUNS_MAX 10000
#define IO_MAX 16

struct bench {
    const char *model_path, *device_id, *cache_dir, *input_path, *output_path;
    int runs;
    bool profile;
    struct cx_device *device;
    struct cx_model *model;
    struct cx_session *session;
    double peak_gflops;
    struct cx_error err;
};

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static int smaller(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static enum cx_status input_shapes(struct bench *bench, int64_t batch, struct cx_shape *shapes)
{
    size_t n = cx_model_input_count(bench->model);
    if (n > IO_MAX || cx_model_output_count(bench->model) > IO_MAX) {
        snprintf(bench->err.text, sizeof bench->err.text, "over %d inputs or outputs", IO_MAX);
        return CX_LIMIT;
    }
    for (size_t i = 0; i < n; i++) {
        shapes[i] = cx_model_input(bench->model, i)->shape;
        for (uint32_t axis = 0; axis < shapes[i].rank; axis++)
            if (shapes[i].dims[axis] == CX_DIM_SYMBOLIC || axis == 0)
                shapes[i].dims[axis] = axis == 0 ? batch : 1;
    }
    return CX_OK;
}

static void print_launches(struct bench *bench, struct cx_plan *plan)
{
    const struct cx_launch_time *times;
    if (cx_plan_profile(plan, &times, &bench->err) != CX_OK)
        return;
    for (size_t i = 0; i < cx_plan_launch_count(plan); i++)
        printf("# %-32.32s %-14s %9.1f us %7.1f GFLOP/s\n", times[i].node, times[i].kernel,
               (double)times[i].duration_ns * 1e-3,
               times[i].flops / (double)(times[i].duration_ns + 1));
}

static void print_figures(const struct bench *bench, struct cx_plan *plan, int64_t batch,
                          double *times_ms)
{
    qsort(times_ms, (size_t)bench->runs, sizeof *times_ms, smaller);
    double best_ms = times_ms[0], median_ms = times_ms[bench->runs / 2];
    double gflops = cx_plan_flops(plan) / best_ms * 1e-6;
    printf("batch%lld_best %.2f ms\n", (long long)batch, best_ms);
    printf("batch%lld_median %.2f ms\n", (long long)batch, median_ms);
    printf("batch%lld_throughput %.1f images/s\n", (long long)batch,
           (double)batch * 1e3 / median_ms);
    printf("batch%lld_rate %.1f GFLOP/s ratio %.2fx of measured_peak\n", (long long)batch, gflops,
           gflops / bench->peak_gflops);
}

static bool move_bytes(const char *path, const char *mode, void *bytes, size_t n)
{
    FILE *file = fopen(path, mode);
    bool reads = mode[0] == 'r';
    bool ok = file != NULL && (reads ? fread(bytes, 1, n, file) : fwrite(bytes, 1, n, file)) == n;
    if (file != NULL)
        ok = fclose(file) == 0 && ok;
    if (!ok)
        fprintf(stderr, "compute_bench: %s: not %zu bytes to %s\n", path, n,
                reads ? "read" : "write");
    return ok;
}

static enum cx_status run_plan(struct bench *bench, struct cx_plan *plan, int64_t batch)
{
    void *inputs[IO_MAX] = {NULL}, *outputs[IO_MAX] = {NULL};
    double *times_ms = calloc((size_t)bench->runs, sizeof *times_ms);
    enum cx_status status = times_ms == NULL ? CX_MEMORY : CX_OK;
    for (size_t i = 0; cx_plan_input(plan, i) != NULL; i++) {
        size_t bytes = cx_plan_input_bytes(plan, i);
        inputs[i] = calloc(1, bytes + 1);
        if (inputs[i] == NULL)
            status = CX_MEMORY;
        for (size_t k = 0; inputs[i] != NULL && k < bytes / sizeof(float) &&
                           cx_plan_input(plan, i)->dtype == CX_DTYPE_FLOAT;
             k++)
            ((float *)inputs[i])[k] = sinf((float)k * 0.37f);
    }
    for (size_t i = 0; cx_plan_output(plan, i) != NULL; i++) {
        outputs[i] = malloc(cx_plan_output_bytes(plan, i) + 1);
        if (outputs[i] == NULL)
            status = CX_MEMORY;
    }
    if (status == CX_OK && bench->input_path != NULL &&
        !move_bytes(bench->input_path, "rb", inputs[0], cx_plan_input_bytes(plan, 0)))
        status = CX_IO;
    for (int i = 0; i < bench->runs && status == CX_OK; i++) {
        double start_ms = now_ms();
        status = cx_run(plan, (const void *const *)inputs, outputs, NULL, &bench->err);
        times_ms[i] = now_ms() - start_ms;
    }
    if (status == CX_OK) {
        print_figures(bench, plan, batch, times_ms);
        if (bench->profile)
            print_launches(bench, plan);
    }
    if (status == CX_OK && bench->output_path != NULL &&
        !move_bytes(bench->output_path, "wb", outputs[0], cx_plan_output_bytes(plan, 0)))
        status = CX_IO;
    for (size_t i = 0; i < IO_MAX; i++) {
        free(inputs[i]);
        free(outputs[i]);
    }
    free(times_ms);
    return status;
}

static enum cx_status run_batch(struct bench *bench, int64_t batch)
{
    struct cx_shape shapes[IO_MAX];
    struct cx_plan *plan = NULL;
    enum cx_status status = input_shapes(bench, batch, shapes);
    double start_ms = now_ms();
    if (status == CX_OK)
        status = cx_plan_create(bench->session, shapes, cx_model_input_count(bench->model), NULL,
                                &plan, &bench->err);
    if (status != CX_OK)
        return status;
    printf("batch%lld_plan %.0f ms\n", (long long)batch, now_ms() - start_ms);
    printf("batch%lld_launches %zu launches\n", (long long)batch, cx_plan_launch_count(plan));
    printf("batch%lld_activations %.1f MB\n", (long long)batch,
           (double)cx_plan_activation_bytes(plan) * 1e-6);
    status = run_plan(bench, plan, batch);
    cx_plan_destroy(plan);
    return status;
}

static enum cx_status open_all(struct bench *bench)
{
    struct cx_device_options options = {.cache_dir = bench->cache_dir, .profiling = bench->profile};
    double bandwidth = 0.0;
    enum cx_status status = CX_OK;
    if (bench->cache_dir != NULL)
        status = cx_setup(bench->cache_dir, &bench->err);
    if (status == CX_OK)
        status = cx_device_open(bench->device_id, &options, &bench->device, &bench->err);
    if (status == CX_OK)
        status = cx_device_measure(bench->device, &bench->peak_gflops, &bandwidth, &bench->err);
    if (status == CX_OK) {
        const struct cx_device_info *info = cx_device_describe(bench->device);
        printf("# %s %s, %s, %u compute units, family %s\n", info->id, info->name, info->driver,
               info->compute_units, cx_family_name(info->family));
        printf("measured_peak %.1f GFLOP/s\n", bench->peak_gflops);
        printf("measured_bandwidth %.1f GB/s\n", bandwidth);
        status = cx_model_load(bench->model_path, &bench->model, &bench->err);
    }
    if (status == CX_OK)
        status = cx_session_create(bench->model, bench->device, &bench->session, &bench->err);
    return status;
}

static bool parse_count(const char *text, long max, long *ret_count)
{
    char *end;
    errno = 0;
    long count = strtol(text, &end, 10);
    if (errno != 0 || *end != '\0' || end == text || count < 1 || count > max)
        return false;
    *ret_count = count;
    return true;
}

static int usage(void)
{
    fputs("usage: compute_bench [-d DEVICE] [-c CACHE_DIR] [-n RUNS] [-p] [-i FILE] "
          "[-o FILE] MODEL.onnx [BATCH…]\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct bench bench = {.runs = RUNS_DEFAULT};
    int option;
    long count;
    while ((option = getopt(argc, argv, "d:c:n:pi:o:")) != -1) {
        if (option == 'd')
            bench.device_id = optarg;
        else if (option == 'c')
            bench.cache_dir = optarg;
        else if (option == 'p')
            bench.profile = true;
        else if (option == 'i')
            bench.input_path = optarg;
        else if (option == 'o')
            bench.output_path = optarg;
        else if (option == 'n' && parse_count(optarg, RUNS_MAX, &count))
            bench.runs = (int)count;
        else
            return usage();
    }
    if (optind >= argc)
        return usage();
    bench.model_path = argv[optind];
    enum cx_status status = open_all(&bench);
    if (status == CX_OK && optind + 1 == argc)
        status = run_batch(&bench, 1);
    for (int i = optind + 1; i < argc && status == CX_OK; i++) {
        if (!parse_count(argv[i], 1 << 16, &count))
            return usage();
        status = run_batch(&bench, count);
    }
    if (status != CX_OK)
        fprintf(stderr, "compute_bench: %s: %s\n", cx_status_name(status), bench.err.text);
    cx_session_destroy(bench.session);
    cx_model_destroy(bench.model);
    while (bench.device != NULL && cx_device_idle(bench.device))
        continue;
    cx_device_close(bench.device);
    return status == CX_OK ? 0 : 1;
}
