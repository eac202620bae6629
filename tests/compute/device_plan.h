/* Conformance cases on a device. */
#ifndef TESTS_COMPUTE_DEVICE_PLAN_H
#define TESTS_COMPUTE_DEVICE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "conformance.h"
#include "cx.h"
#include "graph/arena.h"
#include "graph/tensor.h"

/* The machine's first device with the kernels of FAMILY, "cpu" or "gpu", and the test run's cache.
 * NULL with the reason printed: "skipped" where there is no device at all. */
struct cx_device *device_open_family(const char *family);

/* A plan for inputs of these shapes, as cx_plan_create makes it. Many cases pass shapes, axes or
 * pads as inputs of a run, which a plan can't take; for those the data of integer inputs is fixed
 * when the plan is made. */
enum cx_status device_plan(struct cx_session *session, const struct cx_tensor *inputs,
                           uint32_t input_n, struct cx_plan **ret_plan, struct cx_error *error);

/* Whether a case has a data set of that number. */
bool device_has_set(const struct conf_case *one, uint32_t set);

/* Plans and runs a case's data set and compares the outputs with the expected ones. False with the
 * reason in ERROR: a refusal has the status of whoever refused, a difference CX_INTERNAL. */
bool device_check_set(const struct conf_case *one, struct cx_session *session, uint32_t set,
                      struct cx_arena *arena, struct cx_error *error);

#endif
