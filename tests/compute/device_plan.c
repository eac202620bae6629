#include "device_plan.h"

#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "graph/session.h"

static enum cx_status plan_with_data(struct cx_session *session, const struct cx_tensor *inputs,
                                     uint32_t input_n, struct cx_plan **ret_plan,
                                     struct cx_error *error)
{
    struct cx_bind_input bound[CONF_TENSORS_MAX] = {0};
    for (uint32_t i = 0; i < input_n; i++) {
        bound[i].shape = inputs[i].shape;
        if (cx_dtype_is_int(inputs[i].dtype) || inputs[i].dtype == CX_DTYPE_BOOL)
            bound[i].data = inputs[i].data;
    }
    struct cx_plan *plan = calloc(1, sizeof *plan);
    struct cx_description description = {.launches = NULL};
    if (plan == NULL)
        return CX_MEMORY;
    plan->session = session;
    enum cx_status status =
        cx_graph_bind(session->graph, bound, input_n, NULL, &plan->bound, error);
    if (status == CX_OK)
        status = cx_describe(session, plan->bound, &description, error);
    if (status == CX_OK)
        status = cx_plan_build(plan, &description, NULL, error);
    cx_description_finish(&description);
    if (status == CX_OK)
        *ret_plan = plan;
    else
        cx_plan_destroy(plan);
    return status;
}

enum cx_status device_plan(struct cx_session *session, const struct cx_tensor *inputs,
                           uint32_t input_n, struct cx_plan **ret_plan, struct cx_error *error)
{
    struct cx_shape shapes[CONF_TENSORS_MAX];
    for (uint32_t i = 0; i < input_n; i++)
        shapes[i] = inputs[i].shape;
    enum cx_status status = cx_plan_create(session, shapes, input_n, NULL, ret_plan, error);
    if (status == CX_UNSUPPORTED && strstr(error->text, "data of a run") != NULL)
        status = plan_with_data(session, inputs, input_n, ret_plan, error);
    return status;
}
