#include "tensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

static const struct {
    uint8_t dtype;
    const char *name;
} dtypes[] = {
    {1, "float32"}, {10, "float16"}, {11, "float64"}, {3, "int8"},    {5, "int16"},   {6, "int32"},
    {7, "int64"},   {2, "uint8"},    {4, "uint16"},   {12, "uint32"}, {13, "uint64"}, {9, "bool"},
};

const char *agent_dtype_name(uint8_t dtype)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        if (dtypes[i].dtype == dtype)
            return dtypes[i].name;
    }
    return NULL;
}

uint8_t agent_dtype_find(const char *name)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        if (strcmp(dtypes[i].name, name) == 0)
            return dtypes[i].dtype;
    }
    return 0;
}

static uint16_t half_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000u;
    uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u);
    if (magnitude >= 0x47800000u) // 65536 and more
        return (uint16_t)(sign | 0x7c00u);
    if (magnitude < 0x38800000u) { // less than the smallest normal number
        float scaled = fabsf(value) * 16777216.0f;
        return (uint16_t)(sign | (uint32_t)lrintf(scaled));
    }
    uint32_t half = (magnitude - 0x38000000u) >> 13;
    uint32_t rest = magnitude & 0x1fffu;
    half += rest > 0x1000u || (rest == 0x1000u && (half & 1) != 0);
    return (uint16_t)(sign | half);
}

// Writes a number as an element. False: it is out of the type's range.
static bool put_number(uint8_t dtype, double value, uint8_t *to)
{
    static const struct {
        double min, max;
    } ranges[] = {
        [2] = {0, 255},
        [3] = {-128, 127},
        [4] = {0, 65535},
        [5] = {-32768, 32767},
        [6] = {-2147483648.0, 2147483647.0},
        [7] = {-9007199254740992.0, 9007199254740992.0},
        [9] = {0, 1},
        [12] = {0, 4294967295.0},
        [13] = {0, 9007199254740992.0},
    };
    float single = (float)value;
    uint16_t half = half_of(single);
    if (dtype == 1 || dtype == 10 || dtype == 11) {
        const void *from = dtype == 1    ? (const void *)&single
                           : dtype == 10 ? (const void *)&half
                                         : (const void *)&value;
        memcpy(to, from, net_dtype_size(dtype));
        return true;
    }
    if (!(value >= ranges[dtype].min && value <= ranges[dtype].max) || value != floor(value))
        return false;
    int64_t whole = (int64_t)value; // little-endian: the low bytes come first
    memcpy(to, &whole, net_dtype_size(dtype));
    return true;
}

static enum agent_status read_numbers(const cJSON *data, struct net_tensor *tensor, uint8_t *bytes,
                                      const char *what, struct agent_error *err)
{
    size_t size = net_dtype_size(tensor->dtype);
    size_t at = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, data)
    {
        if (!cJSON_IsNumber(item) && !cJSON_IsBool(item))
            return agent_error_set(err, AGENT_ERR_INVAL, "%s: data is not an array of numbers",
                                   what);
        double value = cJSON_IsBool(item) ? cJSON_IsTrue(item) : item->valuedouble;
        if (at == tensor->data.len)
            return agent_error_set(err, AGENT_ERR_CORRUPT, "%s: data has more numbers than shape",
                                   what);
        if (!put_number(tensor->dtype, value, bytes + at))
            return agent_error_set(err, AGENT_ERR_CORRUPT, "%s: %g is no %s", what, value,
                                   agent_dtype_name(tensor->dtype));
        at += size;
    }
    if (at != tensor->data.len)
        return agent_error_set(err, AGENT_ERR_CORRUPT, "%s: data has %zu numbers, shape %zu", what,
                               at / size, tensor->data.len / size);
    return AGENT_OK;
}

static enum agent_status read_base64(const char *text, struct net_tensor *tensor, uint8_t *bytes,
                                     const char *what, struct agent_error *err)
{
    size_t len = strlen(text);
    size_t want = tensor->data.len;
    size_t pads = len >= 2 ? (size_t)(text[len - 1] == '=') + (text[len - 2] == '=') : 0;
    if (len % 4 != 0 || len / 4 * 3 - pads != want)
        return agent_error_set(err, AGENT_ERR_CORRUPT,
                               "%s: data_b64 has %zu bytes, dtype and shape need %zu", what,
                               len / 4 * 3 - (len % 4 == 0 ? pads : 0), want);
    // Whole groups straight into place; the last one, which is padded, through a buffer.
    size_t whole = want / 3 * 4;
    uint8_t last[4];
    if ((whole > 0 && EVP_DecodeBlock(bytes, (const uint8_t *)text, (int)whole) < 0) ||
        (whole < len && EVP_DecodeBlock(last, (const uint8_t *)text + whole, 4) < 0))
        return agent_error_set(err, AGENT_ERR_INVAL, "%s: data_b64 is not base64", what);
    memcpy(bytes + want / 3 * 3, last, want % 3);
    return AGENT_OK;
}

static enum agent_status read_shape(const cJSON *shape, struct net_tensor *tensor, size_t bytes_max,
                                    const char *what, struct agent_error *err)
{
    uint64_t bytes = net_dtype_size(tensor->dtype);
    if (!cJSON_IsArray(shape) || cJSON_GetArraySize(shape) > NET_RANK_MAX)
        return agent_error_set(err, AGENT_ERR_INVAL,
                               "%s: shape is not an array of at most %d numbers", what,
                               NET_RANK_MAX);
    const cJSON *dim;
    cJSON_ArrayForEach(dim, shape)
    {
        double value = dim->valuedouble;
        if (!cJSON_IsNumber(dim) || value < 0 || value != floor(value) || value > 4294967295.0)
            return agent_error_set(err, AGENT_ERR_INVAL,
                                   "%s: a dimension of shape is not a whole number from 0 on",
                                   what);
        tensor->dims[tensor->rank++] = (int64_t)value;
        bytes *= (uint64_t)value; // at most 2^30 x 2^32
        if (bytes > bytes_max)
            return agent_error_set(err, AGENT_ERR_FULL, "%s: takes more than %zu bytes", what,
                                   bytes_max);
    }
    tensor->data.len = (size_t)bytes;
    return AGENT_OK;
}

static enum agent_status read_one(const cJSON *input, size_t bytes_max, struct net_tensor *tensor,
                                  const char *what, struct agent_error *err)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(input, "name");
    const char *dtype = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(input, "dtype"));
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(input, "data");
    const char *base64 = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(input, "data_b64"));
    if (!cJSON_IsObject(input) || dtype == NULL || (base64 == NULL && !cJSON_IsArray(data)) ||
        (name != NULL &&
         (!cJSON_IsString(name) || strlen(name->valuestring) > NET_TENSOR_NAME_MAX)))
        return agent_error_set(err, AGENT_ERR_INVAL,
                               "%s: needs dtype, shape, and data or data_b64; name is a text of "
                               "at most %d bytes",
                               what, NET_TENSOR_NAME_MAX);
    if (name != NULL)
        tensor->name = net_text_of(name->valuestring);
    tensor->dtype = agent_dtype_find(dtype);
    if (tensor->dtype == 0)
        return agent_error_set(err, AGENT_ERR_CORRUPT, "%s: dtype '%.32s' is not known", what,
                               dtype);
    enum agent_status status =
        read_shape(cJSON_GetObjectItemCaseSensitive(input, "shape"), tensor, bytes_max, what, err);
    if (status != AGENT_OK)
        return status;
    uint8_t *bytes = malloc(tensor->data.len + 1);
    if (bytes == NULL)
        return agent_error_set(err, AGENT_ERR_NOMEM, "out of memory");
    tensor->data.data = bytes;
    return base64 != NULL ? read_base64(base64, tensor, bytes, what, err)
                          : read_numbers(data, tensor, bytes, what, err);
}

void agent_tensors_finish(struct agent_tensors *tensors)
{
    for (uint8_t i = 0; i < tensors->count; i++) {
        union {
            const uint8_t *read;
            void *own;
        } data = {.read = tensors->list[i].data.data};
        free(data.own);
    }
    free(tensors->list);
    *tensors = (struct agent_tensors){0};
}

enum agent_status agent_tensors_read(const cJSON *inputs, size_t bytes_max,
                                     struct agent_tensors *ret_tensors, struct agent_error *err)
{
    int count = cJSON_GetArraySize(inputs);
    if (!cJSON_IsArray(inputs) || count < 1 || count > NET_TENSORS_MAX)
        return agent_error_set(err, AGENT_ERR_INVAL, "inputs is not an array of 1 to %d objects",
                               NET_TENSORS_MAX);
    struct agent_tensors tensors = {.list = calloc((size_t)count, sizeof *tensors.list)};
    if (tensors.list == NULL)
        return agent_error_set(err, AGENT_ERR_NOMEM, "out of memory");
    enum agent_status status = AGENT_OK;
    const cJSON *input;
    cJSON_ArrayForEach(input, inputs)
    {
        char what[24];
        snprintf(what, sizeof what, "input %d", tensors.count);
        struct net_tensor *tensor = &tensors.list[tensors.count++];
        status = read_one(input, bytes_max - tensors.bytes, tensor, what, err);
        if (status != AGENT_OK)
            break;
        tensors.bytes += tensor->data.len;
    }
    if (status != AGENT_OK)
        agent_tensors_finish(&tensors);
    else
        *ret_tensors = tensors;
    return status;
}

static cJSON *tensor_json(const struct net_tensor *tensor)
{
    char name[NET_TENSOR_NAME_MAX + 1];
    const char *dtype = agent_dtype_name(tensor->dtype);
    size_t size = (tensor->data.len + 2) / 3 * 4 + 1;
    uint8_t *base64 = malloc(size);
    cJSON *json = base64 != NULL ? cJSON_CreateObject() : NULL;
    if (json == NULL)
        goto out;
    net_text_copy(tensor->name, name, sizeof name);
    base64[0] = '\0';
    EVP_EncodeBlock(base64, tensor->data.data, (int)tensor->data.len);
    cJSON_AddStringToObject(json, "name", name);
    cJSON_AddStringToObject(json, "dtype", dtype != NULL ? dtype : "unknown");
    cJSON *shape = cJSON_AddArrayToObject(json, "shape");
    for (uint8_t i = 0; i < tensor->rank; i++)
        cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)tensor->dims[i]));
    cJSON_AddStringToObject(json, "data_b64", (const char *)base64);
out:
    free(base64);
    return json;
}

cJSON *agent_tensors_json(const struct net_tensor *list, size_t count)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; array != NULL && i < count; i++) {
        cJSON *json = tensor_json(&list[i]);
        if (json == NULL) {
            cJSON_Delete(array);
            return NULL;
        }
        cJSON_AddItemToArray(array, json);
    }
    return array;
}
