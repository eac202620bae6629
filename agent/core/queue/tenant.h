// Who jobs belong to, as operators set and see it; a part of the core's interface (coord.h).
#ifndef AGENT_TENANT_H
#define AGENT_TENANT_H

#include <stdbool.h>
#include <stdint.h>

struct agent_coord;

// What an operator has set of a tenant; what is not set is as the limits say.
struct agent_tenant_set {
    bool weight_set, rate_set, burst_set;
    uint32_t weight;     // 1 to AGENT_WEIGHT_MAX; AGENT_WEIGHT_DEFAULT where it is not set
    uint64_t rate_milli; // jobs that it may submit in 1,000 s; 0: any number
    uint32_t burst;      // of them at once
};

#define AGENT_WEIGHT_DEFAULT 100
#define AGENT_WEIGHT_MAX 10000
#define AGENT_RATE_MILLI_MAX 1000000000u
#define AGENT_BURST_MAX 1000000

// At most AGENT_NAME_MAX letters, digits and ._:@/-; also "".
bool agent_tenant_name_valid(const char *name);

struct agent_tenant_view {
    const char *name;
    struct agent_tenant_set set;
    uint32_t weight;
    uint64_t rate_milli; // in force; 0: no limit
    uint32_t burst;
    uint32_t queued, running, live; // running: held by agents
    uint64_t input_bytes;
    uint64_t done, failed;   // failed: ended otherwise
    uint64_t throttled;      // submissions that came too often
    uint64_t refused;        // and those for which there was no place
    uint64_t ends_milli;     // jobs that end in 1,000 s
    uint32_t share_permille; // of the devices' time, lately
    uint32_t due_permille;   // by weight, of those that have jobs
};

// In the order in which they came.
void agent_coord_tenants(const struct agent_coord *core,
                         void (*each)(void *user, const struct agent_tenant_view *tenant),
                         void *user);
// Without its shares.
bool agent_coord_tenant(const struct agent_coord *core, const char *name,
                        struct agent_tenant_view *ret_view);

#endif
