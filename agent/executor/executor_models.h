/* The models of one executor: loaded, with the plans that their input shapes have needed. */
#ifndef EXECUTOR_MODELS_H
#define EXECUTOR_MODELS_H

#include "cx.h"

#include "executor_protocol.h"

/* Plans a model keeps, least recently used first out. The agent pads batches to one of a few sizes
 * (agent/core/worker/batch_choice.h has at most 14), so that a model whose rows may be batched
 * needs one for each and no more; the rest is for inputs that differ in more than their rows. */
enum { EXECUTOR_PLANS_MAX = 16 };

struct executor_models;

/* `device` must outlive the result. Returns NULL without memory. */
struct executor_models *agent_executor_models_create(struct cx_device *device,
                                                     const struct cx_progress *progress);
void agent_executor_models_destroy(struct executor_models *models);

/* Loads a model and, where only the first dimension varies, prepares it for one row, so that an
 * operator without a kernel is refused here. BLOCKS while kernels are built. A model of the same
 * number is replaced. Fills all of *ret_loaded but the header and the counters. */
void agent_executor_models_load(struct executor_models *models, const struct executor_load *load,
                                struct executor_loaded *ret_loaded);
void agent_executor_models_unload(struct executor_models *models, uint32_t model);

/* Measures which kernels a model runs fastest with, on its session; loads it first where it is not
 * loaded. Its plans are dropped; a LOAD afterwards brings the choices into force. BLOCKS for the
 * budget. `report` and `context` as cx_tune has them. Fills all of *ret_tuned but the header. */
void agent_executor_models_tune(struct executor_models *models, const struct executor_tune *tune,
                                bool (*report)(void *context,
                                               const struct cx_tune_progress *progress),
                                void *context, struct executor_tuned *ret_tuned);

/* The plan for the shapes of a RUN; made when there is none. Checks types and sizes against the
 * model. *ret_prepare_us is what making it took. */
enum cx_status agent_executor_models_plan(struct executor_models *models,
                                          const struct executor_run *run, struct cx_plan **ret_plan,
                                          uint64_t *ret_prepare_us, struct cx_error *err);
uint64_t agent_executor_models_bytes(const struct executor_models *models, uint32_t model);

uint64_t agent_executor_clock_us(void);

#endif
