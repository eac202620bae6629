/* A test double of `stokerd` as an executor: the real executor on the real device, but with a
 * driver that crashes or hangs when the input says so. Never installed.
 *
 * First input element 666: the process dies of SIGSEGV. 777: it hangs, once for each folder that
 * STOKER_TEST_MARKS names. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/executor/devices.h"
#include "agent/executor/executor_main.h"
#include "cx.h"

enum cx_status __real_cx_run(struct cx_plan *plan, const void *const *inputs, void *const *outputs,
                             struct cx_timing *ret_timing, struct cx_error *err);
enum cx_status __wrap_cx_run(struct cx_plan *plan, const void *const *inputs, void *const *outputs,
                             struct cx_timing *ret_timing, struct cx_error *err);

static bool mark_first(const char *name)
{
    const char *dir = getenv("STOKER_TEST_MARKS");
    char path[512];
    if (dir == NULL)
        return false;
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    int fd = open(path, O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

enum cx_status __wrap_cx_run(struct cx_plan *plan, const void *const *inputs, void *const *outputs,
                             struct cx_timing *ret_timing, struct cx_error *err)
{
    size_t count = cx_plan_input_bytes(plan, 0) / sizeof(float);
    for (size_t i = 0; i < count; i++) {
        float value;
        memcpy(&value, (const char *)inputs[0] + i * sizeof(value), sizeof(value));
        if (value == 666.0f) {
            signal(SIGSEGV, SIG_DFL); /* a sanitizer would make an exit of it */
            raise(SIGSEGV);
        }
        if (value == 777.0f && mark_first("hung"))
            for (;;)
                pause();
    }
    return __real_cx_run(plan, inputs, outputs, ret_timing, err);
}

int main(int argc, char **argv)
{
    char error[AGENT_DEVICES_ERROR_MAX];
    struct executor_options options = {0};
    if (argc > 1 && strcmp(argv[1], "devices") == 0)
        return agent_devices_print(stdout, true, error) > 0 ? 0 : 4;
    for (int i = 2; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--device") == 0)
            options.device = argv[i + 1];
        else if (strcmp(argv[i], "--cache") == 0)
            options.cache_dir = argv[i + 1];
        else if (strcmp(argv[i], "--parent") == 0)
            options.parent = (pid_t)strtol(argv[i + 1], NULL, 10);
    }
    return agent_executor_main(&options);
}
