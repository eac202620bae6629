/* A session prepared for fixed shapes. */
#include <stdlib.h>

#include "error.h"
#include "graph/half.h"
#include "graph/session.h"

enum cx_status cx_plan_layout(struct cx_session *session, struct cx_graph *bound,
                              struct cx_error *err)
{
    enum cx_status status =
        cx_graph_layout(bound, cx_kernel_layouts, cx_device_describe(session->device),
                        cx_device_blocks_all(session->device), err);
    return status == CX_OK ? cx_graph_grow(bound, err) : status;
}

enum cx_status cx_plan_create(struct cx_session *session, const struct cx_shape *input_shapes,
                              size_t input_n, const struct cx_progress *progress,
                              struct cx_plan **ret_plan, struct cx_error *err)
{
    if (input_n != session->graph->input_count)
        return cx_error_set(err, CX_ARGUMENT, "%zu input shapes for a model with %u inputs",
                            input_n, session->graph->input_count);
    struct cx_bind_input *inputs = calloc(input_n + 1, sizeof *inputs);
    struct cx_plan *plan = calloc(1, sizeof *plan);
    struct cx_description description = {.launches = NULL};
    enum cx_status status = CX_MEMORY;
    if (inputs == NULL || plan == NULL) {
        cx_error_set(err, status, "no memory for a plan");
        goto out;
    }
    for (size_t i = 0; i < input_n; i++)
        inputs[i].shape = input_shapes[i];
    plan->session = session;
    status = cx_graph_bind(session->graph, inputs, (uint32_t)input_n, NULL, &plan->bound, err);
    if (status == CX_OK && cx_device_halves(session->device))
        status = cx_graph_halve(plan->bound, session, err);
    if (status == CX_OK)
        status = cx_plan_layout(session, plan->bound, err);
    if (status == CX_OK)
        status = cx_describe(session, plan->bound, &description, err);
    if (status == CX_OK)
        status = cx_plan_build(plan, &description, progress, err);
    cx_session_end_packing(session);
    if (status == CX_OK) {
        *ret_plan = plan;
        plan = NULL;
    }
out:
    cx_description_finish(&description);
    cx_plan_destroy(plan);
    free(inputs);
    return status;
}

static void destroy_steps(struct cx_plan *plan)
{
    for (uint32_t i = 0; i < plan->step_n; i++) {
        cx_launch_destroy(plan->steps[i].launch);
        cx_gemm_destroy(plan->steps[i].gemm);
        cx_host_step_destroy(plan->steps[i].host);
        cx_stamp_clear(&plan->steps[i].stamp);
    }
    free(plan->steps);
    free(plan->times);
    free(plan->points);
    cx_stamp_clear(&plan->stamp_in);
    cx_stamp_clear(&plan->stamp_first);
    cx_stamp_clear(&plan->stamp_last);
    cx_stamp_clear(&plan->stamp_out);
}

void cx_plan_destroy(struct cx_plan *plan)
{
    if (plan == NULL)
        return;
    cx_overlap_destroy(plan);
    destroy_steps(plan);
    for (uint32_t i = 0; plan->fault_slices != NULL && i < plan->fault_n; i++)
        cx_buffer_destroy(plan->fault_slices[i]);
    cx_buffer_destroy(plan->fault_buffer);
    free(plan->fault_slices);
    free(plan->faults);
    free(plan->fault_flags);
    free(plan->fault_zeros);
    for (uint32_t i = 0; plan->slices != NULL && i < plan->slice_n; i++)
        cx_buffer_destroy(plan->slices[i]);
    for (uint32_t i = 0; i < plan->block_n; i++)
        cx_buffer_destroy(plan->blocks[i]);
    free(plan->slices);
    free(plan->blocks);
    free(plan->value_buffers);
    free(plan->inputs);
    free(plan->outputs);
    cx_graph_destroy(plan->bound);
    free(plan);
}

const struct cx_tensor_info *cx_plan_input(const struct cx_plan *plan, size_t i)
{
    return i < plan->input_n ? &plan->inputs[i].info : NULL;
}

const struct cx_tensor_info *cx_plan_output(const struct cx_plan *plan, size_t i)
{
    return i < plan->output_n ? &plan->outputs[i].info : NULL;
}

size_t cx_plan_input_bytes(const struct cx_plan *plan, size_t i)
{
    return i < plan->input_n ? plan->inputs[i].bytes : 0;
}

size_t cx_plan_output_bytes(const struct cx_plan *plan, size_t i)
{
    return i < plan->output_n ? plan->outputs[i].bytes : 0;
}

size_t cx_plan_launch_count(const struct cx_plan *plan)
{
    return plan->launch_n;
}

uint64_t cx_plan_activation_bytes(const struct cx_plan *plan)
{
    return plan->activation_bytes;
}

double cx_plan_flops(const struct cx_plan *plan)
{
    double flops = 0.0;
    for (uint32_t i = 0; i < plan->launch_n; i++)
        flops += plan->times[i].flops;
    return flops;
}
