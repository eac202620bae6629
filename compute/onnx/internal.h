/* Between the files of the reader. */
#ifndef CX_ONNX_INTERNAL_H
#define CX_ONNX_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "cx.h"
#include "graph/graph.h"
#include "onnx.pb-c.h"
#include "onnx/onnx.h"
#include "ops/attr.h"

/* A file of external data, mapped. */
struct onnx_mapping {
    char *location; /* as the model names it */
    void *data;
    size_t size;
};

/* What a graph's constants point into; graph->owner. */
struct onnx_owner {
    Onnx__Model *model;
    uint64_t budget_bytes; /* what the unpacking may still allocate */
    void *file;            /* the model's, mapped; NULL when it was read from memory */
    size_t file_size;
    struct onnx_mapping mappings[CX_ONNX_EXTERNAL_MAX];
    uint32_t mapping_count;
};

/* Where tensors come from while a file is read. */
struct onnx_source {
    struct onnx_owner *owner; /* NULL: external data is refused */
    const char *dir;          /* of external data; NULL refuses it */
    struct cx_arena *arena;   /* for elements that can't be used where they lie */
    bool copy;                /* the message dies before the tensor: copy the elements */
    struct cx_error *error;
};

/* Checks that the length of every field lies inside the one around it, so that a file cut short
 * is told from one of another kind, with the byte where it went wrong. */
enum cx_status cx_onnx_scan_model(const uint8_t *data, size_t size, struct cx_error *error);

/* Where in the file an initializer's raw_data lies that was left out; size 0 for others. */
struct onnx_raw {
    size_t offset, size;
};

struct onnx_stripped {
    uint8_t *message;
    size_t size;
    struct onnx_raw *raws; /* one an initializer, in the order of the message's */
    size_t raw_n;
};

/* The message with every initializer's raw_data of CX_WEIGHT_BYTES_MIN bytes or more at length 0.
 * DATA has passed cx_onnx_scan_model. CX_MEMORY. */
enum cx_status cx_onnx_strip(const uint8_t *data, size_t size, struct onnx_stripped *ret_stripped,
                             struct cx_error *error);
void cx_onnx_stripped_finish(struct onnx_stripped *stripped);

/* WHAT names the tensor in messages. *ret_tensor's data lives as long as the source's owner and
 * arena and is never NULL. */
enum cx_status cx_onnx_decode_tensor(const struct onnx_source *source, const Onnx__Tensor *proto,
                                     const char *what, struct cx_tensor *ret_tensor);

/* The bytes that a tensor's external_data names: SIZE of them, exactly. */
enum cx_status cx_onnx_read_external(const struct onnx_source *source, const Onnx__Tensor *proto,
                                     const char *what, size_t size, const void **ret_data);

/* A node's attributes into set->attrs and set->count, in set->arena. */
enum cx_status cx_onnx_read_attrs(const struct onnx_source *source, const Onnx__Node *node,
                                  struct cx_attr_set *set);

/* Refuses names that are too long or hold control characters: they reach terminals. */
enum cx_status cx_onnx_check_name(const char *name, const char *what, struct cx_error *error);

/* Fills an empty graph from the message, without simplifying. */
enum cx_status cx_onnx_build_graph(const struct onnx_source *source, const Onnx__Model *model,
                                   struct cx_graph *graph);

/* Unpacks under owner->budget_bytes; owner->model is set. */
enum cx_status cx_onnx_unpack(struct onnx_owner *owner, const uint8_t *data, size_t size,
                              struct cx_error *error);
void cx_onnx_owner_destroy(void *owner);

/* Whether bytes lie in the model's file or one of external data. */
bool cx_onnx_in_file(const struct onnx_owner *owner, const void *data);

#endif
