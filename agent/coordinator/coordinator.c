#include "coordinator.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/coordinator/control.h"
#include "agent/coordinator/io.h"
#include "agent/core/strategy/strategy.h"

void agent_coordinator_options_init(struct agent_coordinator_options *options)
{
    *options = (struct agent_coordinator_options){
        .heartbeat_ms = 200,
        .suspect_ms = 500,
        .lost_ms = 700,
        .job_bytes_max = (uint64_t)64 << 20,
        .input_bytes_max = (uint64_t)1 << 30,
        .settings = {.strategy = agent_strategy_at(0)->name,
                     .jobs_live_max = 200000,
                     .jobs_kept_max = 100000,
                     .tenant_percent = 90,
                     .jobs_recent_max = 10000,
                     .attempts_max = 5,
                     .prefetch = true,
                     .unloadable_ms = 30000,
                     .poison_agents = 3,
                     .rebalance_gain_ms = 500,
                     .rebalance_rest_ms = 30000,
                     .retention_ms = INT64_C(86400000),
                     .results_bytes_max = (uint64_t)4 << 30,
                     .response_bytes_max = (uint64_t)64 << 20,
                     .models_scan_ms = 2000},
    };
}

static enum agent_status check_settings(const struct agent_coordinator_settings *settings,
                                        struct agent_error *err)
{
    if (settings->strategy == NULL || agent_strategy_find(settings->strategy) == NULL)
        return agent_error_set(err, AGENT_ERR_INVAL, "no strategy named '%s'",
                               settings->strategy != NULL ? settings->strategy : "");
    if (settings->jobs_live_max == 0 || settings->attempts_max == 0 ||
        settings->tenant_percent == 0 || settings->tenant_percent > 100 ||
        settings->models_scan_ms == 0 || settings->retention_ms <= 0)
        return agent_error_set(err, AGENT_ERR_INVAL, "a limit of the coordinator is 0");
    return AGENT_OK;
}

// Copies the options with their texts.
static bool take_options(struct agent_coordinator *c,
                         const struct agent_coordinator_options *options)
{
    struct agent_coordinator_options defaults;
    agent_coordinator_options_init(&defaults);
    c->options = *options;
    const char **texts[] = {&c->options.cluster,        &c->options.control_address,
                            &c->options.agents_address, &c->options.events_address,
                            &c->options.state_dir,      &c->options.models_dir};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        c->texts[i] = strdup(*texts[i] != NULL ? *texts[i] : "");
        *texts[i] = c->texts[i];
        if (c->texts[i] == NULL)
            return false;
    }
    if (c->options.heartbeat_ms == 0)
        c->options.heartbeat_ms = defaults.heartbeat_ms;
    if (c->options.suspect_ms == 0)
        c->options.suspect_ms = defaults.suspect_ms;
    if (c->options.lost_ms == 0)
        c->options.lost_ms = defaults.lost_ms;
    if (c->options.job_bytes_max == 0)
        c->options.job_bytes_max = defaults.job_bytes_max;
    if (c->options.input_bytes_max == 0)
        c->options.input_bytes_max = defaults.input_bytes_max;
    snprintf(c->strategy, sizeof c->strategy, "%s", options->settings.strategy);
    c->settings = options->settings;
    c->settings.strategy = c->strategy;
    return true;
}

static enum agent_status make_folders(const char *path, struct agent_error *err)
{
    char part[4096];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof part)
        return agent_error_set(err, AGENT_ERR_INVAL,
                               "the state folder's path is empty or too long");
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return agent_error_set(err, AGENT_ERR_IO, "can't make the state folder %s: %s", part,
                                   strerror(errno));
    }
    return AGENT_OK;
}

static enum agent_status lock_state(struct agent_coordinator *c, struct agent_error *err)
{
    char path[4200];
    enum agent_status status = make_folders(c->options.state_dir, err);
    if (status != AGENT_OK)
        return status;
    snprintf(path, sizeof path, "%s/coordinator.lock", c->options.state_dir);
    c->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (c->lock_fd < 0)
        return agent_error_set(err, AGENT_ERR_IO, "can't open %s: %s", path, strerror(errno));
    if (flock(c->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return agent_error_set(err, AGENT_ERR_LOCKED,
                               "another coordinator owns the state folder %s; stop it, or choose "
                               "another folder",
                               c->options.state_dir);
    return AGENT_OK;
}

static enum agent_status open_ledger(struct agent_coordinator *c, struct agent_error *err)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/ledger.db", c->options.state_dir);
    struct agent_ledger_options options = {
        .path = path,
        .durability = c->options.keep_nothing ? AGENT_DURABILITY_NONE : AGENT_DURABILITY_COMMIT,
        .inline_max = c->options.inline_bytes_max,
        .on_commit = agent_io_committed,
        .on_failure = agent_io_ledger_failed,
        .on_refused = agent_io_ledger_refused,
        .on_damage = agent_io_ledger_damaged,
        .user = c};
    enum agent_status status = agent_ledger_open(&options, &c->ledger, err);
    if (status == AGENT_OK)
        c->epoch = agent_ledger_epoch(c->ledger);
    return status;
}

static enum agent_status make_core(struct agent_coordinator *c, struct agent_error *err)
{
    struct agent_coord_limits limits = agent_io_limits(c, &c->settings);
    limits.epoch = c->epoch;
    limits.seed = (uint64_t)agent_io_now_us(c) ^ (uint64_t)getpid() << 48;
    if (c->options.tenants_max != 0)
        limits.tenants_max = c->options.tenants_max;
    if (c->options.ageing_ms != 0)
        limits.ageing_us = c->options.ageing_ms * 1000;
    // Keys come from outside: who could guess this could make two that look the same.
    if (getrandom(&limits.seed2, sizeof limits.seed2, 0) != sizeof limits.seed2)
        return agent_error_set(err, AGENT_ERR_IO, "no random numbers: %s", strerror(errno));
    limits.input_bytes_max = c->options.input_bytes_max;
    limits.heartbeat_us = (int64_t)c->options.heartbeat_ms * 1000;
    limits.suspect_us = (int64_t)c->options.suspect_ms * 1000;
    limits.lost_us = (int64_t)c->options.lost_ms * 1000;
    limits.strategy = c->strategy;
    c->sink = (struct agent_sink){.act = agent_io_act, .user = c, .job_notices = true};
    return agent_coord_create(&limits, &c->core, err);
}

static enum agent_status open_sockets(struct agent_coordinator *c, struct agent_error *err)
{
    struct net_error net_err = {0};
    struct net_pub_options pub = {.address = c->options.events_address,
                                  .tls = c->options.tls,
                                  .first_seq = {[NET_TOPIC_EVENT] = c->next_cursor}};
    if (net_pub_create(&pub, &c->pub, &net_err) != NET_OK)
        return agent_error_set(err, AGENT_ERR_NET, "events' address %s: %s",
                               c->options.events_address, net_err.text);
    if (!agent_io_listen(c, err) || !agent_io_serve(c, err))
        return AGENT_ERR_NET;
    return AGENT_OK;
}

static enum agent_status start(struct agent_coordinator *c, struct agent_error *err)
{
    enum agent_status status = lock_state(c, err);
    if (status == AGENT_OK)
        status = open_ledger(c, err);
    if (status == AGENT_OK)
        status = agent_seal_open(c->options.state_dir, &c->seal, err);
    if (status == AGENT_OK)
        status = make_core(c, err);
    if (status == AGENT_OK && !agent_io_models_start(c, err))
        status = err != NULL && err->status != AGENT_OK ? err->status : AGENT_ERR_IO;
    if (status == AGENT_OK)
        status = agent_io_recover(c, err);
    if (status == AGENT_OK)
        status = open_sockets(c, err);
    if (status == AGENT_OK && pthread_create(&c->owner, NULL, agent_io_owner, c) != 0)
        status = agent_error_set(err, AGENT_ERR_NOMEM, "can't start the coordinator's thread");
    c->owner_started = status == AGENT_OK;
    return status;
}

static void coordinator_free(struct agent_coordinator *c)
{
    agent_io_models_stop(c);
    if (c->core != NULL)
        agent_io_calls_free(c);
    net_server_free(c->server);
    net_link_listener_free(c->listener);
    agent_io_links_free(c);
    agent_ledger_close(c->ledger);
    net_pub_free(c->pub);
    agent_io_inbox_finish(&c->inbox);
    net_loop_free(c->loop);
    agent_io_jobs_free(c);
    agent_response_cache_free(c->responses);
    for (size_t i = 0; i < c->kept_count; i++)
        free(c->kept[(c->kept_first + i) % IO_EVENTS_KEPT].json);
    agent_io_stats_free(c);
    agent_io_deltas_free(c);
    agent_coord_destroy(c->core);
    agent_seal_close(c->seal);
    agent_model_set_destroy(c->models);
    agent_io_shapes_free(c);
    agent_io_submissions_free(c);
    net_buf_free(&c->encoded);
    agent_idmap_finish(&c->links);
    agent_idmap_finish(&c->tokens);
    free(c->offers);
    free(c->events);
    free(c->scratch);
    free(c->after);
    free(c->kept);
    for (size_t i = 0; i < sizeof c->texts / sizeof c->texts[0]; i++)
        free(c->texts[i]);
    if (c->lock_fd >= 0)
        close(c->lock_fd);
    free(c);
}

enum agent_status agent_coordinator_create(const struct agent_coordinator_options *options,
                                           struct agent_coordinator **ret_coordinator,
                                           struct agent_error *err)
{
    enum agent_status status = check_settings(&options->settings, err);
    if (status != AGENT_OK)
        return status;
    struct agent_coordinator *c = calloc(1, sizeof *c);
    if (c == NULL)
        return agent_error_set(err, AGENT_ERR_NOMEM, "out of memory");
    c->lock_fd = -1;
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    c->clock_offset_us = (int64_t)wall.tv_sec * 1000000 + wall.tv_nsec / 1000 - agent_io_now_us(c);
    c->started_us = c->next_tick_us = agent_io_now_us(c);
    c->next_cursor = 1;
    c->job_pool = (struct agent_pool){.size = sizeof(struct io_job), .kept_max = IO_SPARE_JOBS};
    TAILQ_INIT(&c->parked);
    c->events = calloc(IO_EVENTS_MAX, sizeof *c->events);
    c->offers = calloc(IO_EVENTS_MAX, sizeof *c->offers);
    c->kept = calloc(IO_EVENTS_KEPT, sizeof *c->kept);
    c->shapes = cJSON_CreateObject();
    c->responses = agent_response_cache_new(options->settings.response_bytes_max);
    c->deaf = true;
    bool ok = agent_io_inbox_init(&c->inbox) && net_loop_create(&c->loop, NULL) == NET_OK &&
              take_options(c, options) && c->events != NULL && c->offers != NULL &&
              c->kept != NULL && c->shapes != NULL && c->responses != NULL;
    status = ok ? start(c, err) : agent_error_set(err, AGENT_ERR_NOMEM, "out of memory");
    if (status != AGENT_OK)
        coordinator_free(c);
    else
        *ret_coordinator = c;
    return status;
}

const char *agent_coordinator_control_address(const struct agent_coordinator *coordinator)
{
    return net_server_address(coordinator->server);
}

const char *agent_coordinator_agents_address(const struct agent_coordinator *coordinator)
{
    return net_link_listener_address(coordinator->listener);
}

const char *agent_coordinator_events_address(const struct agent_coordinator *coordinator)
{
    return net_pub_address(coordinator->pub);
}

enum agent_status agent_coordinator_reload(struct agent_coordinator *coordinator,
                                           const struct agent_coordinator_settings *settings,
                                           struct agent_error *err)
{
    enum agent_status status = check_settings(settings, err);
    if (status != AGENT_OK)
        return status;
    pthread_mutex_lock(&coordinator->inbox.lock);
    coordinator->inbox.settings = *settings;
    // The table's own name outlives the caller's text.
    coordinator->inbox.settings.strategy = agent_strategy_find(settings->strategy)->name;
    coordinator->inbox.reload = true;
    pthread_mutex_unlock(&coordinator->inbox.lock);
    net_loop_wake(coordinator->loop);
    return AGENT_OK;
}

void agent_coordinator_close(struct agent_coordinator *coordinator, uint32_t grace_ms)
{
    int64_t by = agent_io_now_us(coordinator) + (int64_t)grace_ms * 1000;
    pthread_mutex_lock(&coordinator->inbox.lock);
    if (!coordinator->inbox.closing || by < coordinator->inbox.close_by_us)
        coordinator->inbox.close_by_us = by;
    coordinator->inbox.closing = true;
    pthread_mutex_unlock(&coordinator->inbox.lock);
    net_loop_wake(coordinator->loop);
}

bool agent_coordinator_wait(struct agent_coordinator *coordinator)
{
    if (coordinator->owner_started) {
        pthread_join(coordinator->owner, NULL);
        coordinator->owner_started = false;
    }
    return atomic_load(&coordinator->ended_well);
}

void agent_coordinator_destroy(struct agent_coordinator *coordinator)
{
    if (coordinator == NULL)
        return;
    agent_coordinator_close(coordinator, 0);
    agent_coordinator_wait(coordinator);
    coordinator_free(coordinator);
}
