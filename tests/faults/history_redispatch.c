/* How long the jobs of an agent that is killed take to be dispatched again, by the coordinator's
 * own record of each of them. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/faults/history.h"

enum { JOBS_MAX = 1000, JOBS_WANTED = 32, PATIENCE_S = 20 };

static double wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int jobs_of(struct net_client *client, const char *agent, double ids[JOBS_MAX])
{
    static const char *const states[] = {"running", "assigned"};
    int count = 0;
    for (int i = 0; i < 2; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "{\"v\":1,\"op\":\"jobs\",\"agent\":\"%s\",\"state\":\"%s\",\"limit\":%d}", agent,
                 states[i], JOBS_MAX / 2);
        cJSON *reply = history_ask(client, text, PATIENCE_S);
        const cJSON *job;
        cJSON_ArrayForEach(job, cJSON_GetObjectItem(reply, "jobs"))
        {
            ids[count++] = cJSON_GetNumberValue(cJSON_GetObjectItem(job, "id"));
        }
        cJSON_Delete(reply);
    }
    return count;
}

/* From `killed_ms` to the job's next dispatch; -1: it was done before, -2: not dispatched yet. */
static double took_ms(struct net_client *client, double id, double killed_ms)
{
    char text[64];
    double took = -1;
    bool waits = false;
    snprintf(text, sizeof text, "{\"v\":1,\"op\":\"job\",\"id\":%.0f}", id);
    cJSON *reply = history_ask(client, text, PATIENCE_S);
    const cJSON *entry;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItem(cJSON_GetObjectItem(reply, "job"), "history"))
    {
        double time_ms = cJSON_GetNumberValue(cJSON_GetObjectItem(entry, "time_ms"));
        const char *state = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "state"));
        if (time_ms < killed_ms || state == NULL)
            continue;
        waits = waits || strcmp(state, "queued") == 0;
        if (waits && took < 0 && strcmp(state, "assigned") == 0)
            took = time_ms - killed_ms;
    }
    cJSON_Delete(reply);
    return waits && took < 0 ? -2 : took;
}

static int compare(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

int history_redispatch(const char *address, const char *agent, pid_t pid)
{
    static double ids[JOBS_MAX], took[JOBS_MAX];
    struct net_client *client = NULL;
    int count = 0, n = 0;
    if (net_client_open(address, NULL, &client, NULL) != NET_OK)
        return 1;
    /* Stopped, it can't finish them while they are listed. */
    double by_s = history_now_s() + PATIENCE_S;
    while (count < JOBS_WANTED && history_now_s() < by_s && kill(pid, SIGCONT) == 0) {
        history_pause_ms(2);
        kill(pid, SIGSTOP);
        history_pause_ms(50); /* what it had sent arrives */
        count = jobs_of(client, agent, ids);
    }
    double killed_ms = wall_ms();
    if (kill(pid, SIGKILL) != 0)
        count = 0;
    by_s = history_now_s() + PATIENCE_S;
    for (int i = 0; i < count; i++) {
        double ms = took_ms(client, ids[i], killed_ms);
        while (ms == -2 && history_now_s() < by_s) {
            history_pause_ms(2);
            ms = took_ms(client, ids[i], killed_ms);
        }
        if (ms != -1)
            took[n++] = ms == -2 ? PATIENCE_S * 1000 : ms;
    }
    net_client_close(client);
    qsort(took, (size_t)n, sizeof *took, compare);
    printf("redispatch_jobs %d jobs\n", n);
    if (n > 0) {
        printf("redispatch_p50 %.1f ms\n", took[n / 2]);
        printf("redispatch_max %.1f ms\n", took[n - 1]);
    }
    return n > 0 ? 0 : 1;
}
