/* Runs a model on a device and prints figures, one a line: name value unit.
 *
 * compute_bench [-d DEVICE] [-f cpu|gpu] [-w WIDTH] [-q] [-k CANDIDATE] [-t SECONDS]
 *               [-c CACHE_DIR] [-n RUNS] [-a] [-p] [-l] [-x SHAPE]… [-i FILE]… [-o FILE]…
 *               MODEL.onnx [BATCH…]
 *
 * -f takes the kernels of that family, -w those for vectors of so many floats, -q keeps numbers in
 * half, -k takes a candidate wherever kernels have it, by its name or its beginning. -t tunes for
 * so long before each batch; what is found is remembered in CACHE_DIR. -a adds the throughput of
 * runs whose copies overlap.
 * The first axis of every input is the batch; -x gives an input's whole shape ("1x3x224x224")
 * instead, the first -x the first input's and so on. -i reads an input's bytes, -o writes an
 * output's, in the same way. -p adds a line a launch and one a kernel.
 * -l answers lines for onnx_vs_ort.py once the first result is there: "run N" times N runs and
 * prints them in nanoseconds, "write" writes the outputs, "peak" measures the device again and
 * prints its peak in FLOP/s, the end of the input ends it.
 * Where batch 1 stands before others, "cost" is what a run of theirs costs against so many of 1. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cx.h"
#include "tests/bench/launch_table.h"

#define RUNS_DEFAULT 30
#define RUNS_MAX 10000
#define WIDTH_MAX 16
#define TUNE_S_MAX 86400
#define IO_MAX 16

struct bench {
    const char *model_path, *device_id, *cache_dir, *candidate;
    enum cx_family family;
    long width;
    enum cx_precision precision;
    const char *shapes[IO_MAX], *input_paths[IO_MAX], *output_paths[IO_MAX];
    int shape_n, input_path_n, output_path_n;
    int runs;
    long tune_s; /* 0: as it is */
    bool profile, lines, warm, ahead;
    struct cx_device *device;
    struct cx_model *model;
    struct cx_session *session;
    double start_ms, peak_gflops, driver_mb;
    double single_ms; /* median at batch 1; 0: not measured */
    double times_ms[RUNS_MAX];
    struct cx_error err;
};

/* A plan with host memory for a run. */
struct job {
    struct cx_plan *plan;
    long batch;
    void *inputs[IO_MAX], *outputs[IO_MAX];
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

/* "1x3x224x224", or "scalar". */
static bool parse_shape(const char *text, struct cx_shape *ret_shape)
{
    struct cx_shape shape = {0};
    const char *at = strcmp(text, "scalar") == 0 ? "" : text;
    while (*at != '\0' && shape.rank < CX_RANK_MAX) {
        char *end;
        errno = 0;
        shape.dims[shape.rank++] = strtoll(at, &end, 10);
        if (errno != 0 || end == at || (*end != 'x' && *end != '\0'))
            return false;
        at = *end == 'x' ? end + 1 : end;
    }
    *ret_shape = shape;
    return *at == '\0';
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
        if ((int)i < bench->shape_n && !parse_shape(bench->shapes[i], &shapes[i])) {
            snprintf(bench->err.text, sizeof bench->err.text, "-x %s is no shape",
                     bench->shapes[i]);
            return CX_ARGUMENT;
        }
    }
    return CX_OK;
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

static enum cx_status fill_inputs(const struct bench *bench, struct job *job)
{
    for (size_t i = 0; cx_plan_input(job->plan, i) != NULL; i++) {
        size_t bytes = cx_plan_input_bytes(job->plan, i);
        job->inputs[i] = calloc(1, bytes + 1);
        if (job->inputs[i] == NULL)
            return CX_MEMORY;
        bool is_float = cx_plan_input(job->plan, i)->dtype == CX_DTYPE_FLOAT;
        for (size_t k = 0; is_float && k < bytes / sizeof(float); k++)
            ((float *)job->inputs[i])[k] = sinf((float)k * 0.37f);
        if ((int)i < bench->input_path_n &&
            !move_bytes(bench->input_paths[i], "rb", job->inputs[i], bytes))
            return CX_IO;
    }
    for (size_t i = 0; cx_plan_output(job->plan, i) != NULL; i++) {
        job->outputs[i] = malloc(cx_plan_output_bytes(job->plan, i) + 1);
        if (job->outputs[i] == NULL)
            return CX_MEMORY;
    }
    return CX_OK;
}

static enum cx_status write_outputs(const struct bench *bench, const struct job *job)
{
    for (int i = 0; i < bench->output_path_n && cx_plan_output(job->plan, (size_t)i) != NULL; i++)
        if (!move_bytes(bench->output_paths[i], "wb", job->outputs[i],
                        cx_plan_output_bytes(job->plan, (size_t)i)))
            return CX_IO;
    return CX_OK;
}

static enum cx_status run_once(struct bench *bench, const struct job *job, double *ret_ms)
{
    double start_ms = now_ms();
    enum cx_status status =
        cx_run(job->plan, (const void *const *)job->inputs, job->outputs, NULL, &bench->err);
    *ret_ms = now_ms() - start_ms;
    return status;
}

static double resident_peak_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss * 1.024e-3;
}

/* Before anything is measured: that takes memory and time of its own. */
static void print_load(struct bench *bench, const struct job *job)
{
    struct cx_device_stats stats;
    double weights = (double)cx_model_weight_bytes(bench->model) * 1e-6;
    double activations = (double)cx_plan_activation_bytes(job->plan) * 1e-6;
    double resident_mb = resident_peak_mb();
    cx_device_stats_get(bench->device, &stats);
    printf("file_to_first_result %.0f ms\n", now_ms() - bench->start_ms);
    printf("programs_built %llu programs\n", (unsigned long long)stats.program_misses);
    printf("weights %.1f MB\n", weights);
    printf("device_peak %.1f MB\n", (double)stats.arena_bytes_peak * 1e-6);
    printf("resident_driver %.1f MB\n", bench->driver_mb);
    printf("resident_peak %.1f MB\n", resident_mb);
    printf("resident_ours %.1f MB ratio %.2fx of weights_and_activations\n",
           resident_mb - bench->driver_mb,
           (resident_mb - bench->driver_mb) / (weights + activations));
}

static enum cx_status measure(struct bench *bench)
{
    double bandwidth = 0.0;
    enum cx_status status =
        cx_device_measure(bench->device, &bench->peak_gflops, &bandwidth, &bench->err);
    if (status == CX_OK) {
        printf("measured_peak %.1f GFLOP/s\n", bench->peak_gflops);
        printf("measured_bandwidth %.1f GB/s\n", bandwidth);
    }
    return status;
}

static void print_figures(struct bench *bench, const struct job *job)
{
    double *times_ms = bench->times_ms;
    qsort(times_ms, (size_t)bench->runs, sizeof *times_ms, smaller);
    double best_ms = times_ms[0], median_ms = times_ms[bench->runs / 2];
    double gflops = cx_plan_flops(job->plan) / best_ms * 1e-6;
    printf("batch%ld_best %.3f ms\n", job->batch, best_ms);
    printf("batch%ld_median %.3f ms\n", job->batch, median_ms);
    printf("batch%ld_throughput %.1f images/s\n", job->batch, (double)job->batch * 1e3 / median_ms);
    if (job->batch == 1)
        bench->single_ms = median_ms;
    else if (bench->single_ms > 0)
        printf("batch%ld_cost %.3fx of %ld runs of batch1\n", job->batch,
               median_ms / (bench->single_ms * (double)job->batch), job->batch);
    printf("batch%ld_rate %.1f GFLOP/s ratio %.2fx of measured_peak\n", job->batch, gflops,
           gflops / bench->peak_gflops);
}

/* The same runs with CX_RUNS_AHEAD of them in flight. */
static enum cx_status time_ahead(struct bench *bench, const struct job *job)
{
    enum cx_status status = cx_plan_overlap(job->plan, &bench->err);
    double start_ms = now_ms();
    for (int i = 0; i < bench->runs + CX_RUNS_AHEAD && status == CX_OK; i++) {
        if (i >= CX_RUNS_AHEAD)
            status = cx_run_wait(job->plan, job->outputs, &bench->err);
        if (i < bench->runs && status == CX_OK)
            status = cx_run_start(job->plan, (const void *const *)job->inputs, &bench->err);
    }
    if (status == CX_OK)
        printf("batch%ld_ahead %.1f images/s\n", job->batch,
               (double)job->batch * bench->runs * 1e3 / (now_ms() - start_ms));
    return status;
}

/* What copying takes of a run: the device's clock tells. */
static enum cx_status print_copies(struct bench *bench, const struct job *job)
{
    struct cx_timing timing;
    enum cx_status status =
        cx_run(job->plan, (const void *const *)job->inputs, job->outputs, &timing, &bench->err);
    if (status == CX_OK)
        printf("batch%ld_copies %llu us\n", job->batch,
               (unsigned long long)(timing.copy_in_us + timing.copy_out_us));
    return status;
}

static enum cx_status time_runs(struct bench *bench, const struct job *job)
{
    enum cx_status status = CX_OK;
    for (int i = 0; i < bench->runs && status == CX_OK; i++)
        status = run_once(bench, job, &bench->times_ms[i]);
    if (status != CX_OK)
        return status;
    print_figures(bench, job);
    status = print_copies(bench, job);
    if (bench->ahead && status == CX_OK)
        status = time_ahead(bench, job);
    if (bench->profile && status == CX_OK)
        status = launch_table_print(job->plan, &bench->err);
    return status == CX_OK ? write_outputs(bench, job) : status;
}

static enum cx_status answer_lines(struct bench *bench, const struct job *job)
{
    char line[64];
    enum cx_status status = CX_OK;
    printf("batch%ld_flops %.0f operations\nready\n", job->batch, cx_plan_flops(job->plan));
    fflush(stdout);
    while (status == CX_OK && fgets(line, sizeof line, stdin) != NULL) {
        long count = 0;
        line[strcspn(line, "\n")] = '\0';
        double peak_gflops = 0.0, bandwidth = 0.0;
        if (strcmp(line, "write") == 0) {
            status = write_outputs(bench, job);
        } else if (strcmp(line, "peak") == 0) {
            status = cx_device_measure(bench->device, &peak_gflops, &bandwidth, &bench->err);
        } else if (strncmp(line, "run ", 4) != 0 || !parse_count(line + 4, RUNS_MAX, &count)) {
            snprintf(bench->err.text, sizeof bench->err.text, "what is '%s'?", line);
            return CX_ARGUMENT;
        }
        for (long i = 0; i < count && status == CX_OK; i++)
            status = run_once(bench, job, &bench->times_ms[i]);
        printf("done");
        if (peak_gflops > 0.0)
            printf(" %.0f", peak_gflops * 1e9);
        for (long i = 0; i < count && status == CX_OK; i++)
            printf(" %.0f", bench->times_ms[i] * 1e6);
        printf("\n");
        fflush(stdout);
    }
    return status;
}

static enum cx_status tune(struct bench *bench, long batch, const struct cx_shape *shapes)
{
    struct cx_tune_options options = {.budget_us = (uint64_t)bench->tune_s * 1000000};
    struct cx_tune_report report;
    enum cx_status status = cx_tune(bench->session, shapes, cx_model_input_count(bench->model),
                                    &options, &report, &bench->err);
    if (status != CX_OK)
        return status;
    for (uint32_t i = 0; i < report.choice_n; i++) {
        const struct cx_tune_choice *choice = &report.choices[i];
        printf("# %-32.32s %3u nodes %2u candidates %2u refused %-16s -> %-16s %9.1f -> %9.1f us\n",
               choice->node, choice->nodes, choice->candidates, choice->refused, choice->before,
               choice->after, (double)choice->before_ns * 1e-3, (double)choice->after_ns * 1e-3);
    }
    printf("batch%ld_tune %.1f s %u runs %u/%u measured %u refused %u changed%s%s\n", batch,
           (double)report.elapsed_us * 1e-6, report.runs, report.measured, report.candidates,
           report.refused, report.changed, report.complete ? " complete" : "",
           report.kept ? " kept" : "");
    printf("batch%ld_untuned_median %.2f ms\n", batch, (double)report.before_us * 1e-3);
    printf("batch%ld_tuned_median %.2f ms\n", batch, (double)report.after_us * 1e-3);
    cx_tune_report_finish(&report);
    return CX_OK;
}

static enum cx_status run_batch(struct bench *bench, long batch)
{
    struct cx_shape shapes[IO_MAX];
    struct job job = {.batch = batch};
    enum cx_status status = input_shapes(bench, batch, shapes);
    if (status == CX_OK && bench->tune_s > 0)
        status = tune(bench, batch, shapes);
    double first_ms, start_ms = now_ms();
    if (status == CX_OK)
        status = cx_plan_create(bench->session, shapes, cx_model_input_count(bench->model), NULL,
                                &job.plan, &bench->err);
    if (status != CX_OK)
        return status;
    printf("batch%ld_plan %.0f ms\n", batch, now_ms() - start_ms);
    printf("batch%ld_launches %zu launches\n", batch, cx_plan_launch_count(job.plan));
    printf("batch%ld_activations %.1f MB\n", batch,
           (double)cx_plan_activation_bytes(job.plan) * 1e-6);
    status = fill_inputs(bench, &job);
    if (status == CX_OK)
        status = run_once(bench, &job, &first_ms);
    if (status == CX_OK && !bench->warm) {
        bench->warm = true;
        print_load(bench, &job);
        status = measure(bench);
    }
    if (status == CX_OK)
        status = bench->lines ? answer_lines(bench, &job) : time_runs(bench, &job);
    for (size_t i = 0; i < IO_MAX; i++) {
        free(job.inputs[i]);
        free(job.outputs[i]);
    }
    cx_plan_destroy(job.plan);
    return status;
}

static enum cx_status open_all(struct bench *bench)
{
    struct cx_device_options options = {.cache_dir = bench->cache_dir,
                                        .family = bench->family,
                                        .float_width = (uint32_t)bench->width,
                                        .precision = bench->precision,
                                        .candidate = bench->candidate,
                                        .profiling = bench->profile};
    enum cx_status status = CX_OK;
    bench->start_ms = now_ms();
    if (bench->cache_dir != NULL)
        status = cx_setup(bench->cache_dir, &bench->err);
    if (status == CX_OK)
        status = cx_device_open(bench->device_id, &options, &bench->device, &bench->err);
    if (status != CX_OK)
        return status;
    const struct cx_device_info *info = cx_device_describe(bench->device);
    printf("# %s %s, %s, %u compute units, family %s\n", info->id, info->name, info->driver,
           info->compute_units, cx_family_name(info->family));
    double opened_ms = now_ms();
    printf("device_open %.0f ms\n", opened_ms - bench->start_ms);
    bench->driver_mb = resident_peak_mb();
    status = cx_model_load(bench->model_path, &bench->model, &bench->err);
    if (status == CX_OK)
        printf("model_load %.0f ms\n", now_ms() - opened_ms);
    if (status == CX_OK)
        status = cx_session_create(bench->model, bench->device, &bench->session, &bench->err);
    return status;
}

static bool add_text(const char **texts, int *n, const char *text)
{
    if (*n == IO_MAX)
        return false;
    texts[(*n)++] = text;
    return true;
}

static bool read_options(struct bench *bench, int argc, char **argv)
{
    int option;
    long count;
    bool good = true;
    while (good && (option = getopt(argc, argv, "d:f:w:k:t:c:n:apqlx:i:o:")) != -1) {
        if (option == 'd')
            bench->device_id = optarg;
        else if (option == 'c')
            bench->cache_dir = optarg;
        else if (option == 'f' && strcmp(optarg, "gpu") == 0)
            bench->family = CX_FAMILY_GPU;
        else if (option == 'f' && strcmp(optarg, "cpu") == 0)
            bench->family = CX_FAMILY_CPU;
        else if (option == 'w')
            good = parse_count(optarg, WIDTH_MAX, &bench->width);
        else if (option == 'k')
            bench->candidate = optarg;
        else if (option == 't')
            good = parse_count(optarg, TUNE_S_MAX, &bench->tune_s);
        else if (option == 'q')
            bench->precision = CX_PRECISION_HALF;
        else if (option == 'a')
            bench->ahead = true;
        else if (option == 'p')
            bench->profile = true;
        else if (option == 'l')
            bench->lines = true;
        else if (option == 'x')
            good = add_text(bench->shapes, &bench->shape_n, optarg);
        else if (option == 'i')
            good = add_text(bench->input_paths, &bench->input_path_n, optarg);
        else if (option == 'o')
            good = add_text(bench->output_paths, &bench->output_path_n, optarg);
        else if (option == 'n' && parse_count(optarg, RUNS_MAX, &count))
            bench->runs = (int)count;
        else
            good = false;
    }
    for (int i = optind + 1; i < argc; i++)
        good = good && parse_count(argv[i], 1 << 16, &count);
    return good && optind < argc;
}

int main(int argc, char **argv)
{
    static struct bench bench = {.runs = RUNS_DEFAULT};
    if (!read_options(&bench, argc, argv)) {
        fputs("usage: compute_bench [-d DEVICE] [-f cpu|gpu] [-w WIDTH] [-q] [-k CANDIDATE] [-t "
              "SECONDS]\n"
              "       [-c CACHE_DIR] [-n RUNS] [-a] [-p] [-l] [-x SHAPE]… [-i FILE]… [-o FILE]…\n"
              "       MODEL.onnx [BATCH…]\n"
              "-c keeps programs, -n runs so often, -t tunes before, -k forces a candidate,\n"
              "-w a vector width, -q keeps halves, -p shows each launch, -a overlaps copies,\n"
              "-x an input's shape (1x3x224x224), -i its bytes, -o an output's; -l for scripts.\n",
              stderr);
        return 2;
    }
    bench.model_path = argv[optind];
    enum cx_status status = open_all(&bench);
    if (status == CX_OK && optind + 1 == argc)
        status = run_batch(&bench, 1);
    for (int i = optind + 1; i < argc && status == CX_OK; i++)
        status = run_batch(&bench, strtol(argv[i], NULL, 10));
    if (status != CX_OK)
        fprintf(stderr, "compute_bench: %s: %s\n", cx_status_name(status), bench.err.text);
    cx_session_destroy(bench.session);
    cx_model_destroy(bench.model);
    while (bench.device != NULL && cx_device_idle(bench.device))
        continue;
    cx_device_close(bench.device);
    return status == CX_OK ? 0 : 1;
}
