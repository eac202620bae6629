#include "device/transfer.h"

#include <stdlib.h>

#include "device/cl.h"
#include "error.h"

struct cx_transfer {
    struct cx_device *device;
    struct cx_buffer *buffer;
    uint64_t bytes;
    cl_mem pinned;
    void *host; /* pinned, mapped */
    cl_event fetched;
};

/* In order each, and apart from each other: in one queue the next run's input would wait behind the
 * last one's output, which waits for its results. */
static enum cx_status open_queues(struct cx_device *device, struct cx_error *err)
{
    cl_command_queue *queues[] = {&device->up, &device->down};
    for (int i = 0; i < 2; i++) {
        cl_int code = CL_SUCCESS;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
        if (*queues[i] == NULL)
            *queues[i] = clCreateCommandQueue(device->context, device->id, 0, &code);
#pragma GCC diagnostic pop
        if (code != CL_SUCCESS)
            return cx_cl_fail(err, code, device, "clCreateCommandQueue");
    }
    return CX_OK;
}

enum cx_status cx_transfer_create(struct cx_device *device, uint64_t bytes,
                                  struct cx_transfer **ret_transfer, struct cx_error *err)
{
    struct cx_transfer *t = calloc(1, sizeof *t);
    if (t == NULL)
        return cx_error_set(err, CX_MEMORY, "no memory for a transfer");
    t->device = device;
    t->bytes = bytes;
    cl_int code = CL_SUCCESS;
    enum cx_status status = open_queues(device, err);
    if (status == CX_OK)
        status = cx_buffer_create(device, bytes, &t->buffer, err);
    if (status != CX_OK)
        goto out;
    t->pinned = clCreateBuffer(device->context, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR, bytes,
                               NULL, &code);
    if (code == CL_SUCCESS)
        t->host = clEnqueueMapBuffer(device->down, t->pinned, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE,
                                     0, bytes, 0, NULL, NULL, &code);
    if (code != CL_SUCCESS) {
        status = cx_cl_fail(err, code, device, "pinned host memory");
        goto out;
    }
    *ret_transfer = t;
    t = NULL;
out:
    cx_transfer_destroy(t);
    return status;
}

void cx_transfer_destroy(struct cx_transfer *t)
{
    if (t == NULL)
        return;
    if (t->fetched != NULL)
        clReleaseEvent(t->fetched);
    if (t->host != NULL) {
        clEnqueueUnmapMemObject(t->device->down, t->pinned, t->host, 0, NULL, NULL);
        clFinish(t->device->down);
    }
    if (t->pinned != NULL)
        clReleaseMemObject(t->pinned);
    cx_buffer_destroy(t->buffer);
    free(t);
}

void *cx_transfer_host(struct cx_transfer *t)
{
    return t->host;
}

enum cx_status cx_transfer_send(struct cx_transfer *t, struct cx_buffer *to, struct cx_error *err)
{
    cl_event sent = NULL;
    cl_int code = clEnqueueWriteBuffer(t->device->up, t->buffer->mem, CL_FALSE, 0, t->bytes,
                                       t->host, 0, NULL, &sent);
    if (code != CL_SUCCESS)
        return cx_cl_fail(err, code, t->device, "clEnqueueWriteBuffer");
    code = clEnqueueCopyBuffer(t->device->queue, t->buffer->mem, to->mem, 0, 0, t->bytes, 1, &sent,
                               NULL);
    clReleaseEvent(sent);
    return code == CL_SUCCESS ? CX_OK : cx_cl_fail(err, code, t->device, "clEnqueueCopyBuffer");
}

enum cx_status cx_transfer_fetch(struct cx_transfer *t, struct cx_buffer *from,
                                 struct cx_error *err)
{
    cl_event ready = NULL, fetched = NULL;
    cl_int code = clEnqueueCopyBuffer(t->device->queue, from->mem, t->buffer->mem, 0, 0, t->bytes,
                                      0, NULL, &ready);
    if (code != CL_SUCCESS)
        return cx_cl_fail(err, code, t->device, "clEnqueueCopyBuffer");
    code = clEnqueueReadBuffer(t->device->down, t->buffer->mem, CL_FALSE, 0, t->bytes, t->host, 1,
                               &ready, &fetched);
    clReleaseEvent(ready);
    if (code != CL_SUCCESS)
        return cx_cl_fail(err, code, t->device, "clEnqueueReadBuffer");
    if (t->fetched != NULL)
        clReleaseEvent(t->fetched);
    t->fetched = fetched;
    return CX_OK;
}

enum cx_status cx_transfer_wait(struct cx_transfer *t, struct cx_error *err)
{
    cl_int code = t->fetched != NULL ? clWaitForEvents(1, &t->fetched) : CL_SUCCESS;
    return code == CL_SUCCESS ? CX_OK : cx_cl_fail(err, code, t->device, "clWaitForEvents");
}

enum cx_status cx_transfers_flush(struct cx_device *device, struct cx_error *err)
{
    cl_command_queue queues[] = {device->up, device->queue, device->down};
    for (int i = 0; i < 3; i++) {
        cl_int code = queues[i] != NULL ? clFlush(queues[i]) : CL_SUCCESS;
        if (code != CL_SUCCESS)
            return cx_cl_fail(err, code, device, "clFlush");
    }
    return CX_OK;
}

void cx_transfers_finish(struct cx_device *device)
{
    cl_command_queue queues[] = {device->up, device->queue, device->down};
    for (int i = 0; i < 3; i++)
        if (queues[i] != NULL)
            clFinish(queues[i]);
}
