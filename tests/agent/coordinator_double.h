/* A test double of the coordinator's end of the agent link: admits one agent, serves models from a
 * repository folder, dispatches jobs and keeps their results. */
#ifndef COORDINATOR_DOUBLE_H
#define COORDINATOR_DOUBLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct agent_model_set;
struct net_buf;
struct net_link;
struct net_link_listener;

enum { DOUBLE_JOBS_MAX = 1024, DOUBLE_OUTPUT_MAX = 1024, DOUBLE_TEXT_MAX = 513 };

struct double_result {
    uint32_t answers;
    uint8_t outcome;
    uint16_t error;
    uint32_t batch;
    char text[DOUBLE_TEXT_MAX];
    size_t n_values;
    float values[DOUBLE_OUTPUT_MAX];
};

struct coordinator_double {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct net_link_listener *listener;
    struct net_link *link;
    struct agent_model_set *models;
    bool corrupts_chunk; /* the next chunk's content is wrong, though its checksum is right */
    uint32_t links, reads, started, drained;
    uint32_t results;
    char telemetry[65536];
    char refusal[256];
    bool goodbye;
    struct double_result jobs[DOUBLE_JOBS_MAX];
};

void double_start(struct coordinator_double *d, const char *models_dir);
void double_stop(struct coordinator_double *d);
const char *double_address(const struct coordinator_double *d);

/* Wait until it holds; false after 60 s. */
bool double_wait_link(struct coordinator_double *d, uint32_t links);
bool double_wait_results(struct coordinator_double *d, uint32_t results);
bool double_wait_telemetry(struct coordinator_double *d, const char *part);
bool double_wait_goodbye(struct coordinator_double *d);
bool double_wait_drained(struct coordinator_double *d, uint32_t drained);

/* Adds a DISPATCH of `rows` rows of `row_size` floats each to `frames`; every float is `value` of
 * its row. */
void double_dispatch(struct coordinator_double *d, struct net_buf *frames, uint32_t job,
                     const char *model, const int64_t *dims, uint32_t rank, float value);
void double_send(struct coordinator_double *d, struct net_buf *frames);

#endif
