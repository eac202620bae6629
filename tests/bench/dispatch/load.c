// The load: a closed loop keeps so many jobs outstanding, an open one submits at random times of a
// given rate, and counts a job's latency from the time it should have been submitted, so that a
// server that stalls is charged for the jobs that could not even be sent.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define NO_SLOT UINT32_MAX
#define MARK 0x6a6f6273u

double bench_random(struct bench *bench)
{
    bench->random ^= bench->random << 13;
    bench->random ^= bench->random >> 7;
    bench->random ^= bench->random << 17;
    return (double)(bench->random >> 11) / 9007199254740992.0;
}

void bench_load_start(struct bench *bench)
{
    const struct bench_options *options = &bench->options;
    bench->n_slots = options->rate > 0 ? BENCH_SLOTS_MAX : options->outstanding;
    bench->slots = calloc(bench->n_slots, sizeof(*bench->slots));
    bench->payload = malloc(options->payload);
    if (bench->slots == NULL || bench->payload == NULL)
        exit(1);
    for (uint32_t i = 0; i < bench->n_slots; i++)
        bench->slots[i].next_free = i + 1 < bench->n_slots ? i + 1 : NO_SLOT;
    for (uint32_t i = 0; i < options->payload; i++)
        bench->payload[i] = (uint8_t)(bench_random(bench) * 256);
    bench->next_ns = loop_now_ns();
}

void bench_fill(const struct bench *bench, uint8_t *payload, uint32_t slot)
{
    const uint32_t head[2] = {MARK, slot};
    memcpy(payload, bench->payload, bench->options.payload);
    memcpy(payload, head, sizeof(head));
}

uint32_t bench_slot_of(const struct bench *bench, const uint8_t *payload, size_t len)
{
    uint32_t head[2] = {0, 0};
    if (len >= sizeof(head))
        memcpy(head, payload, sizeof(head));
    if (head[0] != MARK || head[1] >= bench->n_slots) {
        fprintf(stderr, "dispatch: a payload of %zu bytes came back damaged\n", len);
        exit(1);
    }
    return head[1];
}

static void release(struct bench *bench, uint32_t slot)
{
    bench->slots[slot].is_busy = false;
    bench->slots[slot].next_free = bench->free_slot;
    bench->free_slot = slot;
    bench->in_flight--;
}

void bench_done(struct bench *bench, uint32_t slot)
{
    struct bench_slot *job = &bench->slots[slot];
    if (!job->is_busy) {
        bench->strange++;
        return;
    }
    if (job->waits_for > 1) {
        job->waits_for--;
        return;
    }
    if (bench->is_measuring) {
        int64_t took_ns = loop_now_ns() - job->intended_ns;
        agent_hist_add(&bench->latency, (uint64_t)(took_ns + 500) / 1000);
        bench->done++;
    }
    release(bench, slot);
}

void bench_failed(struct bench *bench, uint32_t slot, const char *why)
{
    if (bench->failed++ == 0)
        fprintf(stderr, "dispatch: a job failed: %s\n", why);
    if (bench->slots[slot].is_busy)
        release(bench, slot);
}

static void submit(struct bench *bench, int64_t intended_ns)
{
    uint32_t slot = bench->free_slot;
    struct bench_slot *job = &bench->slots[slot];
    bench->free_slot = job->next_free;
    bench->in_flight++;
    bench->submitted++;
    *job = (struct bench_slot){.intended_ns = intended_ns, .is_busy = true, .waits_for = 1};
    bench->system->submit(bench, slot);
}

static void submit_due(struct bench *bench, int64_t now_ns)
{
    if (bench->options.rate <= 0) {
        while (bench->free_slot != NO_SLOT)
            submit(bench, now_ns);
        return;
    }
    while (bench->next_ns <= now_ns && bench->free_slot != NO_SLOT) {
        submit(bench, bench->next_ns);
        double gap = -log(1 - bench_random(bench)) / bench->options.rate;
        bench->next_ns += (int64_t)(gap * 1e9);
    }
}

void bench_round(struct bench *bench, int64_t until_ns)
{
    int64_t now_ns = loop_now_ns();
    if (bench->slots != NULL)
        submit_due(bench, now_ns);
    if (bench->slots != NULL && bench->options.rate > 0 && bench->free_slot != NO_SLOT &&
        bench->next_ns < until_ns)
        until_ns = bench->next_ns;
    if (bench->system->tick != NULL) {
        int64_t tick_ns = bench->system->tick(bench, now_ns);
        until_ns = tick_ns < until_ns ? tick_ns : until_ns;
    }
    loop_round(&bench->loop, until_ns);
}

uint64_t bench_cpu_us(int pid)
{
    char path[64], text[1024];
    unsigned long long user = 0, system = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    size_t got = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[got] = '\0';
    const char *rest = strrchr(text, ')');
    if (rest == NULL || sscanf(rest + 1, " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu",
                               &user, &system) != 2)
        return 0;
    return (user + system) * 1000000 / (unsigned long long)sysconf(_SC_CLK_TCK);
}

uint64_t bench_cpu_all_us(void)
{
    unsigned long long user = 0, nice = 0, system = 0, idle, wait, irq = 0, soft = 0;
    FILE *file = fopen("/proc/stat", "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &wait,
               &irq, &soft) != 7)
        user = 0;
    fclose(file);
    return (user + nice + system + irq + soft) * 1000000 / (unsigned long long)sysconf(_SC_CLK_TCK);
}

double bench_resident_mib(int pid)
{
    char path[64], line[256];
    double kib = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "VmRSS: %lf", &kib) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return kib / 1024;
}
