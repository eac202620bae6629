/* The agent's end of one executor: starts the process, talks to it, ends it. One thread. */
#ifndef EXECUTOR_PROCESS_H
#define EXECUTOR_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "executor_protocol.h"

struct executor_process {
    pid_t pid; /* 0: not started */
    int socket_fd;
    int memory_fd;
    uint8_t *memory; /* the shared file, mapped; NULL while it is empty */
    uint64_t memory_bytes;
};

struct executor_process_options {
    const char *path; /* of the program; "" for this very one */
    const char *device;
    const char *cache_dir;
    uint64_t memory_max;
    int64_t precision; /* enum cx_precision */
};

/* Starts the program as `PATH executor …`, which must be called from a thread that lives as long as
 * the executor: the kernel kills it with that thread. The socket does not block. Returns 0, or -1
 * with a line in ret_error (256 characters). */
int agent_executor_process_start(const struct executor_process_options *options,
                                 struct executor_process *ret_process, char *ret_error);

/* Kills the process and waits for its end, which SIGKILL makes near (a driver stuck in the kernel
 * is left behind to init's care: this waits at most 0.5 s). Says in ret_how (128 characters) how it
 * ended. Everything is released. Harmless when it was not started. */
void agent_executor_process_end(struct executor_process *process, char *ret_how);

/* Makes the shared memory at least `bytes` large. */
bool agent_executor_process_reserve(struct executor_process *process, uint64_t bytes);

/* The bytes of a tensor that the executor described, or NULL when the description is not sound:
 * outside the memory, or its size not that of its shape. Maps a file that has grown. */
const uint8_t *agent_executor_process_tensor(struct executor_process *process,
                                             const struct executor_tensor *tensor);

#endif
