/* Several devices, a process each as executors are, over one model and one cache folder: every
 * process's results are those of a single device, and what one has built the other finds. */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cx.h"
#include "device/device.h"
#include "graph/session.h"
#include "tests/compute/small_net.h"

#define SKIPPED 77
#define DEVICES 2
#define RUNS 8
#define IMAGE (SMALL_NET_CHANNELS * SMALL_NET_SIZE * SMALL_NET_SIZE)

/* One of a round, in memory that its process shares with the test. */
struct worker {
    char id[40];
    const struct cx_graph *graph;
    const char *cache_dir;
    bool must_hit; /* every program is on disk already */
    float scores[RUNS][SMALL_NET_OUTPUTS];
    struct cx_error err;
    struct cx_device_stats stats;
};

static struct shared {
    pthread_barrier_t start;
    char ids[DEVICES][40]; /* "" where there is none */
    struct worker alone[1], together[DEVICES];
} *shared;

/* Does it in a process of its own: OpenCL doesn't survive a fork, so this one never opens it. */
static pid_t in_process(void (*what)(void *), void *argument)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        what(argument);
        _exit(EXIT_SUCCESS);
    }
    return pid;
}

static bool ended_well(pid_t pid)
{
    int status = 0;
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == EXIT_SUCCESS;
}

static void list(void *argument)
{
    (void)argument;
    struct cx_device_info *devices = NULL;
    struct cx_error err;
    size_t n = 0;
    if (cx_devices_list(&devices, &n, &err) != CX_OK || n < DEVICES ||
        strcmp(devices[0].name, devices[1].name) != 0)
        return;
    for (uint32_t i = 0; i < DEVICES; i++)
        memcpy(shared->ids[i], devices[i].id, sizeof shared->ids[i]);
}

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

static void work(void *argument)
{
    struct worker *w = argument;
    struct cx_device_options options = {.cache_dir = w->cache_dir, .family = CX_FAMILY_GPU};
    struct cx_device *device = NULL;
    pthread_barrier_wait(&shared->start);
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
/* All devices at once; then with what they left on disk. */
static bool round_of(struct worker *workers, uint32_t n, const struct cx_graph *graph,
                     const char *cache_dir, bool must_hit)
{
    pid_t pids[DEVICES];
    pthread_barrierattr_t between_processes;
    bool right = true;
    pthread_barrierattr_init(&between_processes);
    pthread_barrierattr_setpshared(&between_processes, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&shared->start, &between_processes, n);
    for (uint32_t i = 0; i < n; i++) {
        workers[i] =
            (struct worker){.graph = graph, .cache_dir = cache_dir, .must_hit = must_hit};
        memcpy(workers[i].id, shared->ids[i], sizeof workers[i].id);
        pids[i] = in_process(work, &workers[i]);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!ended_well(pids[i])) {
            printf("WRONG: the process of device %s did not end well\n", workers[i].id);
            right = false;
        }
    }
    pthread_barrier_destroy(&shared->start);
    for (uint32_t i = 0; i < n; i++)
        right = check(&workers[i], &workers[0]) && right;
    return right;
}

int main(void)
{
    struct cx_error err;
    char cache_dir[] = "/tmp/test_devices.XXXXXX";
    const char *cache = getenv("XDG_CACHE_HOME");
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    /* PoCL makes as many devices of this machine as it is told. */
    setenv("POCL_DEVICES", "pthread pthread", 1);
    if (shared == MAP_FAILED || (cache != NULL && cx_setup(cache, &err) != CX_OK) ||
        mkdtemp(cache_dir) == NULL)
        return EXIT_FAILURE;
    if (!ended_well(in_process(list, NULL)) || shared->ids[0][0] == '\0') {
        printf("skipped: the first %d OpenCL devices here aren't equal\n", DEVICES);
        return SKIPPED;
    }
    struct cx_graph *graph = small_net_create();
    bool right = graph != NULL && round_of(shared->together, DEVICES, graph, cache_dir, false) &&
                 round_of(shared->together, DEVICES, graph, cache_dir, true) &&
                 round_of(shared->alone, 1, graph, cache_dir, true) &&
                 memcmp(shared->alone[0].scores, shared->together[1].scores,
                        sizeof shared->alone[0].scores) == 0;
    cx_graph_destroy(graph);
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", cache_dir);
    if (system(command) != 0)
        right = false;
    printf("%s\n", right ? "right" : "WRONG");
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
