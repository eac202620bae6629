/* Device memory: blocks that are kept for reuse, and slices of them. */
#include <inttypes.h>
#include <stdlib.h>

#include "device/cl.h"
#include "error.h"

/* Blocks are made in these steps, so that sizes that nearly agree can share them. */
#define STEP_SMALL (UINT64_C(4) << 10)
#define STEP_LARGE (UINT64_C(1) << 20)

static uint64_t round_up(uint64_t bytes)
{
    uint64_t step = bytes >= 16 * STEP_LARGE ? STEP_LARGE : STEP_SMALL;
    return (bytes + step - 1) / step * step;
}

/* The smallest idle block that fits and isn't more than half wasted. */
static struct cx_buffer *take_idle(struct cx_device *device, uint64_t bytes)
{
    struct cx_buffer **best = NULL;
    for (struct cx_buffer **at = &device->idle; *at != NULL; at = &(*at)->next)
        if ((*at)->bytes >= bytes && (*at)->bytes / 2 <= bytes &&
            (best == NULL || (*at)->bytes < (*best)->bytes))
            best = at;
    if (best == NULL)
        return NULL;
    struct cx_buffer *buffer = *best;
    *best = buffer->next;
    buffer->next = NULL;
    device->stats.arena_bytes_idle -= buffer->bytes;
    device->stats.arena_hits++;
    return buffer;
}

void cx_device_trim(struct cx_device *device)
{
    while (device->idle != NULL) {
        struct cx_buffer *buffer = device->idle;
        device->idle = buffer->next;
        device->memory_bytes_held -= buffer->bytes;
        device->stats.arena_bytes_idle -= buffer->bytes;
        clReleaseMemObject(buffer->mem);
        free(buffer);
    }
}

static enum cx_status create_block(struct cx_device *device, uint64_t bytes,
                                   struct cx_buffer **ret_buffer, struct cx_error *err)
{
    if (device->memory_bytes_held + bytes > device->memory_bytes_max)
        cx_device_trim(device);
    if (device->memory_bytes_held + bytes > device->memory_bytes_max)
        return cx_error_set(err, CX_MEMORY,
                            "device memory: %" PRIu64 " MiB more than the %" PRIu64
                            " MiB in use would pass the limit of %" PRIu64 " MiB",
                            bytes >> 20, device->memory_bytes_held >> 20,
                            device->memory_bytes_max >> 20);
    struct cx_buffer *buffer = calloc(1, sizeof *buffer);
    if (buffer == NULL)
        return cx_error_set(err, CX_MEMORY, "no memory for a buffer");
    cl_int code;
    buffer->mem = clCreateBuffer(device->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
    if (code == CL_MEM_OBJECT_ALLOCATION_FAILURE && device->idle != NULL) {
        cx_device_trim(device);
        buffer->mem = clCreateBuffer(device->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
    }
    if (code != CL_SUCCESS) {
        free(buffer);
        return cx_cl_fail(err, code, device, "clCreateBuffer");
    }
    buffer->device = device;
    buffer->bytes = bytes;
    device->memory_bytes_held += bytes;
    device->stats.arena_misses++;
    if (device->memory_bytes_held > device->stats.arena_bytes_peak)
        device->stats.arena_bytes_peak = device->memory_bytes_held;
    *ret_buffer = buffer;
    return CX_OK;
}

enum cx_status cx_buffer_create(struct cx_device *device, uint64_t bytes,
                                struct cx_buffer **ret_buffer, struct cx_error *err)
{
    if (bytes == 0)
        return cx_error_set(err, CX_ARGUMENT, "a buffer of 0 bytes");
    uint64_t alloc_max = device->info.alloc_bytes_max;
    if (bytes > alloc_max)
        return cx_error_set(err, CX_LIMIT,
                            "a buffer of %" PRIu64 " MiB: %s allows %" PRIu64 " MiB in one",
                            bytes >> 20, device->info.name, alloc_max >> 20);
    uint64_t rounded = round_up(bytes);
    if (rounded > alloc_max)
        rounded = bytes;
    struct cx_buffer *buffer = take_idle(device, rounded);
    if (buffer == NULL) {
        enum cx_status status = create_block(device, rounded, &buffer, err);
        if (status != CX_OK)
            return status;
    }
    device->stats.arena_bytes_live += buffer->bytes;
    *ret_buffer = buffer;
    return CX_OK;
}

enum cx_status cx_buffer_slice(struct cx_buffer *parent, uint64_t offset, uint64_t bytes,
                               struct cx_buffer **ret_buffer, struct cx_error *err)
{
    struct cx_device *device = parent->device;
    if (bytes == 0 || offset > parent->bytes || bytes > parent->bytes - offset ||
        offset % cx_device_align(device) != 0)
        return cx_error_set(err, CX_INTERNAL, "slice %" PRIu64 "+%" PRIu64 " of %" PRIu64 " bytes",
                            offset, bytes, parent->bytes);
    struct cx_buffer *buffer = calloc(1, sizeof *buffer);
    if (buffer == NULL)
        return cx_error_set(err, CX_MEMORY, "no memory for a buffer");
    cl_int code;
    cl_buffer_region region = {offset, bytes};
    buffer->mem = clCreateSubBuffer(parent->mem, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION,
                                    &region, &code);
    if (code != CL_SUCCESS) {
        free(buffer);
        return cx_cl_fail(err, code, device, "clCreateSubBuffer");
    }
    buffer->device = device;
    buffer->parent = parent;
    buffer->bytes = bytes;
    *ret_buffer = buffer;
    return CX_OK;
}

void cx_buffer_destroy(struct cx_buffer *buffer)
{
    if (buffer == NULL)
        return;
    struct cx_device *device = buffer->device;
    if (buffer->parent != NULL) {
        clReleaseMemObject(buffer->mem);
        free(buffer);
        return;
    }
    device->stats.arena_bytes_live -= buffer->bytes;
    device->stats.arena_bytes_idle += buffer->bytes;
    buffer->next = device->idle;
    device->idle = buffer;
}

uint64_t cx_buffer_bytes(const struct cx_buffer *buffer)
{
    return buffer->bytes;
}

enum cx_status cx_buffer_write(struct cx_buffer *buffer, uint64_t offset, const void *data,
                               uint64_t bytes, struct cx_error *err)
{
    cl_int code = clEnqueueWriteBuffer(buffer->device->queue, buffer->mem, CL_TRUE, offset, bytes,
                                       data, 0, NULL, NULL);
    return code == CL_SUCCESS ? CX_OK
                              : cx_cl_fail(err, code, buffer->device, "clEnqueueWriteBuffer");
}

enum cx_status cx_buffer_read(struct cx_buffer *buffer, uint64_t offset, void *data, uint64_t bytes,
                              struct cx_error *err)
{
    cl_int code = clEnqueueReadBuffer(buffer->device->queue, buffer->mem, CL_TRUE, offset, bytes,
                                      data, 0, NULL, NULL);
    return code == CL_SUCCESS ? CX_OK
                              : cx_cl_fail(err, code, buffer->device, "clEnqueueReadBuffer");
}

enum cx_status cx_buffer_map(struct cx_buffer *buffer, uint64_t bytes, void **ret_memory,
                             struct cx_error *err)
{
    cl_int code;
    void *memory =
        clEnqueueMapBuffer(buffer->device->queue, buffer->mem, CL_TRUE,
                           CL_MAP_WRITE_INVALIDATE_REGION, 0, bytes, 0, NULL, NULL, &code);
    if (code != CL_SUCCESS)
        return cx_cl_fail(err, code, buffer->device, "clEnqueueMapBuffer");
    *ret_memory = memory;
    return CX_OK;
}

enum cx_status cx_buffer_unmap(struct cx_buffer *buffer, void *memory, struct cx_error *err)
{
    cl_int code =
        clEnqueueUnmapMemObject(buffer->device->queue, buffer->mem, memory, 0, NULL, NULL);
    return code == CL_SUCCESS ? CX_OK
                              : cx_cl_fail(err, code, buffer->device, "clEnqueueUnmapMemObject");
}

enum cx_status cx_buffer_clear(struct cx_buffer *buffer, struct cx_error *err)
{
    const cl_uchar zero = 0;
    cl_command_queue queue = buffer->device->queue;
    cl_int code = clEnqueueFillBuffer(queue, buffer->mem, &zero, sizeof zero, 0, buffer->bytes, 0,
                                      NULL, NULL);
    if (code == CL_SUCCESS)
        code = clFinish(queue);
    return code == CL_SUCCESS ? CX_OK
                              : cx_cl_fail(err, code, buffer->device, "clEnqueueFillBuffer");
}
