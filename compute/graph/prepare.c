/* What a kernel's prepare function may ask and do, and the round through all nodes. */
#include "graph/prepare.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/launch.h"
#include "error.h"
#include "ops/op.h"

void *cx_grow(void *array, uint32_t n, uint32_t *room, size_t size)
{
    if (n < *room)
        return array;
    uint32_t wanted = *room == 0 ? 64 : *room * 2;
    void *grown = realloc(array, wanted * size);
    if (grown != NULL)
        *room = wanted;
    return grown;
}

static enum cx_status no_memory(const struct cx_prepare *p)
{
    return cx_error_set(p->err, CX_MEMORY, "no memory for a plan");
}

const struct cx_device_info *cx_prepare_device(const struct cx_prepare *p)
{
    return cx_device_describe(p->session->device);
}

bool cx_prepare_half_sums(const struct cx_prepare *p)
{
    return cx_device_half_sums(p->session->device);
}

const struct cx_node *cx_prepare_node(const struct cx_prepare *p)
{
    return &p->graph->nodes[p->node];
}

const struct cx_graph *cx_prepare_graph(const struct cx_prepare *p)
{
    return p->graph;
}

static uint32_t input_id(const struct cx_prepare *p, uint32_t i)
{
    const struct cx_node *node = cx_prepare_node(p);
    return i < node->input_count ? node->inputs[i] : CX_VALUE_NONE;
}

static uint32_t output_id(const struct cx_prepare *p, uint32_t i)
{
    const struct cx_node *node = cx_prepare_node(p);
    return i < node->output_count ? node->outputs[i] : CX_VALUE_NONE;
}

const struct cx_value *cx_prepare_input(const struct cx_prepare *p, uint32_t i)
{
    uint32_t id = input_id(p, i);
    return id == CX_VALUE_NONE ? NULL : &p->graph->values[id];
}

const struct cx_value *cx_prepare_output(const struct cx_prepare *p, uint32_t i)
{
    uint32_t id = output_id(p, i);
    return id == CX_VALUE_NONE ? NULL : &p->graph->values[id];
}

struct cx_arg cx_prepare_input_arg(const struct cx_prepare *p, uint32_t i)
{
    return cx_arg_value(input_id(p, i));
}

struct cx_arg cx_prepare_output_arg(const struct cx_prepare *p, uint32_t i)
{
    return cx_arg_value(output_id(p, i));
}

struct cx_arg cx_prepare_residual_arg(const struct cx_prepare *p)
{
    return cx_arg_value(cx_prepare_node(p)->epilogue.residual);
}

enum cx_status cx_prepare_scratch(struct cx_prepare *p, uint64_t bytes, uint32_t *ret_handle)
{
    struct cx_description *d = p->description;
    struct cx_storage *scratch =
        cx_grow(d->scratch, d->scratch_n, &d->scratch_room, sizeof *scratch);
    if (scratch == NULL)
        return no_memory(p);
    d->scratch = scratch;
    scratch[d->scratch_n] = (struct cx_storage){
        .bytes = bytes == 0 ? 1 : bytes, .first = p->node + 1, .last = p->node + 1};
    *ret_handle = d->scratch_n++;
    return CX_OK;
}

enum cx_status cx_prepare_pack(struct cx_prepare *p, uint32_t value, const char *kind,
                               uint64_t bytes, cx_pack_fn *pack, const void *context,
                               uint32_t *ret_handle)
{
    struct cx_description *d = p->description;
    struct cx_buffer **packed = cx_grow(d->packed, d->packed_n, &d->packed_room, sizeof *packed);
    if (packed == NULL)
        return no_memory(p);
    d->packed = packed;
    if (value >= p->graph->value_count || p->graph->values[value].data == NULL)
        return cx_prepare_fail(p, CX_INTERNAL, "a value that isn't constant can't be packed");
    enum cx_status status = cx_session_pack(p->session, &p->graph->values[value], kind, bytes, pack,
                                            context, &packed[d->packed_n], p->err);
    if (status == CX_OK)
        *ret_handle = d->packed_n++;
    return status;
}

enum cx_status cx_prepare_fault(struct cx_prepare *p, const char *text, struct cx_arg *ret_arg)
{
    struct cx_description *d = p->description;
    struct cx_described_fault *faults =
        cx_grow(d->faults, d->fault_n, &d->fault_room, sizeof *faults);
    if (faults == NULL)
        return no_memory(p);
    d->faults = faults;
    faults[d->fault_n] = (struct cx_described_fault){p->node, text};
    *ret_arg = (struct cx_arg){CX_ARG_FAULT, {.id = d->fault_n++}};
    return CX_OK;
}

enum cx_status cx_prepare_host(struct cx_prepare *p)
{
    p->description->host[p->node] = true;
    return CX_OK;
}

/* The place of one more launch, not yet counted; NULL when memory is used up. */
static struct cx_described_launch *next_launch(struct cx_prepare *p)
{
    struct cx_description *d = p->description;
    struct cx_described_launch *launches =
        cx_grow(d->launches, d->launch_n, &d->launch_room, sizeof *launches);
    if (launches == NULL)
        return NULL;
    d->launches = launches;
    struct cx_described_launch *launch = &launches[d->launch_n];
    launch->node = p->node;
    launch->otherwise = p->otherwise;
    launch->is_gemm = false;
    return launch;
}

enum cx_status cx_prepare_launch(struct cx_prepare *p, const struct cx_launch_spec *spec)
{
    if (spec->arg_n > CX_LAUNCH_ARG_MAX || spec->dim_n < 1 || spec->dim_n > 3)
        return cx_prepare_fail(p, CX_INTERNAL, "a launch of %s passes its limits", spec->kernel);
    struct cx_described_launch *launch = next_launch(p);
    if (launch == NULL)
        return no_memory(p);
    launch->spec = *spec;
    for (uint32_t i = 0; i < spec->dim_n; i++) {
        size_t local = spec->local[0] == 0 ? 1 : spec->local[i];
        if (local == 0)
            return cx_prepare_fail(p, CX_INTERNAL, "local size 0 of %s", spec->kernel);
        if (spec->global[i] == 0)
            return CX_OK;
        launch->spec.global[i] = (spec->global[i] + local - 1) / local * local;
    }
    p->description->launch_n++;
    return CX_OK;
}

enum cx_gemm_offer cx_prepare_gemm_offer(const struct cx_prepare *p,
                                         const struct cx_gemm_spec *gemm)
{
    uint64_t temp_bytes;
    if (!cx_gemm_choose(p->session->device, gemm, &temp_bytes))
        return CX_GEMM_NONE;
    return cx_gemm_wanted(p->session->device) ? CX_GEMM_WANTED : CX_GEMM_OFFERED;
}

enum cx_status cx_prepare_gemm(struct cx_prepare *p, const struct cx_gemm_spec *gemm,
                               bool *ret_taken)
{
    uint64_t temp_bytes = 0;
    if (!cx_gemm_choose(p->session->device, gemm, &temp_bytes)) {
        *ret_taken = false;
        return CX_OK;
    }
    struct cx_described_launch *launch = next_launch(p);
    if (launch == NULL)
        return no_memory(p);
    launch->is_gemm = true;
    launch->gemm = *gemm;
    launch->gemm.temp = cx_arg_value(CX_VALUE_NONE);
    if (temp_bytes > 0) {
        uint32_t handle;
        enum cx_status status = cx_prepare_scratch(p, temp_bytes, &handle);
        if (status != CX_OK)
            return status;
        launch->gemm.temp = cx_arg_scratch(handle);
    }
    p->description->launch_n++;
    *ret_taken = true;
    return CX_OK;
}

void cx_prepare_otherwise(struct cx_prepare *p)
{
    p->otherwise = true;
}

enum cx_status cx_prepare_fail(struct cx_prepare *p, enum cx_status status, const char *format, ...)
{
    const struct cx_node *node = cx_prepare_node(p);
    char text[CX_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return cx_error_set(p->err, status, "%s '%s': %.*s", node->op->name, node->name,
                        CX_ERROR_TEXT_MAX - 128, text);
}

void cx_launch_option_dtype(struct cx_launch_spec *spec, const struct cx_prepare *p,
                            enum cx_dtype dtype)
{
    static const char *const types[] = {
        [CX_DTYPE_FLOAT] = "float",   [CX_DTYPE_UINT8] = "uchar", [CX_DTYPE_INT8] = "char",
        [CX_DTYPE_UINT16] = "ushort", [CX_DTYPE_INT16] = "short", [CX_DTYPE_INT32] = "int",
        [CX_DTYPE_INT64] = "long",    [CX_DTYPE_BOOL] = "uchar",  [CX_DTYPE_FLOAT16] = "half",
        [CX_DTYPE_DOUBLE] = "double", [CX_DTYPE_UINT32] = "uint", [CX_DTYPE_UINT64] = "ulong",
    };
    bool fp16 = cx_prepare_device(p)->fp16;
    const char *type =
        (size_t)dtype < sizeof types / sizeof types[0] && types[dtype] != NULL ? types[dtype] : "";
    const char *compute = dtype == CX_DTYPE_FLOAT16 ? "float" : type;
    cx_launch_option(spec, "-DTYPE=%s -DCOMPUTE_TYPE=%s%s%s", type, compute,
                     dtype == CX_DTYPE_DOUBLE ? " -DNEED_FP64" : "",
                     dtype != CX_DTYPE_FLOAT16 ? ""
                     : fp16                    ? " -DNEED_FP16"
                                               : " -DHALF_STORAGE");
}

/* eval knows PLAIN tensors only. */
static bool all_plain(const struct cx_prepare *p)
{
    const struct cx_node *node = cx_prepare_node(p);
    bool plain = true;
    for (uint32_t i = 0; i < cx_node_read_count(node); i++)
        if (cx_node_read(node, i) != CX_VALUE_NONE)
            plain = plain && p->graph->values[cx_node_read(node, i)].layout == CX_LAYOUT_PLAIN;
    for (uint32_t i = 0; i < node->output_count; i++)
        if (node->outputs[i] != CX_VALUE_NONE)
            plain = plain && p->graph->values[node->outputs[i]].layout == CX_LAYOUT_PLAIN;
    return plain;
}

static enum cx_status describe_node(struct cx_prepare *p)
{
    const struct cx_node *node = cx_prepare_node(p);
    const struct cx_device_info *device = cx_prepare_device(p);
    if (node->op->kernels == CX_KERNELS_HOST)
        return cx_prepare_host(p);
    if (node->op->kernels == CX_KERNELS_NONE) {
        if (node->op->impl->flags & CX_OP_ALIAS)
            return CX_OK;
        return cx_prepare_fail(p, CX_UNSUPPORTED,
                               "it has to be known when shapes are bound, but depends on a run");
    }
    const struct cx_kernel *kernel = cx_kernel_find(node->op, device->family);
    if (kernel == NULL)
        return cx_prepare_fail(p, CX_UNSUPPORTED, "operator %s has no kernel on device family %s",
                               node->op->name, cx_family_name(device->family));
    uint32_t launch_n = p->description->launch_n;
    p->otherwise = false;
    enum cx_status status = kernel->prepare(p);
    if (status == CX_OK && p->description->host[p->node] && p->description->launch_n != launch_n)
        status = cx_prepare_fail(p, CX_INTERNAL, "both launches and the host");
    if (status == CX_OK && p->description->host[p->node] && !all_plain(p))
        status = cx_prepare_fail(p, CX_INTERNAL, "the host can't read blocks of channels");
    return status;
}

enum cx_status cx_describe(struct cx_session *session, const struct cx_graph *bound,
                           struct cx_description *description, struct cx_error *err)
{
    memset(description, 0, sizeof *description);
    description->host = calloc((size_t)bound->node_count + 1, sizeof *description->host);
    if (description->host == NULL)
        return cx_error_set(err, CX_MEMORY, "no memory for a plan");
    struct cx_prepare p = {
        .session = session, .graph = bound, .description = description, .err = err};
    for (; p.node < bound->node_count; p.node++) {
        enum cx_status status = describe_node(&p);
        if (status != CX_OK)
            return status;
    }
    return CX_OK;
}

void cx_description_finish(struct cx_description *description)
{
    free(description->launches);
    free(description->scratch);
    free(description->packed);
    free(description->faults);
    free(description->points);
    free(description->host);
    memset(description, 0, sizeof *description);
}
