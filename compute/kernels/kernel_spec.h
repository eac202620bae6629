/* What the kernels of this folder share when they describe a launch: element types, and how work
 * is cut into work-items on either family. */
#ifndef CX_KERNEL_SPEC_H
#define CX_KERNEL_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "cx.h"
#include "device/launch.h"
#include "graph/tensor.h"
#include "ops/op.h"

#define CX_SPEC_OPERANDS_MAX 16

/* How an element type is stored and calculated with on a device. */
enum cx_spec_kind { CX_SPEC_PLAIN, CX_SPEC_HALF, CX_SPEC_BFLOAT16 };

/* Whether kernels can be made for a type on this device: all but complex, string, float8 and types
 * under 8 bits, and double where the device has it. */
bool cx_spec_covers(const struct cx_prepare *p, enum cx_dtype dtype);
bool cx_spec_device_covers(const struct cx_device_info *device, enum cx_dtype dtype);

/* cx_layouts_follow for a node whose operands are all of types that kernels cover, else PLAIN. */
struct cx_layouts cx_spec_follow(const struct cx_layout_query *query, bool finite);

bool cx_spec_is_cpu(const struct cx_prepare *p);

/* Starts a spec for a kernel of one source file. */
void cx_spec_init(struct cx_launch_spec *spec, const char *file, const char *kernel);

/* The options of operand X for any/element.cl: X_T, X_KIND, X_ACC, and X_ACC_FLOAT, X_ACC_INT and
 * X_ACC_SIGNED where true. Calculates in the type itself, in float for the 16-bit floats. */
void cx_spec_operand(struct cx_launch_spec *spec, const char *x, enum cx_dtype dtype);
/* The same, calculating in another type. */
void cx_spec_operand_as(struct cx_launch_spec *spec, const char *x, enum cx_dtype dtype,
                        enum cx_dtype acc);

/* The option W and the vector width it names: elements of the device's vectors. */
uint32_t cx_spec_width(struct cx_launch_spec *spec, const struct cx_prepare *p);

/* A range of work-items that each take one of COUNT things: groups of one on a CPU, of 64 on a
 * GPU. */
void cx_spec_range(struct cx_launch_spec *spec, const struct cx_prepare *p, int64_t count);

/* Cuts COUNT elements into runs and returns the elements a work-item: on a CPU a few runs a compute
 * unit, each worth a wake-up and a multiple of 64 elements long; on a GPU WIDTH. */
int64_t cx_spec_runs(struct cx_launch_spec *spec, const struct cx_prepare *p, int64_t count,
                     uint32_t width);

/* Cuts ROWS of WIDTH elements into work-items of whole rows on a CPU and returns the rows of each;
 * on a GPU one row a work-item. */
int64_t cx_spec_rows(struct cx_launch_spec *spec, const struct cx_prepare *p, int64_t rows,
                     int64_t width);

/* A node as its operator's functions see it: shapes, and the data of constants. */
struct cx_spec_call {
    struct cx_call call;
    struct cx_error error;
    struct cx_tensor in[CX_SPEC_OPERANDS_MAX], out[CX_SPEC_OPERANDS_MAX];
};

/* Holds the first CX_SPEC_OPERANDS_MAX operands of either side. Points into itself: don't copy. */
void cx_spec_call_init(struct cx_spec_call *call, const struct cx_prepare *p);
/* Fails the preparation with the text that a function left in call->error. */
enum cx_status cx_spec_call_fail(const struct cx_spec_call *call, struct cx_prepare *p,
                                 enum cx_status status);

#endif
