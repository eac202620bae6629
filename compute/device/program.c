/* Programs: built once a device, kept on disk. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device/cl.h"
#include "device/key.h"
#include "error.h"
#include "kernels/source.h"

#define BINARY_BYTES_MAX (UINT64_C(64) << 20)
#define BUILD_LOG_BYTES_MAX (UINT64_C(1) << 20)
/* -w: a driver would print its warnings on our standard error. */
#define COMMON_OPTIONS "-w -cl-mad-enable -cl-no-signed-zeros"

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* All that a binary depends on. A change of any of these finds no entry. */
static XXH128_hash_t program_key(const struct cx_device *device, const struct cx_source *source,
                                 const char *options)
{
    const char *parts[] = {
        device->info.name,          device->info.vendor,  device->info.platform_name,
        device->info.driver,        device->info.version, source->name,
        (const char *)source->text, COMMON_OPTIONS,       options};
    XXH128_hash_t key = {0, 0};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        cx_key_add_text(&key, parts[i]);
    return key;
}

static void report_build(struct cx_device *device, cl_program program, cl_int code,
                         const struct cx_source *source, const char *options, struct cx_error *err)
{
    size_t bytes = 0;
    char *log = NULL;
    if (clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &bytes) ==
            CL_SUCCESS &&
        bytes > 0 && bytes < BUILD_LOG_BYTES_MAX)
        log = calloc(1, bytes + 1);
    if (log != NULL)
        clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, bytes, log, NULL);
    /* The first error line says what is wrong; warnings may stand before it. */
    const char *text = log != NULL ? strstr(log, "error") : NULL;
    if (text == NULL)
        text = log != NULL ? log : "no build log";
    cx_error_set(err, CX_BUILD, "kernels/%s (%s) on %s: %s (%d): %.*s", source->name, options,
                 device->info.name, cx_cl_error_name(code), (int)code, (int)strcspn(text, "\n"),
                 text);
    free(log);
}

/* NULL when the driver doesn't take the binary. */
static cl_program load_binary(struct cx_device *device, const unsigned char *data, size_t bytes,
                              const char *options)
{
    cl_int code, binary_code = CL_SUCCESS;
    cl_program program = clCreateProgramWithBinary(device->context, 1, &device->id, &bytes, &data,
                                                   &binary_code, &code);
    if (code != CL_SUCCESS)
        return NULL;
    if (binary_code == CL_SUCCESS)
        code = clBuildProgram(program, 1, &device->id, options, NULL, NULL);
    if (code == CL_SUCCESS && binary_code == CL_SUCCESS)
        return program;
    clReleaseProgram(program);
    return NULL;
}

static cl_program load_cached(struct cx_device *device, XXH128_hash_t key, const char *options)
{
    unsigned char *data = NULL;
    size_t bytes = 0;
    cl_program program = NULL;
    switch (cx_cache_load(&device->cache, key, &data, &bytes)) {
    case CX_CACHE_HIT:
        program = load_binary(device, data, bytes, options);
        free(data);
        if (program != NULL) {
            device->stats.program_hits++;
        } else {
            cx_cache_remove(&device->cache, key);
            device->stats.program_rejected++;
        }
        break;
    case CX_CACHE_REJECTED:
        device->stats.program_rejected++;
        break;
    case CX_CACHE_MISS:
        break;
    }
    return program;
}

static void store_binary(struct cx_device *device, cl_program program, XXH128_hash_t key)
{
    size_t bytes = 0;
    if (device->cache.folder == NULL ||
        clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof bytes, &bytes, NULL) !=
            CL_SUCCESS ||
        bytes == 0 || bytes > BINARY_BYTES_MAX)
        return;
    unsigned char *data = malloc(bytes);
    if (data == NULL)
        return;
    if (clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof data, &data, NULL) == CL_SUCCESS)
        device->stats.program_evicted += cx_cache_store(&device->cache, key, data, bytes);
    free(data);
}

static enum cx_status build_source(struct cx_device *device, const struct cx_source *source,
                                   const char *options, cl_program *ret_program,
                                   struct cx_error *err)
{
    cl_int code;
    const char *text = (const char *)source->text;
    cl_program program = clCreateProgramWithSource(device->context, 1, &text, NULL, &code);
    if (code != CL_SUCCESS)
        return cx_cl_fail(err, code, device, "clCreateProgramWithSource");
    code = clBuildProgram(program, 1, &device->id, options, NULL, NULL);
    if (code != CL_SUCCESS) {
        report_build(device, program, code, source, options, err);
        clReleaseProgram(program);
        return CX_BUILD;
    }
    *ret_program = program;
    return CX_OK;
}

enum cx_status cx_program_get(struct cx_device *device, const char *file, const char *options,
                              cl_program *ret_program, struct cx_error *err)
{
    const struct cx_source *source = cx_source_find(file);
    if (source == NULL)
        return cx_error_set(err, CX_INTERNAL, "no kernel file %s", file);
    XXH128_hash_t key = program_key(device, source, options);
    for (struct cx_program *at = device->programs; at != NULL; at = at->next) {
        if (XXH128_isEqual(at->key, key)) {
            *ret_program = at->program;
            return CX_OK;
        }
    }

    char all_options[1024];
    int n = snprintf(all_options, sizeof all_options, "%s %s", COMMON_OPTIONS, options);
    if (n < 0 || (size_t)n >= sizeof all_options)
        return cx_error_set(err, CX_INTERNAL, "options of %s are too long", file);
    struct cx_program *entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return cx_error_set(err, CX_MEMORY, "no memory for a program");
    uint64_t start_us = now_us();
    entry->key = key;
    entry->program = load_cached(device, key, all_options);
    if (entry->program == NULL) {
        enum cx_status status = build_source(device, source, all_options, &entry->program, err);
        if (status != CX_OK) {
            free(entry);
            return status;
        }
        device->stats.program_misses++;
        entry->unstored = device->cache.folder != NULL;
    }
    device->stats.build_us += now_us() - start_us;
    device->stats.programs++;
    entry->next = device->programs;
    device->programs = entry;
    *ret_program = entry->program;
    return CX_OK;
}

/* A driver may compile again to give a binary (PoCL takes half a second a program), so binaries are
 * asked for when nobody waits. */
bool cx_device_idle(struct cx_device *device)
{
    struct cx_program *at = device->programs;
    while (at != NULL && !at->unstored)
        at = at->next;
    if (at == NULL)
        return false;
    at->unstored = false;
    store_binary(device, at->program, at->key);
    return true;
}

void cx_programs_release(struct cx_device *device)
{
    while (device->programs != NULL) {
        struct cx_program *entry = device->programs;
        device->programs = entry->next;
        clReleaseProgram(entry->program);
        free(entry);
    }
}
