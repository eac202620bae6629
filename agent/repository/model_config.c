#include "agent/repository/model_config.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ini.h>

struct parse {
    struct agent_model *model;
    FILE *file;
    int line;
    char labels[256];
};

__attribute__((format(printf, 2, 3))) static bool fail(struct parse *parse, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    snprintf(parse->model->error, sizeof(parse->model->error), "config.ini:%d: %s", parse->line,
             text);
    return false;
}

static bool read_count(struct parse *parse, const char *key, const char *value, uint32_t max,
                       uint32_t *ret_count)
{
    char *end;

    errno = 0;
    long number = strtol(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0 || number < 1 || number > (long)max)
        return fail(parse, "%s = '%.64s' is no whole number from 1 to %u", key, value, max);
    *ret_count = (uint32_t)number;
    return true;
}

static bool read_reals(struct parse *parse, const char *key, const char *value, uint32_t max,
                       double *ret_values, uint32_t *ret_count)
{
    const char *at = value;
    uint32_t n = 0;

    for (;;) {
        char *end;
        double real = strtod(at, &end);
        if (end == at || !isfinite(real) || n == max)
            return fail(parse, "%s = '%.64s' is not 1 to %u numbers with commas between", key,
                        value, max);
        ret_values[n++] = real;
        at = end + strspn(end, " \t");
        if (*at == '\0')
            break;
        if (*at++ != ',')
            return fail(parse, "%s = '%.64s' is not 1 to %u numbers with commas between", key,
                        value, max);
    }
    *ret_count = n;
    return true;
}

static bool read_text(struct parse *parse, const char *key, const char *value, char *out,
                      size_t out_bytes)
{
    if (strlen(value) >= out_bytes)
        return fail(parse, "%s is longer than %zu bytes", key, out_bytes - 1);
    snprintf(out, out_bytes, "%s", value);
    return true;
}

static bool read_preprocess(struct parse *parse, const char *key, const char *value)
{
    struct agent_preprocess *how = &parse->model->preprocess;
    uint32_t one;

    how->given = true;
    if (strcmp(key, "channels") == 0) {
        if (strcmp(value, "1") != 0 && strcmp(value, "3") != 0)
            return fail(parse, "channels = '%.64s' is neither 1 nor 3", value);
        return read_count(parse, key, value, 3, &how->channels);
    }
    if (strcmp(key, "width") == 0)
        return read_count(parse, key, value, AGENT_SIDE_MAX, &how->width);
    if (strcmp(key, "height") == 0)
        return read_count(parse, key, value, AGENT_SIDE_MAX, &how->height);
    if (strcmp(key, "layout") == 0) {
        how->nhwc = strcmp(value, "nhwc") == 0;
        return how->nhwc || strcmp(value, "nchw") == 0 ||
               fail(parse, "layout = '%.64s' is neither nchw nor nhwc", value);
    }
    if (strcmp(key, "scale") == 0)
        return read_reals(parse, key, value, 1, &how->scale, &one);
    if (strcmp(key, "mean") == 0)
        return read_reals(parse, key, value, 3, how->mean, &how->n_mean);
    if (strcmp(key, "std") != 0)
        return fail(parse, "[preprocess] has no key '%.64s'", key);
    if (!read_reals(parse, key, value, 3, how->std, &how->n_std))
        return false;
    for (uint32_t i = 0; i < how->n_std; i++)
        if (how->std[i] == 0)
            return fail(parse, "std must not be 0");
    return true;
}

static bool read_flag(struct parse *parse, const char *key, const char *value, bool *ret_flag)
{
    *ret_flag = strcmp(value, "yes") == 0;
    return *ret_flag || strcmp(value, "no") == 0 ||
           fail(parse, "%s = '%.64s' is neither yes nor no", key, value);
}

/* What the model asks of a device: agents without one get no job of it. */
static bool read_device(struct parse *parse, const char *key, const char *value)
{
    struct agent_needs *needs = &parse->model->needs;
    uint32_t mib = 0;
    if (strcmp(key, "family") == 0) {
        if (strcmp(value, "cpu") != 0 && strcmp(value, "gpu") != 0 &&
            strcmp(value, "accelerator") != 0)
            return fail(parse, "family = '%.64s' is neither cpu, gpu nor accelerator", value);
        return read_text(parse, key, value, needs->family, sizeof(needs->family));
    }
    if (strcmp(key, "fp16") == 0)
        return read_flag(parse, key, value, &needs->fp16);
    if (strcmp(key, "fp64") == 0)
        return read_flag(parse, key, value, &needs->fp64);
    if (strcmp(key, "memory_mib") != 0)
        return fail(parse, "[device] has no key '%.64s'", key);
    if (!read_count(parse, key, value, 1U << 24, &mib))
        return false;
    needs->memory_bytes = (uint64_t)mib << 20;
    return true;
}

static int on_value(void *user, const char *section, const char *key, const char *value)
{
    struct parse *parse = user;
    struct agent_model *model = parse->model;
    bool ok;

    if (strcmp(section, "model") == 0 && strcmp(key, "description") == 0)
        ok = read_text(parse, key, value, model->description, sizeof(model->description));
    else if (strcmp(section, "model") == 0 && strcmp(key, "max_batch") == 0)
        ok = read_count(parse, key, value, AGENT_BATCH_MAX, &model->max_batch);
    else if (strcmp(section, "input") == 0 && strcmp(key, "name") == 0)
        ok = read_text(parse, key, value, model->input_name, sizeof(model->input_name));
    else if (strcmp(section, "output") == 0 && strcmp(key, "name") == 0)
        ok = read_text(parse, key, value, model->output_name, sizeof(model->output_name));
    else if (strcmp(section, "output") == 0 && strcmp(key, "labels") == 0)
        ok = read_text(parse, key, value, parse->labels, sizeof(parse->labels));
    else if (strcmp(section, "output") == 0 && strcmp(key, "top_k") == 0)
        ok = read_count(parse, key, value, AGENT_TOP_MAX, &model->top_k);
    else if (strcmp(section, "preprocess") == 0)
        ok = read_preprocess(parse, key, value);
    else if (strcmp(section, "device") == 0)
        ok = read_device(parse, key, value);
    else if (strcmp(section, "schedule") == 0 && strcmp(key, "hedge") == 0)
        ok = read_count(parse, key, value, AGENT_HEDGE_TIMES_MAX, &model->hedge_times);
    else if (strcmp(section, "cache") == 0 && strcmp(key, "responses") == 0)
        ok = read_flag(parse, key, value, &model->cache_responses);
    else
        ok = fail(parse, "[%.64s] has no key '%.64s'", section, key);
    return ok ? 1 : 0;
}

/* Counts the lines that inih asks for, so that a mistake has its line. */
static char *read_line(char *text, int size, void *user)
{
    struct parse *parse = user;
    parse->line++;
    return fgets(text, size, parse->file);
}

static bool check_whole(struct parse *parse)
{
    struct agent_preprocess *how = &parse->model->preprocess;

    if (!how->given)
        return true;
    if (how->channels == 0 || how->width == 0 || how->height == 0)
        return fail(parse, "[preprocess] needs channels, width and height");
    if ((how->n_mean != 1 && how->n_mean != how->channels) ||
        (how->n_std != 1 && how->n_std != how->channels))
        return fail(parse, "mean and std take one number, or one for each channel");
    return true;
}

static bool add_label(struct agent_model *model, const char *text, size_t n)
{
    if (model->n_labels % 1024 == 0) {
        char **more = realloc(model->labels, (model->n_labels + 1024) * sizeof(*more));
        if (more == NULL)
            return false;
        model->labels = more;
    }
    model->labels[model->n_labels] = strndup(text, n);
    return model->labels[model->n_labels] != NULL && ++model->n_labels;
}

/* One label a line; a last empty line counts for nothing. */
static void read_labels(const char *folder, const char *name, struct agent_model *model)
{
    char path[4096 + sizeof(((struct parse *)NULL)->labels)], line[AGENT_LABEL_BYTES_MAX + 2];
    FILE *file = NULL;

    errno = EINVAL;
    if (net_path_valid(name, strlen(name)) &&
        snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path))
        file = fopen(path, "r");
    if (file == NULL) {
        snprintf(model->error, sizeof(model->error), "labels file '%.200s': %s", name,
                 errno != EINVAL ? strerror(errno) : "not a path in the folder");
        return;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        size_t n = strcspn(line, "\r\n");
        bool cut = line[n] == '\0' && !feof(file);
        if (cut || model->n_labels == AGENT_LABELS_MAX || !add_label(model, line, n)) {
            snprintf(model->error, sizeof(model->error), "%.200s:%u: too long, or too many labels",
                     name, model->n_labels + 1);
            break;
        }
    }
    fclose(file);
}

void agent_model_config_read(const char *path, struct agent_model *model)
{
    struct parse parse = {.model = model};
    struct agent_preprocess *how = &model->preprocess;

    model->max_batch = 1;
    model->top_k = 3;
    how->scale = how->std[0] = how->std[1] = how->std[2] = 1;
    how->n_mean = how->n_std = 1;
    parse.file = fopen(path, "r");
    if (parse.file == NULL) {
        if (errno != ENOENT)
            snprintf(model->error, sizeof(model->error), "config.ini: %s", strerror(errno));
        return;
    }
    int bad = ini_parse_stream(read_line, &parse, on_value, &parse);
    fclose(parse.file);
    if (bad != 0 && model->error[0] == '\0') {
        parse.line = bad > 0 ? bad : parse.line;
        fail(&parse, "not 'key = value' or '[section]'");
    }
    if (model->error[0] != '\0' || !check_whole(&parse) || parse.labels[0] == '\0')
        return;
    char folder[4096];
    snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
    read_labels(folder, parse.labels, model);
}
