/* Runs of a plan that overlap: while one computes, the next one's inputs are on their way. */
#include <stdlib.h>
#include <string.h>

#include "device/transfer.h"
#include "error.h"
#include "graph/session.h"

/* The operands of one run in flight; an entry is NULL where nothing moves. */
struct flight {
    struct cx_transfer **inputs, **outputs;
    struct cx_transfer *zeros, *flags; /* of faults */
};

/* flights[first] is the oldest of the n that are under way. */
struct cx_overlap {
    struct flight flights[CX_RUNS_AHEAD];
    uint32_t first, n;
};

static enum cx_status create_all(struct cx_device *device, const struct cx_plan_io *io, uint32_t n,
                                 struct cx_transfer ***ret_transfers, struct cx_error *err)
{
    enum cx_status status = CX_OK;
    *ret_transfers = calloc((size_t)n + 1, sizeof(struct cx_transfer *));
    if (*ret_transfers == NULL)
        return cx_error_set(err, CX_MEMORY, "no memory for runs in flight");
    for (uint32_t i = 0; i < n && status == CX_OK; i++)
        if (io[i].buffer != NULL && io[i].bytes != 0)
            status = cx_transfer_create(device, io[i].bytes, &(*ret_transfers)[i], err);
    return status;
}

static enum cx_status create_flight(struct cx_plan *plan, struct flight *flight,
                                    struct cx_error *err)
{
    struct cx_device *device = plan->session->device;
    enum cx_status status = create_all(device, plan->inputs, plan->input_n, &flight->inputs, err);
    if (status == CX_OK)
        status = create_all(device, plan->outputs, plan->output_n, &flight->outputs, err);
    if (status == CX_OK && plan->fault_n > 0)
        status = cx_transfer_create(device, plan->fault_bytes, &flight->zeros, err);
    if (status == CX_OK && plan->fault_n > 0)
        status = cx_transfer_create(device, plan->fault_bytes, &flight->flags, err);
    if (status == CX_OK && plan->fault_n > 0)
        memset(cx_transfer_host(flight->zeros), 0, plan->fault_bytes);
    return status;
}

enum cx_status cx_plan_overlap(struct cx_plan *plan, struct cx_error *err)
{
    enum cx_status status = CX_OK;
    if (plan->overlap != NULL)
        return CX_OK;
    for (uint32_t i = 0; i < plan->step_n; i++)
        if (plan->steps[i].host != NULL)
            return cx_error_set(err, CX_UNSUPPORTED,
                                "node '%s' runs on the host: runs can't overlap, use cx_run",
                                plan->steps[i].host->node->name);
    plan->overlap = calloc(1, sizeof *plan->overlap);
    if (plan->overlap == NULL)
        return cx_error_set(err, CX_MEMORY, "no memory for runs in flight");
    for (uint32_t i = 0; i < CX_RUNS_AHEAD && status == CX_OK; i++)
        status = create_flight(plan, &plan->overlap->flights[i], err);
    if (status != CX_OK) {
        cx_overlap_destroy(plan);
        plan->overlap = NULL;
    }
    return status;
}

static void destroy_all(struct cx_transfer **transfers, uint32_t n)
{
    for (uint32_t i = 0; transfers != NULL && i < n; i++)
        cx_transfer_destroy(transfers[i]);
    free(transfers);
}

void cx_overlap_destroy(struct cx_plan *plan)
{
    if (plan->overlap == NULL)
        return;
    cx_transfers_finish(plan->session->device);
    for (uint32_t i = 0; i < CX_RUNS_AHEAD; i++) {
        struct flight *flight = &plan->overlap->flights[i];
        destroy_all(flight->inputs, plan->input_n);
        destroy_all(flight->outputs, plan->output_n);
        cx_transfer_destroy(flight->zeros);
        cx_transfer_destroy(flight->flags);
    }
    free(plan->overlap);
}

static enum cx_status send_inputs(struct cx_plan *plan, struct flight *flight,
                                  const void *const *inputs, struct cx_error *err)
{
    enum cx_status status = CX_OK;
    for (uint32_t i = 0; i < plan->input_n && status == CX_OK; i++) {
        if (flight->inputs[i] == NULL)
            continue;
        memcpy(cx_transfer_host(flight->inputs[i]), inputs[i], plan->inputs[i].bytes);
        status = cx_transfer_send(flight->inputs[i], plan->inputs[i].buffer, err);
    }
    if (status == CX_OK && flight->zeros != NULL)
        status = cx_transfer_send(flight->zeros, plan->fault_buffer, err);
    return status;
}

static enum cx_status fetch_outputs(struct cx_plan *plan, struct flight *flight,
                                    struct cx_error *err)
{
    enum cx_status status = CX_OK;
    for (uint32_t i = 0; i < plan->output_n && status == CX_OK; i++)
        if (flight->outputs[i] != NULL)
            status = cx_transfer_fetch(flight->outputs[i], plan->outputs[i].buffer, err);
    if (status == CX_OK && flight->flags != NULL)
        status = cx_transfer_fetch(flight->flags, plan->fault_buffer, err);
    return status;
}

enum cx_status cx_run_start(struct cx_plan *plan, const void *const *inputs, struct cx_error *err)
{
    struct cx_overlap *overlap = plan->overlap;
    if (overlap == NULL)
        return cx_error_set(err, CX_ARGUMENT, "cx_plan_overlap was not called for this plan");
    if (overlap->n == CX_RUNS_AHEAD)
        return cx_error_set(err, CX_LIMIT, "%d runs are in flight: wait for one", CX_RUNS_AHEAD);
    struct flight *flight = &overlap->flights[(overlap->first + overlap->n) % CX_RUNS_AHEAD];
    enum cx_status status = send_inputs(plan, flight, inputs, err);
    if (status == CX_OK)
        status = cx_plan_enqueue(plan, err);
    if (status == CX_OK)
        status = fetch_outputs(plan, flight, err);
    if (status == CX_OK)
        status = cx_transfers_flush(plan->session->device, err);
    /* What was enqueued of it still reads and writes the flight's memory. */
    if (status != CX_OK)
        cx_transfers_finish(plan->session->device);
    else
        overlap->n++;
    return status;
}

enum cx_status cx_run_wait(struct cx_plan *plan, void *const *outputs, struct cx_error *err)
{
    struct cx_overlap *overlap = plan->overlap;
    if (overlap == NULL || overlap->n == 0)
        return cx_error_set(err, CX_ARGUMENT, "no run is in flight");
    struct flight *flight = &overlap->flights[overlap->first];
    enum cx_status status = CX_OK;
    for (uint32_t i = 0; i < plan->output_n && status == CX_OK; i++) {
        if (flight->outputs[i] == NULL)
            continue;
        status = cx_transfer_wait(flight->outputs[i], err);
        if (status == CX_OK)
            memcpy(outputs[i], cx_transfer_host(flight->outputs[i]), plan->outputs[i].bytes);
    }
    if (status == CX_OK && flight->flags != NULL) {
        status = cx_transfer_wait(flight->flags, err);
        if (status == CX_OK)
            status = cx_plan_check_faults(plan, cx_transfer_host(flight->flags), err);
    }
    overlap->first = (overlap->first + 1) % CX_RUNS_AHEAD;
    overlap->n--;
    return status;
}
