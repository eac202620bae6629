/* Several devices in one process, a thread each, over one model and one cache folder: every
 * thread's results are those of a single device, and what one has built the other finds. */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cx.h"
#include "device/device.h"
#include "graph/session.h"
#include "tests/compute/small_net.h"

#define SKIPPED 77
#define DEVICES 2
#define RUNS 8
#define IMAGE (SMALL_NET_CHANNELS * SMALL_NET_SIZE * SMALL_NET_SIZE)

struct worker {
    char id[40];
    const struct cx_graph *graph;
    const char *cache_dir;
    bool must_hit; /* every program is on disk already */
    pthread_barrier_t *start;
    float scores[RUNS][SMALL_NET_OUTPUTS];
    struct cx_error err;
    struct cx_device_stats stats;
};

/* Each run has an image of its own. */
static void fill_image(float *image, uint32_t run)
{
    uint32_t state = 77 + run;
    for (uint32_t i = 0; i < IMAGE; i++) {
        state = state * 1664525u + 1013904223u;
        image[i] = (float)(state >> 8) / (float)(1 << 24);
    }
}

static enum cx_status run_all(struct worker *w, struct cx_session *session)
{
    const struct cx_shape shape = {.rank = 4,
                                   .dims = {1, SMALL_NET_CHANNELS, SMALL_NET_SIZE, SMALL_NET_SIZE}};
    struct cx_plan *plan = NULL;
    float image[IMAGE];
    enum cx_status status = cx_plan_create(session, &shape, 1, NULL, &plan, &w->err);
    for (uint32_t run = 0; run < RUNS && status == CX_OK; run++) {
        const void *inputs[] = {image};
        void *outputs[] = {w->scores[run]};
        fill_image(image, run);
        status = cx_run(plan, inputs, outputs, NULL, &w->err);
    }
    cx_plan_destroy(plan);
    return status;
}

static void *work(void *argument)
{
    struct worker *w = argument;
    struct cx_device_options options = {.cache_dir = w->cache_dir, .family = CX_FAMILY_GPU};
    struct cx_device *device = NULL;
    pthread_barrier_wait(w->start);
    w->err.status = cx_device_open(w->id, &options, &device, &w->err);
    struct cx_session *session = calloc(1, sizeof *session);
    if (w->err.status == CX_OK && session != NULL) {
        session->graph = w->graph;
        session->device = device;
        w->err.status = run_all(w, session);
    }
    cx_session_destroy(session);
    while (device != NULL && cx_device_idle(device))
        ;
    if (device != NULL)
        cx_device_stats_get(device, &w->stats);
    cx_device_close(device);
    return NULL;
}

static bool check(const struct worker *w, const struct worker *first)
{
    if (w->err.status != CX_OK) {
        printf("WRONG: device %s: %s\n", w->id, w->err.text);
        return false;
    }
    if (memcmp(w->scores, first->scores, sizeof w->scores) != 0 || w->scores[0][0] == 0.0f ||
        memcmp(w->scores[0], w->scores[1], sizeof w->scores[0]) == 0) {
        printf("WRONG: device %s gives other results\n", w->id);
        return false;
    }
    const struct cx_device_stats *s = &w->stats;
    if (s->program_rejected != 0 || (w->must_hit && (s->program_hits == 0 || s->program_misses))) {
        printf("WRONG: device %s: %llu programs found on disk, %llu built, %llu refused\n", w->id,
               (unsigned long long)s->program_hits, (unsigned long long)s->program_misses,
               (unsigned long long)s->program_rejected);
        return false;
    }
    return true;
}

/* All devices at once; then with what they left on disk. */
static bool round_of(struct worker *workers, uint32_t n, const struct cx_device_info *devices,
                     const struct cx_graph *graph, const char *cache_dir, bool must_hit)
{
    pthread_t threads[DEVICES];
    pthread_barrier_t start;
    bool right = true;
    pthread_barrier_init(&start, NULL, n);
    for (uint32_t i = 0; i < n; i++) {
        workers[i] = (struct worker){
            .graph = graph, .cache_dir = cache_dir, .must_hit = must_hit, .start = &start};
        memcpy(workers[i].id, devices[i].id, sizeof workers[i].id);
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0) {
            printf("WRONG: no thread\n");
            exit(EXIT_FAILURE);
        }
    }
    for (uint32_t i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
    for (uint32_t i = 0; i < n; i++)
        right = check(&workers[i], &workers[0]) && right;
    return right;
}

int main(void)
{
    static struct worker alone[1], together[DEVICES];
    struct cx_device_info *devices = NULL;
    struct cx_error err;
    size_t device_n = 0;
    char cache_dir[] = "/tmp/test_devices.XXXXXX";
    const char *cache = getenv("XDG_CACHE_HOME");
    /* PoCL makes as many devices of this machine as it is told. */
    setenv("POCL_DEVICES", "pthread pthread", 1);
    if ((cache != NULL && cx_setup(cache, &err) != CX_OK) || mkdtemp(cache_dir) == NULL)
        return EXIT_FAILURE;
    if (cx_devices_list(&devices, &device_n, &err) != CX_OK || device_n < DEVICES ||
        strcmp(devices[0].name, devices[1].name) != 0) {
        printf("skipped: the first %d OpenCL devices here aren't equal\n", DEVICES);
        free(devices);
        return SKIPPED;
    }
    struct cx_graph *graph = small_net_create();
    bool right = graph != NULL && round_of(together, DEVICES, devices, graph, cache_dir, false) &&
                 round_of(together, DEVICES, devices, graph, cache_dir, true) &&
                 round_of(alone, 1, devices, graph, cache_dir, true) &&
                 memcmp(alone[0].scores, together[1].scores, sizeof alone[0].scores) == 0;
    cx_graph_destroy(graph);
    free(devices);
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", cache_dir);
    if (system(command) != 0)
        right = false;
    printf("%s\n", right ? "right" : "WRONG");
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
