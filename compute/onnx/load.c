#include "onnx/onnx.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "graph/simplify.h"
#include "onnx/internal.h"

/* Unpacked messages are larger than their bytes: a number of one byte takes eight, an empty
 * message a hundred. A file of many of those is refused before it fills the memory. */
#define BUDGET_BYTES_MIN ((uint64_t)32 << 20)
#define BUDGET_FACTOR 12

/* Each allocation carries its size, so that what is given back can be spent again. */
union header {
    size_t size;
    max_align_t align;
};

static void *budget_alloc(void *context, size_t size)
{
    struct onnx_owner *owner = context;
    if (size > owner->budget_bytes || size > PTRDIFF_MAX - sizeof(union header))
        return NULL;
    union header *header = malloc(sizeof *header + size);
    if (header == NULL)
        return NULL;
    header->size = size;
    owner->budget_bytes -= size;
    return header + 1;
}

static void budget_free(void *context, void *memory)
{
    struct onnx_owner *owner = context;
    if (memory == NULL)
        return;
    union header *header = (union header *)memory - 1;
    owner->budget_bytes += header->size;
    free(header);
}

enum cx_status cx_onnx_unpack(struct onnx_owner *owner, const uint8_t *data, size_t size,
                              struct cx_error *error)
{
    owner->budget_bytes = BUDGET_BYTES_MIN + (uint64_t)size * BUDGET_FACTOR;
    ProtobufCAllocator allocator = {budget_alloc, budget_free, owner};
    owner->model = onnx__model__unpack(&allocator, size, data);
    if (owner->model == NULL)
        return cx_error_set(error, CX_FORMAT, "not an ONNX model, or out of memory");
    return CX_OK;
}

void cx_onnx_owner_destroy(void *pointer)
{
    struct onnx_owner *owner = pointer;
    if (owner == NULL)
        return;
    ProtobufCAllocator allocator = {budget_alloc, budget_free, owner};
    if (owner->model != NULL)
        onnx__model__free_unpacked(owner->model, &allocator);
    for (uint32_t i = 0; i < owner->mapping_count; i++) {
        munmap(owner->mappings[i].data, owner->mappings[i].size);
        free(owner->mappings[i].location);
    }
    free(owner);
}

enum cx_status cx_onnx_read(const void *data, size_t size, const char *dir,
                            struct cx_graph **ret_graph, struct cx_error *error)
{
    if (size > CX_ONNX_FILE_BYTES_MAX)
        return cx_error_set(error, CX_LIMIT, "%zu bytes; at most %zu are read", size,
                            CX_ONNX_FILE_BYTES_MAX);
    enum cx_status status = cx_onnx_scan_model(data, size, error);
    if (status != CX_OK)
        return status;
    struct cx_graph *graph = cx_graph_create();
    struct onnx_owner *owner = calloc(1, sizeof *owner);
    if (graph == NULL || owner == NULL) {
        status = cx_error_set(error, CX_MEMORY, "out of memory");
        free(owner);
        goto out;
    }
    graph->owner = owner;
    graph->owner_destroy = cx_onnx_owner_destroy;
    status = cx_onnx_unpack(owner, data, size, error);
    if (status != CX_OK)
        goto out;
    struct onnx_source source = {owner, dir, &graph->arena, false, error};
    status = cx_onnx_build_graph(&source, owner->model, graph);
    if (status == CX_OK)
        status = cx_graph_simplify(graph, error);
    if (status != CX_OK)
        goto out;
    *ret_graph = graph;
    graph = NULL;
out:
    cx_graph_destroy(graph);
    return status;
}

/* The folder PATH lies in; the caller frees it. NULL on no memory. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static enum cx_status map_model(const char *path, void **ret_data, size_t *ret_size,
                                struct cx_error *error)
{
    struct stat info;
    enum cx_status status = CX_IO;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &info) != 0) {
        cx_error_set(error, CX_IO, "%s", strerror(errno));
        goto out;
    }
    if (!S_ISREG(info.st_mode)) {
        cx_error_set(error, CX_IO, "not a file");
        goto out;
    }
    if (info.st_size == 0) {
        status = cx_error_set(error, CX_FORMAT, "the file is empty");
        goto out;
    }
    if ((uint64_t)info.st_size > CX_ONNX_FILE_BYTES_MAX) {
        status = cx_error_set(error, CX_LIMIT, "%lld bytes; at most %zu are read",
                              (long long)info.st_size, CX_ONNX_FILE_BYTES_MAX);
        goto out;
    }
    void *data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
        status = cx_error_set(error, CX_MEMORY, "%s", strerror(errno));
        goto out;
    }
    *ret_data = data;
    *ret_size = (size_t)info.st_size;
    status = CX_OK;
out:
    if (fd >= 0)
        close(fd);
    return status;
}

enum cx_status cx_onnx_load(const char *path, struct cx_graph **ret_graph, struct cx_error *error)
{
    void *data = NULL;
    size_t size = 0;
    const char *slash = strrchr(path, '/');
    char *dir = folder_of(path);
    enum cx_status status = CX_MEMORY;
    if (dir == NULL)
        cx_error_set(error, CX_MEMORY, "out of memory");
    else
        status = map_model(path, &data, &size, error);
    if (status == CX_OK)
        status = cx_onnx_read(data, size, dir, ret_graph, error);
    if (data != NULL)
        munmap(data, size);
    free(dir);
    if (status != CX_OK)
        cx_error_prefix(error, status, "%.200s: ", slash != NULL ? slash + 1 : path);
    return status;
}
