#include "cli/answer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "text/reply.h"

static bool decode_base64(const char *text, size_t n_bytes, uint8_t **ret_bytes)
{
    size_t n_text = strlen(text);
    /* EVP_DecodeBlock writes whole groups of three, padding included. */
    uint8_t *bytes = malloc(n_text / 4 * 3 + 3);
    int got;

    if (bytes == NULL || n_text > TUI_TENSOR_BYTES_MAX / 3 * 4 + 4)
        goto bad;
    got = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)n_text);
    for (size_t i = n_text; i > 0 && text[i - 1] == '=' && n_text - i < 2; i--)
        got--;
    if (got < 0 || (size_t)got != n_bytes)
        goto bad;
    *ret_bytes = bytes;
    return true;

bad:
    free(bytes);
    return false;
}

bool tui_answer_tensor(const cJSON *output, struct tui_tensor *ret_tensor)
{
    struct tui_tensor tensor = {.dtype = tui_dtype_find(tui_reply_text(output, "dtype"))};
    const cJSON *dim;

    if (tensor.dtype == NULL)
        return false;
    cJSON_ArrayForEach(dim, tui_reply_member(output, "shape"))
    {
        if (tensor.rank == TUI_RANK_MAX || !cJSON_IsNumber(dim) || dim->valuedouble < 0 ||
            dim->valuedouble > 1e15)
            return false;
        tensor.dims[tensor.rank++] = (int64_t)dim->valuedouble;
    }
    if (!tui_tensor_bytes(tensor.dtype, tensor.rank, tensor.dims, &tensor.n_bytes) ||
        !decode_base64(tui_reply_text(output, "data_b64"), tensor.n_bytes, &tensor.data))
        return false;
    *ret_tensor = tensor;
    return true;
}

/* An element as a number; false for types that have no plain C form here. */
static bool element(const struct tui_tensor *tensor, size_t i, double *ret_value)
{
    const uint8_t *at = tensor->data + i * tensor->dtype->bytes;
    float f;
    int32_t i32;
    int64_t i64;

    if (strcmp(tensor->dtype->name, "float32") == 0) {
        memcpy(&f, at, sizeof(f));
        *ret_value = f;
    } else if (strcmp(tensor->dtype->name, "float64") == 0) {
        memcpy(ret_value, at, sizeof(*ret_value));
    } else if (strcmp(tensor->dtype->name, "int64") == 0) {
        memcpy(&i64, at, sizeof(i64));
        *ret_value = (double)i64;
    } else if (strcmp(tensor->dtype->name, "int32") == 0) {
        memcpy(&i32, at, sizeof(i32));
        *ret_value = i32;
    } else if (strcmp(tensor->dtype->name, "uint8") == 0) {
        *ret_value = *at;
    } else {
        return false;
    }
    return true;
}

void tui_answer_top(const struct tui_tensor *tensor, size_t n, struct tui_top *ret_top)
{
    struct tui_top top = {0};
    size_t n_row = tensor->rank == 0 ? 1 : (size_t)tensor->dims[tensor->rank - 1];

    n = n > TUI_TOP_MAX ? TUI_TOP_MAX : n;
    for (size_t i = 0; i < n_row && i < tensor->n_bytes / tensor->dtype->bytes; i++) {
        double value;
        if (!element(tensor, i, &value))
            break;
        size_t at = top.n;
        while (at > 0 && (value > top.best[at - 1].value || isnan(top.best[at - 1].value)))
            at--;
        if (at >= n)
            continue;
        top.n = top.n < n ? top.n + 1 : n;
        memmove(&top.best[at + 1], &top.best[at], (top.n - 1 - at) * sizeof(top.best[0]));
        top.best[at].index = i;
        top.best[at].value = value;
    }
    *ret_top = top;
}

/* The top classes of the first output; n = 0 where labels and outputs don't fit. */
static void find_classes(const cJSON *outputs, const cJSON *labels, size_t n,
                         struct tui_top *ret_top)
{
    struct tui_tensor tensor;

    memset(ret_top, 0, sizeof(*ret_top));
    if (cJSON_GetArraySize(labels) == 0 ||
        !tui_answer_tensor(cJSON_GetArrayItem(outputs, 0), &tensor))
        return;
    if (tensor.rank > 0 && tensor.dims[tensor.rank - 1] == cJSON_GetArraySize(labels))
        tui_answer_top(&tensor, n, ret_top);
    free(tensor.data);
}

static const char *label_at(const cJSON *labels, size_t index)
{
    const cJSON *label = cJSON_GetArrayItem(labels, (int)index);
    return cJSON_IsString(label) ? label->valuestring : "?";
}

/* "; scores: float32 [1, 1000]". USED may pass the room: the caller looks. */
static void append_shape(const cJSON *output, char *line, size_t room, size_t *used)
{
    const cJSON *dim;
    const char *separator = "";

    *used += (size_t)snprintf(line + *used, room - *used, "%s%s: %s [", *used > 0 ? "; " : "",
                              tui_reply_text(output, "name"), tui_reply_text(output, "dtype"));
    cJSON_ArrayForEach(dim, tui_reply_member(output, "shape"))
    {
        if (*used >= room)
            return;
        *used +=
            (size_t)snprintf(line + *used, room - *used, "%s%.0f", separator, dim->valuedouble);
        separator = ", ";
    }
    if (*used < room)
        *used += (size_t)snprintf(line + *used, room - *used, "]");
}

char *tui_answer_text(const cJSON *outputs, const cJSON *labels, size_t n, char *out,
                      size_t out_bytes)
{
    char line[1024] = "";
    struct tui_top top;
    const cJSON *output;
    size_t used = 0;

    find_classes(outputs, labels, n, &top);
    for (size_t i = 0; i < top.n && used < sizeof(line); i++) {
        double value = top.best[i].value;
        bool share = value >= 0 && value <= 1;
        used += (size_t)snprintf(line + used, sizeof(line) - used,
                                 share ? "%s%s %.1f%%" : "%s%s %g", i > 0 ? ", " : "",
                                 label_at(labels, top.best[i].index), share ? value * 100 : value);
    }
    cJSON_ArrayForEach(output, outputs)
    {
        if (top.n > 0 || used >= sizeof(line))
            break;
        append_shape(output, line, sizeof(line), &used);
    }
    return tui_shown(line, out, out_bytes);
}

void tui_answer_add_classes(cJSON *target, const cJSON *outputs, const cJSON *labels, size_t n)
{
    struct tui_top top;
    cJSON *classes;

    find_classes(outputs, labels, n, &top);
    if (top.n == 0)
        return;
    classes = cJSON_AddArrayToObject(target, "classes");
    for (size_t i = 0; i < top.n; i++) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "label", label_at(labels, top.best[i].index));
        cJSON_AddNumberToObject(item, "value", top.best[i].value);
        cJSON_AddItemToArray(classes, item);
    }
}

enum tui_exit tui_answer_exit(const cJSON *job)
{
    const char *state = tui_reply_text(job, "state");
    if (strcmp(state, "done") == 0)
        return TUI_EXIT_OK;
    if (strcmp(state, "failed") == 0)
        return TUI_EXIT_JOB_FAILED;
    if (strcmp(state, "cancelled") == 0 || strcmp(state, "expired") == 0)
        return TUI_EXIT_JOB_ENDED;
    return TUI_EXIT_WAIT;
}
