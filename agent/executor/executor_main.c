#include "executor_main.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cx.h"
#include "executor_models.h"
#include "executor_protocol.h"

struct executor {
    struct cx_device *device;
    struct executor_models *models;
    uint8_t *memory; /* the shared file, mapped */
    uint64_t memory_bytes;
    union executor_packet packet;
    union executor_packet reply;
    uint64_t stopped_batch; /* the last that nobody wants any more */
    uint64_t copy_us, launches;
    /* While it tunes or runs */
    uint64_t told_us;
    bool stop_wanted, is_broken;
    bool unload_wanted[EXECUTOR_MODELS_MAX];
};

/* Maps the whole file, which the agent may have made larger. It can't shrink: it is sealed. */
static bool memory_map(struct executor *executor)
{
    struct stat info;
    if (fstat(EXECUTOR_MEMORY_FD, &info) != 0 || info.st_size < 0)
        return false;
    uint64_t bytes = (uint64_t)info.st_size;
    if (bytes == executor->memory_bytes)
        return true;
    if (executor->memory != NULL)
        munmap(executor->memory, executor->memory_bytes);
    executor->memory = NULL;
    executor->memory_bytes = 0;
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, EXECUTOR_MEMORY_FD, 0);
    if (memory == MAP_FAILED)
        return false;
    executor->memory = memory;
    executor->memory_bytes = bytes;
    return true;
}

static bool memory_grow(struct executor *executor, uint64_t bytes)
{
    if (bytes <= executor->memory_bytes)
        return true;
    return bytes <= EXECUTOR_MEMORY_MAX && ftruncate(EXECUTOR_MEMORY_FD, (off_t)bytes) == 0 &&
           memory_map(executor);
}

static void counters_fill(const struct executor *executor, struct executor_counters *ret_counters)
{
    struct cx_device_stats stats;
    cx_device_stats_get(executor->device, &stats);
    *ret_counters = (struct executor_counters){
        .device_bytes = stats.arena_bytes_live + stats.arena_bytes_idle,
        .program_hits = stats.program_hits,
        .program_misses = stats.program_misses,
        .copy_us = executor->copy_us,
        .launches = executor->launches,
    };
}

static void report_progress(void *context, const char *step, uint32_t done, uint32_t total)
{
    (void)context;
    (void)step;
    /* A total of 0 is kept for "prepared". */
    union executor_packet packet = {.progress = {.done = done, .total = total > 0 ? total : 1}};
    agent_executor_packet_send(EXECUTOR_SOCKET_FD, &packet, EXECUTOR_PROGRESS);
}

static const struct cx_progress progress = {.report = report_progress};

static enum cx_status fail(struct cx_error *err, enum cx_status status, const char *text)
{
    err->status = status;
    snprintf(err->text, sizeof(err->text), "%s", text);
    return status;
}

/* Finds room for the outputs and describes them. */
static enum cx_status outputs_place(struct executor *executor, const struct cx_plan *plan,
                                    uint64_t offset, struct executor_ran *ran, struct cx_error *err)
{
    uint32_t n = 0;
    const struct cx_tensor_info *info;
    while ((info = cx_plan_output(plan, n)) != NULL) {
        if (n == EXECUTOR_TENSORS_MAX || info->shape.rank > EXECUTOR_RANK_MAX)
            return fail(err, CX_LIMIT, "the model has too many outputs or dimensions");
        struct executor_tensor *tensor = &ran->outputs[n];
        *tensor = (struct executor_tensor){.dtype = (uint32_t)info->dtype,
                                           .rank = info->shape.rank,
                                           .offset = offset,
                                           .bytes = cx_plan_output_bytes(plan, n)};
        for (uint32_t d = 0; d < info->shape.rank; d++)
            tensor->dims[d] = info->shape.dims[d];
        if (tensor->bytes > EXECUTOR_MEMORY_MAX)
            return fail(err, CX_LIMIT, "the outputs are larger than the shared memory may be");
        offset += (tensor->bytes + EXECUTOR_ALIGN - 1) / EXECUTOR_ALIGN * EXECUTOR_ALIGN;
        n++;
    }
    ran->n_outputs = n;
    if (!memory_grow(executor, offset))
        return fail(err, CX_MEMORY, "the shared memory can not hold the outputs");
    return CX_OK;
}

/* What the agent says while the device measures or a batch runs: nothing but these. */
static void packets_take(struct executor *executor)
{
    static union executor_packet packet;
    struct pollfd socket = {.fd = EXECUTOR_SOCKET_FD, .events = POLLIN};
    while (!executor->is_broken && poll(&socket, 1, 0) > 0) {
        if (agent_executor_packet_receive(EXECUTOR_SOCKET_FD, &packet) != 0)
            executor->is_broken = true;
        else if (packet.header.kind == EXECUTOR_TUNE_STOP)
            executor->stop_wanted = true;
        else if (packet.header.kind == EXECUTOR_STOP)
            executor->stopped_batch = packet.stop.batch;
        else if (packet.header.kind == EXECUTOR_UNLOAD && packet.unload.model < EXECUTOR_MODELS_MAX)
            executor->unload_wanted[packet.unload.model] = true;
        else
            executor->is_broken = true;
    }
}

static void unload_wanted(struct executor *executor)
{
    for (uint32_t i = 0; i < EXECUTOR_MODELS_MAX; i++)
        if (executor->unload_wanted[i])
            agent_executor_models_unload(executor->models, i);
    memset(executor->unload_wanted, 0, sizeof(executor->unload_wanted));
}

static bool is_stop_wanted(void *context)
{
    struct executor *executor = context;
    packets_take(executor);
    return executor->is_broken || executor->stopped_batch == executor->packet.run.batch;
}

static enum cx_status run_batch(struct executor *executor, const struct executor_run *run,
                                struct executor_ran *ran, struct cx_error *err)
{
    struct cx_plan *plan;
    if (run->n_inputs > EXECUTOR_TENSORS_MAX || run->outputs_offset > EXECUTOR_MEMORY_MAX)
        return fail(err, CX_ARGUMENT, "the run request is malformed");
    if (!memory_map(executor))
        return fail(err, CX_MEMORY, "the shared memory can not be mapped");
    enum cx_status status =
        agent_executor_models_plan(executor->models, run, &plan, &ran->prepare_us, err);
    if (status != CX_OK)
        return status;
    if (ran->prepare_us > 0) {
        union executor_packet prepared = {.progress = {.done = 0, .total = 0}};
        agent_executor_packet_send(EXECUTOR_SOCKET_FD, &prepared, EXECUTOR_PROGRESS);
    }
    status = outputs_place(executor, plan, run->outputs_offset, ran, err);
    if (status != CX_OK)
        return status;
    const void *inputs[EXECUTOR_TENSORS_MAX];
    void *outputs[EXECUTOR_TENSORS_MAX];
    for (uint32_t i = 0; i < run->n_inputs; i++) {
        if (run->inputs[i].offset > executor->memory_bytes ||
            run->inputs[i].bytes > executor->memory_bytes - run->inputs[i].offset)
            return fail(err, CX_ARGUMENT, "an input lies outside the shared memory");
        inputs[i] = executor->memory + run->inputs[i].offset;
    }
    for (uint32_t i = 0; i < ran->n_outputs; i++)
        outputs[i] = executor->memory + ran->outputs[i].offset;
    struct cx_timing timing = {0};
    cx_device_stop_by(executor->device, is_stop_wanted, executor);
    status = cx_run(plan, inputs, outputs, &timing, err);
    cx_device_stop_by(executor->device, NULL, NULL);
    ran->copy_us = timing.copy_in_us + timing.copy_out_us;
    ran->compute_us = timing.compute_us;
    executor->copy_us += ran->copy_us;
    if (status == CX_OK)
        executor->launches += cx_plan_launch_count(plan);
    return status;
}

static int serve_run(struct executor *executor)
{
    const struct executor_run *run = &executor->packet.run;
    struct executor_ran *ran = &executor->reply.ran;
    struct cx_error err = {.status = CX_OK};
    memset(ran, 0, sizeof(*ran));
    ran->batch = run->batch;
    enum cx_status status = run_batch(executor, run, ran, &err);
    ran->status = (uint32_t)status;
    if (status != CX_OK) {
        ran->n_outputs = 0;
        snprintf(ran->text, sizeof(ran->text), "%s", err.text);
    }
    if (run->model < EXECUTOR_MODELS_MAX)
        ran->model_bytes = agent_executor_models_bytes(executor->models, run->model);
    unload_wanted(executor);
    counters_fill(executor, &ran->counters);
    if (executor->is_broken ||
        agent_executor_packet_send(EXECUTOR_SOCKET_FD, &executor->reply, EXECUTOR_RAN) != 0)
        return 1;
    /* The driver's state is unknown now: the agent starts a fresh process. */
    return status == CX_DEVICE ? EXECUTOR_EXIT_DEVICE : 0;
}

static int serve_load(struct executor *executor)
{
    struct executor_loaded *loaded = &executor->reply.loaded;
    agent_executor_models_load(executor->models, &executor->packet.load, loaded);
    counters_fill(executor, &loaded->counters);
    uint32_t status = loaded->status;
    if (agent_executor_packet_send(EXECUTOR_SOCKET_FD, &executor->reply, EXECUTOR_LOADED) != 0)
        return 1;
    return status == CX_DEVICE ? EXECUTOR_EXIT_DEVICE : 0;
}

enum { IDLE_AFTER_MS = 500, TUNING_EVERY_US = 200000 };

static bool report_tuning(void *context, const struct cx_tune_progress *progress_now)
{
    struct executor *executor = context;
    packets_take(executor);
    uint64_t now_us = agent_executor_clock_us();
    if (now_us - executor->told_us >= TUNING_EVERY_US) {
        executor->told_us = now_us;
        union executor_packet packet = {.tuned = {.model = executor->packet.tune.model,
                                                  .candidates = progress_now->total,
                                                  .measured = progress_now->done,
                                                  .elapsed_us = progress_now->elapsed_us,
                                                  .before_us = progress_now->before_us,
                                                  .after_us = progress_now->best_us}};
        snprintf(packet.tuned.text, sizeof(packet.tuned.text), "%s", progress_now->step);
        agent_executor_packet_send(EXECUTOR_SOCKET_FD, &packet, EXECUTOR_TUNING);
    }
    return !executor->stop_wanted && !executor->is_broken;
}

static int serve_tune(struct executor *executor)
{
    struct executor_tuned *tuned = &executor->reply.tuned;
    executor->told_us = 0;
    executor->stop_wanted = false;
    agent_executor_models_tune(executor->models, &executor->packet.tune, report_tuning, executor,
                               tuned);
    uint32_t status = tuned->status;
    unload_wanted(executor);
    if (executor->is_broken ||
        agent_executor_packet_send(EXECUTOR_SOCKET_FD, &executor->reply, EXECUTOR_TUNED) != 0)
        return 1;
    return status == CX_DEVICE ? EXECUTOR_EXIT_DEVICE : 0;
}

/* Between batches the device tidies up; a packet that comes meanwhile waits for one piece of it. */
static void wait_for_packet(struct executor *executor)
{
    struct pollfd socket = {.fd = EXECUTOR_SOCKET_FD, .events = POLLIN};
    while (poll(&socket, 1, IDLE_AFTER_MS) == 0 && cx_device_idle(executor->device))
        continue;
}

static int serve(struct executor *executor)
{
    int code = 0;
    while (code == 0) {
        wait_for_packet(executor);
        if (agent_executor_packet_receive(EXECUTOR_SOCKET_FD, &executor->packet) != 0)
            return 0; /* the agent has gone */
        if (executor->packet.header.kind == EXECUTOR_RUN)
            code = serve_run(executor);
        else if (executor->packet.header.kind == EXECUTOR_LOAD)
            code = serve_load(executor);
        else if (executor->packet.header.kind == EXECUTOR_TUNE)
            code = serve_tune(executor);
        else if (executor->packet.header.kind == EXECUTOR_TUNE_STOP ||
                 executor->packet.header.kind == EXECUTOR_STOP)
            continue; /* it came after the end */
        else if (executor->packet.header.kind == EXECUTOR_UNLOAD)
            agent_executor_models_unload(executor->models, executor->packet.unload.model);
        else
            return 1;
    }
    return code;
}

static void announce(struct executor *executor, enum cx_status status, const char *text)
{
    struct executor_ready *ready = &executor->reply.ready;
    memset(ready, 0, sizeof(*ready));
    ready->status = (uint32_t)status;
    snprintf(ready->text, sizeof(ready->text), "%s", text);
    if (status == CX_OK)
        ready->memory_bytes = cx_device_describe(executor->device)->global_bytes;
    agent_executor_packet_send(EXECUTOR_SOCKET_FD, &executor->reply, EXECUTOR_READY);
}

int agent_executor_main(const struct executor_options *options)
{
    static struct executor executor; /* the packets are large for a stack */
    /* No orphan keeps a device busy when the agent is killed; the check closes the gap before it.
     */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != options->parent)
        return 1;
    prctl(PR_SET_NAME, "stoker-executor");
    /* A terminal's Ctrl-C is for the agent, which drains first. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    struct cx_device_options device_options = {.cache_dir = options->cache_dir,
                                               .memory_bytes_max = options->memory_max,
                                               .precision = (enum cx_precision)options->precision};
    struct cx_error err = {.status = CX_OK};
    enum cx_status status =
        cx_device_open(options->device, &device_options, &executor.device, &err);
    if (status == CX_OK) {
        executor.models = agent_executor_models_create(executor.device, &progress);
        if (executor.models == NULL)
            status = fail(&err, CX_MEMORY, "out of memory");
    }
    announce(&executor, status, err.text);
    int code = status == CX_OK ? serve(&executor) : EXECUTOR_EXIT_NO_DEVICE;
    agent_executor_models_destroy(executor.models);
    cx_device_close(executor.device);
    if (executor.memory != NULL)
        munmap(executor.memory, executor.memory_bytes);
    return code;
}
