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

bool cx_onnx_in_file(const struct onnx_owner *owner, const void *data)
{
    const char *at = data, *file = owner->file;
    if (file != NULL && at >= file && at < file + owner->file_size)
        return true;
    for (uint32_t i = 0; i < owner->mapping_count; i++) {
        file = owner->mappings[i].data;
        if (at >= file && at < file + owner->mappings[i].size)
            return true;
    }
    return false;
}

/* The message's destructor frees what it finds, and elements in the file are not its own. */
static void forget_raws(struct onnx_owner *owner)
{
    const Onnx__Graph *graph = owner->model->graph;
    for (size_t i = 0; graph != NULL && i < graph->n_initializer; i++) {
        ProtobufCBinaryData *raw = &graph->initializer[i]->raw_data;
        if (raw->data != NULL && cx_onnx_in_file(owner, raw->data))
            *raw = (ProtobufCBinaryData){0, NULL};
    }
}

/* Unpacks the file's message without its large elements, and lets it point at them. */
static enum cx_status unpack_file(struct onnx_owner *owner, struct cx_error *error)
{
    struct onnx_stripped stripped;
    enum cx_status status = cx_onnx_strip(owner->file, owner->file_size, &stripped, error);
    if (status != CX_OK)
        return status;
    status = cx_onnx_unpack(owner, stripped.message, stripped.size, error);
    const Onnx__Graph *graph = status == CX_OK ? owner->model->graph : NULL;
    for (size_t i = 0; graph != NULL && i < graph->n_initializer && i < stripped.raw_n; i++) {
        const struct onnx_raw *raw = &stripped.raws[i];
        if (raw->size == 0)
            continue;
        ProtobufCBinaryData *data = &graph->initializer[i]->raw_data;
        budget_free(owner, data->data);
        *data = (ProtobufCBinaryData){raw->size, (uint8_t *)owner->file + raw->offset};
    }
    cx_onnx_stripped_finish(&stripped);
    return status;
}

void cx_onnx_owner_destroy(void *pointer)
{
    struct onnx_owner *owner = pointer;
    if (owner == NULL)
        return;
    ProtobufCAllocator allocator = {budget_alloc, budget_free, owner};
    if (owner->model != NULL) {
        forget_raws(owner);
        onnx__model__free_unpacked(owner->model, &allocator);
    }
    if (owner->file != NULL)
        munmap(owner->file, owner->file_size);
    for (uint32_t i = 0; i < owner->mapping_count; i++) {
        munmap(owner->mappings[i].data, owner->mappings[i].size);
        free(owner->mappings[i].location);
    }
    free(owner);
}

/* FILE: the data is a mapping, the owner's from here on whatever happens. */
static enum cx_status read_model(void *data, size_t size, bool file, const char *dir,
                                 struct cx_graph **ret_graph, struct cx_error *error)
{
    enum cx_status status = CX_OK;
    struct cx_graph *graph = cx_graph_create();
    struct onnx_owner *owner = calloc(1, sizeof *owner);
    if (graph == NULL || owner == NULL) {
        status = cx_error_set(error, CX_MEMORY, "out of memory");
        if (file)
            munmap(data, size);
        free(owner);
        goto out;
    }
    graph->owner = owner;
    graph->owner_destroy = cx_onnx_owner_destroy;
    owner->file = file ? data : NULL;
    owner->file_size = file ? size : 0;
    if (size > CX_ONNX_FILE_BYTES_MAX)
        status = cx_error_set(error, CX_LIMIT, "%zu bytes; at most %zu are read", size,
                              CX_ONNX_FILE_BYTES_MAX);
    if (status == CX_OK)
        status = cx_onnx_scan_model(data, size, error);
    if (status == CX_OK)
        status = file ? unpack_file(owner, error) : cx_onnx_unpack(owner, data, size, error);
    struct onnx_source source = {owner, dir, &graph->arena, false, error};
    if (status == CX_OK)
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

enum cx_status cx_onnx_read(const void *data, size_t size, const char *dir,
                            struct cx_graph **ret_graph, struct cx_error *error)
{
    return read_model((void *)(uintptr_t)data, size, false, dir, ret_graph, error);
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
        status = read_model(data, size, true, dir, ret_graph, error);
    free(dir);
    if (status != CX_OK)
        cx_error_prefix(error, status, "%.200s: ", slash != NULL ? slash + 1 : path);
    return status;
}
