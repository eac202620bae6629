/* Launches: one kernel object each, arguments set once. */
#include <stdlib.h>
#include <string.h>

#include "device/cl.h"
#include "device/queue.h"
#include "error.h"

struct cx_launch {
    struct cx_device *device;
    cl_kernel kernel;
    cl_uint dim_n;
    size_t global[3];
    size_t local[3];
    bool local_given;
    char name[64];
};

static enum cx_status fail(struct cx_error *err, cl_int code, const struct cx_launch *launch,
                           const char *call)
{
    return cx_error_set(err, cx_cl_error_status(code), "%s of %s: %s (%d) on %s", call,
                        launch->name, cx_cl_error_name(code), (int)code, launch->device->info.name);
}

static cl_int set_arg(cl_kernel kernel, cl_uint i, const struct cx_arg *arg,
                      const struct cx_buffer *buffer)
{
    switch (arg->kind) {
    case CX_ARG_NULL:
        return clSetKernelArg(kernel, i, sizeof(cl_mem), NULL);
    case CX_ARG_VALUE:
    case CX_ARG_SCRATCH:
    case CX_ARG_PACKED:
    case CX_ARG_FAULT:
        return clSetKernelArg(kernel, i, sizeof(cl_mem), &buffer->mem);
    case CX_ARG_LOCAL:
        return clSetKernelArg(kernel, i, arg->bytes, NULL);
    case CX_ARG_I32:
        return clSetKernelArg(kernel, i, sizeof arg->i32, &arg->i32);
    case CX_ARG_I64:
        return clSetKernelArg(kernel, i, sizeof arg->i64, &arg->i64);
    case CX_ARG_F32:
        return clSetKernelArg(kernel, i, sizeof arg->f32, &arg->f32);
    case CX_ARG_I32X8:
        return clSetKernelArg(kernel, i, sizeof arg->i32x8, arg->i32x8);
    case CX_ARG_I64X8:
        return clSetKernelArg(kernel, i, sizeof arg->i64x8, arg->i64x8);
    }
    return CL_INVALID_ARG_VALUE;
}

enum cx_status cx_launch_create(struct cx_device *device, const struct cx_launch_spec *spec,
                                struct cx_buffer *const *buffers, struct cx_launch **ret_launch,
                                struct cx_error *err)
{
    cl_program program;
    enum cx_status status = cx_program_get(device, spec->file, spec->options, &program, err);
    if (status != CX_OK)
        return status;
    struct cx_launch *launch = calloc(1, sizeof *launch);
    if (launch == NULL)
        return cx_error_set(err, CX_MEMORY, "no memory for a launch");
    launch->device = device;
    launch->dim_n = spec->dim_n;
    memcpy(launch->global, spec->global, sizeof launch->global);
    memcpy(launch->local, spec->local, sizeof launch->local);
    launch->local_given = spec->local[0] != 0;
    strncpy(launch->name, spec->kernel, sizeof launch->name - 1);

    cl_int code;
    launch->kernel = clCreateKernel(program, spec->kernel, &code);
    if (code != CL_SUCCESS) {
        status = fail(err, code, launch, "clCreateKernel");
        goto out;
    }
    for (uint32_t i = 0; i < spec->arg_n; i++) {
        code = set_arg(launch->kernel, i, &spec->args[i], buffers[i]);
        if (code != CL_SUCCESS) {
            status = fail(err, code, launch, "clSetKernelArg");
            cx_error_prefix(err, status, "argument %u: ", i);
            goto out;
        }
    }
    *ret_launch = launch;
    launch = NULL;
out:
    cx_launch_destroy(launch);
    return status;
}

void cx_launch_destroy(struct cx_launch *launch)
{
    if (launch == NULL)
        return;
    if (launch->kernel != NULL)
        clReleaseKernel(launch->kernel);
    free(launch);
}

static cl_event *stamp_event(struct cx_stamp *stamp, cl_event *event)
{
    if (stamp == NULL)
        return NULL;
    cx_stamp_clear(stamp);
    return event;
}

enum cx_status cx_queue_launch(struct cx_launch *launch, struct cx_stamp *stamp,
                               struct cx_error *err)
{
    cl_event event = NULL;
    cl_int code = clEnqueueNDRangeKernel(launch->device->queue, launch->kernel, launch->dim_n, NULL,
                                         launch->global, launch->local_given ? launch->local : NULL,
                                         0, NULL, stamp_event(stamp, &event));
    if (code != CL_SUCCESS)
        return fail(err, code, launch, "clEnqueueNDRangeKernel");
    if (stamp != NULL)
        stamp->event = event;
    return CX_OK;
}

enum cx_status cx_queue_write(struct cx_buffer *buffer, const void *data, uint64_t bytes,
                              struct cx_stamp *stamp, struct cx_error *err)
{
    cl_event event = NULL;
    cl_int code = clEnqueueWriteBuffer(buffer->device->queue, buffer->mem, CL_FALSE, 0, bytes, data,
                                       0, NULL, stamp_event(stamp, &event));
    if (code != CL_SUCCESS)
        return cx_cl_fail(err, code, buffer->device, "clEnqueueWriteBuffer");
    if (stamp != NULL)
        stamp->event = event;
    return CX_OK;
}

enum cx_status cx_queue_read(struct cx_buffer *buffer, void *data, uint64_t bytes,
                             struct cx_stamp *stamp, struct cx_error *err)
{
    cl_event event = NULL;
    cl_int code = clEnqueueReadBuffer(buffer->device->queue, buffer->mem, CL_FALSE, 0, bytes, data,
                                      0, NULL, stamp_event(stamp, &event));
    if (code != CL_SUCCESS)
        return cx_cl_fail(err, code, buffer->device, "clEnqueueReadBuffer");
    if (stamp != NULL)
        stamp->event = event;
    return CX_OK;
}

enum cx_status cx_queue_finish(struct cx_device *device, struct cx_error *err)
{
    cl_int code = clFinish(device->queue);
    return code == CL_SUCCESS ? CX_OK : cx_cl_fail(err, code, device, "clFinish");
}

bool cx_stamp_read(const struct cx_stamp *stamp, uint64_t *ret_start_ns, uint64_t *ret_end_ns)
{
    cl_ulong start, end;
    cl_event event = stamp->event;
    if (event == NULL ||
        clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof start, &start, NULL) !=
            CL_SUCCESS ||
        clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL) !=
            CL_SUCCESS)
        return false;
    if (stamp->before != NULL && clGetEventProfilingInfo(stamp->before, CL_PROFILING_COMMAND_END,
                                                         sizeof start, &start, NULL) != CL_SUCCESS)
        return false;
    *ret_start_ns = start;
    *ret_end_ns = end;
    return true;
}

void cx_stamp_clear(struct cx_stamp *stamp)
{
    if (stamp->event != NULL)
        clReleaseEvent(stamp->event);
    if (stamp->before != NULL)
        clReleaseEvent(stamp->before);
    stamp->event = stamp->before = NULL;
}

void cx_device_stop_by(struct cx_device *device, bool (*wanted)(void *context), void *context)
{
    device->stop_wanted = wanted;
    device->stop_context = context;
}

bool cx_device_stops(const struct cx_device *device)
{
    return device->stop_wanted != NULL;
}

bool cx_device_stop_wanted(const struct cx_device *device)
{
    return device->stop_wanted != NULL && device->stop_wanted(device->stop_context);
}

bool cx_device_profiling(const struct cx_device *device)
{
    return device->profiling;
}

void cx_device_set_profiling(struct cx_device *device, bool profiling)
{
    device->profiling = profiling;
}
