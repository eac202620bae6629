#include <inttypes.h>
#include <string.h>

#include "error.h"
#include "onnx/internal.h"
#include "onnx/onnx.h"

#define LOCATION_EXTERNAL 1

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data is used where it lies");

/* A constant without elements still needs an address, to be told from a value without data. */
static uint64_t nothing;

struct reading {
    const struct onnx_source *source;
    const Onnx__Tensor *proto;
    const char *what;
    struct cx_tensor tensor;
    size_t bytes;
};

static enum cx_status fail(const struct reading *r, enum cx_status status, const char *text)
{
    return cx_error_set(r->source->error, status, "tensor '%s': %s", r->what, text);
}

static enum cx_status wrong_size(const struct reading *r, size_t count, size_t wanted)
{
    char shape[128];
    return cx_error_set(r->source->error, CX_FORMAT,
                        "tensor '%s': %zu elements or bytes of data where %s of %s needs %zu",
                        r->what, count, cx_shape_format(&r->tensor.shape, shape, sizeof shape),
                        cx_dtype_name(r->tensor.dtype), wanted);
}

static enum cx_status read_type(struct reading *r)
{
    const Onnx__Tensor *proto = r->proto;
    if (proto->has_segment)
        return fail(r, CX_UNSUPPORTED, "tensors in segments are not supported");
    if (proto->n_dims > CX_RANK_MAX)
        return fail(r, CX_UNSUPPORTED, "more than 8 axes are not supported");
    r->tensor.shape.rank = (uint32_t)proto->n_dims;
    for (size_t i = 0; i < proto->n_dims; i++)
        r->tensor.shape.dims[i] = proto->dims[i];
    r->tensor.dtype = (enum cx_dtype)proto->data_type;
    if (proto->data_type < 0 || cx_dtype_bits(r->tensor.dtype) == 0)
        return cx_error_set(r->source->error, CX_UNSUPPORTED,
                            "tensor '%s': element type %s (%d) is not supported", r->what,
                            cx_dtype_name(r->tensor.dtype), proto->data_type);
    if (!cx_shape_bytes(r->tensor.dtype, &r->tensor.shape, CX_LAYOUT_PLAIN, &r->bytes))
        return fail(r, CX_FORMAT, "its dims are negative or too large");
    return CX_OK;
}

/* Elements that lie in the message as they will in memory. */
static enum cx_status use_in_place(struct reading *r, const void *data, size_t bytes)
{
    if (bytes != r->bytes)
        return wrong_size(r, bytes, r->bytes);
    /* Both are the message's or the arena's own memory; constants are never written. */
    memcpy(&r->tensor.data, &data, sizeof data);
    if (r->source->copy && bytes > 0) {
        r->tensor.data = cx_arena_copy(r->source->arena, data, bytes);
        if (r->tensor.data == NULL)
            return CX_MEMORY;
    }
    return CX_OK;
}

/* int32_data carries every type of up to 32 bits, one element (or one byte of packed elements)
 * a number. */
static enum cx_status narrow_int32(struct reading *r)
{
    size_t count = r->proto->n_int32_data;
    uint32_t bits = cx_dtype_bits(r->tensor.dtype);
    size_t size = bits < 8 ? 1 : bits / 8;
    if (count * size != r->bytes)
        return wrong_size(r, count, r->bytes / size);
    if (size == sizeof(int32_t))
        return use_in_place(r, r->proto->int32_data, r->bytes);
    uint8_t *data = cx_arena_alloc(r->source->arena, r->bytes);
    if (data == NULL)
        return CX_MEMORY;
    for (size_t i = 0; i < count; i++)
        memcpy(data + i * size, &r->proto->int32_data[i], size);
    r->tensor.data = data;
    return CX_OK;
}

static enum cx_status narrow_uint64(struct reading *r)
{
    size_t count = r->proto->n_uint64_data;
    if (r->tensor.dtype == CX_DTYPE_UINT64)
        return use_in_place(r, r->proto->uint64_data, count * sizeof(uint64_t));
    if (count * sizeof(uint32_t) != r->bytes)
        return wrong_size(r, count, r->bytes / sizeof(uint32_t));
    uint32_t *data = cx_arena_alloc(r->source->arena, r->bytes);
    if (data == NULL)
        return CX_MEMORY;
    for (size_t i = 0; i < count; i++)
        data[i] = (uint32_t)r->proto->uint64_data[i];
    r->tensor.data = data;
    return CX_OK;
}

static enum cx_status read_typed(struct reading *r)
{
    const Onnx__Tensor *proto = r->proto;
    switch ((int)r->tensor.dtype) {
    case CX_DTYPE_FLOAT:
    case CX_DTYPE_COMPLEX64:
        return use_in_place(r, proto->float_data, proto->n_float_data * sizeof(float));
    case CX_DTYPE_DOUBLE:
    case CX_DTYPE_COMPLEX128:
        return use_in_place(r, proto->double_data, proto->n_double_data * sizeof(double));
    case CX_DTYPE_INT64:
        return use_in_place(r, proto->int64_data, proto->n_int64_data * sizeof(int64_t));
    case CX_DTYPE_UINT32:
    case CX_DTYPE_UINT64:
        return narrow_uint64(r);
    default:
        return narrow_int32(r);
    }
}

enum cx_status cx_onnx_decode_tensor(const struct onnx_source *source, const Onnx__Tensor *proto,
                                     const char *what, struct cx_tensor *ret_tensor)
{
    struct reading r = {.source = source, .proto = proto, .what = what};
    enum cx_status status = read_type(&r);
    if (status != CX_OK)
        return status;
    if (proto->data_location == LOCATION_EXTERNAL) {
        const void *data = NULL;
        status = cx_onnx_read_external(source, proto, what, r.bytes, &data);
        if (status == CX_OK)
            status = use_in_place(&r, data, r.bytes);
    } else if (proto->has_raw_data) {
        status = use_in_place(&r, proto->raw_data.data, proto->raw_data.len);
    } else {
        status = read_typed(&r);
    }
    if (status == CX_MEMORY)
        return fail(&r, CX_MEMORY, "out of memory");
    if (status != CX_OK)
        return status;
    if (r.tensor.data == NULL)
        r.tensor.data = &nothing;
    *ret_tensor = r.tensor;
    return CX_OK;
}

enum cx_status cx_onnx_read_tensor(const void *data, size_t size, struct cx_arena *arena,
                                   struct cx_tensor *ret_tensor, const char **ret_name,
                                   struct cx_error *error)
{
    Onnx__Tensor *proto = onnx__tensor__unpack(NULL, size, data);
    if (proto == NULL)
        return cx_error_set(error, CX_FORMAT, "not a tensor");
    struct onnx_source source = {.arena = arena, .copy = true, .error = error};
    const char *name = proto->name != NULL ? proto->name : "";
    enum cx_status status = cx_onnx_decode_tensor(&source, proto, name, ret_tensor);
    if (status == CX_OK) {
        *ret_name = cx_arena_string(arena, name, strlen(name));
        status = *ret_name == NULL ? cx_error_set(error, CX_MEMORY, "out of memory") : CX_OK;
    }
    onnx__tensor__free_unpacked(proto, NULL);
    return status;
}
