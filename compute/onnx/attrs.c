#include <string.h>

#include "error.h"
#include "onnx/internal.h"
#include "onnx/onnx.h"

static const char *read_string(struct cx_attr_set *set, const ProtobufCBinaryData *bytes)
{
    if (bytes->len > 0 && memchr(bytes->data, '\0', bytes->len) != NULL)
        return NULL;
    return cx_arena_string(set->arena, (const char *)bytes->data, bytes->len);
}

static enum cx_status read_strings(struct cx_attr_set *set, const Onnx__Attribute *proto,
                                   struct cx_attr *attr)
{
    const char **strings = cx_arena_array(set->arena, proto->n_strings, sizeof *strings);
    if (strings == NULL)
        return CX_MEMORY;
    for (size_t i = 0; i < proto->n_strings; i++) {
        strings[i] = read_string(set, &proto->strings[i]);
        if (strings[i] == NULL)
            return cx_attr_fail(set, CX_FORMAT, "attribute '%s' is not text", attr->name);
    }
    attr->strings = strings;
    return CX_OK;
}

/* The kind a file before IR version 2 doesn't say. */
static int guess_kind(const Onnx__Attribute *proto)
{
    if (proto->has_f)
        return CX_ATTR_FLOAT;
    if (proto->has_i)
        return CX_ATTR_INT;
    if (proto->has_s)
        return CX_ATTR_STRING;
    if (proto->t != NULL)
        return CX_ATTR_TENSOR;
    if (proto->n_floats > 0)
        return CX_ATTR_FLOATS;
    if (proto->n_ints > 0)
        return CX_ATTR_INTS;
    return proto->n_strings > 0 ? CX_ATTR_STRINGS : CX_ATTR_OTHER;
}

static enum cx_status read_one(const struct onnx_source *source, struct cx_attr_set *set,
                               const Onnx__Attribute *proto, struct cx_attr *attr)
{
    attr->name = proto->name != NULL ? proto->name : "";
    enum cx_status status = cx_onnx_check_name(attr->name, "attribute", set->error);
    if (status != CX_OK)
        return status;
    if (proto->ref_attr_name != NULL && proto->ref_attr_name[0] != '\0')
        return cx_attr_fail(set, CX_UNSUPPORTED, "attribute '%s' refers to a function's",
                            attr->name);
    int kind = proto->type != 0 ? proto->type : guess_kind(proto);
    attr->kind = CX_ATTR_OTHER;
    switch (kind) {
    case CX_ATTR_FLOAT:
        attr->f = proto->f;
        break;
    case CX_ATTR_INT:
        attr->i = proto->i;
        break;
    case CX_ATTR_STRING:
        attr->s = read_string(set, &proto->s);
        if (attr->s == NULL)
            return cx_attr_fail(set, CX_FORMAT, "attribute '%s' is not text", attr->name);
        break;
    case CX_ATTR_TENSOR:
        if (proto->t == NULL)
            return cx_attr_fail(set, CX_FORMAT, "attribute '%s' has no tensor", attr->name);
        status = cx_onnx_decode_tensor(source, proto->t, attr->name, &attr->tensor);
        if (status != CX_OK) {
            cx_error_prefix(set->error, status, "%s: ", set->what);
            return status;
        }
        break;
    case CX_ATTR_FLOATS:
        attr->floats = proto->floats;
        attr->count = (uint32_t)proto->n_floats;
        break;
    case CX_ATTR_INTS:
        attr->ints = proto->ints;
        attr->count = (uint32_t)proto->n_ints;
        break;
    case CX_ATTR_STRINGS:
        attr->count = (uint32_t)proto->n_strings;
        status = read_strings(set, proto, attr);
        break;
    default:
        return CX_OK;
    }
    attr->kind = (enum cx_attr_kind)kind;
    return status;
}

enum cx_status cx_onnx_read_attrs(const struct onnx_source *source, const Onnx__Node *node,
                                  struct cx_attr_set *set)
{
    if (node->n_attribute > CX_ONNX_ATTRS_MAX)
        return cx_attr_fail(set, CX_LIMIT, "%zu attributes", node->n_attribute);
    set->attrs = cx_arena_array(set->arena, node->n_attribute, sizeof *set->attrs);
    if (set->attrs == NULL)
        return cx_attr_fail(set, CX_MEMORY, "out of memory");
    set->count = 0;
    for (size_t i = 0; i < node->n_attribute; i++) {
        struct cx_attr *attr = &set->attrs[i];
        enum cx_status status = read_one(source, set, node->attribute[i], attr);
        if (status == CX_OK && cx_attr_has(set, attr->name))
            status = cx_attr_fail(set, CX_FORMAT, "attribute '%s' is given twice", attr->name);
        if (status != CX_OK)
            return status;
        set->count++;
    }
    return CX_OK;
}
