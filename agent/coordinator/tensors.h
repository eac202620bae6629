// Tensors between JSON and the wire.
#ifndef AGENT_TENSORS_H
#define AGENT_TENSORS_H

#include <cjson/cJSON.h>

#include "agent/core/agent_status.h"
#include "net_msg.h"

struct agent_tensors {
    uint8_t count;
    struct net_tensor *list; // names point into the JSON they were read from
    size_t bytes;            // of all data
};

// Reads the array `inputs`. AGENT_ERR_INVAL: a field is missing or of the wrong type (bad_request);
// AGENT_ERR_CORRUPT: dtype, shape and data don't fit each other (wrong_input); AGENT_ERR_FULL: more
// than `bytes_max`; AGENT_ERR_NOMEM. The text says which input. On success finish it.
enum agent_status agent_tensors_read(const cJSON *inputs, size_t bytes_max,
                                     struct agent_tensors *ret_tensors, struct agent_error *err);
void agent_tensors_finish(struct agent_tensors *tensors); // takes a zeroed one too

// [{"name":…,"dtype":…,"shape":[…],"data_b64":…}]. NULL: no memory.
cJSON *agent_tensors_json(const struct net_tensor *list, size_t count);

// "float32" and so on; NULL for a type that has no name here, 0 for an unknown name.
const char *agent_dtype_name(uint8_t dtype);
uint8_t agent_dtype_find(const char *name);

#endif
