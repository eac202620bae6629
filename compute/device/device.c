/* Opening and closing a device. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "device/cl.h"
#include "device/key.h"
#include "error.h"
#include "kernels/source.h"

#define CACHE_BYTES_DEFAULT (UINT64_C(256) << 20)
#define ALIGN_BYTES_MIN 128
/* To be raised when the host's side of the kernels makes what was measured worthless. */
#define CANDIDATES_VERSION "1"
#define PATH_BYTES 4096

enum cx_status cx_setup(const char *cache_dir, struct cx_error *err)
{
    if (getenv("POCL_CACHE_DIR") != NULL)
        return CX_OK;
    char path[PATH_BYTES];
    int n = snprintf(path, sizeof path, "%s/pocl", cache_dir);
    if (n < 0 || (size_t)n >= sizeof path)
        return cx_error_set(err, CX_ARGUMENT, "the cache folder's name is too long");
    struct cx_cache probe;
    bool usable = cx_cache_init(&probe, path, 0);
    cx_cache_finish(&probe);
    if (!usable)
        return cx_error_set(err, CX_IO, "cache folder %s: %s", path, strerror(errno));
    if (setenv("POCL_CACHE_DIR", path, 0) != 0)
        return cx_error_set(err, CX_MEMORY, "setenv: %s", strerror(errno));
    return CX_OK;
}

/* id may be "0:0" or the full "0:0-9f83c2a1"; NULL takes the first GPU, else the first device. */
static const struct cx_found *choose(const struct cx_found *found, size_t n, const char *id)
{
    if (id == NULL) {
        for (size_t i = 0; i < n; i++)
            if (found[i].info.type == CX_DEVICE_GPU)
                return &found[i];
        return n > 0 ? &found[0] : NULL;
    }
    for (size_t i = 0; i < n; i++) {
        const char *full = found[i].info.id;
        size_t id_n = strlen(id);
        if (strcmp(full, id) == 0 || (strchr(id, '-') == NULL && id_n > 0 &&
                                      strncmp(full, id, id_n) == 0 && full[id_n] == '-'))
            return &found[i];
    }
    return NULL;
}

static enum cx_status open_queue(struct cx_device *device, struct cx_error *err)
{
    cl_int code;
    cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                          (cl_context_properties)device->platform, 0};
    device->context = clCreateContext(properties, 1, &device->id, NULL, NULL, &code);
    if (code != CL_SUCCESS)
        return cx_cl_fail(err, code, device, "clCreateContext");
        /* Always with profiling: a run takes its time split from the events of three commands. The
         * OpenCL 1.2 call, because old drivers know no other. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    device->queue =
        clCreateCommandQueue(device->context, device->id, CL_QUEUE_PROFILING_ENABLE, &code);
#pragma GCC diagnostic pop
    if (code != CL_SUCCESS)
        return cx_cl_fail(err, code, device, "clCreateCommandQueue");
    return CX_OK;
}

static enum cx_status open_cache(struct cx_device *device, const struct cx_device_options *options,
                                 struct cx_error *err)
{
    uint64_t bytes_max =
        options->cache_bytes_max != 0 ? options->cache_bytes_max : CACHE_BYTES_DEFAULT;
    char path[PATH_BYTES];
    const char *folder = NULL;
    if (options->cache_dir != NULL) {
        int n = snprintf(path, sizeof path, "%s/programs", options->cache_dir);
        if (n < 0 || (size_t)n >= sizeof path)
            return cx_error_set(err, CX_ARGUMENT, "the cache folder's name is too long");
        folder = path;
    }
    if (!cx_cache_init(&device->cache, folder, bytes_max))
        return cx_error_set(err, CX_IO, "program cache %s can't be written: %s", folder,
                            strerror(errno));
    return CX_OK;
}

/* What measurements of this device depend on, besides what was measured. */
static XXH128_hash_t choices_identity(const struct cx_device *device)
{
    const struct cx_device_info *info = &device->info;
    const char *texts[] = {info->id,     info->name,    info->vendor,      info->platform_name,
                           info->driver, info->version, CANDIDATES_VERSION};
    const uint64_t numbers[] = {info->family, info->compute_units, info->float_width, info->fp16,
                                info->fp64,   cx_sources_hash(),   device->precision};
    XXH128_hash_t key = {0, 0};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cx_key_add_text(&key, texts[i]);
    cx_key_add(&key, numbers, sizeof numbers);
    return key;
}

/* What a file holds that isn't usable is measured again. */
static enum cx_status open_choices(struct cx_device *device, const char *cache_dir,
                                   struct cx_error *err)
{
    char path[PATH_BYTES];
    device->choices_identity = choices_identity(device);
    if (cache_dir == NULL)
        return CX_OK;
    int n = snprintf(path, sizeof path, "%s/choices/%s-%s.txt", cache_dir, device->info.id,
                     cx_family_name(device->info.family));
    if (n < 0 || (size_t)n >= sizeof path)
        return cx_error_set(err, CX_ARGUMENT, "the cache folder's name is too long");
    device->choices_path = strdup(path);
    if (device->choices_path == NULL)
        return cx_error_set(err, CX_MEMORY, "no memory for a device");
    enum cx_choices_result result =
        cx_choices_load(path, device->choices_identity, &device->choices);
    if (result == CX_CHOICES_FOREIGN || result == CX_CHOICES_DAMAGED)
        device->stats.choices_rejected++;
    return CX_OK;
}

static enum cx_status copy_candidate(struct cx_device *device, const char *candidate,
                                     struct cx_error *err)
{
    if (candidate == NULL)
        return CX_OK;
    device->candidate = strdup(candidate);
    return device->candidate != NULL ? CX_OK
                                     : cx_error_set(err, CX_MEMORY, "no memory for a device");
}

static enum cx_status no_such_device(struct cx_error *err, const char *id, size_t n)
{
    if (n == 0)
        return cx_error_set(err, CX_NO_DEVICE,
                            "no OpenCL device found; is a driver installed (pocl-opencl-icd for "
                            "the processor), and may its cache folder be written?");
    return cx_error_set(err, CX_NO_DEVICE,
                        "no OpenCL device %s among the %zu found; stokerd devices lists them",
                        id != NULL ? id : "to take", n);
}

enum cx_status cx_device_open(const char *id, const struct cx_device_options *options,
                              struct cx_device **ret_device, struct cx_error *err)
{
    static const struct cx_device_options defaults;
    if (options == NULL)
        options = &defaults;
    struct cx_found *found = NULL;
    size_t n = 0;
    enum cx_status status = cx_scan(&found, &n, err);
    if (status != CX_OK)
        return status;

    struct cx_device *device = NULL;
    const struct cx_found *chosen = choose(found, n, id);
    if (chosen == NULL) {
        status = no_such_device(err, id, n);
        goto out;
    }
    device = calloc(1, sizeof *device);
    if (device == NULL) {
        status = cx_error_set(err, CX_MEMORY, "no memory for a device");
        goto out;
    }
    device->info = chosen->info;
    device->platform = chosen->platform;
    device->id = chosen->device;
    device->profiling = options->profiling;
    device->block_all = options->block_all;
    device->blas = options->blas;
    device->precision = options->precision;
    device->memory_bytes_max =
        options->memory_bytes_max != 0 ? options->memory_bytes_max : device->info.global_bytes;
    if (options->family != CX_FAMILY_AUTO)
        device->info.family = options->family;
    if (options->float_width != 0)
        device->info.float_width = options->float_width;
    if (device->info.base_align_bytes < ALIGN_BYTES_MIN)
        device->info.base_align_bytes = ALIGN_BYTES_MIN;
    status = copy_candidate(device, options->candidate, err);
    if (status == CX_OK)
        status = open_cache(device, options, err);
    if (status == CX_OK)
        status = open_choices(device, options->cache_dir, err);
    if (status == CX_OK)
        status = open_queue(device, err);
    if (status == CX_OK) {
        *ret_device = device;
        device = NULL;
    }
out:
    cx_device_close(device);
    free(found);
    return status;
}

void cx_device_close(struct cx_device *device)
{
    if (device == NULL)
        return;
    if (device->queue != NULL) {
        clFinish(device->queue);
        cx_device_trim(device);
        clReleaseCommandQueue(device->queue);
    }
    if (device->up != NULL)
        clReleaseCommandQueue(device->up);
    if (device->down != NULL)
        clReleaseCommandQueue(device->down);
    cx_programs_release(device);
    cx_blas_release(device);
    if (device->context != NULL)
        clReleaseContext(device->context);
    cx_cache_finish(&device->cache);
    cx_choices_finish(&device->choices);
    free(device->choices_path);
    free(device->candidate);
    free(device);
}

const struct cx_device_info *cx_device_describe(const struct cx_device *device)
{
    return &device->info;
}

const char *cx_device_candidate(const struct cx_device *device)
{
    return device->candidate;
}

const struct cx_choices *cx_device_choices(const struct cx_device *device)
{
    return &device->choices;
}

bool cx_device_halves(const struct cx_device *device)
{
    return device->precision != CX_PRECISION_MODEL && device->info.family == CX_FAMILY_GPU;
}

bool cx_device_half_sums(const struct cx_device *device)
{
    return device->precision == CX_PRECISION_HALF_SUMS && device->info.fp16;
}

bool cx_device_blocks_all(const struct cx_device *device)
{
    return device->block_all;
}

enum cx_status cx_device_remember(struct cx_device *device, const struct cx_choices *choices,
                                  struct cx_error *err)
{
    for (uint32_t i = 0; i < choices->n; i++)
        if (!cx_choices_set(&device->choices, choices->list[i].key, choices->list[i].name))
            return cx_error_set(err, CX_MEMORY, "no memory for choices");
    if (device->choices_path == NULL)
        return CX_OK;
    char folder[PATH_BYTES];
    int n = (int)(strrchr(device->choices_path, '/') - device->choices_path);
    snprintf(folder, sizeof folder, "%.*s", n, device->choices_path);
    return cx_choices_store(folder, device->choices_path, device->choices_identity, choices, err);
}

uint64_t cx_device_align(const struct cx_device *device)
{
    return device->info.base_align_bytes;
}

void cx_device_stats_get(const struct cx_device *device, struct cx_device_stats *ret_stats)
{
    *ret_stats = device->stats;
    ret_stats->choices = device->choices.n;
}
