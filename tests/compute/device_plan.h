/* Plans for conformance cases. */
#ifndef TESTS_COMPUTE_DEVICE_PLAN_H
#define TESTS_COMPUTE_DEVICE_PLAN_H

#include "cx.h"
#include "graph/tensor.h"

/* A plan for inputs of these shapes, as cx_plan_create makes it. Many cases pass shapes, axes or
 * pads as inputs of a run, which a plan can't take; for those the data of integer inputs is fixed
 * when the plan is made. */
enum cx_status device_plan(struct cx_session *session, const struct cx_tensor *inputs,
                           uint32_t input_n, struct cx_plan **ret_plan, struct cx_error *error);

#endif
