// A double of the I/O round the coordinator's core: what arrives becomes events of one step, in the
// order of agent/coordinator/owner.c, and what the core decides leaves after it.
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define EVENTS_MAX 256

int64_t sim_coordinator_now(const struct sim *sim)
{
    return sim->now_us + sim->coordinator.offset_us;
}

void sim_coordinator_step(struct sim *sim, const struct agent_event *events, size_t count)
{
    struct sim_coordinator *c = &sim->coordinator;
    struct agent_sink sink = {
        .act = sim_coordinator_act, .user = sim, .job_notices = sim->is_trace};
    sim_oracle_before(sim, events, count);
    agent_coord_step(c->core, events, count, sim_coordinator_now(sim), &sink);
    if (!c->must_die)
        sim_oracle_after(sim);
}

// ---- what arrives

static void wake(struct sim *sim);

static void fire_wake(struct sim *sim, const struct sim_event *event)
{
    struct sim_coordinator *c = &sim->coordinator;
    if (event->a != c->generation)
        return;
    c->is_woken = false;
    if (c->is_up && c->paused_until_us <= sim->now_us)
        wake(sim);
}

static void wake_soon(struct sim *sim)
{
    struct sim_coordinator *c = &sim->coordinator;
    if (c->is_woken || !c->is_up || c->paused_until_us > sim->now_us)
        return;
    c->is_woken = true;
    sim_at(sim, sim->now_us + sim_between(&c->random, 0, 200), fire_wake, c->generation, 0, 0);
}

void sim_coordinator_resume(struct sim *sim)
{
    wake_soon(sim);
}

static void add_item(struct sim *sim, const struct sim_item *item)
{
    struct sim_coordinator *c = &sim->coordinator;
    if (!c->is_up)
        return;
    c->items = sim_grow(c->items, &c->items_room, c->n_items + 1, sizeof *c->items);
    c->items[c->n_items++] = *item;
    wake_soon(sim);
}

void sim_coordinator_call(struct sim *sim, const struct agent_event *event)
{
    add_item(sim, &(struct sim_item){.kind = SIM_ITEM_CALL, .event = *event});
}

void sim_coordinator_message(struct sim *sim, uint64_t link, const struct sim_message *message)
{
    struct sim_item item = {.kind = SIM_ITEM_MESSAGE, .link = link, .message = *message};
    if (message->kind == SIM_CLOSED)
        item.kind = SIM_ITEM_CLOSED;
    add_item(sim, &item);
}

void sim_coordinator_opened(struct sim *sim, uint64_t link)
{
    struct sim_coordinator *c = &sim->coordinator;
    c->links = sim_grow(c->links, &c->links_room, c->n_links + 1, sizeof *c->links);
    c->links[c->n_links++] = (struct sim_io_link){.id = link};
}

void sim_coordinator_refused(struct sim *sim, uint64_t seq)
{
    struct sim_coordinator *c = &sim->coordinator;
    if (c->is_up && c->n_refused < sizeof c->refused / sizeof c->refused[0])
        c->refused[c->n_refused++] = seq;
}

void sim_coordinator_committed(struct sim *sim, uint64_t seq)
{
    sim->coordinator.committed = seq;
    wake_soon(sim);
}

void sim_coordinator_ledger_failed(struct sim *sim)
{
    add_item(sim, &(struct sim_item){.kind = SIM_ITEM_LEDGER});
}

// ---- a step

struct batch {
    struct agent_event events[EVENTS_MAX];
    uint8_t hashes[EVENTS_MAX][AGENT_HASH_SIZE];
    size_t count;
};

static bool step(struct sim *sim, struct batch *batch)
{
    sim_coordinator_step(sim, batch->events, batch->count);
    batch->count = 0;
    if (sim->coordinator.must_die) {
        sim_coordinator_crash(sim, sim->scenario->crash_keeps ? 1000 : 0, 300 * SIM_MS);
        return false;
    }
    sim_coordinator_flush(sim);
    return true;
}

static struct agent_event *event_of(struct batch *batch, enum agent_event_kind kind, uint64_t link)
{
    struct agent_event *event = &batch->events[batch->count++];
    *event = (struct agent_event){.kind = kind, .link = link, .reason = ""};
    return event;
}

static void add_model(const struct sim *sim, struct batch *batch, uint64_t link, uint32_t model,
                      uint32_t state)
{
    uint8_t *hash = batch->hashes[batch->count];
    struct agent_event *event = event_of(batch, AGENT_EVENT_MODEL_STATE, link);
    sim_model_hash(model, hash);
    event->model.hash = hash;
    event->model.state = (enum agent_model_state)state;
    event->model.bytes = sim->scenario->model[model].bytes;
    event->model.load_us = sim->scenario->model[model].load_us;
    event->model.text = "";
}

static void add_result(struct batch *batch, uint64_t link, const struct sim_message *message)
{
    struct agent_event *event = event_of(batch, AGENT_EVENT_RESULT, link);
    event->result = (struct agent_result){
        .ref = message->ref,
        .outcome = (enum agent_outcome)message->state,
        .device = (uint8_t)message->number,
        .load_us = message->load_us,
        .compute_us = message->compute_us,
        .copy_us = message->copy_us,
        .batch = 1,
        .output_bytes = message->state == AGENT_OUTCOME_DONE ? 100 : 0,
        .error_code = sim_error_name(message->error),
        .error_text = message->text,
    };
}

static void add_hello(struct sim *sim, struct batch *batch, uint64_t link,
                      const struct sim_message *message)
{
    struct agent_event *event = event_of(batch, AGENT_EVENT_HELLO, link);
    event->hello.name = sim->hosts[sim_link_of(sim, link)->host].name;
    memcpy(event->hello.instance, &message->instance, sizeof message->instance);
    event->hello.credit = message->number;
    event->hello.can_restart = event->hello.can_load = event->hello.can_prefetch = true;
    event->hello.devices = sim->devices;
    event->hello.n_devices = sim->scenario->devices;
}

static void add_devices(struct sim *sim, struct batch *batch, uint64_t link, uint32_t ready)
{
    struct sim_io_link *from = sim_coordinator_link(&sim->coordinator, link);
    if (ready == from->devices_ready)
        return;
    from->devices_ready = ready;
    struct agent_event *event = event_of(batch, AGENT_EVENT_DEVICES, link);
    event->devices.ready = ready;
    event->devices.total = sim->scenario->devices;
}

static void add_message(struct sim *sim, struct batch *batch, uint64_t link,
                        const struct sim_message *message)
{
    struct agent_event *event;
    switch (message->kind) {
    case SIM_HELLO:
        add_hello(sim, batch, link, message);
        break;
    case SIM_CREDIT:
        event_of(batch, AGENT_EVENT_CREDIT, link)->credit = message->number;
        break;
    case SIM_MODEL_STATE:
        add_model(sim, batch, link, message->model, message->state);
        break;
    case SIM_TELEMETRY:
        add_devices(sim, batch, link, message->number);
        for (uint32_t i = 0; i < sim->scenario->models; i++) {
            if (message->states[i] == SIM_NOT_LISTED)
                continue;
            add_model(sim, batch, link, i, message->states[i]);
        }
        break;
    case SIM_STARTED:
        event_of(batch, AGENT_EVENT_STARTED, link)->started.ref = message->ref;
        break;
    case SIM_RESULT:
        add_result(batch, link, message);
        break;
    case SIM_DRAINED:
        event_of(batch, AGENT_EVENT_DRAINED, link)->id = message->id;
        break;
    case SIM_TUNE_STATE:
        event = event_of(batch, AGENT_EVENT_TUNE_STATE, link);
        event->tune_state = (struct agent_tune_state){.operation = message->id,
                                                      .state = (enum agent_tuning)message->state};
        break;
    case SIM_GOODBYE:
        event_of(batch, AGENT_EVENT_GOODBYE, link);
        break;
    case SIM_HEARTBEAT:
        event_of(batch, AGENT_EVENT_BEAT, link);
        break;
    default:
        break;
    }
    event_of(batch, AGENT_EVENT_HEARD, link);
}

static void forget_link(struct sim_coordinator *c, uint64_t id)
{
    for (size_t i = 0; i < c->n_links; i++) {
        if (c->links[i].id == id)
            c->links[i] = c->links[--c->n_links];
    }
}

// False: the process has died.
static bool take_item(struct sim *sim, struct batch *batch, const struct sim_item *item)
{
    struct sim_coordinator *c = &sim->coordinator;
    if (batch->count + SIM_MODELS_MAX + 4 >= EVENTS_MAX && !step(sim, batch))
        return false;
    const struct sim_io_link *link = sim_coordinator_link(c, item->link);
    switch (item->kind) {
    case SIM_ITEM_MESSAGE:
        if (link != NULL && !link->is_closing)
            add_message(sim, batch, item->link, &item->message);
        return true;
    case SIM_ITEM_CLOSED:
        if (link == NULL)
            return true;
        event_of(batch, AGENT_EVENT_LINK_LOST, item->link);
        if (!step(sim, batch)) // so that nothing is sent to a link that is gone
            return false;
        sim_close(sim, item->link, SIM_TO_COORDINATOR, true, 0);
        forget_link(c, item->link);
        return true;
    case SIM_ITEM_CALL:
        // Alone, so that the oracle knows what was taken back by whom.
        if (item->event.kind == AGENT_EVENT_REBALANCE && !step(sim, batch))
            return false;
        batch->events[batch->count++] = item->event;
        return item->event.kind != AGENT_EVENT_REBALANCE || step(sim, batch);
    case SIM_ITEM_LEDGER:
        event_of(batch, AGENT_EVENT_LEDGER_FAILED, 0)->reason = "no space is left";
        return true;
    }
    return true;
}

static void beat(struct sim *sim)
{
    struct sim_coordinator *c = &sim->coordinator;
    if (sim->now_us < c->heartbeat_us)
        return;
    c->heartbeat_us = sim->now_us + sim->scenario->limits.heartbeat_us;
    for (size_t i = 0; i < c->n_links; i++) {
        if (c->links[i].is_welcome && !c->links[i].is_closing)
            sim_send(sim, c->links[i].id, SIM_TO_AGENT,
                     &(struct sim_message){.kind = SIM_HEARTBEAT});
    }
}

static void end_if_over(struct sim *sim)
{
    struct sim_coordinator *c = &sim->coordinator;
    struct agent_totals totals;
    agent_coord_totals(c->core, &totals);
    if (totals.assigned + totals.running > 0 && sim->now_us < c->stop_by_us)
        return;
    // What was decided goes to the disk, unless that can't be written.
    sim_coordinator_crash(sim, sim->disk.full_until_us > sim->now_us ? 0 : 1000, 200 * SIM_MS);
}

static void wake(struct sim *sim)
{
    struct sim_coordinator *c = &sim->coordinator;
    static struct batch batch;
    batch.count = 0;
    for (size_t i = 0; i < c->n_refused; i++) {
        struct agent_event *event = event_of(&batch, AGENT_EVENT_LEDGER_REFUSED, 0);
        event->seq = c->refused[i];
        event->reason = "too large";
    }
    c->n_refused = 0;
    if (c->committed != 0)
        event_of(&batch, AGENT_EVENT_COMMITTED, 0)->seq = c->committed;
    c->committed = 0;
    // What comes meanwhile is taken by the next wake.
    struct sim_item *items = c->items;
    size_t n = c->n_items, room = c->items_room;
    c->items = NULL;
    c->n_items = c->items_room = 0;
    bool lives = true;
    for (size_t i = 0; i < n && lives; i++)
        lives = take_item(sim, &batch, &items[i]);
    if (c->items == NULL) {
        c->items = items;
        c->items_room = room;
    } else {
        free(items);
    }
    if (!lives)
        return;
    if (sim->now_us >= c->tick_due_us) {
        event_of(&batch, AGENT_EVENT_TICK, 0);
        c->tick_due_us = sim->now_us + sim->scenario->tick_us;
    }
    if (!step(sim, &batch))
        return;
    beat(sim);
    if (c->is_stopping)
        end_if_over(sim);
    if (c->is_up && c->n_items > 0)
        wake_soon(sim);
}

// ---- its life

static void fire_tick(struct sim *sim, const struct sim_event *event)
{
    struct sim_coordinator *c = &sim->coordinator;
    if (event->a != c->generation)
        return;
    if (c->paused_until_us <= sim->now_us)
        wake(sim);
    if (event->a == c->generation)
        sim_at(sim, sim->now_us + sim->scenario->tick_us, fire_tick, c->generation, 0, 0);
}

void sim_coordinator_start(struct sim *sim)
{
    struct sim_coordinator *c = &sim->coordinator;
    const struct sim_scenario *scenario = sim->scenario;
    if (c->generation == 0)
        sim_random_init(&c->random, scenario->seed, SIM_OF_COORDINATOR, 0);
    c->generation++;
    c->is_up = true;
    c->is_stopping = c->is_woken = c->must_die = false;
    c->offset_us = INT64_C(1700000000) * SIM_S + sim->wall_jump_us;
    c->epoch = ++sim->disk.epoch;
    c->limits = scenario->limits;
    c->limits.epoch = c->epoch;
    c->limits.seed = sim_random_bits(&c->random);
    if (sim->disk.strategy[0] != '\0')
        c->limits.strategy = sim->disk.strategy;
    c->committed = 0;
    c->n_refused = 0;
    c->paused_until_us = c->heartbeat_us = c->tick_due_us = 0;
    struct agent_error err;
    if (agent_coord_create(&c->limits, &c->core, &err) != AGENT_OK) {
        sim_fail(sim, "the core can't be made", "%s", err.text);
        c->is_up = false;
        return;
    }
    sim_trace(sim, "coordinator starts, epoch %llu", (unsigned long long)c->epoch);
    sim_oracle_started(sim);
    c->is_recovering = true;
    sim_disk_recover(sim);
    c->is_recovering = false;
    if (c->must_die) {
        sim_coordinator_crash(sim, scenario->crash_keeps ? 1000 : 0, 300 * SIM_MS);
        return;
    }
    sim_coordinator_flush(sim);
    sim_at(sim, sim->now_us + scenario->tick_us, fire_tick, c->generation, 0, 0);
}

static void fire_start(struct sim *sim, const struct sim_event *event)
{
    if (event->a == sim->coordinator.generation && !sim->coordinator.is_up)
        sim_coordinator_start(sim);
}

void sim_coordinator_crash(struct sim *sim, uint32_t permille, int64_t down_us)
{
    struct sim_coordinator *c = &sim->coordinator;
    if (!c->is_up)
        return;
    sim_trace(sim, "coordinator ends: %u of 1000 of %zu appends survive", permille,
              sim->disk.n_waiting);
    c->is_up = false;
    c->generation++;
    sim_disk_crash(sim, sim->disk.n_waiting * permille / 1000);
    for (size_t i = 0; i < c->n_links; i++)
        sim_close(sim, c->links[i].id, SIM_TO_COORDINATOR, true, sim_chance(&c->random, 4));
    c->n_links = c->n_items = c->n_outs = 0;
    agent_coord_destroy(c->core);
    c->core = NULL;
    sim_oracle_died(sim);
    sim_client_cut(sim);
    sim_at(sim, sim->now_us + down_us, fire_start, c->generation, 0, 0);
}

void sim_coordinator_stop(struct sim *sim, int64_t down_us)
{
    struct sim_coordinator *c = &sim->coordinator;
    if (!c->is_up || c->is_stopping)
        return;
    c->is_stopping = true;
    c->stop_by_us = sim->now_us + down_us;
    sim_coordinator_call(sim, &(struct agent_event){.kind = AGENT_EVENT_SHUTDOWN});
}

void sim_coordinator_finish(struct sim *sim)
{
    struct sim_coordinator *c = &sim->coordinator;
    agent_coord_destroy(c->core);
    free(c->items);
    free(c->outs);
    free(c->links);
}
