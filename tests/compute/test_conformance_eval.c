/* The host reference of every operator against the ONNX conformance cases: a case is right, or
 * refused with a message that says what of it is not supported. Arguments: the folders. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conformance.h"
#include "cx.h"
#include "graph/graph.h"
#include "interp.h"
#include "onnx/onnx.h"

#define SKIPPED 77

struct tally {
    uint32_t passed, refused, disputed, absent, wrong;
};

/* A refusal names the operator, the opset or the tensor it is about. */
static bool names_its_reason(const char *text)
{
    return strstr(text, "operator '") != NULL || strstr(text, "opset ") != NULL ||
           strstr(text, "input '") != NULL || strstr(text, "tensor '") != NULL;
}

static bool check_set(const struct conf_case *one, const struct cx_graph *graph, uint32_t set,
                      struct cx_arena *arena, struct cx_error *error)
{
    struct cx_tensor picked[CONF_TENSORS_MAX] = {0};
    struct cx_tensor *outputs;
    struct conf_tensors *inputs = cx_arena_alloc(arena, sizeof *inputs);
    struct conf_tensors *wanted = cx_arena_alloc(arena, sizeof *wanted);
    if (inputs == NULL || wanted == NULL || graph->input_count > CONF_TENSORS_MAX ||
        !conf_read(one, set, "input", arena, inputs, error) ||
        !conf_read(one, set, "output", arena, wanted, error))
        return false;
    for (uint32_t i = 0; i < graph->input_count; i++) {
        const char *name = graph->values[graph->inputs[i]].name;
        const struct cx_tensor *tensor = conf_pick(inputs, i, graph->input_count, name);
        if (tensor == NULL) {
            snprintf(error->text, sizeof error->text, "no data for '%s'", name);
            return false;
        }
        picked[i] = *tensor;
    }
    error->status = interp_model(graph, picked, NULL, arena, &outputs, error);
    if (error->status != CX_OK)
        return false;
    error->status = CX_INTERNAL; /* from here on a difference is a mistake, not a refusal */
    if (wanted->count != graph->output_count) {
        snprintf(error->text, sizeof error->text, "%u outputs", graph->output_count);
        return false;
    }
    for (uint32_t i = 0; i < wanted->count; i++)
        if (!conf_compare(&outputs[i], &wanted->tensors[i], one->rtol, one->atol, error->text,
                          sizeof error->text))
            return false;
    return true;
}

static void check_case(const struct conf_case *one, struct tally *tally)
{
    char path[1100];
    struct cx_error error = {0};
    struct cx_graph *graph = NULL;
    snprintf(path, sizeof path, "%s/model.onnx", one->dir);
    if (access(path, R_OK) != 0) { /* some models are only described: their weights are large */
        tally->absent++;
        return;
    }
    error.status = cx_onnx_load(path, &graph, &error);
    bool right = error.status == CX_OK;
    for (uint32_t set = 0; right; set++) {
        struct cx_arena arena = {0};
        char folder[1100];
        snprintf(folder, sizeof folder, "%s/test_data_set_%u/output_0.pb", one->dir, set);
        FILE *file = fopen(folder, "rb");
        if (file == NULL)
            break;
        fclose(file);
        right = check_set(one, graph, set, &arena, &error);
        cx_arena_finish(&arena);
    }
    cx_graph_destroy(graph);
    bool refusal = error.status == CX_UNSUPPORTED && names_its_reason(error.text);
    if (right) {
        tally->passed++;
    } else if (refusal) {
        tally->refused++;
        if (conf_is_known(one))
            printf("refused %s: %s\n", one->name, error.text);
    } else if (one->disputed) {
        tally->disputed++;
    } else {
        tally->wrong++;
        printf("WRONG %s (%s, opset %s): %s\n", one->name, one->op_types, one->opset, error.text);
    }
}

int main(int argc, char **argv)
{
    struct tally tally = {0};
    for (int i = 1; i < argc; i++) {
        struct conf_case *cases = NULL;
        size_t count = 0;
        if (!conf_list(argv[i], &cases, &count)) {
            printf("skipped: STOKER_CONFORMANCE_DIR has no %s\n", argv[i]);
            return SKIPPED;
        }
        for (size_t k = 0; k < count; k++)
            check_case(&cases[k], &tally);
        free(cases);
    }
    printf("%u passed, %u refused (unsupported), %u other than data that is in dispute, "
           "%u without a model, %u wrong\n",
           tally.passed, tally.refused, tally.disputed, tally.absent, tally.wrong);
    return tally.wrong == 0 && tally.passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
