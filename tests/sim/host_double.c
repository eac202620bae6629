// A double of the I/O round an agent's core, in the order of agent/worker/worker.c: notes come in,
// the core is stepped, and what it decides goes to the link and to the executors.
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define TELEMETRY_US (250 * SIM_MS)
#define BACKOFF_US_MAX (5 * SIM_S)

uint64_t sim_host_now(const struct sim *sim, const struct sim_host *host)
{
    return (uint64_t)(sim->now_us + host->offset_us);
}

static void fire_wake(struct sim *sim, const struct sim_event *event);

void sim_host_wake_at(struct sim *sim, uint32_t index, int64_t at_us)
{
    struct sim_host *host = &sim->hosts[index];
    if (!host->is_up)
        return;
    if (at_us < host->paused_until_us)
        at_us = host->paused_until_us;
    if (at_us < sim->now_us)
        at_us = sim->now_us;
    if (host->wake_us != 0 && host->wake_us <= at_us)
        return;
    host->wake_us = at_us;
    sim_at(sim, at_us, fire_wake, index, host->instance, (uint64_t)at_us);
}

void sim_host_note(struct sim *sim, struct sim_host *host, const struct sim_note *note)
{
    host->notes = sim_grow(host->notes, &host->notes_room, host->n_notes + 1, sizeof *host->notes);
    host->notes[host->n_notes++] = *note;
    bool is_slow = host->slow_until_us > sim->now_us;
    sim_host_wake_at(sim, host->index,
                     sim->now_us + sim_between(&host->random, 0, is_slow ? 100 * SIM_MS : 200));
}

// ---- the link

static void send(struct sim *sim, struct sim_host *host, const struct sim_message *message)
{
    if (host->link != 0)
        sim_send(sim, host->link, SIM_TO_COORDINATOR, message);
}

static void fire_dial(struct sim *sim, const struct sim_event *event)
{
    struct sim_host *host = &sim->hosts[event->a];
    if (host->is_up && host->instance == event->b)
        sim_network_dial(sim, host->index);
}

static void dial_later(struct sim *sim, struct sim_host *host)
{
    if (host->is_dialling)
        return;
    host->is_dialling = true;
    int64_t wait = host->backoff_us / 2 + sim_between(&host->random, 0, host->backoff_us / 2);
    host->backoff_us =
        host->backoff_us * 2 < BACKOFF_US_MAX ? host->backoff_us * 2 : BACKOFF_US_MAX;
    sim_at(sim, sim->now_us + wait, fire_dial, host->index, host->instance, 0);
}

void sim_host_undialled(struct sim *sim, uint32_t index)
{
    struct sim_host *host = &sim->hosts[index];
    host->is_dialling = false;
    if (host->is_up && host->link == 0)
        dial_later(sim, host);
}

static void link_drop(struct sim *sim, struct sim_host *host)
{
    bool was_welcome = host->is_welcome;
    if (host->link == 0)
        return;
    host->link = 0;
    host->is_welcome = false;
    if (was_welcome)
        sim_host_step(sim, host, &(struct worker_event){.kind = WORKER_LINK_DOWN});
    dial_later(sim, host);
}

void sim_host_opened(struct sim *sim, uint32_t index, uint64_t link)
{
    struct sim_host *host = &sim->hosts[index];
    host->is_dialling = false;
    host->link = link;
    host->is_welcome = false;
    memset(host->is_listed, 0, sizeof host->is_listed);
    host->refused = 0;
    host->heard_us = sim->now_us;
    // HELLO leaves before anything else, from the network's thread.
    struct sim_message hello = {.kind = SIM_HELLO,
                                .instance = index << 16 | host->instance,
                                .number = sim->scenario->credit};
    send(sim, host, &hello);
}

void sim_host_message(struct sim *sim, uint32_t index, uint64_t link,
                      const struct sim_message *message)
{
    struct sim_host *host = &sim->hosts[index];
    if (host->is_up)
        sim_host_note(sim, host, &(struct sim_note){.link = link, .message = *message});
}

// ---- what comes in

static void on_dispatch(struct sim *sim, struct sim_host *host, const struct sim_message *message)
{
    if (message->number == 0) {
        sim_fail(sim, "a job that nobody submitted is dispatched", "job %llu",
                 (unsigned long long)message->ref.job);
        return;
    }
    const struct sim_op *op = &sim->scenario->ops[sim->calls[message->number - 1].op];
    struct sim_payload *payload = calloc(1, sizeof *payload);
    if (payload == NULL)
        exit(2);
    *payload = (struct sim_payload){.ref = message->ref,
                                    .link = host->link,
                                    .model = op->a,
                                    .rows = op->d >> 16,
                                    .flags = op->d & 3,
                                    .device = WORKER_NO_DEVICE,
                                    .is_stray = message->is_stray,
                                    .is_late = message->is_late,
                                    .place = host->n_payloads};
    struct worker_event event = {.kind = WORKER_DISPATCH};
    if (message->us > 0)
        payload->deadline_us = sim_host_now(sim, host) + (uint64_t)message->us;
    event.dispatch = (struct worker_dispatch){
        .ref = {message->ref.job, message->ref.epoch, message->ref.attempt},
        .deadline_us = payload->deadline_us,
        .priority = (uint8_t)op->b,
        .rows = payload->rows,
        // Wrong inputs have another shape, or all of their batch would be wrong.
        .signature = (payload->flags & SIM_JOB_BAD_INPUT) != 0 ? 2 : 1,
        .payload = payload,
    };
    sim_model_hash(op->a, event.dispatch.hash);
    host->payloads = sim_grow(host->payloads, &host->payloads_room, host->n_payloads + 1,
                              sizeof(struct sim_payload *));
    host->payloads[host->n_payloads++] = payload;
    sim_host_step(sim, host, &event);
}

static void on_welcome(struct sim *sim, struct sim_host *host, const struct sim_message *message)
{
    host->is_welcome = true;
    host->backoff_us = 100 * SIM_MS;
    host->heartbeat_us = host->telemetry_us = 0;
    sim_host_step(sim, host, &(struct worker_event){.kind = WORKER_LINK_UP, .epoch = message->id});
}

static void on_message(struct sim *sim, struct sim_host *host, const struct sim_message *message)
{
    struct worker_event event = {.kind = WORKER_TICK};
    host->heard_us = sim->now_us;
    switch (message->kind) {
    case SIM_CLOSED:
        link_drop(sim, host);
        return;
    case SIM_WELCOME:
        on_welcome(sim, host, message);
        return;
    case SIM_DISPATCH:
        on_dispatch(sim, host, message);
        return;
    case SIM_CANCEL:
        event.kind = WORKER_CANCEL;
        event.ref = (struct worker_ref){message->ref.job, message->ref.epoch, message->ref.attempt};
        break;
    case SIM_DRAIN:
        event.kind = WORKER_DRAIN;
        event.operation = message->id;
        break;
    case SIM_RESUME:
        event.kind = WORKER_RESUME;
        break;
    case SIM_TUNE:
        event.kind = WORKER_TUNE;
        event.operation = message->id;
        event.device = message->number;
        event.rows = 1;
        event.budget_us = (uint64_t)message->us;
        sim_model_hash(message->model, event.hash);
        break;
    case SIM_TUNE_STOP:
        event.kind = WORKER_TUNE_STOP;
        event.operation = message->id;
        break;
    case SIM_LOAD:
        event.kind = WORKER_LOAD;
        event.is_pinned = (message->number & 1) != 0;
        event.is_spare = host->is_spare[message->model] = (message->number & 4) != 0;
        event.is_pin_only = (message->number & 2) != 0;
        sim_model_hash(message->model, event.hash);
        break;
    case SIM_UNLOAD:
        event.kind = WORKER_UNLOAD;
        sim_model_hash(message->model, event.hash);
        break;
    case SIM_RESTART:
        sim_host_stop(sim, host->index, 200 * SIM_MS);
        return;
    default: // a heartbeat, or a refusal, behind which the link ends
        return;
    }
    // It drains for itself while it stops.
    if (!host->is_stopping || (event.kind != WORKER_DRAIN && event.kind != WORKER_RESUME))
        sim_host_step(sim, host, &event);
}

static void take_note(struct sim *sim, struct sim_host *host, struct sim_note *note)
{
    if (!note->is_executor) {
        if (note->link == host->link)
            on_message(sim, host, &note->message);
        return;
    }
    uint8_t hash[AGENT_HASH_SIZE];
    struct worker_model_view view;
    switch (note->event.kind) {
    case WORKER_FETCHED:
    case WORKER_NOT_FETCHED:
        agent_worker_core_model(host->core, note->event.model, &view);
        sim_model_hash((uint32_t)note->generation, hash);
        if (view.state == WORKER_MODEL_FETCHING && memcmp(view.hash, hash, sizeof hash) == 0)
            sim_host_step(sim, host, &note->event);
        return;
    default:
        if (note->generation == host->executors[note->event.device].generation)
            sim_host_step(sim, host, &note->event);
    }
}

// ---- what goes out

static void say_result(struct sim *sim, struct sim_host *host, const struct worker_action *action)
{
    static const enum agent_outcome outcomes[] = {
        [WORKER_DONE] = AGENT_OUTCOME_DONE,
        [WORKER_FAILED_PERMANENT] = AGENT_OUTCOME_FAILED_PERMANENT,
        [WORKER_FAILED_RETRYABLE] = AGENT_OUTCOME_FAILED_RETRYABLE,
        [WORKER_CANCELLED] = AGENT_OUTCOME_CANCELLED,
        [WORKER_EXPIRED] = AGENT_OUTCOME_EXPIRED,
        [WORKER_RETURNED] = AGENT_OUTCOME_RETURNED,
    };
    struct sim_message message = {
        .kind = SIM_RESULT,
        .ref = {action->ref.job, action->ref.epoch, action->ref.attempt},
        .state = outcomes[action->outcome],
        .number = action->device,
        .error = action->error,
        .load_us = (uint32_t)action->load_us,
        .compute_us = (uint32_t)action->compute_us,
        .copy_us = (uint32_t)action->copy_us,
        .text = "",
    };
    send(sim, host, &message);
}

static void payload_free(struct sim_host *host, struct sim_payload *payload)
{
    struct sim_payload *last = host->payloads[--host->n_payloads];
    host->payloads[payload->place] = last;
    last->place = payload->place;
    free(payload);
}

static void fire_fetched(struct sim *sim, const struct sim_event *event)
{
    struct sim_host *host = &sim->hosts[event->a];
    if (!host->is_up || host->instance != event->b)
        return;
    uint32_t slot = (uint32_t)event->c, model = host->model_of[slot];
    struct sim_note note = {.is_executor = true, .generation = model};
    note.event = (struct worker_event){.kind = WORKER_FETCHED,
                                       .model = slot,
                                       .bytes = sim->scenario->model[model].bytes,
                                       .rows_max = sim->scenario->model[model].rows_max,
                                       .text = ""};
    if (host->fetch_fails) {
        note.event.kind = WORKER_NOT_FETCHED;
        note.event.error = WORKER_ERROR_NO_MODEL;
        host->fetch_fails = false;
    }
    sim_host_note(sim, host, &note);
}

void sim_host_residency(struct sim *sim, struct sim_host *host, uint32_t model,
                        enum agent_model_state state)
{
    struct sim_message message = {
        .kind = SIM_MODEL_STATE, .model = host->model_of[model], .state = state};
    if (host->is_welcome)
        send(sim, host, &message);
}

static void carry_out(struct sim *sim, struct sim_host *host, const struct worker_action *action)
{
    struct sim_message message = {.id = action->operation};
    switch (action->kind) {
    case WORKER_DO_FETCH:
        host->model_of[action->model] = sim_model_of_hash(action->hash);
        sim_at(sim, sim->now_us + sim->scenario->model[host->model_of[action->model]].fetch_us,
               fire_fetched, host->index, host->instance, action->model);
        return;
    case WORKER_DO_RESULT:
        say_result(sim, host, action);
        payload_free(host, action->payload);
        return;
    case WORKER_DO_DROP:
        payload_free(host, action->payload);
        return;
    case WORKER_DO_DRAINED:
        message.kind = SIM_DRAINED;
        if (action->operation == 0)
            host->is_drained = true; // its own stop
        else if (host->is_welcome)
            send(sim, host, &message);
        return;
    case WORKER_DO_CREDIT:
        message.kind = SIM_CREDIT;
        message.number = action->credit;
        if (host->is_welcome)
            send(sim, host, &message);
        return;
    case WORKER_DO_TUNE_STATE:
        message.kind = SIM_TUNE_STATE;
        message.state = action->tuning; // both count alike
        if (host->is_welcome)
            send(sim, host, &message);
        return;
    case WORKER_DO_BEGUN: // sent before the others
    case WORKER_DO_FORGET:
    case WORKER_DO_DEVICE:
        return;
    default:
        sim_executor_order(sim, host, action);
    }
}

void sim_host_step(struct sim *sim, struct sim_host *host, const struct worker_event *event)
{
    if (!agent_worker_core_step(host->core, event, sim_host_now(sim, host), &host->actions))
        exit(2);
    host->is_refusing = event->kind == WORKER_DISPATCH;
    sim_mark(sim, (uint64_t)event->kind << 8 | host->index, host->actions.count);
    for (size_t i = 0; i < host->actions.count; i++) {
        const struct worker_action *action = &host->actions.list[i];
        struct sim_message begun = {
            .kind = SIM_STARTED, .ref = {action->ref.job, action->ref.epoch, action->ref.attempt}};
        if (action->kind == WORKER_DO_BEGUN)
            send(sim, host, &begun);
    }
    // No action of a list makes a step by itself.
    for (size_t i = 0; i < host->actions.count && !sim->result.has_failed; i++) {
        sim_oracle_worker_act(sim, host, &host->actions.list[i]);
        carry_out(sim, host, &host->actions.list[i]);
    }
    sim_oracle_worker(sim, host);
}

// ---- its loop

static void say_telemetry(struct sim *sim, struct sim_host *host)
{
    struct sim_message message = {.kind = SIM_TELEMETRY};
    for (uint32_t i = 0; i < sim->scenario->models; i++) {
        message.states[i] = host->is_listed[i] ? AGENT_MODEL_ABSENT : SIM_NOT_LISTED;
        host->is_listed[i] = false;
    }
    for (uint32_t i = 0; i < WORKER_MODELS_MAX; i++) {
        struct worker_model_view view;
        agent_worker_core_model(host->core, i, &view);
        if (view.state == WORKER_MODEL_FREE)
            continue;
        host->is_listed[host->model_of[i]] = true;
        message.states[host->model_of[i]] = view.state == WORKER_MODEL_FETCHING
                                                ? AGENT_MODEL_LOADING
                                            : view.state == WORKER_MODEL_FAILED ? AGENT_MODEL_FAILED
                                            : view.is_resident ? AGENT_MODEL_RESIDENT
                                            : view.is_loading  ? AGENT_MODEL_LOADING
                                                               : AGENT_MODEL_ABSENT;
    }
    for (uint32_t i = 0; i < sim->scenario->devices; i++) {
        struct worker_device_view view;
        agent_worker_core_device(host->core, i, sim_host_now(sim, host), &view);
        message.number += view.state >= WORKER_DEVICE_IDLE && view.state <= WORKER_DEVICE_TUNING &&
                          view.failures == 0;
    }
    send(sim, host, &message);
}

static void keep_link(struct sim *sim, struct sim_host *host)
{
    if (host->link == 0)
        return;
    if (sim->now_us - host->heard_us > sim->scenario->patience_us) {
        sim_trace(sim, "%s finds the coordinator silent", host->name);
        sim_close(sim, host->link, SIM_TO_AGENT, true, 0);
        link_drop(sim, host);
        return;
    }
    if (!host->is_welcome)
        return;
    if (sim->now_us >= host->heartbeat_us) {
        host->heartbeat_us = sim->now_us + sim->scenario->limits.heartbeat_us;
        send(sim, host, &(struct sim_message){.kind = SIM_HEARTBEAT});
    }
    if (sim->now_us >= host->telemetry_us) {
        host->telemetry_us = sim->now_us + TELEMETRY_US;
        say_telemetry(sim, host);
    }
}

static void sleep_again(struct sim *sim, struct sim_host *host)
{
    uint64_t now = sim_host_now(sim, host);
    uint64_t next = agent_worker_core_next_us(host->core);
    int64_t wait = next <= now ? 0 : next == UINT64_MAX ? SIM_S : (int64_t)(next - now);
    // poll counts in milliseconds, rounded up.
    wait = (wait + 999) / 1000 * 1000;
    int64_t at = sim->now_us + (wait < SIM_S ? wait : SIM_S);
    if (host->is_welcome && host->heartbeat_us < at)
        at = host->heartbeat_us;
    if (host->is_welcome && host->telemetry_us < at)
        at = host->telemetry_us;
    if (host->is_stopping && host->stop_by_us < at)
        at = host->stop_by_us;
    sim_host_wake_at(sim, host->index, at > sim->now_us ? at : sim->now_us + 1);
}

static void end_life(struct sim *sim, struct sim_host *host)
{
    if (host->is_welcome)
        send(sim, host, &(struct sim_message){.kind = SIM_GOODBYE});
    sim_host_crash(sim, host->index, true, host->down_us);
}

static void fire_wake(struct sim *sim, const struct sim_event *event)
{
    struct sim_host *host = &sim->hosts[event->a];
    if (!host->is_up || host->instance != event->b || host->wake_us != (int64_t)event->c)
        return;
    host->wake_us = 0;
    if (host->paused_until_us > sim->now_us) {
        sim_host_wake_at(sim, host->index, host->paused_until_us);
        return;
    }
    struct worker_event tick = {.kind = WORKER_TICK};
    struct sim_note *notes = host->notes;
    size_t n = host->n_notes, room = host->notes_room;
    host->notes = NULL;
    host->n_notes = host->notes_room = 0;
    for (size_t i = 0; i < n && !sim->result.has_failed; i++) {
        take_note(sim, host, &notes[i]);
        // Everything that came together has been taken: now it may become batches.
        if (!notes[i].is_executor && (i + 1 == n || notes[i + 1].is_executor))
            sim_host_step(sim, host, &tick);
    }
    if (host->notes == NULL) {
        host->notes = notes;
        host->notes_room = room;
    } else {
        free(notes);
    }
    sim_host_step(sim, host, &tick);
    if (host->is_stopping && (host->is_drained || sim->now_us >= host->stop_by_us)) {
        end_life(sim, host);
        return;
    }
    keep_link(sim, host);
    sleep_again(sim, host);
}

// ---- its life

void sim_host_init(struct sim *sim, uint32_t index)
{
    struct sim_host *host = &sim->hosts[index];
    sim_random_init(&host->random, sim->scenario->seed, SIM_OF_HOST, index);
    host->index = index;
    host->settings = sim->scenario->settings;
    snprintf(host->name, sizeof host->name, "agent-%u", index % SIM_AGENTS_MAX);
}

void sim_host_start(struct sim *sim, uint32_t index)
{
    struct sim_host *host = &sim->hosts[index];
    if (host->is_up)
        return;
    struct worker_options options = {.devices = sim->scenario->devices,
                                     .jobs_max = sim->scenario->credit,
                                     .settings = host->settings};
    for (uint32_t i = 0; i < options.devices; i++)
        options.device_bytes_max[i] = sim->scenario->device_bytes;
    host->core = agent_worker_core_create(&options);
    if (host->core == NULL)
        exit(2);
    host->is_up = true;
    host->instance++;
    host->is_stopping = host->is_drained = host->is_dialling = host->is_welcome = false;
    host->link = 0;
    host->paused_until_us = host->slow_until_us = host->wake_us = 0;
    host->backoff_us = 100 * SIM_MS;
    host->offset_us = sim_between(&host->random, SIM_S, 1000 * SIM_S);
    for (uint32_t i = 0; i < SIM_DEVICES_MAX; i++) {
        uint64_t generation = host->executors[i].generation;
        host->executors[i] = (struct sim_executor){.generation = generation + 1};
    }
    sim_trace(sim, "%s starts, life %u", host->name, host->instance);
    sim_host_step(sim, host, &(struct worker_event){.kind = WORKER_TICK});
    dial_later(sim, host);
    sim_host_wake_at(sim, index, sim->now_us + 1);
}

static void fire_start(struct sim *sim, const struct sim_event *event)
{
    if (sim->hosts[event->a].instance == event->b)
        sim_host_start(sim, (uint32_t)event->a);
}

void sim_host_finish(struct sim *sim, uint32_t index)
{
    struct sim_host *host = &sim->hosts[index];
    agent_worker_core_destroy(host->core, NULL);
    for (size_t i = 0; i < host->n_payloads; i++)
        free(host->payloads[i]);
    free(host->payloads);
    free(host->notes);
    agent_worker_actions_free(&host->actions);
    host->core = NULL;
    host->payloads = NULL;
    host->notes = NULL;
    host->n_payloads = host->payloads_room = host->n_notes = host->notes_room = 0;
}

void sim_host_crash(struct sim *sim, uint32_t index, bool is_told, int64_t down_us)
{
    struct sim_host *host = &sim->hosts[index];
    if (!host->is_up)
        return;
    sim_trace(sim, "%s ends", host->name);
    if (host->link != 0)
        sim_close(sim, host->link, SIM_TO_AGENT, is_told, is_told ? 0 : 4);
    host->is_up = host->is_welcome = false;
    host->link = 0;
    sim_host_finish(sim, index);
    if (down_us > 0)
        sim_at(sim, sim->now_us + down_us, fire_start, index, host->instance, 0);
}

void sim_host_stop(struct sim *sim, uint32_t index, int64_t down_us)
{
    struct sim_host *host = &sim->hosts[index];
    if (!host->is_up || host->is_stopping)
        return;
    host->is_stopping = true;
    host->stop_by_us = sim->now_us + SIM_S;
    host->down_us = down_us;
    if (host->is_welcome)
        send(sim, host, &(struct sim_message){.kind = SIM_CREDIT});
    sim_host_step(sim, host, &(struct worker_event){.kind = WORKER_DRAIN});
    sim_host_wake_at(sim, index, sim->now_us + 1);
}

void sim_host_set(struct sim *sim, uint32_t index, const struct worker_settings *settings)
{
    struct sim_host *host = &sim->hosts[index];
    host->settings = *settings;
    if (host->is_up)
        agent_worker_core_set(host->core, settings);
}
