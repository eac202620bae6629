/* Conformance cases on a device. */
#ifndef TESTS_COMPUTE_DEVICE_PLAN_H
#define TESTS_COMPUTE_DEVICE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "candidates.h"
#include "conformance.h"
#include "cx.h"
#include "graph/arena.h"
#include "graph/tensor.h"

/* The machine's first device with the kernels of FAMILY, "cpu", "gpu" or "cpu-blocks", which is
 * CPU kernels in blocks of channels wherever they can be, and the test run's cache. A "+" at its
 * end is for device_wants_candidates. NULL with the reason printed: "skipped" where there is no
 * device at all. */
struct cx_device *device_open_family(const char *family);

/* A plan for inputs of these shapes, as cx_plan_create makes it. Many cases pass shapes, axes or
 * pads as inputs of a run, which a plan can't take; for those the data of integer inputs is fixed
 * when the plan is made. */
enum cx_status device_plan(struct cx_session *session, const struct cx_tensor *inputs,
                           uint32_t input_n, struct cx_plan **ret_plan, struct cx_error *error);

/* Conversions between layouts in the last plan made. */
uint32_t device_reorder_n(void);

/* Whether a case has a data set of that number. */
bool device_has_set(const struct conf_case *one, uint32_t set);

/* Whether a FAMILY asks for each candidate of the kernels in turn: "cpu+". */
bool device_wants_candidates(const char *family);

/* Plans and runs a case's data set and compares the outputs with the expected ones. False with the
 * reason in ERROR: a refusal has the status of whoever refused, a difference CX_INTERNAL.
 * CANDIDATES is NULL, or takes those that its nodes could choose from; a case whose nodes have none
 * is then right as it is. */
bool device_check_set(const struct conf_case *one, struct cx_session *session, uint32_t set,
                      struct candidates *candidates, struct cx_arena *arena,
                      struct cx_error *error);

/* All data sets of a case; where CANDIDATES isn't NULL, once more for each of those that its nodes
 * have, which it takes, and ERROR names the one that went wrong. */
bool device_check_case(const struct conf_case *one, struct cx_session *session,
                       struct candidates *candidates, struct cx_error *error);

#endif
