// What a model declares that it takes, in a form that each job is checked against.
#ifndef AGENT_DECLARED_H
#define AGENT_DECLARED_H

#include <cjson/cJSON.h>

#include "agent/core/agent_status.h"
#include "net_msg.h"

struct agent_declared;

// From [{"name":…,"dtype":…,"shape":[…]}], as agents report it. NULL: it is no array, or no memory.
struct agent_declared *agent_declared_new(const cJSON *inputs);
void agent_declared_free(struct agent_declared *declared); // takes NULL

// Whether the tensors are what is declared. AGENT_ERR_CORRUPT with what does not fit.
enum agent_status agent_declared_fit(const struct agent_declared *declared,
                                     const struct net_tensor *list, size_t count,
                                     struct agent_error *err);

#endif
