// The owner's thread: takes what came in, turns it into events for the core, carries out what the
// core decides, and keeps time.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/coordinator/control.h"
#include "agent/coordinator/io.h"

int64_t agent_io_now_us(const struct agent_coordinator *c)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 + c->clock_offset_us;
}

void agent_io_log(const struct agent_coordinator *c, enum agent_severity severity,
                  const char *format, ...)
{
    if (c->options.log == NULL)
        return;
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    c->options.log(c->options.user, severity, text);
}

void agent_io_fail(struct agent_coordinator *c, const char *text)
{
    if (!c->failed)
        agent_io_log(c, AGENT_ERROR, "the coordinator stops: %s", text);
    c->failed = true;
}

// ---- the next step

struct agent_event *agent_io_event(struct agent_coordinator *c, enum agent_event_kind kind)
{
    if (c->n_events == IO_EVENTS_MAX)
        agent_io_step(c);
    struct agent_event *event = &c->events[c->n_events++];
    *event = (struct agent_event){.kind = kind};
    return event;
}

const char *agent_io_scratch(struct agent_coordinator *c, const char *text, size_t len)
{
    if (len == 0)
        return "";
    if (c->n_scratch == c->scratch_room) {
        size_t room = c->scratch_room == 0 ? 64 : c->scratch_room * 2;
        char **scratch = realloc(c->scratch, room * sizeof *scratch);
        if (scratch == NULL)
            return "";
        c->scratch = scratch;
        c->scratch_room = room;
    }
    char *copy = malloc(len + 1);
    if (copy == NULL)
        return "";
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    c->scratch[c->n_scratch++] = copy;
    return copy;
}

static void drop_offers(struct agent_coordinator *c)
{
    for (size_t i = 0; i < c->n_offers; i++)
        agent_blob_unref(c->offers[i].output);
    c->n_offers = c->offers_taken = 0;
}

void agent_io_step(struct agent_coordinator *c)
{
    c->step_us = agent_io_now_us(c);
    agent_coord_step(c->core, c->events, c->n_events, c->step_us, &c->sink);
    agent_ledger_flush(c->ledger);
    c->n_events = 0;
    drop_offers(c);
    for (size_t i = 0; i < c->n_scratch; i++)
        free(c->scratch[i]);
    c->n_scratch = 0;
    agent_io_after(c);
}

// ---- the loop

static void take_item(struct agent_coordinator *c, struct io_item *item)
{
    switch (item->kind) {
    case IO_ITEM_CALL: {
        struct io_call *call = item->call;
        item->call = NULL;
        agent_call_run(call);
        break;
    }
    case IO_ITEM_LEDGER: {
        if (item->refused != 0)
            break; // told before what was committed with it
        struct agent_event *event = agent_io_event(c, item->damaged ? AGENT_EVENT_LEDGER_DAMAGED
                                                                    : AGENT_EVENT_LEDGER_FAILED);
        event->reason = agent_io_scratch(c, item->text, strlen(item->text));
        break;
    }
    case IO_ITEM_MODELS:
        agent_io_models_replace(c, item->set);
        item->set = NULL;
        break;
    case IO_ITEM_PAST:
        agent_io_past_answered(c, item->past);
        item->past = NULL;
        break;
    }
}

struct agent_coord_limits agent_io_limits(const struct agent_coordinator *c,
                                          const struct agent_coordinator_settings *settings)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.jobs_live_max = settings->jobs_live_max;
    limits.jobs_kept_max = settings->jobs_kept_max;
    limits.tenant_percent = settings->tenant_percent;
    limits.tenant_rate_milli = (uint64_t)settings->tenant_rate * 1000;
    limits.tenant_burst = settings->tenant_burst;
    limits.jobs_recent_max = settings->jobs_recent_max;
    // Without a ledger there are no others than those in memory.
    if (c->options.keep_nothing && limits.jobs_kept_max > limits.jobs_recent_max)
        limits.jobs_kept_max = limits.jobs_recent_max;
    limits.attempts_max = settings->attempts_max;
    limits.forgets = c->options.keep_nothing;
    limits.prefetch = settings->prefetch;
    limits.unloadable_us = settings->unloadable_ms * 1000;
    limits.poison_agents = settings->poison_agents;
    limits.hedge_times = settings->hedge_times;
    limits.output_bytes_max = settings->results_bytes_max;
    limits.rebalance_gain_us = settings->rebalance_gain_ms * 1000;
    limits.rebalance_rest_us = settings->rebalance_rest_ms * 1000;
    limits.kept_us = settings->retention_ms * 1000;
    return limits;
}

static void apply_settings(struct agent_coordinator *c,
                           const struct agent_coordinator_settings *settings)
{
    agent_io_event(c, AGENT_EVENT_LIMITS)->limits = agent_io_limits(c, settings);
    if (strcmp(settings->strategy, c->strategy) != 0) {
        snprintf(c->strategy, sizeof c->strategy, "%s", settings->strategy);
        struct agent_event *event = agent_io_event(c, AGENT_EVENT_STRATEGY);
        event->agent = c->strategy;
        event->by = "configuration";
    }
    c->settings = *settings;
    c->settings.strategy = c->strategy;
    agent_response_cache_limit(c->responses, settings->response_bytes_max);
    agent_io_models_rescan(c);
    agent_io_submissions_credit(c);
}

// What other threads asked for without an item.
static void take_requests(struct agent_coordinator *c, int64_t *ret_close_by_us)
{
    pthread_mutex_lock(&c->inbox.lock);
    bool reload = c->inbox.reload;
    bool closing = c->inbox.closing;
    struct agent_coordinator_settings settings = c->inbox.settings;
    c->inbox.reload = false;
    *ret_close_by_us = c->inbox.close_by_us;
    pthread_mutex_unlock(&c->inbox.lock);
    if (reload)
        apply_settings(c, &settings);
    if (closing && !c->stopping) {
        c->stopping = true;
        agent_io_event(c, AGENT_EVENT_SHUTDOWN);
    }
}

static void tell_refused(struct agent_coordinator *c, const struct io_item *items)
{
    for (const struct io_item *item = items; item != NULL; item = item->next) {
        if (item->kind != IO_ITEM_LEDGER || item->refused == 0)
            continue;
        struct agent_event *event = agent_io_event(c, AGENT_EVENT_LEDGER_REFUSED);
        event->seq = item->refused;
        event->reason = agent_io_scratch(c, item->text, strlen(item->text));
    }
}

static void keep_time(struct agent_coordinator *c, int64_t now)
{
    if (now >= c->next_tick_us) {
        agent_io_event(c, AGENT_EVENT_TICK);
        agent_io_calls_tick(c, now);
        c->next_tick_us = now + IO_TICK_US;
    }
    if (now >= c->next_heartbeat_us) {
        agent_io_links_beat(c, now);
        c->next_heartbeat_us = now + (int64_t)c->options.heartbeat_ms * 1000 / 2;
    }
    if (now >= c->next_snapshot_us) {
        agent_io_snapshot(c);
        agent_io_told_shed(c);
        c->next_snapshot_us = now + IO_SNAPSHOT_US;
    }
}

static bool is_over(struct agent_coordinator *c, int64_t close_by_us)
{
    if (c->failed)
        return true;
    if (!c->stopping)
        return false;
    struct agent_totals totals;
    agent_coord_totals(c->core, &totals);
    return totals.assigned + totals.running == 0 || agent_io_now_us(c) >= close_by_us;
}

// What other threads have left; false when there is nothing.
static bool take_inbox(struct agent_coordinator *c)
{
    uint64_t committed = 0;
    struct io_item *items = agent_io_take(c, &committed);
    bool any = items != NULL || committed != 0;
    tell_refused(c, items);
    if (committed != 0)
        agent_io_event(c, AGENT_EVENT_COMMITTED)->seq = committed;
    while (items != NULL) {
        struct io_item *item = items;
        items = item->next;
        take_item(c, item);
        agent_io_item_free(item);
    }
    return any;
}

static void turn(struct agent_coordinator *c, int64_t *ret_close_by_us)
{
    int64_t wait_us = c->next_tick_us - agent_io_now_us(c);
    net_loop_run(c->loop, wait_us > 0 ? wait_us : 0);
    take_inbox(c);
    take_requests(c, ret_close_by_us);
    keep_time(c, agent_io_now_us(c));
    agent_io_step(c);
    // Without a ledger what was appended is committed at once: it goes on before anything is sent.
    for (int i = 0; i < IO_COMMITS_A_TURN && take_inbox(c); i++)
        agent_io_step(c);
    agent_io_links_flush(c);
}

void *agent_io_owner(void *user)
{
    struct agent_coordinator *c = user;
    int64_t close_by_us = 0;
    c->deaf = false;
    agent_io_models_tell(c);
    while (!is_over(c, close_by_us))
        turn(c, &close_by_us);
    // Nothing is accepted from here on; what was decided goes to the disk.
    c->deaf = true;
    net_server_close(c->server);
    net_link_listener_close(c->listener);
    agent_io_models_stop(c);
    atomic_store(&c->ended_well, !c->failed);
    return NULL;
}
