/* `stokerd tune`: measures on one of this host's devices which kernels a model runs fastest with,
 * in this process, and keeps that where the agent's executors look for it. */
#ifndef TUNE_LOCAL_H
#define TUNE_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

enum { AGENT_TUNE_BATCHES_MAX = 16, AGENT_TUNE_BATCH_MAX = 65536 };

/* Exit codes beside 0 and 1. */
enum { AGENT_TUNE_EXIT_NO_DEVICE = 4, AGENT_TUNE_EXIT_CANCELLED = 130 };

struct agent_tune_options {
    const char *model;     /* path of a .onnx file */
    const char *device;    /* as cx_device_open takes it; NULL: the first GPU, else the first */
    const char *cache_dir; /* as the agent's executors have it */
    long precision;        /* enum cx_precision, the executors' */
    uint64_t memory_max;   /* 0: what the device has */
    uint64_t budget_us;    /* for each batch */
    int64_t batches[AGENT_TUNE_BATCHES_MAX]; /* rows of inputs whose first dimension is open */
    int n_batches;                           /* 0: one row */
    bool as_json;
};

/* "90s", "2m", "1500ms": a time above 0 and of a day at most. */
bool agent_tune_parse_span(const char *text, uint64_t *ret_us);

/* Tunes and prints what came of it, progress on a terminal's standard error. SIGINT stops it and
 * keeps what was learnt. Returns the exit code. */
int agent_tune_main(const struct agent_tune_options *options);

#endif
