/* Measures what the device can do, for shares of peak that mean something. */
#include <stdio.h>
#include <string.h>

#include "device/cl.h"
#include "device/queue.h"
#include "error.h"

#define LOOPS_CPU 400000
#define LOOPS_GPU 20000
#define ITEMS_CPU_EACH 4 /* work-items a compute unit */
#define ITEMS_GPU_EACH 2048
#define READ_BYTES (UINT64_C(128) << 20)
#define ROUNDS 5
#define SUMS 10 /* in peak.cl */

static void spec_init(struct cx_launch_spec *spec, const struct cx_device *device,
                      const char *kernel, uint32_t items)
{
    uint32_t width = device->info.float_width;
    memset(spec, 0, sizeof *spec);
    spec->file = "any/peak.cl";
    spec->kernel = kernel;
    snprintf(spec->options, sizeof spec->options, "-DWIDTH=%d",
             width >= 16  ? 16
             : width >= 8 ? 8
                          : 4);
    spec->dim_n = 1;
    spec->global[0] = items;
    spec->local[0] = device->info.family == CX_FAMILY_CPU ? 1 : 64;
}

/* The shortest of some rounds. */
static enum cx_status time_launch(struct cx_device *device, const struct cx_launch_spec *spec,
                                  struct cx_buffer *const *buffers, double *ret_s,
                                  struct cx_error *err)
{
    struct cx_launch *launch = NULL;
    enum cx_status status = cx_launch_create(device, spec, buffers, &launch, err);
    double best_s = 0.0;
    for (int i = 0; i <= ROUNDS && status == CX_OK; i++) {
        struct cx_stamp stamp = {0};
        uint64_t start_ns = 0, end_ns = 0;
        status = cx_queue_launch(launch, &stamp, err);
        if (status == CX_OK)
            status = cx_queue_finish(device, err);
        bool known = status == CX_OK && cx_stamp_read(&stamp, &start_ns, &end_ns);
        cx_stamp_clear(&stamp);
        double s = (double)(end_ns - start_ns) * 1e-9;
        if (known && i > 0 && (best_s == 0.0 || s < best_s))
            best_s = s;
    }
    cx_launch_destroy(launch);
    if (status == CX_OK && best_s == 0.0)
        return cx_error_set(err, CX_DEVICE, "%s keeps no times", device->info.name);
    *ret_s = best_s;
    return status;
}

static uint32_t width_of(const struct cx_launch_spec *spec)
{
    return spec->options[8] == '1' ? 16 : (uint32_t)(spec->options[8] - '0');
}

static uint32_t items_of(const struct cx_device *device)
{
    return device->info.compute_units *
           (device->info.family == CX_FAMILY_CPU ? ITEMS_CPU_EACH : ITEMS_GPU_EACH);
}

static enum cx_status measure_flops(struct cx_device *device, double *ret_gflops,
                                    struct cx_error *err)
{
    uint32_t items = items_of(device);
    int32_t loops = device->info.family == CX_FAMILY_CPU ? LOOPS_CPU : LOOPS_GPU;
    struct cx_buffer *out = NULL;
    struct cx_launch_spec spec;
    double s = 0.0;
    spec_init(&spec, device, "peak_flops", items);
    enum cx_status status = cx_buffer_create(device, (uint64_t)items * sizeof(float), &out, err);
    if (status != CX_OK)
        return status;
    cx_launch_arg(&spec, cx_arg_value(0));
    cx_launch_arg(&spec, cx_arg_i32(loops));
    cx_launch_arg(&spec, cx_arg_f32(0.999f));
    cx_launch_arg(&spec, cx_arg_f32(0.001f));
    struct cx_buffer *buffers[] = {out, NULL, NULL, NULL};
    status = time_launch(device, &spec, buffers, &s, err);
    if (status == CX_OK)
        *ret_gflops = 2.0 * SUMS * width_of(&spec) * loops * items / s * 1e-9;
    cx_buffer_destroy(out);
    return status;
}

enum cx_status cx_device_measure_read(struct cx_device *device, uint64_t bytes,
                                      double *ret_gbytes_per_s, struct cx_error *err)
{
    uint32_t items = items_of(device);
    struct cx_buffer *in = NULL, *out = NULL;
    struct cx_launch_spec spec;
    double s = 0.0;
    spec_init(&spec, device, "peak_read", items);
    uint64_t step = (uint64_t)items * width_of(&spec) * sizeof(float) * 4;
    uint64_t steps = bytes < step ? 1 : bytes / step;
    enum cx_status status = cx_buffer_create(device, (uint64_t)items * sizeof(float), &out, err);
    if (status == CX_OK)
        status = cx_buffer_create(device, steps * step, &in, err);
    if (status != CX_OK)
        goto out;
    /* Untouched pages would all be one page of zeros, and read from cache. */
    const float one = 1.0f;
    cl_int code = clEnqueueFillBuffer(device->queue, in->mem, &one, sizeof one, 0, steps * step, 0,
                                      NULL, NULL);
    if (code != CL_SUCCESS) {
        status = cx_cl_fail(err, code, device, "clEnqueueFillBuffer");
        goto out;
    }
    cx_launch_arg(&spec, cx_arg_value(0));
    cx_launch_arg(&spec, cx_arg_value(0));
    cx_launch_arg(&spec, cx_arg_i32((int64_t)steps * 4));
    struct cx_buffer *buffers[] = {in, out, NULL};
    status = time_launch(device, &spec, buffers, &s, err);
    if (status == CX_OK)
        *ret_gbytes_per_s = (double)(steps * step) / s * 1e-9;
out:
    cx_buffer_destroy(in);
    cx_buffer_destroy(out);
    return status;
}

enum cx_status cx_device_measure(struct cx_device *device, double *ret_gflops,
                                 double *ret_gbytes_per_s, struct cx_error *err)
{
    double gflops = 0.0;
    enum cx_status status = measure_flops(device, &gflops, err);
    if (status == CX_OK)
        status = cx_device_measure_read(device, READ_BYTES, ret_gbytes_per_s, err);
    if (status == CX_OK)
        *ret_gflops = gflops;
    return status;
}
