/* What the agent says of itself: once in HELLO, and 4 times a second. docs/protocol.md lists it. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "cx.h"
#include "sensors.h"
#include "worker_internal.h"

uint64_t agent_worker_models_bytes_max(const struct agent_worker *worker, uint32_t device)
{
    /* A tenth is left for what runs need and for others on the card. */
    uint64_t bytes = worker->devices[device].info.memory_bytes / 10 * 9;
    uint64_t limit = (uint64_t)worker->config.device_memory_max;
    return limit > 0 && limit < bytes ? limit : bytes;
}

char *agent_worker_capabilities(const struct agent_worker *worker)
{
    cJSON *root = cJSON_CreateObject();
    cJSON_AddNumberToObject(root, "credit", (double)worker->config.credit);
    cJSON_AddBoolToObject(root, "tune", true);
    cJSON_AddBoolToObject(root, "load", true);
    cJSON_AddBoolToObject(root, "prefetch", true);
    cJSON_AddBoolToObject(root, "restart", worker->on_restart != NULL);
    cJSON *list = cJSON_AddArrayToObject(root, "devices");
    for (uint32_t i = 0; i < worker->n_devices; i++) {
        const struct agent_device *info = &worker->devices[i].info;
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "index", i);
        cJSON_AddStringToObject(item, "id", info->id);
        cJSON_AddStringToObject(item, "name", info->name);
        cJSON_AddStringToObject(item, "driver", info->driver);
        cJSON_AddStringToObject(item, "family", info->family);
        cJSON_AddNumberToObject(item, "memory_bytes", (double)info->memory_bytes);
        cJSON_AddNumberToObject(item, "models_bytes_max",
                                (double)agent_worker_models_bytes_max(worker, i));
        cJSON_AddNumberToObject(item, "compute_units", info->compute_units);
        cJSON_AddBoolToObject(item, "fp16", info->fp16);
        cJSON_AddBoolToObject(item, "fp64", info->fp64);
        cJSON_AddItemToArray(list, item);
    }
    char *text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return text;
}

static const char *device_state_name(const struct worker_device_view *view)
{
    if (view->state == WORKER_DEVICE_CORDONED)
        return "cordoned";
    if (view->state == WORKER_DEVICE_TUNING)
        return "tuning";
    if (view->failures > 0)
        return "suspect";
    if (view->state == WORKER_DEVICE_DOWN || view->state == WORKER_DEVICE_STARTING)
        return "starting";
    return "ready";
}

/* What isn't known is left out. */
static void add_known(cJSON *item, const char *name, double value)
{
    if (!isnan(value))
        cJSON_AddNumberToObject(item, name, value);
}

/* Counters that fall are of another process: its own since its start. */
static double grown(uint64_t now, uint64_t before)
{
    return (double)(now >= before ? now - before : now);
}

static void add_activity(struct agent_worker *worker, cJSON *item, uint32_t index, uint64_t span_us)
{
    struct worker_device *device = &worker->devices[index];
    const struct executor_counters *now = &device->counters, *before = &device->sampled;
    double temperature_c, power_w;
    agent_sensors_read(worker->sensors, index, &temperature_c, &power_w);
    cJSON_AddNumberToObject(item, "copy",
                            fmin(grown(now->copy_us, before->copy_us) / (double)span_us, 1));
    cJSON_AddNumberToObject(item, "kernels_per_s",
                            grown(now->launches, before->launches) * 1e6 / (double)span_us);
    add_known(item, "temperature_c", temperature_c);
    add_known(item, "power_w", power_w);
    device->sampled = *now;
}

static void add_device(struct agent_worker *worker, cJSON *list, uint32_t index, uint64_t now_us,
                       uint64_t span_us)
{
    struct worker_device *device = &worker->devices[index];
    struct worker_device_view view;
    agent_worker_core_device(worker->core, index, now_us, &view);
    double busy = (double)(view.busy_us - device->busy_sampled_us) / (double)span_us;
    device->busy_sampled_us = view.busy_us;
    cJSON *item = cJSON_CreateObject();
    cJSON_AddNumberToObject(item, "index", index);
    cJSON_AddStringToObject(item, "state", device_state_name(&view));
    cJSON_AddStringToObject(item, "reason", view.reason);
    cJSON_AddNumberToObject(item, "memory_used_bytes", (double)device->counters.device_bytes);
    cJSON_AddNumberToObject(item, "busy", busy < 1 ? busy : 1);
    cJSON_AddNumberToObject(item, "restarts", view.restarts);
    cJSON_AddNumberToObject(item, "batches", (double)view.batches);
    cJSON_AddNumberToObject(item, "jobs", (double)view.jobs);
    add_activity(worker, item, index, span_us);
    cJSON *program = cJSON_AddObjectToObject(item, "program");
    cJSON_AddNumberToObject(program, "hits", (double)device->counters.program_hits);
    cJSON_AddNumberToObject(program, "misses", (double)device->counters.program_misses);
    cJSON_AddItemToArray(list, item);
}

/* As docs/control.md spells ONNX's types. */
static const char *dtype_name(uint32_t dtype)
{
    switch ((enum cx_dtype)dtype) {
    case CX_DTYPE_FLOAT:
        return "float32";
    case CX_DTYPE_DOUBLE:
        return "float64";
    default:
        return cx_dtype_name((enum cx_dtype)dtype);
    }
}

static void add_io(cJSON *model, const char *key, const struct executor_io *list, uint32_t n)
{
    cJSON *array = cJSON_AddArrayToObject(model, key);
    for (uint32_t i = 0; i < n; i++) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", list[i].name);
        cJSON_AddStringToObject(item, "dtype", dtype_name(list[i].dtype));
        cJSON *shape = cJSON_AddArrayToObject(item, "shape");
        for (uint32_t d = 0; d < list[i].rank; d++)
            cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)list[i].dims[d]));
        cJSON_AddItemToArray(array, item);
    }
}

static void add_batches(const struct agent_worker *worker, cJSON *model, uint32_t index)
{
    cJSON *list = cJSON_AddArrayToObject(model, "batch");
    for (uint32_t i = 0; i < worker->n_devices; i++) {
        struct worker_batch_view view;
        if (!agent_worker_core_batch(worker->core, i, index, &view))
            continue;
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "device", i);
        cJSON_AddNumberToObject(item, "rows", view.size);
        cJSON_AddNumberToObject(item, "rows_per_s", view.rows_per_s);
        cJSON_AddItemToArray(list, item);
    }
}

static void add_model(const struct agent_worker *worker, cJSON *list, uint32_t index)
{
    struct worker_model_view view;
    agent_worker_core_model(worker->core, index, &view);
    const char *state = view.state == WORKER_MODEL_FETCHING ? "fetching"
                        : view.state == WORKER_MODEL_FAILED ? "failed"
                        : view.is_resident                  ? "resident"
                        : view.is_loading                   ? "loading"
                                                            : NULL;
    if (view.state == WORKER_MODEL_FREE || state == NULL)
        return;
    const struct worker_model *model = &worker->models[index];
    char hex[2 * STORE_HASH_SIZE + 1];
    agent_store_hex(view.hash, hex);
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "hash", hex);
    cJSON_AddStringToObject(item, "state", state);
    cJSON_AddStringToObject(item, "error", view.text);
    if (view.error != WORKER_ERROR_NONE)
        cJSON_AddStringToObject(item, "error_code",
                                net_job_error_name(agent_worker_job_error_of(view.error)));
    cJSON_AddNumberToObject(item, "memory_bytes", (double)view.bytes);
    cJSON_AddNumberToObject(item, "load_us", (double)view.load_us);
    uint64_t fetched, bytes;
    if (view.state == WORKER_MODEL_FETCHING &&
        agent_fetch_progress(worker->fetch, view.hash, &fetched, &bytes)) {
        cJSON_AddNumberToObject(item, "fetched_bytes", (double)fetched);
        cJSON_AddNumberToObject(item, "fetch_bytes", (double)bytes);
    }
    cJSON *devices = cJSON_AddArrayToObject(item, "devices");
    for (uint32_t i = 0; i < worker->n_devices; i++)
        if (agent_worker_core_resident(worker->core, i, index))
            cJSON_AddItemToArray(devices, cJSON_CreateNumber(i));
    add_batches(worker, item, index);
    if (model->is_described && view.is_resident) {
        add_io(item, "inputs", model->inputs, model->n_inputs);
        add_io(item, "outputs", model->outputs, model->n_outputs);
    }
    cJSON_AddItemToArray(list, item);
}

/* Resident bytes and processor ticks of a process, added to the sums. */
static void add_process(const char *pid, uint64_t *rss_bytes, uint64_t *ticks)
{
    char path[64], text[1024];
    unsigned long long user = 0, system = 0, pages = 0;
    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    size_t got = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[got] = '\0';
    /* The name before may hold anything, spaces and brackets too: begin behind its end. */
    const char *rest = strrchr(text, ')');
    if (rest == NULL || sscanf(rest + 1,
                               " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu %*s %*s %*s "
                               "%*s %*s %*s %*s %*s %llu",
                               &user, &system, &pages) != 3)
        return;
    *ticks += user + system;
    *rss_bytes += pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void add_resources(struct agent_worker *worker, cJSON *root, uint64_t span_us)
{
    uint64_t rss_bytes = 0, ticks = 0;
    add_process("self", &rss_bytes, &ticks);
    for (uint32_t i = 0; i < worker->n_devices; i++) {
        char pid[32];
        snprintf(pid, sizeof(pid), "%d", (int)worker->devices[i].process.pid);
        if (worker->devices[i].is_running)
            add_process(pid, &rss_bytes, &ticks);
    }
    /* An executor that ended takes its ticks with it. */
    uint64_t spent = ticks > worker->cpu_ticks ? ticks - worker->cpu_ticks : 0;
    worker->cpu_ticks = ticks;
    cJSON_AddNumberToObject(root, "rss_bytes", (double)rss_bytes);
    cJSON_AddNumberToObject(root, "cpu",
                            (double)spent / (double)sysconf(_SC_CLK_TCK) * 1e6 / (double)span_us);
}

void agent_worker_telemetry(struct agent_worker *worker)
{
    uint64_t now_us = agent_worker_clock_us();
    if (now_us < worker->telemetry_due_us)
        return;
    uint64_t span_us = now_us - worker->telemetry_last_us;
    worker->telemetry_due_us = now_us + TELEMETRY_US;
    if (worker->link == NULL || !worker->is_welcome || span_us == 0)
        return;
    worker->telemetry_last_us = now_us;
    struct worker_view view;
    agent_worker_core_view(worker->core, &view);
    cJSON *root = cJSON_CreateObject();
    cJSON_AddNumberToObject(root, "queued", view.queued);
    cJSON_AddNumberToObject(root, "running", view.running);
    add_resources(worker, root, span_us);
    cJSON *devices = cJSON_AddArrayToObject(root, "devices");
    for (uint32_t i = 0; i < worker->n_devices; i++)
        add_device(worker, devices, i, now_us, span_us);
    cJSON *models = cJSON_AddArrayToObject(root, "models");
    for (uint32_t i = 0; i < WORKER_MODELS_MAX; i++)
        add_model(worker, models, i);
    cJSON *cache = cJSON_AddObjectToObject(cJSON_AddObjectToObject(root, "caches"), "model");
    cJSON_AddNumberToObject(cache, "hits", (double)view.model_hits);
    cJSON_AddNumberToObject(cache, "misses", (double)view.model_misses);
    char *text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    if (text == NULL)
        return;
    struct net_telemetry telemetry = {.json = net_text_of(text)};
    net_telemetry_encode(&worker->out, &telemetry, NULL);
    cJSON_free(text);
}
