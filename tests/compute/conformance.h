/* The cases of a folder of ONNX conformance data: MANIFEST.tsv, model.onnx and test_data_set_N
 * folders of serialized tensors. Where the folder is, $STOKER_CONFORMANCE_DIR says. */
#ifndef TESTS_COMPUTE_CONFORMANCE_H
#define TESTS_COMPUTE_CONFORMANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cx.h"
#include "graph/arena.h"
#include "graph/tensor.h"

#define CONF_TENSORS_MAX 64

struct conf_case {
    char name[256];
    char dir[1024];      /* of the case */
    char op_types[1024]; /* "Conv,Relu"; other domains as "ai.onnx.ml.Binarizer" */
    char opset[64];
    double rtol, atol;
    bool disputed; /* the reference runtime, too, doesn't give what the case expects */
};

struct conf_tensors {
    uint32_t count;
    struct cx_tensor tensors[CONF_TENSORS_MAX];
    const char *names[CONF_TENSORS_MAX];
};

/* $STOKER_CONFORMANCE_DIR/FOLDER/MANIFEST.tsv into an array that the caller frees. False when the
 * variable isn't set or the file can't be read. */
bool conf_list(const char *folder, struct conf_case **ret_cases, size_t *ret_count);

/* Reads KIND ("input", "output") _0.pb, _1.pb, … of data set SET into ARENA. False when the set
 * doesn't exist or a file is not a tensor of a type we hold; ERROR says which. */
bool conf_read(const struct conf_case *one, uint32_t set, const char *kind, struct cx_arena *arena,
               struct conf_tensors *ret_tensors, struct cx_error *error);

/* The tensor for the I-th of COUNT inputs called NAME: by position, or by name when the files also
 * hold initializers. NULL when there is none. */
const struct cx_tensor *conf_pick(const struct conf_tensors *tensors, uint32_t i, uint32_t count,
                                  const char *name);

/* As onnx's own runner: type, shape, |got - want| <= atol + rtol * |want|, NaN equal to NaN; atol
 * is at least a few roundings of the largest float. False with the first difference in WHY. */
bool conf_compare(const struct cx_tensor *got, const struct cx_tensor *want, double rtol,
                  double atol, char *why, size_t why_size);

/* Whether ops.def has every operator of the case. */
bool conf_is_known(const struct conf_case *one);

#endif
