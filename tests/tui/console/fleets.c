#include "fleets.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURN 6.283185307179586

/* Two columns a character, and then some without any. */
static const char wide[] = "\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u0301\u0301";

/* As much as there is room for, in whole characters, as the parser does it. */
static void copy(char *ret_text, size_t size, const char *text)
{
    size_t len = strlen(text);

    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    }
    memcpy(ret_text, text, len);
    ret_text[len] = 0;
}

static void name(char *ret_text, size_t size, const char *stem, size_t i, bool hostile)
{
    char text[256];

    if (hostile)
        snprintf(text, sizeof(text), "%s-%zu-a-name-without-an-end-a-name-without", wide, i);
    else
        snprintf(text, sizeof(text), "%s-%02zu", stem, i + 1);
    copy(ret_text, size, text);
}

/* Between 0 and 1, in waves of different lengths. */
static double wave(uint64_t seq, size_t phase)
{
    double t = (double)seq / 4;

    return 0.5 + 0.3 * sin(TURN * t / 97 + (double)phase) +
           0.2 * sin(TURN * t / 11 + (double)phase);
}

static bool is_bad_minute(uint64_t seq)
{
    return seq / 240 % 10 == 4;
}

static struct tui_latency latency(double p50_us, double tail, uint64_t count)
{
    return (struct tui_latency){count, (uint64_t)p50_us, (uint64_t)(p50_us * (1 + tail)),
                                (uint64_t)(p50_us * (2 + 3 * tail)),
                                (uint64_t)(p50_us * (3 + 6 * tail))};
}

static void make_agent(struct tui_agent *agent, const struct fleet_recipe *recipe, size_t i,
                       uint64_t seq)
{
    static const char *const cards[] = {"Radeon RX 580", "Radeon R9 290", "Tesla K80"};
    size_t device_count = i % 3 == 2 ? 2 : 1;
    struct tui_device *devices = calloc(device_count, sizeof(*devices));
    bool trouble = is_bad_minute(seq) && i == 1;

    name(agent->name, sizeof(agent->name), "ember", i, recipe->hostile);
    copy(agent->state, sizeof(agent->state), i == 2 ? "draining" : i == 3 ? "lost" : "ready");
    if (i == 2)
        snprintf(agent->reason, sizeof(agent->reason), "fan is loud");
    agent->seen_ms_ago = i == 3 ? 8300 : 90;
    agent->done_per_s = i == 3 ? NAN : trouble ? 4 : 60 + 60 * wave(seq, i);
    agent->p50_us = i == 3 ? 0 : 3000;
    agent->p95_us = i == 3 ? 0 : (uint64_t)((trouble ? 40000 : 8000) * (0.5 + wave(seq, i)));
    agent->running = i % 4;
    agent->assigned = i % 3;
    agent->done = seq * 20;
    agent->failed = trouble ? seq % 240 / 10 : 0;
    for (size_t d = 0; d < device_count; d++) {
        devices[d] = (struct tui_device){.index = (uint32_t)d,
                                         .busy = recipe->hostile ? 7e9 : wave(seq, i + d),
                                         .copy = 0.1,
                                         .kernels_per_s = 900,
                                         .temperature_c = trouble ? 91 : 66,
                                         .power_w = 140,
                                         .memory_bytes = (uint64_t)8 << 30,
                                         .memory_used_bytes = (uint64_t)3 << 30,
                                         .restarts = trouble ? 2 : 0};
        copy(devices[d].name, sizeof(devices[d].name), recipe->hostile ? wide : cards[i % 3]);
        copy(devices[d].state, sizeof(devices[d].state), i == 1 ? "suspect" : "ready");
        copy(devices[d].reason, sizeof(devices[d].reason), i == 1 ? "stopped answering" : "");
    }
    agent->devices = devices;
    agent->device_count = device_count;
    agent->lists = devices;
}

static void make_model(struct tui_served *model, const struct fleet_recipe *recipe, size_t i,
                       uint64_t seq)
{
    static const char *const names[] = {"digits", "resnet50", "yolo", "whisper-tiny"};
    double us = 2000 * (double)(i + 1);

    if (recipe->hostile || i >= 4)
        name(model->name, sizeof(model->name), "model", i, recipe->hostile);
    else
        copy(model->name, sizeof(model->name), names[i]);
    model->version = i + 1;
    char id[128];
    snprintf(id, sizeof(id), "%s:%zu", model->name, i + 1);
    copy(model->id, sizeof(model->id), id);
    model->done_per_s = 100 * wave(seq, i) / (double)(i + 1);
    model->done = seq * 25 / (i + 1);
    model->queued = (uint64_t)(12 * wave(seq, i));
    model->running = 2;
    model->hits = seq * 20;
    model->misses = seq / 40;
    model->bytes = (uint64_t)(26454) << i;
    model->load_ms = 41;
    model->total = i == 3 ? (struct tui_latency){0}
                          : latency(us * (0.5 + wave(seq, i)), 1 + wave(seq, i), 1000 / (i + 1));
    for (size_t s = 0; s < TUI_SPAN_COUNT; s++)
        model->mean_us[s] = model->total.count > 0 ? us / (double)(1 + s) : NAN;
}

static void make_caches(struct tui_fleet *fleet, const struct fleet_recipe *recipe, uint64_t seq)
{
    static const char *const names[] = {"model",    "sticky", "program", "capability",
                                        "response", "prefix", "layer"};

    fleet->cache_count = sizeof(names) / sizeof(names[0]);
    for (size_t i = 0; i < fleet->cache_count; i++) {
        struct tui_cache *cache = &fleet->caches[i];
        char text[64];
        snprintf(text, sizeof(text), "%s%s", names[i], recipe->hostile ? wide : "");
        copy(cache->name, sizeof(cache->name), text);
        cache->hits = i == 6 ? 7 : (uint64_t)((double)seq * (20 + (double)i));
        cache->misses = i == 6 ? 0 : (uint64_t)((double)seq * (double)i + 9 * wave(seq, i));
        cache->evictions = i % 2 == 0 ? (double)(seq / 10) : NAN;
        cache->bytes = i % 2 == 0 ? 2e8 * (1 + wave(seq, i)) : NAN;
        cache->entries = i % 2 == 0 ? (double)(seq % 1000) : NAN;
    }
}

static void make_operation(struct tui_fleet *fleet, uint64_t time_ms)
{
    struct tui_operation *drain = calloc(1, sizeof(*drain));

    drain->id = 7;
    snprintf(drain->kind, sizeof(drain->kind), "drain");
    snprintf(drain->target, sizeof(drain->target), "ember-03");
    snprintf(drain->state, sizeof(drain->state), "running");
    snprintf(drain->by, sizeof(drain->by), "root@host");
    drain->started_ms = time_ms - 9000;
    drain->deadline_ms = time_ms + 51000;
    drain->remaining = 3;
    drain->blocker_count = 1;
    drain->blockers[0] =
        (struct tui_blocker){.job = 88121, .running_ms = 9000, .left_ms = 14000, .has_left = true};
    snprintf(drain->blockers[0].model, sizeof(drain->blockers[0].model), "yolo");
    fleet->operations = drain;
    fleet->operation_count = 1;
}

static void make_totals(struct tui_fleet *fleet, const struct fleet_recipe *recipe, uint64_t seq)
{
    double p50 = (is_bad_minute(seq) ? 9000 : 2600) * (0.7 + 0.6 * wave(seq, 0));

    fleet->totals = (struct tui_totals){.agents = recipe->agents,
                                        .agents_ready = recipe->agents - recipe->agents / 5,
                                        .devices = recipe->agents * 4 / 3,
                                        .queued = (uint64_t)(200 * wave(seq, 2)),
                                        .assigned = 20,
                                        .running = (uint64_t)(60 * wave(seq, 3)),
                                        .submitted = seq * 320,
                                        .done = seq * 318,
                                        .failed = seq / 90};
    fleet->done_per_s = 1000 + 600 * wave(seq, 0);
    fleet->submitted_per_s = 1000 + 600 * wave(seq, 1);
    fleet->slo_p99_us = 25000;
    if (recipe->hostile) {
        fleet->totals.queued = fleet->totals.running = TUI_INTEGER_MAX;
        fleet->done_per_s = TUI_REAL_MAX;
        p50 = 1e12;
    }
    for (size_t s = 0; s < TUI_SPAN_COUNT; s++)
        fleet->latency[s] = latency(p50 / (double)(s + 1), 1 + wave(seq, 1), 12000);
    for (size_t i = 0; i < TUI_HIST_BUCKETS; i++) {
        double us = (double)tui_hist_upper_us(i < TUI_HIST_BUCKETS - 1 ? i : i - 1);
        double off = log(us / p50) / 0.7;
        fleet->hist.buckets[i] = (uint32_t)(4000 * exp(-off * off / 2));
        if (i == 32)
            fleet->hist.buckets[i] += 3; /* some that had to load a model */
        fleet->hist.count += fleet->hist.buckets[i];
    }
}

struct tui_update *fleet_update(const struct fleet_recipe *recipe, uint64_t seq, int64_t at_ms)
{
    struct tui_update *update = calloc(1, sizeof(*update));
    struct tui_fleet *fleet = calloc(1, sizeof(*fleet));

    update->kind = TUI_UPDATE_FLEET;
    update->at_ms = at_ms;
    update->published = true;
    update->fleet = fleet;
    fleet->seq = seq;
    fleet->epoch = 1;
    fleet->time_ms = 1780000000000 + seq * 250;
    copy(fleet->cluster, sizeof(fleet->cluster), recipe->hostile ? wide : "lab-east");
    snprintf(fleet->strategy, sizeof(fleet->strategy), "least-loaded");
    copy(fleet->ledger, sizeof(fleet->ledger), recipe->hostile ? wide : "ok");
    fleet->done_per_s = fleet->submitted_per_s = NAN;
    if (recipe->agents == 0)
        return update;
    make_totals(fleet, recipe, seq);
    make_caches(fleet, recipe, seq);
    make_operation(fleet, fleet->time_ms);
    fleet->agents = calloc(recipe->agents, sizeof(*fleet->agents));
    fleet->agent_count = recipe->agents;
    for (size_t i = 0; i < recipe->agents; i++)
        make_agent(&fleet->agents[i], recipe, i, seq);
    fleet->models = calloc(recipe->models + 1, sizeof(*fleet->models));
    fleet->model_count = recipe->models;
    for (size_t i = 0; i < recipe->models; i++)
        make_model(&fleet->models[i], recipe, i, seq);
    return update;
}

struct tui_update *fleet_events(size_t count, uint64_t time_ms, bool hostile)
{
    static const struct {
        const char *kind, *severity, *agent, *text;
    } samples[] = {
        {"model.loaded", "info", "ember-01", "resnet50:2"},
        {"device.suspect", "warn", "ember-02", "device 0 stopped answering"},
        {"operation.started", "info", "ember-03", "drain by root@host: fan is loud"},
        {"agent.lost", "error", "ember-04", "no word for 5 s; 4 jobs requeued"},
    };
    struct tui_update *update = calloc(1, sizeof(*update));
    struct tui_event_page *page = calloc(1, sizeof(*page) + count * sizeof(page->events[0]));

    update->kind = TUI_UPDATE_EVENTS;
    update->events = page;
    page->count = count;
    for (size_t i = 0; i < count; i++) {
        struct tui_event *event = &page->events[i];
        event->seq = i + 1;
        event->time_ms = time_ms - (count - 1 - i) * 7000;
        copy(event->kind, sizeof(event->kind), hostile ? wide : samples[i % 4].kind);
        copy(event->severity, sizeof(event->severity), samples[i % 4].severity);
        copy(event->agent, sizeof(event->agent), hostile ? wide : samples[i % 4].agent);
        copy(event->text, sizeof(event->text), hostile ? wide : samples[i % 4].text);
    }
    return update;
}
