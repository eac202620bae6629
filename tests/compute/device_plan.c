#include "device_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "graph/session.h"
#include "ops/op.h"

/* What cx_plan_create does before it builds anything; with the data of integer inputs fixed. */
static enum cx_status describe(struct cx_session *session, const struct cx_tensor *inputs,
                               uint32_t input_n, bool with_data, struct cx_plan *plan,
                               struct cx_description *description, struct cx_error *error)
{
    struct cx_bind_input bound[CONF_TENSORS_MAX] = {0};
    for (uint32_t i = 0; i < input_n; i++) {
        bound[i].shape = inputs[i].shape;
        if (with_data && (cx_dtype_is_int(inputs[i].dtype) || inputs[i].dtype == CX_DTYPE_BOOL))
            bound[i].data = inputs[i].data;
    }
    plan->session = session;
    enum cx_status status =
        cx_graph_bind(session->graph, bound, input_n, NULL, &plan->bound, error);
    if (status == CX_OK)
        status = cx_plan_layout(session, plan->bound, error);
    if (status == CX_OK)
        status = cx_describe(session, plan->bound, description, error);
    return status;
}

static enum cx_status plan_with_data(struct cx_session *session, const struct cx_tensor *inputs,
                                     uint32_t input_n, struct cx_plan **ret_plan,
                                     struct cx_error *error)
{
    struct cx_plan *plan = calloc(1, sizeof *plan);
    struct cx_description description = {.launches = NULL};
    if (plan == NULL)
        return CX_MEMORY;
    enum cx_status status = describe(session, inputs, input_n, true, plan, &description, error);
    if (status == CX_OK)
        status = cx_plan_build(plan, &description, NULL, error);
    cx_description_finish(&description);
    if (status == CX_OK)
        *ret_plan = plan;
    else
        cx_plan_destroy(plan);
    return status;
}

/* Whether some node has several candidates, without building anything. */
static bool has_choices(struct cx_session *session, const struct cx_tensor *inputs,
                        uint32_t input_n)
{
    bool found = false;
    for (int with_data = 0; with_data < 2 && !found; with_data++) {
        struct cx_error error;
        struct cx_plan *plan = calloc(1, sizeof *plan);
        struct cx_description description = {.launches = NULL};
        if (plan != NULL &&
            describe(session, inputs, input_n, with_data != 0, plan, &description, &error) == CX_OK)
            found = description.point_n > 0;
        cx_description_finish(&description);
        cx_plan_destroy(plan);
    }
    return found;
}

static uint32_t reorder_n;

uint32_t device_reorder_n(void)
{
    return reorder_n;
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
    reorder_n = 0;
    for (uint32_t n = 0; status == CX_OK && n < (*ret_plan)->bound->node_count; n++)
        reorder_n += (*ret_plan)->bound->nodes[n].op == &cx_ops[CX_OP_ID_Reorder];
    return status;
}

static bool set_error(struct cx_error *error, enum cx_status status, const char *text)
{
    error->status = status;
    snprintf(error->text, sizeof error->text, "%s", text);
    return false;
}

static bool run_and_compare(const struct conf_case *one, struct cx_plan *plan,
                            const struct cx_tensor *inputs, const struct conf_tensors *wanted,
                            struct cx_arena *arena, struct cx_error *error)
{
    const void *in[CONF_TENSORS_MAX] = {0};
    void *out[CONF_TENSORS_MAX] = {0};
    for (uint32_t i = 0; i < CONF_TENSORS_MAX; i++)
        in[i] = inputs[i].data;
    for (uint32_t i = 0; i < wanted->count; i++) {
        size_t bytes = cx_plan_output_bytes(plan, i);
        if (cx_plan_output(plan, i) == NULL)
            return set_error(error, CX_INTERNAL, "an output is missing");
        out[i] = cx_arena_alloc(arena, bytes + 1);
        if (out[i] == NULL)
            return set_error(error, CX_MEMORY, "no memory");
        memset(out[i], 0xa5, bytes);
    }
    error->status = cx_run(plan, in, out, NULL, error);
    if (error->status != CX_OK)
        return false;
    error->status = CX_INTERNAL; /* from here on a difference is a mistake, not a refusal */
    for (uint32_t i = 0; i < wanted->count; i++) {
        const struct cx_tensor_info *info = cx_plan_output(plan, i);
        struct cx_tensor got = {info->dtype, info->shape, out[i]};
        if (!conf_compare(&got, &wanted->tensors[i], one->rtol, one->atol, error->text,
                          sizeof error->text))
            return false;
    }
    return true;
}

bool device_check_set(const struct conf_case *one, struct cx_session *session, uint32_t set,
                      struct candidates *candidates, struct cx_arena *arena, struct cx_error *error)
{
    struct cx_tensor picked[CONF_TENSORS_MAX] = {0};
    struct conf_tensors *inputs = cx_arena_alloc(arena, sizeof *inputs);
    struct conf_tensors *wanted = cx_arena_alloc(arena, sizeof *wanted);
    const struct cx_graph *graph = session->graph;
    uint32_t input_n = graph->input_count;
    if (inputs == NULL || wanted == NULL || input_n > CONF_TENSORS_MAX ||
        !conf_read(one, set, "input", arena, inputs, error) ||
        !conf_read(one, set, "output", arena, wanted, error))
        return false;
    for (uint32_t i = 0; i < input_n; i++) {
        const char *name = graph->values[graph->inputs[i]].name;
        const struct cx_tensor *tensor = conf_pick(inputs, i, input_n, name);
        if (tensor == NULL)
            return set_error(error, CX_INTERNAL, "no data for an input");
        picked[i] = *tensor;
    }
    if (candidates != NULL && candidates->n == 0 && !has_choices(session, picked, input_n))
        return true;
    struct cx_plan *plan = NULL;
    error->status = device_plan(session, picked, input_n, &plan, error);
    bool right = error->status == CX_OK && run_and_compare(one, plan, picked, wanted, arena, error);
    if (plan != NULL && candidates != NULL)
        candidates_see(candidates, plan);
    cx_plan_destroy(plan);
    return right;
}

static bool check_sets(const struct conf_case *one, struct cx_session *session,
                       struct candidates *candidates, struct cx_error *error)
{
    bool right = true;
    for (uint32_t set = 0; right && device_has_set(one, set); set++) {
        struct cx_arena arena = {0};
        right = device_check_set(one, session, set, candidates, &arena, error);
        cx_arena_finish(&arena);
    }
    return right;
}

bool device_check_case(const struct conf_case *one, struct cx_session *session,
                       struct candidates *candidates, struct cx_error *error)
{
    bool right = check_sets(one, session, candidates, error);
    /* The list may grow: one choice can lead to another. */
    for (uint32_t i = 0; candidates != NULL && i < candidates->n && right; i++) {
        session->candidate = candidates->names[i];
        right = check_sets(one, session, candidates, error);
        if (!right) {
            char text[CX_ERROR_TEXT_MAX - 64];
            snprintf(text, sizeof text, "%.*s", (int)sizeof text - 1, error->text);
            snprintf(error->text, sizeof error->text, "by %s: %s", candidates->names[i], text);
            error->status = CX_INTERNAL; /* it was offered: not a refusal */
        }
    }
    session->candidate = NULL;
    return right;
}

bool device_wants_candidates(const char *family)
{
    return family[strcspn(family, "+")] == '+';
}

bool device_has_set(const struct conf_case *one, uint32_t set)
{
    char path[1100];
    snprintf(path, sizeof path, "%s/test_data_set_%u/output_0.pb", one->dir, set);
    FILE *file = fopen(path, "rb");
    if (file != NULL)
        fclose(file);
    return file != NULL;
}

struct cx_device *device_open_family(const char *family)
{
    struct cx_error error;
    struct cx_device *device = NULL;
    struct cx_device_options options = {.family = strncmp(family, "gpu", 3) == 0 ? CX_FAMILY_GPU
                                                                                 : CX_FAMILY_CPU,
                                        .block_all = strcmp(family, "cpu-blocks") == 0};
    const char *cache = getenv("XDG_CACHE_HOME");
    enum cx_status status = cache != NULL ? cx_setup(cache, &error) : CX_OK;
    if (status == CX_OK)
        status = cx_device_open(NULL, &options, &device, &error);
    if (status != CX_OK)
        printf("%s: %s\n", status == CX_NO_DEVICE ? "skipped" : "no device", error.text);
    return device;
}
