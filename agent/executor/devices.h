/* The OpenCL devices of this host. Drivers may hang or crash while they start, so an agent asks a
 * process of its own for the list. */
#ifndef DEVICES_H
#define DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    AGENT_DEVICES_MAX = 64,
    AGENT_DEVICES_ERROR_MAX = 512,
    AGENT_DEVICES_EXIT_NONE = 4, /* `stokerd devices` found none */
};

struct agent_device {
    char id[40];
    char name[128];
    char driver[128];
    char family[16]; /* "cpu", "gpu", "accelerator" */
    char pci[16];    /* as struct cx_device_info */
    uint64_t memory_bytes;
    uint32_t compute_units;
    bool fp16, fp64;
};

/* `stokerd devices`: loads OpenCL into this process and prints what it finds. Returns the number of
 * devices, or -1. ret_error (AGENT_DEVICES_ERROR_MAX characters) says in one line why there are
 * none, where the driver does. */
int agent_devices_print(FILE *stream, bool as_json, char *ret_error);

/* Runs `PROGRAM devices --output json` and reads its answer; `path` as executor_process_options has
 * it. BLOCKS for at most timeout_ms. Returns the number of devices (ret_devices has room for
 * AGENT_DEVICES_MAX), or -1 with a line in ret_error. */
int agent_devices_probe(const char *path, uint32_t timeout_ms, struct agent_device *ret_devices,
                        char *ret_error);

#endif
