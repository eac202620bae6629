/* What the files of device/ share; no other folder sees OpenCL. */
#ifndef CX_DEVICE_CL_H
#define CX_DEVICE_CL_H

#include <stdbool.h>

#include <CL/cl.h>
#include <CL/cl_ext.h>
#include <xxhash.h>

#include "cx.h"
#include "device/cache.h"
#include "device/choices.h"
#include "device/device.h"

struct cx_program {
    struct cx_program *next;
    XXH128_hash_t key;
    cl_program program;
    bool unstored; /* built here, and not yet in the cache on disk */
};

struct cx_buffer {
    struct cx_buffer *next; /* in the list of idle blocks */
    struct cx_device *device;
    struct cx_buffer *parent; /* NULL for a block */
    cl_mem mem;
    uint64_t bytes;
};

struct cx_device {
    struct cx_device_info info;
    cl_platform_id platform;
    cl_device_id id;
    cl_context context;
    cl_command_queue queue;
    cl_command_queue up, down; /* copies beside it; NULL until the first transfer */
    bool profiling;
    bool block_all;
    enum cx_blas blas;
    enum cx_precision precision;
    bool blas_used;
    bool blas_failed; /* once: it is not asked again */
    uint64_t memory_bytes_max;
    uint64_t memory_bytes_held; /* live and idle blocks */
    struct cx_buffer *idle;
    struct cx_program *programs;
    struct cx_cache cache;
    struct cx_choices choices; /* measured on this device, by this process or an earlier one */
    XXH128_hash_t choices_identity;
    char *choices_path; /* NULL: not kept on disk */
    char *candidate;    /* to be taken wherever kernels have it; NULL: none */
    struct cx_device_stats stats;
    bool (*stop_wanted)(void *context); /* NULL: nobody is asked */
    void *stop_context;
};

/* "CL_OUT_OF_RESOURCES", or "unknown code"; static storage. */
const char *cx_cl_error_name(cl_int code);
enum cx_status cx_cl_error_status(cl_int code);
/* Fills err with "CALL: NAME (code) on DEVICE" and returns the code's status. device may be NULL.
 */
enum cx_status cx_cl_fail(struct cx_error *err, cl_int code, const struct cx_device *device,
                          const char *call);

/* A device found by the scan, with its handles; see scan.c. */
struct cx_found {
    cl_platform_id platform;
    cl_device_id device;
    struct cx_device_info info;
};
/* *ret_found is freed by the caller. */
enum cx_status cx_scan(struct cx_found **ret_found, size_t *ret_n, struct cx_error *err);

/* The built program of a kernels/ file with these options: from memory, from the cache on disk, or
 * built. Owned by the device. */
enum cx_status cx_program_get(struct cx_device *device, const char *file, const char *options,
                              cl_program *ret_program, struct cx_error *err);
void cx_programs_release(struct cx_device *device);

/* Drops CLBlast's programs when this was the last open device that used it. */
void cx_blas_release(struct cx_device *device);

#endif
