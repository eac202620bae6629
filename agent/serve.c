/* Runs the daemons: settings in, logs out, signals between. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "agent/coordinator/coordinator.h"
#include "agent_log.h"
#include "main.h"
#include "net_msg.h"
#include "net_tls.h"
#include "worker.h"

enum { DEVICES_TIMEOUT_MS = 60000, CERTIFICATE_WARNING_DAYS = 14 };

struct server {
    pthread_mutex_t lock; /* of `loaded` and the two below it */
    struct agent_config_loaded loaded;
    int64_t reloaded_ms;                       /* when the sources were read again; 0 not yet */
    char reload_error[AGENT_CONFIG_ERROR_MAX]; /* what was wrong with that; "" */
    struct agent_config_sources sources;
    struct net_tls *tls; /* NULL: no certificates are given */
    struct agent_coordinator *coordinator;
    struct agent_worker *worker;
    pthread_t watcher; /* of the coordinator */
    int end_fd;        /* something has ended */
    atomic_bool is_worker_over, is_coordinator_over, is_coordinator_good;
    bool is_stopping, is_hurried, is_signalled;
    const char *program;
    atomic_bool is_again; /* the agent ends to be started again */
};

static void coordinator_log(void *user, enum agent_severity severity, const char *text)
{
    static const enum agent_log_level levels[] = {
        [AGENT_DEBUG] = AGENT_LOG_DEBUG,
        [AGENT_INFO] = AGENT_LOG_INFO,
        [AGENT_WARNING] = AGENT_LOG_WARNING,
        [AGENT_ERROR] = AGENT_LOG_ERROR,
    };
    (void)user;
    agent_log(levels[severity], "coordinator", LOG_STR("text", text));
}

static void log_start(const struct agent_config *config, const char *part)
{
    enum agent_log_target target = agent_log_target_detect();
    if (config->log_format == AGENT_LOG_FORMAT_JOURNAL ||
        (config->log_format == AGENT_LOG_FORMAT_AUTO && target == AGENT_LOG_STDERR_LEVEL))
        target = AGENT_LOG_JOURNAL;
    agent_log_open(target, (enum agent_log_level)config->log_level, part);
}

static void certificate_log(const struct server *server)
{
    int64_t expires_s = net_tls_expires_s(server->tls);
    int64_t days = (expires_s - (int64_t)time(NULL)) / 86400;
    if (expires_s == 0)
        return;
    bool is_near = days < CERTIFICATE_WARNING_DAYS;
    agent_log(is_near ? AGENT_LOG_WARNING : AGENT_LOG_INFO,
              is_near ? "the certificate ends soon" : "certificate read",
              LOG_STR("file", server->loaded.values.tls_cert), LOG_INT("days_left", days),
              LOG_STR("hint", is_near ? "replace it, then send SIGHUP" : ""));
}

static int certificates_open(struct server *server)
{
    const struct agent_config *config = &server->loaded.values;
    const struct net_tls_files files = {.ca = config->tls_ca,
                                        .cert = config->tls_cert,
                                        .key = config->tls_key,
                                        .name = config->tls_name};
    struct net_error err = {0};
    if (!net_tls_wanted(&files))
        return EXIT_OK;
    if (net_tls_create(&files, &server->tls, &err) != NET_OK) {
        agent_log(AGENT_LOG_ERROR, "no TLS", LOG_STR("reason", err.text));
        return EXIT_CONFIG;
    }
    certificate_log(server);
    return EXIT_OK;
}

/* Connections that stand keep theirs. */
static bool certificates_reload(struct server *server)
{
    struct net_error err = {0};
    if (server->tls == NULL)
        return false;
    if (net_tls_reload(server->tls, &err) == NET_OK) {
        certificate_log(server);
        return true;
    }
    agent_log(AGENT_LOG_ERROR, "the certificates not reloaded, the old ones stay",
              LOG_STR("reason", err.text));
    return false;
}

static void coordinator_settings(const struct agent_config *config, char *strategy,
                                 struct agent_coordinator_settings *settings)
{
    agent_config_format(config, AGENT_SETTING_strategy, strategy);
    settings->strategy = strategy;
    settings->jobs_live_max = (uint32_t)config->jobs_live_max;
    settings->jobs_kept_max = (uint32_t)config->jobs_kept_max;
    settings->tenant_percent = (uint32_t)config->tenant_percent;
    settings->tenant_rate = (uint32_t)config->tenant_rate;
    settings->tenant_burst = (uint32_t)config->tenant_burst;
    settings->jobs_recent_max = (uint32_t)config->jobs_recent_max;
    settings->attempts_max = (uint32_t)config->attempts_max;
    settings->prefetch = config->prefetch;
    settings->unloadable_ms = config->unloadable_ms;
    settings->poison_agents = (uint32_t)config->poison_agents;
    settings->hedge_times = (uint32_t)config->hedge_times;
    settings->rebalance_gain_ms = config->rebalance_gain_ms;
    settings->rebalance_rest_ms = config->rebalance_rest_ms;
    settings->retention_ms = config->retention_ms;
    settings->results_bytes_max = (uint64_t)config->results_bytes_max;
    settings->response_bytes_max = (uint64_t)config->response_bytes_max;
    settings->slo_p99_ms = config->slo_p99_ms;
    settings->models_scan_ms = (uint32_t)config->models_scan_ms;
}

static int code_of(enum agent_status status)
{
    switch (status) {
    case AGENT_ERR_LOCKED:
    case AGENT_ERR_NET:
        return EXIT_IN_USE;
    case AGENT_ERR_CORRUPT:
    case AGENT_ERR_VERSION:
        return EXIT_LEDGER;
    default:
        return EXIT_FAILED;
    }
}

/* Waits for the coordinator's end, which may come by itself: a ledger that can't be written. */
static void *coordinator_watch(void *argument)
{
    struct server *server = argument;
    uint64_t one = 1;
    bool is_good = agent_coordinator_wait(server->coordinator);
    atomic_store(&server->is_coordinator_good, is_good);
    atomic_store(&server->is_coordinator_over, true);
    ssize_t ignored = write(server->end_fd, &one, sizeof(one));
    (void)ignored;
    return NULL;
}

static const struct agent_setting_host settings_host;

static int coordinator_start(struct server *server, bool with_worker)
{
    const struct agent_config *config = &server->loaded.values;
    char strategy[AGENT_CONFIG_TEXT_MAX];
    struct agent_error err;
    struct agent_coordinator_options options;
    agent_coordinator_options_init(&options);
    options.cluster = config->cluster_name;
    options.control_address = config->control_address;
    options.agents_address = config->agents_address;
    options.events_address = config->events_address;
    options.tls = server->tls;
    options.state_dir = config->state_dir;
    options.models_dir = config->models_dir;
    options.inline_bytes_max = (uint64_t)config->ledger_inline_max;
    options.keep_nothing = config->ledger_durability == AGENT_LEDGER_DURABILITY_NONE;
    options.embedded = with_worker;
    options.heartbeat_ms = (uint32_t)config->heartbeat_interval_ms;
    options.suspect_ms = (uint32_t)config->heartbeat_suspect_ms;
    options.lost_ms = (uint32_t)config->heartbeat_lost_ms;
    options.job_bytes_max = (uint64_t)config->job_bytes_max;
    options.tenants_max = (uint32_t)config->tenants_max;
    options.ageing_ms = config->ageing_ms;
    options.log = coordinator_log;
    options.settings_host = &settings_host;
    options.user = server;
    coordinator_settings(config, strategy, &options.settings);
    enum agent_status status = agent_coordinator_create(&options, &server->coordinator, &err);
    if (status != AGENT_OK) {
        agent_log(AGENT_LOG_ERROR, "the coordinator can not start", LOG_STR("reason", err.text));
        return code_of(status);
    }
    atomic_store(&server->is_coordinator_over, false);
    if (pthread_create(&server->watcher, NULL, coordinator_watch, server) != 0) {
        agent_coordinator_destroy(server->coordinator);
        server->coordinator = NULL;
        return EXIT_FAILED;
    }
    agent_log(AGENT_LOG_INFO, "coordinator ready",
              LOG_STR("control", agent_coordinator_control_address(server->coordinator)),
              LOG_STR("agents", agent_coordinator_agents_address(server->coordinator)),
              LOG_STR("events", agent_coordinator_events_address(server->coordinator)),
              LOG_STR("models", config->models_dir), LOG_STR("state", config->state_dir));
    return EXIT_OK;
}

/* Where an agent in the coordinator's own process dials: not a wildcard, but this host. */
static void loopback(const char *address, char *ret_address, size_t size)
{
    static const char any[] = "tcp://0.0.0.0:";
    const char *found = strstr(address, any); /* with or without tls+ before it */
    if (found != NULL)
        snprintf(ret_address, size, "%.*stcp://127.0.0.1:%s", (int)(found - address), address,
                 found + sizeof(any) - 1);
    else
        snprintf(ret_address, size, "%s", address);
}

static void end_noted(void *user)
{
    struct server *server = user;
    uint64_t one = 1;
    atomic_store(&server->is_worker_over, true);
    ssize_t ignored = write(server->end_fd, &one, sizeof(one));
    (void)ignored;
}

/* On the agent's thread. A program that is gone would leave the host without its agent. */
static bool restart_wanted(void *user)
{
    struct server *server = user;
    if (access(server->program, X_OK) != 0) {
        agent_log(AGENT_LOG_ERROR, "not restarted, the program can't be run",
                  LOG_STR("program", server->program), LOG_STR("reason", strerror(errno)));
        return false;
    }
    atomic_store(&server->is_again, true);
    return true;
}

static int worker_start(struct server *server)
{
    const struct agent_config *config = &server->loaded.values;
    static struct agent_device devices[AGENT_DEVICES_MAX];
    char error[AGENT_DEVICES_ERROR_MAX], address[256];
    struct agent_error err;
    int n = agent_devices_probe(config->executor_path, DEVICES_TIMEOUT_MS, devices, error);
    if (n <= 0) {
        agent_log(AGENT_LOG_ERROR, "no OpenCL device",
                  LOG_STR("reason", n < 0 ? error : "none was found"),
                  LOG_STR("hint", "install your card's OpenCL driver, or pocl-opencl-icd for the "
                                  "processor; `stokerd devices` shows what is found"));
        return EXIT_NO_DEVICES;
    }
    snprintf(address, sizeof(address), "%s", config->coordinator_address);
    if (server->coordinator != NULL)
        loopback(agent_coordinator_agents_address(server->coordinator), address, sizeof(address));
    struct agent_worker_options options = {.config = config,
                                           .coordinator = address,
                                           .tls = server->tls,
                                           .devices = devices,
                                           .n_devices = (uint32_t)n,
                                           .on_restart =
                                               server->coordinator == NULL ? restart_wanted : NULL,
                                           .on_end = end_noted,
                                           .user = server};
    atomic_store(&server->is_worker_over, false);
    enum agent_status status = agent_worker_create(&options, &server->worker, &err);
    if (status != AGENT_OK) {
        agent_log(AGENT_LOG_ERROR, "the agent can not start", LOG_STR("reason", err.text));
        return code_of(status) == EXIT_IN_USE ? EXIT_CONFIG : code_of(status);
    }
    agent_log(AGENT_LOG_INFO, "agent ready", LOG_STR("name", config->agent_name),
              LOG_STR("coordinator", address), LOG_INT("devices", n),
              LOG_STR("cache", config->cache_dir));
    return EXIT_OK;
}

/* What *loaded says, to the parts that are there. Under the lock. */
static void apply_settings(struct server *server)
{
    char strategy[AGENT_CONFIG_TEXT_MAX];
    struct agent_error err;
    const struct agent_config *config = &server->loaded.values;
    agent_log_set_level((enum agent_log_level)config->log_level);
    if (server->coordinator != NULL) {
        struct agent_coordinator_options defaults;
        agent_coordinator_options_init(&defaults);
        coordinator_settings(config, strategy, &defaults.settings);
        if (agent_coordinator_reload(server->coordinator, &defaults.settings, &err) != AGENT_OK)
            agent_log(AGENT_LOG_ERROR, "the coordinator keeps its settings",
                      LOG_STR("reason", err.text));
    }
    if (server->worker != NULL)
        agent_worker_reload(server->worker, config);
}

static void reload(struct server *server)
{
    char applied[AGENT_CONFIG_ERROR_MAX], kept[AGENT_CONFIG_ERROR_MAX];
    struct timespec now;
    sd_notify(0, "RELOADING=1");
    clock_gettime(CLOCK_REALTIME, &now);
    pthread_mutex_lock(&server->lock);
    server->reloaded_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    server->reload_error[0] = '\0';
    if (agent_config_reload(&server->sources, &server->loaded, applied, kept,
                            server->reload_error) != 0) {
        agent_log(AGENT_LOG_ERROR, "settings not reloaded, the old ones stay",
                  LOG_STR("reason", server->reload_error));
    } else {
        const char *nothing = certificates_reload(server) ? "certificates" : "nothing";
        agent_log(AGENT_LOG_INFO, "settings reloaded",
                  LOG_STR("applied", applied[0] != '\0' ? applied : nothing),
                  LOG_STR("needs_restart", kept));
        apply_settings(server);
    }
    pthread_mutex_unlock(&server->lock);
    sd_notify(0, "READY=1");
}

/* ---- for operators, on the coordinator's thread */

static void settings_list(void *user,
                          void (*each)(void *each_user, const struct agent_setting_view *view),
                          void *each_user)
{
    struct server *server = user;
    pthread_mutex_lock(&server->lock);
    const struct agent_config_loaded *loaded = &server->loaded;
    for (int i = 0; i < AGENT_SETTING_COUNT; i++) {
        enum agent_setting setting = (enum agent_setting)i;
        char value[AGENT_CONFIG_TEXT_MAX], wanted[AGENT_CONFIG_TEXT_MAX], allowed[256];
        char from[AGENT_CONFIG_TEXT_MAX + 16];
        agent_config_format(&loaded->values, setting, value);
        agent_config_format(&loaded->wanted, setting, wanted);
        agent_config_origin_format(loaded, setting, from, sizeof(from));
        agent_config_allowed(setting, allowed);
        each(each_user,
             &(struct agent_setting_view){.name = agent_config_name(setting),
                                          .value = value,
                                          .from = from,
                                          .fallback = agent_config_default(setting),
                                          .allowed = allowed,
                                          .help = agent_config_help(setting),
                                          .after_restart = strcmp(value, wanted) != 0 ? wanted : "",
                                          .is_live = agent_config_is_reloadable(setting)});
    }
    pthread_mutex_unlock(&server->lock);
}

static void value_of(const struct agent_config_loaded *loaded, const char *name, char *ret_value)
{
    ret_value[0] = '\0';
    for (int i = 0; i < AGENT_SETTING_COUNT; i++)
        if (strcmp(agent_config_name((enum agent_setting)i), name) == 0)
            agent_config_format(&loaded->values, (enum agent_setting)i, ret_value);
}

static enum agent_setting_change settings_set(void *user, const char *name, const char *value,
                                              char *ret_text)
{
    static const enum agent_setting_change changes[] = {
        [AGENT_CONFIG_CHANGED] = AGENT_SETTING_CHANGED,
        [AGENT_CONFIG_UNKNOWN] = AGENT_SETTING_UNKNOWN,
        [AGENT_CONFIG_FIXED] = AGENT_SETTING_FIXED,
        [AGENT_CONFIG_BAD] = AGENT_SETTING_BAD,
        [AGENT_CONFIG_FAILED] = AGENT_SETTING_FAILED,
    };
    struct server *server = user;
    char before[AGENT_CONFIG_TEXT_MAX], now[AGENT_CONFIG_TEXT_MAX];
    pthread_mutex_lock(&server->lock);
    value_of(&server->loaded, name, before);
    enum agent_config_change change =
        agent_config_live_set(&server->sources, &server->loaded, name, value, ret_text);
    if (change == AGENT_CONFIG_CHANGED) {
        apply_settings(server);
        value_of(&server->loaded, name, now);
        snprintf(ret_text, AGENT_CONFIG_ERROR_MAX, "%s", before);
        agent_log(AGENT_LOG_INFO, "setting changed", LOG_STR("name", name), LOG_STR("from", before),
                  LOG_STR("to", now));
    }
    pthread_mutex_unlock(&server->lock);
    return changes[change];
}

static int64_t settings_reloaded(void *user, char *ret_text)
{
    struct server *server = user;
    pthread_mutex_lock(&server->lock);
    int64_t reloaded_ms = server->reloaded_ms;
    snprintf(ret_text, AGENT_CONFIG_ERROR_MAX, "%s", server->reload_error);
    pthread_mutex_unlock(&server->lock);
    return reloaded_ms;
}

static const struct agent_setting_host settings_host = {
    .list = settings_list, .set = settings_set, .reloaded = settings_reloaded};

static uint32_t grace_ms(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    int64_t grace = server->loaded.values.drain_grace_ms;
    pthread_mutex_unlock(&server->lock);
    return (uint32_t)grace;
}

/* The agent ends first: what it gives back and finishes is still answered. */
static void close_next(struct server *server, uint32_t grace)
{
    if (!atomic_load(&server->is_worker_over))
        agent_worker_close(server->worker, grace);
    else if (!atomic_load(&server->is_coordinator_over))
        agent_coordinator_close(server->coordinator, grace);
}

static void on_signal(struct server *server, uint32_t number)
{
    if (number == SIGHUP) {
        if (!server->is_stopping)
            reload(server);
        return;
    }
    if (!server->is_stopping)
        sd_notify(0, "STOPPING=1");
    server->is_signalled = true;
    /* A second SIGTERM or Ctrl-C ends the grace. */
    server->is_hurried = server->is_stopping;
    server->is_stopping = true;
    close_next(server, server->is_hurried ? 0 : grace_ms(server));
}

static bool is_over(struct server *server)
{
    return atomic_load(&server->is_worker_over) && atomic_load(&server->is_coordinator_over);
}

/* Sleeps until the parts have ended, and ends them when a signal or the end of one says so. */
static int serve_until_end(struct server *server, int signal_fd)
{
    while (!is_over(server)) {
        struct pollfd fds[] = {{.fd = signal_fd, .events = POLLIN},
                               {.fd = server->end_fd, .events = POLLIN}};
        struct signalfd_siginfo info;
        uint64_t count;
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return EXIT_FAILED;
        if (fds[0].revents != 0 && read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
            on_signal(server, info.ssi_signo);
        if (fds[1].revents != 0 && read(server->end_fd, &count, sizeof(count)) > 0) {
            bool is_failure = !server->is_stopping && !atomic_load(&server->is_again);
            server->is_stopping = true;
            if (is_failure)
                agent_log_event(AGENT_LOG_ERROR, "a part ended by itself, the rest stops");
            if (!is_over(server))
                close_next(server, is_failure || server->is_hurried ? 0 : grace_ms(server));
        }
    }
    if (atomic_load(&server->is_again) && !server->is_signalled) {
        sd_notify(0, "RELOADING=1");
        return EXIT_AGAIN;
    }
    return atomic_load(&server->is_coordinator_good) ? EXIT_OK : EXIT_FAILED;
}

/* Signals come to the main thread alone: every other one is started after this. */
static int signals_open(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC);
}

int agent_serve(const struct main_args *args, bool with_coordinator, bool with_worker)
{
    static struct server server; /* one process serves once; large for a stack */
    char error[AGENT_CONFIG_ERROR_MAX];
    server.sources = args->sources;
    server.sources.with_live = with_coordinator;
    pthread_mutex_init(&server.lock, NULL);
    server.program = args->program;
    if (agent_config_load(&server.sources, &server.loaded, error) != 0) {
        fprintf(stderr, "stokerd: %s\n", error);
        return EXIT_CONFIG;
    }
    log_start(&server.loaded.values, !with_worker        ? "coordinator"
                                     : !with_coordinator ? "agent"
                                                         : "stokerd");
    int signal_fd = signals_open();
    server.end_fd = eventfd(0, EFD_CLOEXEC);
    atomic_store(&server.is_worker_over, true);
    atomic_store(&server.is_coordinator_over, true);
    atomic_store(&server.is_coordinator_good, true);
    int code = signal_fd < 0 || server.end_fd < 0 ? EXIT_FAILED : EXIT_OK;
    if (code == EXIT_OK)
        code = certificates_open(&server);
    if (code == EXIT_OK && with_coordinator)
        code = coordinator_start(&server, with_worker);
    if (code == EXIT_OK && with_worker)
        code = worker_start(&server);
    if (code == EXIT_OK) {
        sd_notify(0, "READY=1");
        code = serve_until_end(&server, signal_fd);
    }
    agent_worker_destroy(server.worker);
    if (server.coordinator != NULL) {
        agent_coordinator_close(server.coordinator, 0);
        pthread_join(server.watcher, NULL);
    }
    agent_coordinator_destroy(server.coordinator);
    net_tls_unref(server.tls);
    if (server.end_fd >= 0)
        close(server.end_fd);
    if (signal_fd >= 0)
        close(signal_fd);
    return code;
}
