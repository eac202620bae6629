/* A node's attributes as a parse function sees them: typed, bounded, and each one asked for, so
 * that one nobody understands is an error and not a silently different model. */
#ifndef CX_ATTR_H
#define CX_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cx.h"
#include "graph/arena.h"
#include "graph/tensor.h"

enum cx_attr_kind {
    CX_ATTR_FLOAT = 1, /* numbered as ONNX's AttributeProto.AttributeType */
    CX_ATTR_INT = 2,
    CX_ATTR_STRING = 3,
    CX_ATTR_TENSOR = 4,
    CX_ATTR_FLOATS = 6,
    CX_ATTR_INTS = 7,
    CX_ATTR_STRINGS = 8,
    CX_ATTR_OTHER = 100, /* graphs, sparse tensors, types: nobody reads these yet */
};

struct cx_attr {
    const char *name;
    enum cx_attr_kind kind;
    bool used;
    int64_t i;
    float f;
    const char *s; /* terminated; strings with a zero byte inside are refused by the reader */
    const int64_t *ints;
    const float *floats;
    const char *const *strings;
    uint32_t count; /* of ints, floats or strings */
    struct cx_tensor tensor;
};

struct cx_attr_set {
    struct cx_attr *attrs;
    uint32_t count;
    struct cx_arena *arena; /* where parse functions put their structs */
    const char *what;       /* "operator 'Conv' (node 'c1', …)", starts every message */
    struct cx_error *error;
};

/* Each reads one attribute, or gives FALLBACK when the node doesn't have it. CX_FORMAT when it
 * has another kind. Marks it used. */
enum cx_status cx_attr_int(struct cx_attr_set *set, const char *name, int64_t fallback,
                           int64_t *ret_value);
enum cx_status cx_attr_bool(struct cx_attr_set *set, const char *name, bool fallback,
                            bool *ret_value);
enum cx_status cx_attr_float(struct cx_attr_set *set, const char *name, float fallback,
                             float *ret_value);
enum cx_status cx_attr_string(struct cx_attr_set *set, const char *name, const char *fallback,
                              const char **ret_value);

/* At most MAX integers into ret_values; *ret_count is 0 when absent. CX_LIMIT over MAX. */
enum cx_status cx_attr_ints(struct cx_attr_set *set, const char *name, uint32_t max,
                            int64_t *ret_values, uint32_t *ret_count);

/* The raw attribute, NULL when absent. Marks it used. */
const struct cx_attr *cx_attr_get(struct cx_attr_set *set, const char *name);

bool cx_attr_has(const struct cx_attr_set *set, const char *name);

/* CX_FORMAT naming the first attribute that nobody asked for. */
enum cx_status cx_attr_check_used(const struct cx_attr_set *set);

/* Equal for equal attributes in any order; of tensors only the type and shape count. 0 for none. */
uint64_t cx_attr_set_hash(const struct cx_attr_set *set);

enum cx_status cx_attr_fail(const struct cx_attr_set *set, enum cx_status status,
                            const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
