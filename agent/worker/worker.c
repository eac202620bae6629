#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "agent_log.h"
#include "sensors.h"
#include "worker_internal.h"

uint64_t agent_worker_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void device_changed(struct agent_worker *worker, const struct worker_action *action)
{
    struct worker_device_view view;
    agent_worker_core_device(worker->core, action->device, agent_worker_clock_us(), &view);
    worker->telemetry_due_us = 0;
    if (view.state == WORKER_DEVICE_CORDONED)
        agent_log(AGENT_LOG_ERROR, "device cordoned", LOG_INT("device", action->device),
                  LOG_STR("id", worker->devices[action->device].info.id),
                  LOG_STR("reason", view.reason), LOG_INT("failures", view.failures));
    else if (view.failures > 0 && view.state == WORKER_DEVICE_IDLE)
        agent_log(AGENT_LOG_INFO, "device started again", LOG_INT("device", action->device),
                  LOG_INT("failures", view.failures));
    else if (view.failures > 0)
        agent_log(AGENT_LOG_WARNING, "device suspect", LOG_INT("device", action->device),
                  LOG_STR("reason", view.reason), LOG_INT("failures", view.failures));
    else
        agent_log(AGENT_LOG_INFO, "device ready", LOG_INT("device", action->device),
                  LOG_STR("id", worker->devices[action->device].info.id));
}

static void credit_send(struct agent_worker *worker, uint32_t jobs, const char *text)
{
    struct net_credit credit = {.jobs = jobs, .text = net_text_of(text)};
    if (worker->link != NULL && worker->is_welcome)
        net_credit_encode(&worker->out, &credit, NULL);
}

static void on_drained(struct agent_worker *worker, uint64_t operation)
{
    struct net_drained drained = {.operation = operation};
    if (operation == 0)
        worker->is_drained = true; /* our own stop */
    else if (worker->link != NULL && worker->is_welcome)
        net_drained_encode(&worker->out, &drained, NULL);
}

static void carry_out(struct agent_worker *worker, const struct worker_action *action)
{
    switch (action->kind) {
    case WORKER_DO_FETCH:
        agent_fetch_want(worker->fetch, action->model, action->hash);
        return;
    case WORKER_DO_FORGET:
        agent_fetch_forget(worker->fetch, action->hash);
        return;
    case WORKER_DO_START:
        agent_worker_device_start(worker, action->device);
        return;
    case WORKER_DO_KILL:
        agent_worker_device_kill(worker, action->device);
        return;
    case WORKER_DO_LOAD:
        agent_worker_device_load(worker, action->device, action->model);
        return;
    case WORKER_DO_EVICT:
        agent_worker_device_evict(worker, action->device, action->model);
        return;
    case WORKER_DO_RUN:
        agent_worker_device_run(worker, action);
        return;
    case WORKER_DO_STOP:
        agent_worker_device_stop(worker, action->device);
        return;
    case WORKER_DO_BEGUN:
        return; /* sent together */
    case WORKER_DO_RESULT:
        agent_worker_send_result(worker, action);
        free(action->payload);
        return;
    case WORKER_DO_DROP:
        free(action->payload);
        return;
    case WORKER_DO_DRAINED:
        on_drained(worker, action->operation);
        return;
    case WORKER_DO_CREDIT:
        credit_send(worker, action->credit, action->text);
        return;
    case WORKER_DO_TUNE:
        agent_worker_device_tune(worker, action);
        return;
    case WORKER_DO_TUNE_STOP:
        agent_worker_device_tune_stop(worker, action->device);
        return;
    case WORKER_DO_TUNE_STATE:
        agent_worker_send_tuning(worker, action);
        return;
    case WORKER_DO_DEVICE:
        device_changed(worker, action);
        return;
    }
}

static void step(struct agent_worker *worker, const struct worker_event *event)
{
    struct worker_actions *actions = &worker->actions;
    if (!agent_worker_core_step(worker->core, event, agent_worker_clock_us(), actions)) {
        /* Half a decision is worse than none: the coordinator runs the jobs elsewhere. */
        agent_log_event(AGENT_LOG_ERROR, "out of memory, the agent ends");
        abort();
    }
    agent_worker_send_begun(worker, actions->list, actions->count);
    for (size_t i = 0; i < actions->count; i++)
        carry_out(worker, &actions->list[i]);
}

void agent_worker_later(struct agent_worker *worker, struct worker_event event, const char *text)
{
    /* One event makes a few at most for each device; beyond, they repeat a death. */
    if (worker->n_later == LATER_MAX)
        return;
    snprintf(worker->later_text[worker->n_later], WORKER_TEXT_MAX, "%s", text);
    event.text = worker->later_text[worker->n_later];
    worker->later[worker->n_later++] = event;
}

static void take_later(struct agent_worker *worker)
{
    while (worker->n_later > 0) {
        char text[WORKER_TEXT_MAX];
        struct worker_event event = worker->later[0];
        memcpy(text, worker->later_text[0], sizeof(text));
        event.text = text;
        worker->n_later--;
        memmove(worker->later, worker->later + 1, worker->n_later * sizeof(*worker->later));
        memmove(worker->later_text, worker->later_text + 1,
                worker->n_later * sizeof(*worker->later_text));
        step(worker, &event);
    }
}

void agent_worker_apply(struct agent_worker *worker, const struct worker_event *event)
{
    step(worker, event);
    take_later(worker);
}

/* ---- the owner's thread */

static struct note *notes_take(struct agent_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    struct note *list = worker->head;
    worker->head = NULL;
    worker->tail = &worker->head;
    pthread_mutex_unlock(&worker->lock);
    return list;
}

static void closing_check(struct agent_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool is_wanted = worker->close_wanted;
    uint32_t grace_ms = worker->close_grace_ms;
    worker->close_wanted = false;
    pthread_mutex_unlock(&worker->lock);
    if (!is_wanted)
        return;
    uint64_t due_us = agent_worker_clock_us() + (uint64_t)grace_ms * 1000;
    if (worker->is_closing) {
        worker->close_due_us = due_us < worker->close_due_us ? due_us : worker->close_due_us;
        return;
    }
    worker->is_closing = true;
    worker->close_due_us = due_us;
    agent_log(AGENT_LOG_INFO, "stopping", LOG_INT("grace_ms", grace_ms));
    credit_send(worker, 0, "the agent stops");
    agent_worker_apply(worker, &(struct worker_event){.kind = WORKER_DRAIN, .operation = 0});
}

static int wait_ms(const struct agent_worker *worker)
{
    uint64_t now_us = agent_worker_clock_us();
    uint64_t due_us = agent_worker_core_next_us(worker->core);
    if (worker->telemetry_due_us < due_us)
        due_us = worker->telemetry_due_us;
    if (worker->is_welcome && worker->heartbeat_due_us < due_us)
        due_us = worker->heartbeat_due_us;
    if (worker->out.len > 0 && now_us + RETRY_US < due_us)
        due_us = now_us + RETRY_US;
    if (worker->is_closing && worker->close_due_us < due_us)
        due_us = worker->close_due_us;
    if (due_us <= now_us)
        return 0;
    uint64_t wait = (due_us - now_us + 999) / 1000;
    return wait < 60000 ? (int)wait : 60000;
}

static void wait_and_read(struct agent_worker *worker)
{
    struct pollfd fds[AGENT_DEVICES_MAX + 1] = {{.fd = worker->wake_fd, .events = POLLIN}};
    for (uint32_t i = 0; i < worker->n_devices; i++) {
        const struct worker_device *device = &worker->devices[i];
        fds[i + 1] = (struct pollfd){.fd = device->is_running ? device->process.socket_fd : -1,
                                     .events = POLLIN};
    }
    if (poll(fds, worker->n_devices + 1, wait_ms(worker)) <= 0)
        return;
    if (fds[0].revents != 0) {
        uint64_t count;
        ssize_t ignored = read(worker->wake_fd, &count, sizeof(count));
        (void)ignored;
    }
    for (uint32_t i = 0; i < worker->n_devices; i++) {
        if (fds[i + 1].revents == 0 || !worker->devices[i].is_running)
            continue; /* it may have been killed over another one's answer */
        agent_worker_device_read(worker, i);
        take_later(worker);
    }
}

static void *run(void *argument)
{
    struct agent_worker *worker = argument;
    while (!(worker->is_closing &&
             (worker->is_drained || agent_worker_clock_us() >= worker->close_due_us))) {
        wait_and_read(worker);
        for (struct note *note = notes_take(worker), *next; note != NULL; note = next) {
            next = note->next;
            agent_worker_on_note(worker, note);
        }
        agent_worker_apply(worker, &(struct worker_event){.kind = WORKER_TICK});
        closing_check(worker);
        agent_worker_heartbeat(worker);
        agent_worker_telemetry(worker);
        agent_worker_flush(worker);
    }
    atomic_store(&worker->is_over, true);
    agent_worker_farewell(worker);
    agent_log_event(AGENT_LOG_INFO, "stopped");
    if (worker->on_end != NULL)
        worker->on_end(worker->on_end_user);
    return NULL;
}

/* ---- from outside */

static void on_fetch_result(void *user, const struct fetch_result *result)
{
    struct note *note = calloc(1, sizeof(*note));
    if (note == NULL)
        return;
    note->kind = NOTE_FETCHED;
    note->model = result->model;
    note->is_fetched = result->path != NULL;
    note->bytes = result->bytes;
    note->rows_max = result->rows_max;
    memcpy(note->hash, result->hash, sizeof(note->hash));
    snprintf(note->text, sizeof(note->text), "%s",
             result->path != NULL ? result->path : result->error);
    agent_worker_post(user, note);
}

static struct worker_core *core_create(const struct agent_worker *worker)
{
    const struct agent_config *config = &worker->config;
    struct worker_options options = {
        .devices = worker->n_devices,
        .jobs_max = (uint32_t)config->credit,
        .settings = {.batch_rows_max = (uint32_t)config->batch_size_max,
                     .batch_delay_us = (uint64_t)config->batch_delay_us,
                     .batch_us_max = (uint64_t)config->batch_latency_us,
                     .run_us_max = (uint64_t)config->executor_hang_ms * 1000,
                     .load_us_max = (uint64_t)config->executor_load_ms * 1000,
                     .failures_max = (uint32_t)config->executor_failures_max},
    };
    for (uint32_t i = 0; i < worker->n_devices; i++) {
        options.device_bytes_max[i] = agent_worker_models_bytes_max(worker, i);
    }
    return agent_worker_core_create(&options);
}

/* A processor's sensors for devices that are processors, a card's for cards. */
static struct agent_sensors *open_sensors(const struct agent_worker *worker)
{
    struct agent_sensors_options options = {
        .root = "/sys", .n = worker->n_devices, .every_ms = 1000};
    for (uint32_t i = 0; i < worker->n_devices; i++) {
        const struct agent_device *info = &worker->devices[i].info;
        options.places[i] = strcmp(info->family, "cpu") == 0 ? "cpu" : info->pci;
    }
    return agent_sensors_create(&options);
}

static enum agent_status open_parts(struct agent_worker *worker, struct agent_error *err)
{
    char dir[AGENT_CONFIG_TEXT_MAX + 80], error[STORE_ERROR_MAX];
    /* By name: agents that share a host and a cache folder have a store each. */
    snprintf(dir, sizeof(dir), "%s/agents/%s", worker->config.cache_dir, worker->config.agent_name);
    struct fetch_options options = {.dir = dir,
                                    .bytes_max = (uint64_t)worker->config.cache_bytes_max,
                                    .on_result = on_fetch_result,
                                    .user = worker};
    worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    worker->capabilities = agent_worker_capabilities(worker);
    worker->core = core_create(worker);
    if (worker->wake_fd < 0 || worker->capabilities == NULL || worker->core == NULL)
        return agent_error_set(err, AGENT_ERR_NOMEM, "out of memory");
    worker->sensors = open_sensors(worker);
    worker->fetch = agent_fetch_create(&options, error);
    if (worker->fetch == NULL)
        return agent_error_set(err, AGENT_ERR_IO, "%s", error);
    return AGENT_OK;
}

static void worker_free(struct agent_worker *worker)
{
    agent_sensors_destroy(worker->sensors);
    net_link_dialer_free(worker->dialer);
    agent_fetch_destroy(worker->fetch);
    for (uint32_t i = 0; i < worker->n_devices; i++) {
        char how[128];
        if (worker->devices[i].is_running)
            agent_executor_process_end(&worker->devices[i].process, how);
    }
    for (struct note *note = notes_take(worker), *next; note != NULL; note = next) {
        next = note->next;
        if (note->kind == NOTE_BATCH)
            net_batch_free(note->batch);
        if (note->kind == NOTE_OPEN)
            net_link_free(note->link);
        free(note->config);
        free(note);
    }
    net_link_free(worker->link);
    net_buf_free(&worker->out);
    agent_worker_core_destroy(worker->core, free);
    agent_worker_actions_free(&worker->actions);
    if (worker->wake_fd >= 0)
        close(worker->wake_fd);
    pthread_mutex_destroy(&worker->lock);
    free(worker->capabilities);
    free(worker);
}

enum agent_status agent_worker_create(const struct agent_worker_options *options,
                                      struct agent_worker **ret_worker, struct agent_error *err)
{
    struct agent_worker *worker = calloc(1, sizeof(*worker));
    if (worker == NULL)
        return agent_error_set(err, AGENT_ERR_NOMEM, "out of memory");
    worker->config = *options->config;
    worker->on_restart = options->on_restart;
    worker->on_end = options->on_end;
    worker->on_end_user = options->user;
    worker->n_devices = options->n_devices;
    worker->tail = &worker->head;
    worker->wake_fd = -1;
    pthread_mutex_init(&worker->lock, NULL);
    snprintf(worker->name, sizeof(worker->name), "%s", worker->config.agent_name);
    snprintf(worker->coordinator, sizeof(worker->coordinator), "%s", options->coordinator);
    for (uint32_t i = 0; i < options->n_devices; i++)
        worker->devices[i].info = options->devices[i];
    enum agent_status status = AGENT_ERR_IO;
    if (getrandom(worker->instance, sizeof(worker->instance), 0) !=
        (ssize_t)sizeof(worker->instance))
        agent_error_set(err, AGENT_ERR_IO, "no random numbers: %s", strerror(errno));
    else
        status = open_parts(worker, err);
    if (status == AGENT_OK)
        status = agent_worker_dial(worker, options->tls, err);
    if (status == AGENT_OK && pthread_create(&worker->thread, NULL, run, worker) != 0)
        status = agent_error_set(err, AGENT_ERR_NOMEM, "a thread can not be started");
    if (status != AGENT_OK) {
        worker_free(worker);
        return status;
    }
    *ret_worker = worker;
    return AGENT_OK;
}

void agent_worker_reload(struct agent_worker *worker, const struct agent_config *config)
{
    struct note *note = calloc(1, sizeof(*note));
    struct agent_config *copy = malloc(sizeof(*copy));
    if (note == NULL || copy == NULL) {
        free(note);
        free(copy);
        return;
    }
    *copy = *config;
    note->kind = NOTE_RELOAD;
    note->config = copy;
    agent_worker_post(worker, note);
}

void agent_worker_close(struct agent_worker *worker, uint32_t grace_ms)
{
    uint64_t one = 1;
    pthread_mutex_lock(&worker->lock);
    worker->close_wanted = true;
    worker->close_grace_ms = grace_ms;
    pthread_mutex_unlock(&worker->lock);
    ssize_t ignored = write(worker->wake_fd, &one, sizeof(one));
    (void)ignored;
}

void agent_worker_wait(struct agent_worker *worker)
{
    if (worker->thread != 0)
        pthread_join(worker->thread, NULL);
    worker->thread = 0;
}

void agent_worker_destroy(struct agent_worker *worker)
{
    if (worker == NULL)
        return;
    if (worker->thread != 0)
        agent_worker_close(worker, 0);
    agent_worker_wait(worker);
    worker_free(worker);
}
