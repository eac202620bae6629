/* Which kernel runs an operator on a device family: ops.def says what kind and file, the build
 * lists the kernels that files define. */
#include <string.h>

#include "device/launch.h"
#include "ops/op.h"

#define CX_KERNEL_ROW(file, family) extern const struct cx_kernel cx_kernel_##file##_##family;
#include "kernels/kernel_rows.def"
#undef CX_KERNEL_ROW

struct row {
    const char *name; /* "conv_cpu" */
    const struct cx_kernel *kernel;
};

static const struct row rows[] = {
#define CX_KERNEL_ROW(file, family) {#file "_" #family, &cx_kernel_##file##_##family},
#include "kernels/kernel_rows.def"
#undef CX_KERNEL_ROW
    {NULL, NULL},
};

static const char *const op_files[] = {
#define CX_OP(id, name, domain, file, ...) [CX_OP_ID_##id] = #file,
#include "ops/ops.def"
#undef CX_OP
};

const struct cx_kernel *cx_kernel_find(const struct cx_op *op, enum cx_family family)
{
    const char *suffix = op->kernels == CX_KERNELS_ANY     ? "any"
                         : op->kernels != CX_KERNELS_SPLIT ? NULL
                                                           : cx_family_name(family);
    if (suffix == NULL)
        return NULL;
    const char *file = op_files[cx_op_id(op)];
    size_t file_n = strlen(file);
    for (const struct row *row = rows; row->name != NULL; row++)
        if (strncmp(row->name, file, file_n) == 0 && row->name[file_n] == '_' &&
            strcmp(row->name + file_n + 1, suffix) == 0)
            return row->kernel;
    return NULL;
}

struct cx_layouts cx_kernel_layouts(const struct cx_layout_query *query)
{
    const struct cx_kernel *kernel = cx_kernel_find(query->node->op, query->device->family);
    if (kernel == NULL || kernel->layout == NULL)
        return (struct cx_layouts){.input = CX_LAYOUT_PLAIN};
    return kernel->layout(query);
}
