/* The hidden command `stokerd executor`: drives one device for the agent that started it. */
#ifndef EXECUTOR_MAIN_H
#define EXECUTOR_MAIN_H

#include <stdint.h>
#include <sys/types.h>

struct executor_options {
    const char *device;    /* id, as cx_device_open takes it */
    const char *cache_dir; /* of built programs */
    uint64_t memory_max;   /* 0: what the device has */
    long precision;        /* enum cx_precision */
    pid_t parent;          /* the agent: without it this process ends */
};

/* Serves until the agent closes the socket. Returns the exit code. */
int agent_executor_main(const struct executor_options *options);

#endif
