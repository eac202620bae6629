/* Reads ONNX files. Every byte is distrusted: sizes are bounded before anything is allocated
 * for them, and a file of any content gives a graph or an error, never a crash. */
#ifndef CX_ONNX_H
#define CX_ONNX_H

#include <stddef.h>

#include "cx.h"
#include "graph/graph.h"

/* Limits; over them a file is refused with CX_LIMIT. */
#define CX_ONNX_FILE_BYTES_MAX ((size_t)2 << 30) /* protobuf's own */
#define CX_ONNX_NODES_MAX (1u << 18)
#define CX_ONNX_TENSORS_MAX (1u << 18)
#define CX_ONNX_INPUTS_MAX 1024
#define CX_ONNX_ATTRS_MAX 256
#define CX_ONNX_NAME_MAX 1024
#define CX_ONNX_OPSETS_MAX 64
#define CX_ONNX_EXTERNAL_MAX 256

/* Reads the model and the external data files beside it, checks every node against ops.def and
 * simplifies (constants, dead nodes, batch normalization). The message begins with the file's
 * name. Blocks on the disk. The caller destroys *ret_graph. */
enum cx_status cx_onnx_load(const char *path, struct cx_graph **ret_graph, struct cx_error *error);

/* The same from memory, which may be given back afterwards. DIR is where external data files
 * lie; NULL refuses them. */
enum cx_status cx_onnx_read(const void *data, size_t size, const char *dir,
                            struct cx_graph **ret_graph, struct cx_error *error);

/* One serialized TensorProto, such as test data. Its elements and *ret_name live in ARENA. */
enum cx_status cx_onnx_read_tensor(const void *data, size_t size, struct cx_arena *arena,
                                   struct cx_tensor *ret_tensor, const char **ret_name,
                                   struct cx_error *error);

#endif
