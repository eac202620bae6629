/* The ONNX reader, the passes over what it reads, and binding to shapes. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cx.h"
#include "graph/graph.h"
#include "onnx/onnx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Dims that the model leaves open become 2. */
static void bind(const struct cx_graph *graph)
{
    struct cx_error error;
    struct cx_graph *bound = NULL;
    struct cx_bind_input *inputs = calloc(graph->input_count + 1u, sizeof *inputs);
    for (uint32_t i = 0; inputs != NULL && i < graph->input_count; i++) {
        inputs[i].shape = graph->values[graph->inputs[i]].shape;
        for (uint32_t d = 0; d < inputs[i].shape.rank; d++)
            if (inputs[i].shape.dims[d] < 0)
                inputs[i].shape.dims[d] = 2;
    }
    if (inputs != NULL &&
        cx_graph_bind(graph, inputs, graph->input_count, NULL, &bound, &error) == CX_OK)
        cx_graph_destroy(bound);
    free(inputs);
}

/* From a file the reader takes another way: large elements stay there. */
static enum cx_status load(const uint8_t *data, size_t size, struct cx_graph **ret_graph)
{
    char path[64];
    struct cx_error error;
    int fd = memfd_create("model", MFD_CLOEXEC);
    if (fd < 0)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    enum cx_status status = CX_IO;
    if (write(fd, data, size) == (ssize_t)size)
        status = cx_onnx_load(path, ret_graph, &error);
    close(fd);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cx_error error;
    struct cx_graph *graph = NULL;
    struct cx_arena arena = {0};
    struct cx_tensor tensor;
    const char *name;
    if (cx_onnx_read(data, size, NULL, &graph, &error) == CX_OK) {
        bind(graph);
        cx_graph_destroy(graph);
    }
    if (load(data, size, &graph) == CX_OK) {
        bind(graph);
        cx_graph_destroy(graph);
    }
    cx_onnx_read_tensor(data, size, &arena, &tensor, &name, &error);
    cx_arena_finish(&arena);
    return 0;
}
