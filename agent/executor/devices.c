#include "devices.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "cx.h"

extern char **environ;

enum { ANSWER_BYTES_MAX = 1 << 20 };

static bool device_to_json(cJSON *list, const struct cx_device_info *info, size_t index)
{
    cJSON *object = cJSON_CreateObject();
    if (!cJSON_AddItemToArray(list, object))
        return false;
    return cJSON_AddNumberToObject(object, "index", (double)index) != NULL &&
           cJSON_AddStringToObject(object, "id", info->id) != NULL &&
           cJSON_AddStringToObject(object, "name", info->name) != NULL &&
           cJSON_AddStringToObject(object, "vendor", info->vendor) != NULL &&
           cJSON_AddStringToObject(object, "platform", info->platform_name) != NULL &&
           cJSON_AddStringToObject(object, "driver", info->driver) != NULL &&
           cJSON_AddStringToObject(object, "version", info->version) != NULL &&
           cJSON_AddStringToObject(object, "pci", info->pci) != NULL &&
           cJSON_AddStringToObject(object, "family", cx_device_type_name(info->type)) != NULL &&
           cJSON_AddStringToObject(object, "kernels", cx_family_name(info->family)) != NULL &&
           cJSON_AddNumberToObject(object, "memory_bytes", (double)info->global_bytes) != NULL &&
           cJSON_AddNumberToObject(object, "alloc_bytes_max", (double)info->alloc_bytes_max) !=
               NULL &&
           cJSON_AddNumberToObject(object, "local_bytes", (double)info->local_bytes) != NULL &&
           cJSON_AddNumberToObject(object, "compute_units", info->compute_units) != NULL &&
           cJSON_AddNumberToObject(object, "clock_mhz", info->clock_mhz) != NULL &&
           cJSON_AddNumberToObject(object, "group_size_max", info->group_size_max) != NULL &&
           cJSON_AddNumberToObject(object, "subgroups_max", info->subgroups_max) != NULL &&
           cJSON_AddNumberToObject(object, "image_width_max", (double)info->image2d_width_max) !=
               NULL &&
           cJSON_AddNumberToObject(object, "image_height_max", (double)info->image2d_height_max) !=
               NULL &&
           cJSON_AddBoolToObject(object, "fp16", info->fp16) != NULL &&
           cJSON_AddBoolToObject(object, "fp64", info->fp64) != NULL &&
           cJSON_AddBoolToObject(object, "unified_memory", info->unified_memory) != NULL;
}

static int print_json(FILE *stream, const struct cx_device_info *devices, size_t n)
{
    int status = -1;
    char *text = NULL;
    cJSON *root = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(root, "devices");
    if (list == NULL)
        goto out;
    for (size_t i = 0; i < n; i++)
        if (!device_to_json(list, &devices[i], i))
            goto out;
    text = cJSON_Print(root);
    if (text != NULL && fprintf(stream, "%s\n", text) > 0)
        status = 0;
out:
    cJSON_free(text);
    cJSON_Delete(root);
    return status;
}

static void print_table(FILE *stream, const struct cx_device_info *devices, size_t n)
{
    fprintf(stream, "%-14s %-12s %5s %9s %5s %5s  %s\n", "ID", "FAMILY", "UNITS", "MEMORY", "FP16",
            "FP64", "NAME, DRIVER");
    for (size_t i = 0; i < n; i++) {
        const struct cx_device_info *info = &devices[i];
        fprintf(stream, "%-14s %-12s %5u %5.1f GiB %5s %5s  %s, %s\n", info->id,
                cx_device_type_name(info->type), info->compute_units,
                (double)info->global_bytes / (double)(1 << 30), info->fp16 ? "yes" : "no",
                info->fp64 ? "yes" : "no", info->name, info->driver);
    }
}

int agent_devices_print(FILE *stream, bool as_json, char *ret_error)
{
    struct cx_device_info *devices = NULL;
    size_t n = 0;
    struct cx_error err;
    enum cx_status listed = cx_devices_list(&devices, &n, &err);
    ret_error[0] = '\0';
    if (listed != CX_OK) {
        snprintf(ret_error, AGENT_DEVICES_ERROR_MAX, "%.500s", err.text);
        return listed == CX_NO_DEVICE ? 0 : -1;
    }
    int status = 0;
    if (as_json)
        status = print_json(stream, devices, n);
    else if (n > 0)
        print_table(stream, devices, n);
    free(devices);
    if (status != 0 || fflush(stream) != 0) {
        snprintf(ret_error, AGENT_DEVICES_ERROR_MAX, "the list can not be written");
        return -1;
    }
    return (int)n;
}

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int probe_spawn(const char *path, int output_fd, pid_t *ret_pid)
{
    static const char *const args[] = {"stokerd", "devices", "--output", "json", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    int status = posix_spawn(ret_pid, path[0] != '\0' ? path : "/proc/self/exe", &actions,
                             &attributes, (char *const *)(uintptr_t)args, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return status;
}

/* Reads all that comes until the end. 0, or -1 when the time is up or it is too much. */
static int probe_read(int fd, int64_t until_ms, char *text, size_t *ret_length)
{
    size_t length = 0;
    for (;;) {
        int64_t left_ms = until_ms - clock_ms();
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        if (left_ms <= 0 || length == ANSWER_BYTES_MAX)
            return -1;
        int ready = poll(&poll_fd, 1, (int)left_ms);
        if (ready <= 0)
            continue;
        ssize_t got = read(fd, text + length, ANSWER_BYTES_MAX - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            *ret_length = length;
            return got == 0 ? 0 : -1;
        }
        length += (size_t)got;
    }
}

static void text_take(const cJSON *object, const char *key, char *ret_text, size_t size)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    snprintf(ret_text, size, "%s", cJSON_IsString(item) ? item->valuestring : "");
}

static double number_take(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) && item->valuedouble > 0 && item->valuedouble < 0x1p53
               ? item->valuedouble
               : 0;
}

static int probe_parse(const char *text, size_t length, struct agent_device *ret_devices)
{
    cJSON *root = cJSON_ParseWithLength(text, length);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "devices");
    const cJSON *item;
    int n = cJSON_IsArray(list) ? 0 : -1;
    cJSON_ArrayForEach(item, list)
    {
        if (n == AGENT_DEVICES_MAX)
            break;
        struct agent_device *device = &ret_devices[n++];
        text_take(item, "id", device->id, sizeof(device->id));
        text_take(item, "name", device->name, sizeof(device->name));
        text_take(item, "driver", device->driver, sizeof(device->driver));
        text_take(item, "family", device->family, sizeof(device->family));
        text_take(item, "pci", device->pci, sizeof(device->pci));
        device->memory_bytes = (uint64_t)number_take(item, "memory_bytes");
        device->compute_units = (uint32_t)number_take(item, "compute_units");
        device->fp16 = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "fp16"));
        device->fp64 = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "fp64"));
    }
    cJSON_Delete(root);
    return n;
}

int agent_devices_probe(const char *path, uint32_t timeout_ms, struct agent_device *ret_devices,
                        char *ret_error)
{
    int pipe_fds[2], status = 0, n = -1;
    pid_t pid;
    size_t length = 0;
    char *text = malloc(ANSWER_BYTES_MAX);
    if (text == NULL || pipe2(pipe_fds, O_CLOEXEC) != 0) {
        snprintf(ret_error, AGENT_DEVICES_ERROR_MAX, "the devices can not be listed: %s",
                 strerror(errno));
        free(text);
        return -1;
    }
    int code = probe_spawn(path, pipe_fds[1], &pid);
    close(pipe_fds[1]);
    if (code != 0) {
        snprintf(ret_error, AGENT_DEVICES_ERROR_MAX, "the devices can not be listed: %s",
                 strerror(code));
        goto out;
    }
    int failed = probe_read(pipe_fds[0], clock_ms() + timeout_ms, text, &length);
    if (failed)
        kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    if (failed)
        snprintf(ret_error, AGENT_DEVICES_ERROR_MAX,
                 "a driver did not answer within %u s while the devices were listed; `stokerd "
                 "devices` shows the same",
                 timeout_ms / 1000);
    else if (WIFSIGNALED(status))
        snprintf(ret_error, AGENT_DEVICES_ERROR_MAX,
                 "a driver crashed while the devices were listed (signal %d)", WTERMSIG(status));
    else if (WIFEXITED(status) && WEXITSTATUS(status) == AGENT_DEVICES_EXIT_NONE)
        n = 0;
    else if ((n = probe_parse(text, length, ret_devices)) < 0)
        snprintf(ret_error, AGENT_DEVICES_ERROR_MAX, "`stokerd devices` failed with exit code %d",
                 WEXITSTATUS(status));
out:
    close(pipe_fds[0]);
    free(text);
    return n;
}
