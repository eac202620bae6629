#include "ops/attr.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <xxhash.h>

#include "error.h"

enum cx_status cx_attr_fail(const struct cx_attr_set *set, enum cx_status status,
                            const char *format, ...)
{
    char text[CX_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return cx_error_set(set->error, status, "%s: %s", set->what, text);
}

const struct cx_attr *cx_attr_get(struct cx_attr_set *set, const char *name)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if (strcmp(set->attrs[i].name, name) == 0) {
            set->attrs[i].used = true;
            return &set->attrs[i];
        }
    }
    return NULL;
}

bool cx_attr_has(const struct cx_attr_set *set, const char *name)
{
    for (uint32_t i = 0; i < set->count; i++)
        if (strcmp(set->attrs[i].name, name) == 0)
            return true;
    return false;
}

/* *ret_attr is NULL when the node doesn't have it. */
static enum cx_status get_kind(struct cx_attr_set *set, const char *name, enum cx_attr_kind kind,
                               const struct cx_attr **ret_attr)
{
    const struct cx_attr *attr = cx_attr_get(set, name);
    if (attr != NULL && attr->kind != kind)
        return cx_attr_fail(set, CX_FORMAT, "attribute '%s' has the wrong type", name);
    *ret_attr = attr;
    return CX_OK;
}

enum cx_status cx_attr_int(struct cx_attr_set *set, const char *name, int64_t fallback,
                           int64_t *ret_value)
{
    const struct cx_attr *attr = NULL;
    enum cx_status status = get_kind(set, name, CX_ATTR_INT, &attr);
    if (status == CX_OK)
        *ret_value = attr == NULL ? fallback : attr->i;
    return status;
}

enum cx_status cx_attr_bool(struct cx_attr_set *set, const char *name, bool fallback,
                            bool *ret_value)
{
    int64_t value;
    enum cx_status status = cx_attr_int(set, name, fallback, &value);
    if (status == CX_OK)
        *ret_value = value != 0;
    return status;
}

enum cx_status cx_attr_float(struct cx_attr_set *set, const char *name, float fallback,
                             float *ret_value)
{
    const struct cx_attr *attr = NULL;
    enum cx_status status = get_kind(set, name, CX_ATTR_FLOAT, &attr);
    if (status == CX_OK)
        *ret_value = attr == NULL ? fallback : attr->f;
    return status;
}

enum cx_status cx_attr_string(struct cx_attr_set *set, const char *name, const char *fallback,
                              const char **ret_value)
{
    const struct cx_attr *attr = NULL;
    enum cx_status status = get_kind(set, name, CX_ATTR_STRING, &attr);
    if (status == CX_OK)
        *ret_value = attr == NULL ? fallback : attr->s;
    return status;
}

enum cx_status cx_attr_ints(struct cx_attr_set *set, const char *name, uint32_t max,
                            int64_t *ret_values, uint32_t *ret_count)
{
    const struct cx_attr *attr = NULL;
    enum cx_status status = get_kind(set, name, CX_ATTR_INTS, &attr);
    if (status != CX_OK)
        return status;
    if (attr != NULL && attr->count > max)
        return cx_attr_fail(set, CX_LIMIT, "attribute '%s' has %u values, more than %u", name,
                            attr->count, max);
    *ret_count = attr == NULL ? 0 : attr->count;
    if (*ret_count > 0)
        memcpy(ret_values, attr->ints, *ret_count * sizeof *ret_values);
    return CX_OK;
}

enum cx_status cx_attr_check_used(const struct cx_attr_set *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        if (!set->attrs[i].used)
            return cx_attr_fail(set, CX_UNSUPPORTED, "attribute '%s' is not known",
                                set->attrs[i].name);
    return CX_OK;
}

static uint64_t attr_hash(const struct cx_attr *attr)
{
    uint64_t hash = XXH3_64bits_withSeed(attr->name, strlen(attr->name), attr->kind);
    switch (attr->kind) {
    case CX_ATTR_FLOAT:
        return XXH3_64bits_withSeed(&attr->f, sizeof attr->f, hash);
    case CX_ATTR_INT:
        return XXH3_64bits_withSeed(&attr->i, sizeof attr->i, hash);
    case CX_ATTR_STRING:
        return XXH3_64bits_withSeed(attr->s, strlen(attr->s), hash);
    case CX_ATTR_FLOATS:
        return XXH3_64bits_withSeed(attr->floats, attr->count * sizeof *attr->floats, hash);
    case CX_ATTR_INTS:
        return XXH3_64bits_withSeed(attr->ints, attr->count * sizeof *attr->ints, hash);
    case CX_ATTR_STRINGS:
        for (uint32_t i = 0; i < attr->count; i++)
            hash = XXH3_64bits_withSeed(attr->strings[i], strlen(attr->strings[i]), hash);
        return hash;
    case CX_ATTR_TENSOR:
        hash ^= (uint64_t)attr->tensor.dtype;
        return XXH3_64bits_withSeed(attr->tensor.shape.dims,
                                    attr->tensor.shape.rank * sizeof attr->tensor.shape.dims[0],
                                    hash);
    case CX_ATTR_OTHER:
        break;
    }
    return hash;
}

uint64_t cx_attr_set_hash(const struct cx_attr_set *set)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < set->count; i++)
        hash += attr_hash(&set->attrs[i]);
    return hash;
}
