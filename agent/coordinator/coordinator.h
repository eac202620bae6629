// The coordinator: takes jobs on the control socket, keeps them in the ledger, places them on the
// agents that dial in, and publishes what happens. One process may hold one; signals, settings and
// logs are its caller's.
#ifndef AGENT_COORDINATOR_H
#define AGENT_COORDINATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/core/agent_status.h"

struct agent_coordinator;
struct net_tls;

enum agent_severity { AGENT_DEBUG, AGENT_INFO, AGENT_WARNING, AGENT_ERROR };

// What SIGHUP may change. Texts are copied.
struct agent_coordinator_settings {
    const char *strategy;        // a name of strategies.def
    uint32_t jobs_live_max;      // jobs that have not ended; beyond it submitters hear `busy`
    uint32_t jobs_kept_max;      // ended jobs that are kept with their results
    uint32_t tenant_percent;     // of places and inputs that a tenant alone takes
    uint32_t tenant_rate;        // jobs/s that a tenant may submit, unless told; 0 any number
    uint32_t tenant_burst;       // of them at once; 0 what a second gives
    uint32_t jobs_recent_max;    // of them in memory; of the others only what must be
    uint32_t attempts_max;       // charged attempts before a job has failed
    uint32_t hedge_times;        // a job so many times slower than p99 runs once more; 0 never
    bool prefetch;               // load models that will be wanted
    int64_t unloadable_ms;       // jobs of a model that nobody can load fail after that; 0 never
    uint32_t poison_agents;      // agents whose executors a job may kill; 0 any number
    int64_t rebalance_gain_ms;   // a job moves only if it is done so much sooner
    int64_t rebalance_rest_ms;   // between two rebalances
    int64_t retention_ms;        // age at which an ended job is forgotten
    uint64_t results_bytes_max;  // of kept results; the oldest go first
    uint64_t response_bytes_max; // of results kept to answer equal inputs; 0 none
    int64_t slo_p99_ms;          // what p99 of jobs' time should not exceed, for who looks; 0 none
    uint32_t models_scan_ms;     // how often the repository is looked at
};

// A setting of the process, for who asks. Texts live during the call they are passed to.
struct agent_setting_view {
    const char *name, *value, *from, *fallback, *allowed, *help;
    const char *after_restart; // the value that the sources name now, where it differs; ""
    bool is_live;              // it may change while the process runs
};

enum agent_setting_change {
    AGENT_SETTING_CHANGED,
    AGENT_SETTING_UNKNOWN,
    AGENT_SETTING_FIXED,
    AGENT_SETTING_BAD,
    AGENT_SETTING_FAILED,
};

// The settings belong to the process; the coordinator shows and changes them for operators. Called
// on the owner's thread; both may read and write files.
struct agent_setting_host {
    void (*list)(void *user, void (*each)(void *each_user, const struct agent_setting_view *view),
                 void *each_user);
    // `value` NULL takes a change back. Unless it is CHANGED `ret_text` (2,048 bytes) says why not,
    // else what the value was.
    enum agent_setting_change (*set)(void *user, const char *name, const char *value,
                                     char *ret_text);
    // When they were read again last, ms since the epoch (0 not yet), and what was wrong with that.
    int64_t (*reloaded)(void *user, char *ret_text);
};

struct agent_coordinator_options {
    const char *cluster;         // name, net_agent_name_valid
    const char *control_address; // JSON requests
    const char *agents_address;  // agents dial here
    const char *events_address;  // events and snapshots
    struct net_tls *tls;         // of tls+tcp:// addresses; references are taken. May be NULL
    const char *state_dir;       // of the ledger; made when it is missing (0700)
    const char *models_dir;      // NAME/VERSION/model.onnx; may be missing, it is looked for later
    uint64_t inline_bytes_max;   // 0 = 64 KiB: larger inputs and results are files, not rows
    bool keep_nothing;           // no ledger: jobs live in memory only
    uint32_t tenants_max;        // 0 = 1024
    int64_t ageing_ms;           // 0 = 30 s: after it a waiting job is more urgent by one
    bool embedded;               // an agent runs in the same process: only shown
    uint32_t heartbeat_ms;       // 0 = 200: interval that agents are told
    uint32_t suspect_ms;         // 0 = 500: silence after which an agent gets no new work
    uint32_t lost_ms;            // 0 = 700: silence after which its jobs run elsewhere
    uint64_t job_bytes_max;      // 0 = 64 MiB: inputs of one job
    uint64_t input_bytes_max;    // 0 = 1 GiB: inputs of all live jobs in memory
    struct agent_coordinator_settings settings;
    // One line for the log, no newline. From any thread; must not block for long. May be NULL.
    void (*log)(void *user, enum agent_severity severity, const char *text);
    const struct agent_setting_host *settings_host; // with `user`. May be NULL
    void *user;
};

// The defaults of every number; the texts are NULL and must be set.
void agent_coordinator_options_init(struct agent_coordinator_options *options);

// Opens the ledger, recovers its jobs, binds the sockets and starts the owner's thread. Copies what
// it needs. BLOCKS while recovering. AGENT_ERR_LOCKED (another coordinator owns the state folder),
// AGENT_ERR_CORRUPT, AGENT_ERR_VERSION, AGENT_ERR_NET, AGENT_ERR_IO, AGENT_ERR_INVAL,
// AGENT_ERR_NOMEM.
enum agent_status agent_coordinator_create(const struct agent_coordinator_options *options,
                                           struct agent_coordinator **ret_coordinator,
                                           struct agent_error *err);

// The bound addresses with their real ports. Live as the coordinator.
const char *agent_coordinator_control_address(const struct agent_coordinator *coordinator);
const char *agent_coordinator_agents_address(const struct agent_coordinator *coordinator);
const char *agent_coordinator_events_address(const struct agent_coordinator *coordinator);

// Applies changed settings soon, on the owner's thread, and looks at the model repository again.
// Any thread; does not block. AGENT_ERR_INVAL names a value that is refused; nothing changes then.
enum agent_status agent_coordinator_reload(struct agent_coordinator *coordinator,
                                           const struct agent_coordinator_settings *settings,
                                           struct agent_error *err);

// close: refuses new jobs, places no more, and ends once what runs has finished or `grace_ms` have
// passed. Does not block, may be called again with a shorter grace; any thread.
void agent_coordinator_close(struct agent_coordinator *coordinator, uint32_t grace_ms);
// BLOCKS until a closed coordinator has ended and its ledger is flushed. False when it stopped by
// itself on a failure, which was logged.
bool agent_coordinator_wait(struct agent_coordinator *coordinator);
// Closes without grace, waits, and frees. BLOCKS; takes NULL.
void agent_coordinator_destroy(struct agent_coordinator *coordinator);

#endif
