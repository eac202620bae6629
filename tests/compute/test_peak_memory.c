/* Loading a model and running it takes less memory than one and a half times its weights and live
 * activations, beyond what the driver takes. Linux tells the peak and lets a process reset it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cx.h"
#include "model_builder.h"

#define SKIPPED 77
#define SIDE 1024
#define LAYERS 12 /* of 4 MiB each */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static void write_model(const char *path, int layers)
{
    struct mb mb;
    size_t size = 0;
    mb_init(&mb, 15);
    mb_input(&mb, "x0", CX_DTYPE_FLOAT, MB_SHAPE(4, SIDE));
    for (int i = 0; i < layers; i++) {
        char name[3][16], inputs[40];
        snprintf(name[0], sizeof name[0], "x%d", i);
        snprintf(name[1], sizeof name[1], "w%d", i);
        snprintf(name[2], sizeof name[2], "x%d", i + 1);
        snprintf(inputs, sizeof inputs, "%s %s", name[0], name[1]);
        mb_random(&mb, cx_arena_string(&mb.arena, name[1], strlen(name[1])), MB_SHAPE(SIDE, SIDE),
                  (uint32_t)i);
        mb_node(&mb, "MatMul", inputs, name[2]);
        if (i + 1 == layers)
            mb_output(&mb, cx_arena_string(&mb.arena, name[2], strlen(name[2])));
    }
    uint8_t *bytes = mb_pack(&mb, &size);
    FILE *file = fopen(path, "wb");
    if (bytes == NULL || file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        abort();
    mb_finish(&mb);
}

/* KiB that /proc/self/status tells under NAME; -1 when it can't be read. */
static long resident_kib(const char *name)
{
    char line[256];
    long kib = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtol(line + strlen(name) + 1, NULL, 10);
    if (file != NULL)
        fclose(file);
    return kib;
}

static bool reset_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    bool done = file != NULL && fputs("5", file) >= 0;
    if (file != NULL)
        done = fclose(file) == 0 && done;
    return done;
}

/* Loads the model, plans it and runs it once. */
static enum cx_status run(struct cx_device *device, const char *path, uint64_t *ret_bytes,
                          struct cx_error *err)
{
    static float x[4 * SIDE], y[4 * SIDE];
    const void *inputs[] = {x};
    void *outputs[] = {y};
    struct cx_shape shape = {2, {4, SIDE}};
    struct cx_model *model = NULL;
    struct cx_session *session = NULL;
    struct cx_plan *plan = NULL;
    enum cx_status status = cx_model_load(path, &model, err);
    if (status == CX_OK)
        status = cx_session_create(model, device, &session, err);
    if (status == CX_OK)
        status = cx_plan_create(session, &shape, 1, NULL, &plan, err);
    if (status == CX_OK)
        status = cx_run(plan, inputs, outputs, NULL, err);
    if (status == CX_OK)
        *ret_bytes = cx_model_weight_bytes(model) + cx_plan_activation_bytes(plan);
    cx_plan_destroy(plan);
    cx_session_destroy(session);
    cx_model_destroy(model);
    return status;
}

/* In a process of its own: what it takes and gives back must not lie ready for the test. */
static void write_models(const char *small, const char *large)
{
    pid_t child = fork();
    if (child == 0) {
        write_model(small, 1);
        write_model(large, LAYERS);
        _exit(0);
    }
    int code = -1;
    if (child < 0 || waitpid(child, &code, 0) != child || code != 0)
        abort();
}

static int measure(const char *small, const char *large)
{
    struct cx_error err = {CX_OK, ""};
    struct cx_device *device = NULL;
    uint64_t bytes = 0;
    enum cx_status status = cx_device_open(NULL, NULL, &device, &err);
    if (status == CX_NO_DEVICE) {
        puts(err.text);
        return SKIPPED;
    }
    /* Once with a small model: compilers and what they leave behind are the driver's. */
    if (status == CX_OK)
        status = run(device, small, &bytes, &err);
    long before_kib = resident_kib("VmRSS");
    bool told = before_kib >= 0 && reset_peak();
    if (status == CX_OK)
        status = run(device, large, &bytes, &err);
    long peak_kib = resident_kib("VmHWM") - before_kib;
    cx_device_close(device);
    if (!told) {
        puts("this system doesn't tell a process's peak of memory");
        return SKIPPED;
    }
    double ratio = (double)peak_kib * 1024 / (double)bytes;
    printf("%s%ld KiB for %llu bytes: %.2f\n", err.text, peak_kib, (unsigned long long)bytes,
           ratio);
    return status == CX_OK && ratio < 1.5 ? 0 : 1;
}

int main(void)
{
#ifdef SANITIZED
    puts("a sanitizer takes memory of its own");
    return SKIPPED;
#else
    char small[64], large[64];
    snprintf(small, sizeof small, "/tmp/stoker-peak-%ld-small.onnx", (long)getpid());
    snprintf(large, sizeof large, "/tmp/stoker-peak-%ld.onnx", (long)getpid());
    write_models(small, large);
    int code = measure(small, large);
    unlink(small);
    unlink(large);
    return code;
#endif
}
