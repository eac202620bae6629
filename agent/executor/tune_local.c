#include "tune_local.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "cx.h"
#include "tune_shapes.h"

enum { DAY_S = 86400, PROGRESS_US_MIN = 100000 };

struct tuning {
    const struct agent_tune_options *options;
    struct cx_device *device;
    struct cx_model *model;
    struct cx_session *session;
    int64_t batch;
    bool shows_progress;
    uint64_t shown_us;
    cJSON *batches; /* NULL without JSON */
    bool cancelled;
    struct cx_error err;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

bool agent_tune_parse_span(const char *text, uint64_t *ret_us)
{
    static const struct {
        const char *suffix;
        double us;
    } units[] = {{"ms", 1e3}, {"s", 1e6}, {"m", 6e7}, {"min", 6e7}, {"h", 3.6e9}};
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    if (errno != 0 || end == text || !(number > 0.0))
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
        if (strcmp(end, units[i].suffix) != 0 || number * units[i].us > DAY_S * 1e6)
            continue;
        *ret_us = (uint64_t)(number * units[i].us);
        return *ret_us > 0;
    }
    return false;
}

static double gain_of(uint64_t before_us, uint64_t after_us)
{
    return after_us > 0 ? (double)before_us / (double)after_us : 1.0;
}

static bool report(void *context, const struct cx_tune_progress *progress)
{
    struct tuning *tuning = context;
    bool is_due = progress->elapsed_us >= tuning->shown_us + PROGRESS_US_MIN;
    if (!tuning->shows_progress || !is_due)
        return interrupted == 0;
    tuning->shown_us = progress->elapsed_us;
    fprintf(stderr, "\r\033[Kbatch %" PRId64 "  %-10s %u/%u candidates  %.0f of %.0f s",
            tuning->batch, progress->step, progress->done, progress->total,
            (double)progress->elapsed_us * 1e-6, (double)progress->budget_us * 1e-6);
    if (progress->before_us > 0)
        fprintf(stderr, "  %.2f -> %.2f ms  %.2fx", (double)progress->before_us * 1e-3,
                (double)progress->best_us * 1e-3, gain_of(progress->before_us, progress->best_us));
    fflush(stderr);
    return interrupted == 0;
}

static void print_table(const struct tuning *tuning, const struct cx_tune_report *result)
{
    printf("batch %" PRId64 ": ", tuning->batch);
    if (result->after_us > 0)
        printf("%.2f ms -> %.2f ms (%.2fx), ", (double)result->before_us * 1e-3,
               (double)result->after_us * 1e-3, gain_of(result->before_us, result->after_us));
    printf("%s; %u of %u candidates measured%s in %.1f s, %u refused\n",
           result->kept        ? "kept"
           : result->cancelled ? "stopped"
                               : "nothing faster found",
           result->measured, result->candidates,
           result->complete || result->cancelled ? "" : " (not all: give it a longer --budget)",
           (double)result->elapsed_us * 1e-6, result->refused);
    if (result->changed > 0)
        printf("  %-10s %-32s %5s  %-20s %-20s %10s %10s\n", "OPERATOR", "NODE", "NODES", "BEFORE",
               "AFTER", "BEFORE US", "AFTER US");
    for (uint32_t i = 0; i < result->choice_n; i++) {
        const struct cx_tune_choice *choice = &result->choices[i];
        if (strcmp(choice->before, choice->after) == 0)
            continue;
        printf("  %-10s %-32.32s %5u  %-20s %-20s %10.1f %10.1f\n", choice->op, choice->node,
               choice->nodes, choice->before, choice->after, (double)choice->before_ns * 1e-3,
               (double)choice->after_ns * 1e-3);
    }
}

static bool choice_to_json(cJSON *list, const struct cx_tune_choice *choice)
{
    cJSON *object = cJSON_CreateObject();
    if (!cJSON_AddItemToArray(list, object))
        return false;
    return cJSON_AddStringToObject(object, "operator", choice->op) != NULL &&
           cJSON_AddStringToObject(object, "node", choice->node) != NULL &&
           cJSON_AddNumberToObject(object, "nodes", choice->nodes) != NULL &&
           cJSON_AddNumberToObject(object, "candidates", choice->candidates) != NULL &&
           cJSON_AddNumberToObject(object, "refused", choice->refused) != NULL &&
           cJSON_AddStringToObject(object, "before", choice->before) != NULL &&
           cJSON_AddStringToObject(object, "after", choice->after) != NULL &&
           cJSON_AddNumberToObject(object, "before_ns", (double)choice->before_ns) != NULL &&
           cJSON_AddNumberToObject(object, "after_ns", (double)choice->after_ns) != NULL;
}

static bool report_to_json(cJSON *batches, int64_t batch, const struct cx_tune_report *result)
{
    cJSON *object = cJSON_CreateObject();
    if (!cJSON_AddItemToArray(batches, object))
        return false;
    bool added = cJSON_AddNumberToObject(object, "batch", (double)batch) != NULL &&
                 cJSON_AddBoolToObject(object, "kept", result->kept) != NULL &&
                 cJSON_AddBoolToObject(object, "complete", result->complete) != NULL &&
                 cJSON_AddBoolToObject(object, "cancelled", result->cancelled) != NULL &&
                 cJSON_AddNumberToObject(object, "before_us", (double)result->before_us) != NULL &&
                 cJSON_AddNumberToObject(object, "after_us", (double)result->after_us) != NULL &&
                 cJSON_AddNumberToObject(object, "candidates", result->candidates) != NULL &&
                 cJSON_AddNumberToObject(object, "measured", result->measured) != NULL &&
                 cJSON_AddNumberToObject(object, "refused", result->refused) != NULL &&
                 cJSON_AddNumberToObject(object, "changed", result->changed) != NULL &&
                 cJSON_AddNumberToObject(object, "runs", result->runs) != NULL &&
                 cJSON_AddNumberToObject(object, "elapsed_us", (double)result->elapsed_us) != NULL;
    cJSON *choices = cJSON_AddArrayToObject(object, "choices");
    for (uint32_t i = 0; i < result->choice_n && added; i++)
        added = choice_to_json(choices, &result->choices[i]);
    return added;
}

static enum cx_status tune_batch(struct tuning *tuning, int64_t batch)
{
    struct cx_shape shapes[AGENT_TUNE_INPUTS_MAX];
    struct cx_tune_report result;
    struct cx_tune_options options = {
        .budget_us = tuning->options->budget_us, .report = report, .context = tuning};
    tuning->batch = batch;
    tuning->shown_us = 0;
    memset(&result, 0, sizeof(result));
    enum cx_status status = agent_tune_shapes(tuning->model, batch, shapes, &tuning->err);
    if (status == CX_OK)
        status = cx_tune(tuning->session, shapes, cx_model_input_count(tuning->model), &options,
                         &result, &tuning->err);
    if (tuning->shows_progress)
        fputs("\r\033[K", stderr);
    tuning->cancelled = result.cancelled;
    if (status == CX_OK || (status == CX_IO && result.choices != NULL)) {
        if (tuning->batches == NULL)
            print_table(tuning, &result);
        else if (!report_to_json(tuning->batches, batch, &result))
            status = CX_MEMORY;
        fflush(stdout);
    }
    cx_tune_report_finish(&result);
    return status;
}

static enum cx_status tune_all(struct tuning *tuning)
{
    const struct agent_tune_options *options = tuning->options;
    struct cx_device_options device_options = {.cache_dir = options->cache_dir,
                                               .memory_bytes_max = options->memory_max,
                                               .precision = (enum cx_precision)options->precision};
    enum cx_status status =
        cx_device_open(options->device, &device_options, &tuning->device, &tuning->err);
    if (status == CX_OK)
        status = cx_model_load(options->model, &tuning->model, &tuning->err);
    if (status == CX_OK)
        status = cx_session_create(tuning->model, tuning->device, &tuning->session, &tuning->err);
    if (status == CX_OK && options->n_batches == 0)
        status = tune_batch(tuning, 1);
    for (int i = 0; i < options->n_batches && status == CX_OK && !tuning->cancelled; i++)
        status = tune_batch(tuning, options->batches[i]);
    return status;
}

static bool print_json(const struct tuning *tuning, cJSON *root)
{
    const struct cx_device_info *info = cx_device_describe(tuning->device);
    if (cJSON_AddStringToObject(root, "model", tuning->options->model) == NULL ||
        cJSON_AddStringToObject(root, "device", info->id) == NULL ||
        cJSON_AddStringToObject(root, "device_name", info->name) == NULL ||
        cJSON_AddStringToObject(root, "cache", tuning->options->cache_dir) == NULL)
        return false;
    char *text = cJSON_Print(root);
    bool printed = text != NULL && printf("%s\n", text) > 0 && fflush(stdout) == 0;
    cJSON_free(text);
    return printed;
}

int agent_tune_main(const struct agent_tune_options *options)
{
    struct tuning tuning = {.options = options,
                            .shows_progress = !options->as_json && isatty(STDERR_FILENO) != 0};
    cJSON *root = options->as_json ? cJSON_CreateObject() : NULL;
    tuning.batches = root != NULL ? cJSON_AddArrayToObject(root, "batches") : NULL;
    /* The second one ends the process as always: nothing on disk is ever half written. */
    const struct sigaction interrupt = {.sa_handler = on_interrupt, .sa_flags = SA_RESETHAND};
    sigaction(SIGINT, &interrupt, NULL);
    enum cx_status status = tune_all(&tuning);
    if (status == CX_OK && root != NULL && !print_json(&tuning, root))
        status = CX_MEMORY;
    if (status != CX_OK)
        fprintf(stderr, "stokerd: %s: %s\n", options->model,
                tuning.err.text[0] != '\0' ? tuning.err.text : cx_status_help(status));
    while (status == CX_OK && !tuning.cancelled && cx_device_idle(tuning.device))
        continue;
    cx_session_destroy(tuning.session);
    cx_model_destroy(tuning.model);
    cx_device_close(tuning.device);
    cJSON_Delete(root);
    if (status == CX_NO_DEVICE)
        return AGENT_TUNE_EXIT_NO_DEVICE;
    return status != CX_OK ? 1 : tuning.cancelled ? AGENT_TUNE_EXIT_CANCELLED : 0;
}
