/* The agent: drives this host's devices for the coordinator that it dials. */
#ifndef WORKER_H
#define WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/core/agent_status.h"
#include "agent_config.h"
#include "devices.h"

struct agent_worker;
struct net_tls;

struct agent_worker_options {
    const struct agent_config *config;
    const char *coordinator; /* address to dial */
    struct net_tls *tls;     /* for a tls+tcp:// one; a reference is taken. May be NULL */
    const struct agent_device *devices;
    uint32_t n_devices; /* 1 to AGENT_DEVICES_MAX */
    /* The coordinator wants it started again as another process: true where that will be done once
     * it has ended; it then ends as after agent_worker_close. On its thread. NULL: it can't be. */
    bool (*on_restart)(void *user);
    /* The agent has ended; agent_worker_wait won't block for long. On its thread. May be NULL. */
    void (*on_end)(void *user);
    void *user;
};

/* Where the executors of an agent with these settings keep built programs and what tuning found. */
void agent_worker_programs_dir(const struct agent_config *config, char *ret_path, size_t size);

/* Opens the model store, starts the threads, the executors and the first dial. Copies what it
 * needs. Its thread logs. AGENT_ERR_IO, AGENT_ERR_NET, AGENT_ERR_NOMEM. */
enum agent_status agent_worker_create(const struct agent_worker_options *options,
                                      struct agent_worker **ret_worker, struct agent_error *err);

/* Takes over what SIGHUP may change. Any thread; does not block. */
void agent_worker_reload(struct agent_worker *worker, const struct agent_config *config);

/* Takes no more work, gives back what has not begun, and ends when what runs has ended or grace_ms
 * have passed. Any thread; does not block; may be called again with a shorter grace. */
void agent_worker_close(struct agent_worker *worker, uint32_t grace_ms);
/* BLOCKS until a closed agent has ended. */
void agent_worker_wait(struct agent_worker *worker);
/* Closes without grace, waits, frees. BLOCKS; takes NULL. */
void agent_worker_destroy(struct agent_worker *worker);

#endif
