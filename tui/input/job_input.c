#include "input/job_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "text/reply.h"

static float channel_value(const cJSON *how, const char *name, int channel, float otherwise)
{
    const cJSON *value = tui_reply_member(how, name);
    const cJSON *item = cJSON_IsArray(value) ? cJSON_GetArrayItem(value, channel) : value;

    /* One number stands for all channels. */
    if (cJSON_IsArray(value) && item == NULL)
        item = cJSON_GetArrayItem(value, 0);
    return cJSON_IsNumber(item) ? (float)item->valuedouble : otherwise;
}

static void read_preprocess(const cJSON *how, struct tui_input_spec *spec)
{
    double channels = tui_reply_number(how, "channels");
    double width = tui_reply_number(how, "width"), height = tui_reply_number(how, "height");

    if ((channels != 1 && channels != 3) || width < 1 || width > TUI_IMAGE_SIDE_MAX || height < 1 ||
        height > TUI_IMAGE_SIDE_MAX)
        return;
    spec->has_preprocess = true;
    spec->preprocess = (struct tui_preprocess){
        .channels = (uint32_t)channels,
        .width = (uint32_t)width,
        .height = (uint32_t)height,
        .nhwc = strcmp(tui_reply_text(how, "layout"), "nhwc") == 0,
        .scale = cJSON_IsNumber(tui_reply_member(how, "scale"))
                     ? (float)tui_reply_number(how, "scale")
                     : 1,
    };
    for (int c = 0; c < 3; c++) {
        float std = channel_value(how, "std", c, 1);
        spec->preprocess.mean[c] = channel_value(how, "mean", c, 0);
        spec->preprocess.std[c] = std != 0 ? std : 1;
    }
}

static void read_spec(const cJSON *input, struct tui_input_spec *spec)
{
    const cJSON *dim, *shape = tui_reply_member(input, "shape");

    spec->dtype = tui_dtype_find(tui_reply_text(input, "dtype"));
    spec->rank = cJSON_IsArray(shape) && cJSON_GetArraySize(shape) <= TUI_RANK_MAX ? 0 : -1;
    if (spec->rank < 0)
        return;
    cJSON_ArrayForEach(dim, shape)
    {
        double value = cJSON_IsNumber(dim) ? dim->valuedouble : -1;
        spec->dims[spec->rank++] = value >= 0 && value < 1e15 ? (int64_t)value : -1;
    }
}

void tui_model_inputs_read(const cJSON *model, struct tui_model_inputs *ret_inputs)
{
    const cJSON *input;

    memset(ret_inputs, 0, sizeof(*ret_inputs));
    ret_inputs->unknown.rank = -1;
    read_preprocess(tui_reply_member(model, "preprocess"), &ret_inputs->unknown);
    cJSON_ArrayForEach(input, tui_reply_member(model, "inputs"))
    {
        if (ret_inputs->n == TUI_INPUTS_MAX)
            break;
        struct tui_input_spec *spec = &ret_inputs->specs[ret_inputs->n];
        *spec = ret_inputs->unknown;
        read_spec(input, spec);
        ret_inputs->names[ret_inputs->n++] = tui_reply_text(input, "name");
    }
}

static void format_dims(int rank, const int64_t *dims, char *out, size_t out_bytes)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < rank && used < out_bytes; i++) {
        if (dims[i] < 0)
            used += (size_t)snprintf(out + used, out_bytes - used, "%sN", i ? "," : "");
        else
            used += (size_t)snprintf(out + used, out_bytes - used, "%s%lld", i ? "," : "",
                                     (long long)dims[i]);
    }
}

static bool fits(const struct tui_tensor *tensor, const struct tui_input_spec *spec)
{
    if (spec->dtype != NULL && spec->dtype != tensor->dtype)
        return false;
    if (spec->rank >= 0 && (uint32_t)spec->rank != tensor->rank)
        return false;
    for (int i = 0; i < spec->rank; i++)
        if (spec->dims[i] >= 0 && spec->dims[i] != tensor->dims[i])
            return false;
    return true;
}

static cJSON *input_object(const struct tui_tensor *tensor, const char *name)
{
    size_t n_text = (tensor->n_bytes + 2) / 3 * 4;
    char *text = malloc(n_text + 1);
    cJSON *input, *shape;

    if (text == NULL)
        return NULL;
    EVP_EncodeBlock((unsigned char *)text, tensor->data, (int)tensor->n_bytes);
    input = cJSON_CreateObject();
    if (name != NULL && name[0] != '\0')
        cJSON_AddStringToObject(input, "name", name);
    cJSON_AddStringToObject(input, "dtype", tensor->dtype->name);
    shape = cJSON_AddArrayToObject(input, "shape");
    for (uint32_t i = 0; i < tensor->rank; i++)
        cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)tensor->dims[i]));
    cJSON_AddStringToObject(input, "data_b64", text);
    free(text);
    return input;
}

cJSON *tui_job_input(const char *path, const char *name, const struct tui_input_spec *spec,
                     size_t *ret_bytes, char *ret_error)
{
    struct tui_tensor tensor;
    char has[96], wants[96];
    cJSON *input = NULL;

    if (!tui_tensor_read(path, spec, &tensor, ret_error))
        return NULL;
    if (fits(&tensor, spec)) {
        input = input_object(&tensor, name);
        *ret_bytes = tensor.n_bytes;
        if (input == NULL)
            snprintf(ret_error, TUI_JOB_ERROR_BYTES, "out of memory");
    } else {
        format_dims((int)tensor.rank, tensor.dims, has, sizeof(has));
        format_dims(spec->rank, spec->dims, wants, sizeof(wants));
        snprintf(ret_error, TUI_JOB_ERROR_BYTES, "it is %s [%s], the model wants %s [%s]",
                 tensor.dtype->name, has, spec->dtype != NULL ? spec->dtype->name : "?", wants);
    }
    free(tensor.data);
    return input;
}
