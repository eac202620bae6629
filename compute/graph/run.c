/* One run of a plan: copies in, the steps, copies out. Nothing here allocates. */
#include <time.h>

#include "error.h"
#include "graph/session.h"
#include "ops/op.h"

enum { SLICE_US = 50000 };

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static enum cx_status copy_in(struct cx_plan *plan, const void *const *inputs, struct cx_error *err)
{
    enum cx_status status = CX_OK;
    struct cx_stamp *stamp = &plan->stamp_in;
    cx_stamp_clear(stamp);
    for (uint32_t i = 0; i < plan->input_n && status == CX_OK; i++) {
        const struct cx_plan_io *io = &plan->inputs[i];
        if (io->buffer == NULL || io->bytes == 0)
            continue;
        status = cx_queue_write(io->buffer, inputs[i], io->bytes, stamp, err);
        stamp = NULL;
    }
    if (status == CX_OK && plan->fault_n > 0)
        status =
            cx_queue_write(plan->fault_buffer, plan->fault_zeros, plan->fault_bytes, NULL, err);
    return status;
}

static enum cx_status copy_out(struct cx_plan *plan, void *const *outputs, struct cx_error *err)
{
    enum cx_status status = CX_OK;
    cx_stamp_clear(&plan->stamp_out);
    for (uint32_t i = 0; i < plan->output_n && status == CX_OK; i++) {
        const struct cx_plan_io *io = &plan->outputs[i];
        if (io->buffer != NULL && io->bytes != 0)
            status = cx_queue_read(io->buffer, outputs[i], io->bytes, &plan->stamp_out, err);
    }
    if (status == CX_OK && plan->fault_n > 0)
        status = cx_queue_read(plan->fault_buffer, plan->fault_flags, plan->fault_bytes, NULL, err);
    return status;
}

static enum cx_status enqueue(struct cx_plan *plan, uint32_t from, uint32_t to,
                              struct cx_error *err)
{
    bool profiling = cx_device_profiling(plan->session->device);
    enum cx_status status = CX_OK;
    for (uint32_t i = from; i < to && status == CX_OK; i++) {
        struct cx_step *step = &plan->steps[i];
        if (step->host != NULL) {
            status = cx_host_step_run(plan, step->host, err);
            continue;
        }
        struct cx_stamp *stamp = profiling               ? &step->stamp
                                 : i == 0                ? &plan->stamp_first
                                 : i + 1 == plan->step_n ? &plan->stamp_last
                                                         : NULL;
        status = step->gemm != NULL ? cx_queue_gemm(step->gemm, stamp, err)
                                    : cx_queue_launch(step->launch, stamp, err);
    }
    return status;
}

enum cx_status cx_plan_enqueue(struct cx_plan *plan, struct cx_error *err)
{
    cx_stamp_clear(&plan->stamp_first);
    cx_stamp_clear(&plan->stamp_last);
    return enqueue(plan, 0, plan->step_n, err);
}

/* What is enqueued can't be taken back: a run that may have to stop enqueues slices that take about
 * SLICE_US and waits for each, which costs nothing to speak of when they are so long. */
static enum cx_status enqueue_in_slices(struct cx_plan *plan, struct cx_error *err)
{
    uint64_t known = plan->run_us > 0 ? (uint64_t)plan->step_n * SLICE_US / plan->run_us : 0;
    uint32_t slice = known > 0 ? (uint32_t)known : 1, i = 0;
    enum cx_status status = CX_OK;
    cx_stamp_clear(&plan->stamp_first);
    cx_stamp_clear(&plan->stamp_last);
    while (i < plan->step_n && status == CX_OK) {
        uint64_t start_us = now_us();
        uint32_t to = slice < plan->step_n - i ? i + slice : plan->step_n;
        status = enqueue(plan, i, to, err);
        i = to;
        if (i == plan->step_n || status != CX_OK)
            break;
        status = cx_queue_finish(plan->session->device, err);
        if (status == CX_OK && cx_device_stop_wanted(plan->session->device))
            return cx_error_set(err, CX_CANCELLED, "stopped after %u of %u steps", i, plan->step_n);
        uint64_t took_us = now_us() - start_us + 1;
        uint64_t fits = (uint64_t)slice * SLICE_US / took_us;
        slice = fits >= 2 * (uint64_t)slice ? 2 * slice : fits > 0 ? (uint32_t)fits : 1;
    }
    return status;
}

enum cx_status cx_plan_check_faults(const struct cx_plan *plan, const int32_t *flags,
                                    struct cx_error *err)
{
    size_t stride = plan->fault_n > 0 ? plan->fault_bytes / plan->fault_n / sizeof(int32_t) : 0;
    for (uint32_t i = 0; i < plan->fault_n; i++) {
        if (flags[i * stride] == 0)
            continue;
        const struct cx_node *node = &plan->bound->nodes[plan->faults[i].node];
        return cx_error_set(err, CX_FORMAT, "%s '%s': %s", node->op->name, node->name,
                            plan->faults[i].text);
    }
    return CX_OK;
}

/* The device's clock splits the time; what it doesn't tell (no events on the ends) counts as
 * compute. */
static void split_time(const struct cx_plan *plan, uint64_t total_us, struct cx_timing *ret_timing)
{
    uint64_t start, end, first_start = 0, first_end = 0, last_start, last_end = 0;
    struct cx_timing timing = {0, 0, 0};
    const struct cx_step *steps = plan->steps;
    uint32_t n = plan->step_n;
    bool profiling = cx_device_profiling(plan->session->device);
    const struct cx_stamp *first = profiling && n > 0 ? &steps[0].stamp : &plan->stamp_first;
    const struct cx_stamp *last = profiling && n > 0 ? &steps[n - 1].stamp : &plan->stamp_last;
    bool first_known = cx_stamp_read(first, &first_start, &first_end);
    bool last_known = cx_stamp_read(last, &last_start, &last_end);
    if (!last_known && n == 1)
        last_end = first_end;
    if (first_known && cx_stamp_read(&plan->stamp_in, &start, &end) && first_start > start)
        timing.copy_in_us = (first_start - start) / 1000;
    if ((last_known || n == 1) && cx_stamp_read(&plan->stamp_out, &start, &end) && end > last_end &&
        last_end > 0)
        timing.copy_out_us = (end - last_end) / 1000;
    uint64_t copies_us = timing.copy_in_us + timing.copy_out_us;
    timing.compute_us = total_us > copies_us ? total_us - copies_us : 0;
    *ret_timing = timing;
}

enum cx_status cx_run(struct cx_plan *plan, const void *const *inputs, void *const *outputs,
                      struct cx_timing *ret_timing, struct cx_error *err)
{
    uint64_t start_us = now_us();
    enum cx_status status = copy_in(plan, inputs, err);
    bool whole =
        !cx_device_stops(plan->session->device) || (plan->run_us > 0 && plan->run_us < SLICE_US);
    if (status == CX_OK)
        status = whole ? cx_plan_enqueue(plan, err) : enqueue_in_slices(plan, err);
    if (status == CX_OK)
        status = copy_out(plan, outputs, err);
    /* Even after a failure: the queue still holds pointers to the caller's memory. */
    enum cx_status finished = cx_queue_finish(plan->session->device, status == CX_OK ? err : NULL);
    if (status == CX_OK)
        status = finished;
    if (status == CX_OK)
        status = cx_plan_check_faults(plan, plan->fault_flags, err);
    if (status == CX_OK)
        plan->run_us = now_us() - start_us + 1;
    if (status == CX_OK && ret_timing != NULL)
        split_time(plan, plan->run_us, ret_timing);
    return status;
}

enum cx_status cx_plan_profile(struct cx_plan *plan, const struct cx_launch_time **ret_times,
                               struct cx_error *err)
{
    if (!cx_device_profiling(plan->session->device))
        return cx_error_set(err, CX_ARGUMENT, "the device was opened without profiling");
    uint32_t n = 0;
    for (uint32_t i = 0; i < plan->step_n; i++) {
        uint64_t start_ns, end_ns;
        if (plan->steps[i].host != NULL)
            continue;
        bool known = cx_stamp_read(&plan->steps[i].stamp, &start_ns, &end_ns);
        plan->times[n++].duration_ns = known ? end_ns - start_ns : 0;
    }
    *ret_times = plan->times;
    return CX_OK;
}
