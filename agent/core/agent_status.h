// The status that calls of the agent room return, and the error that explains it.
#ifndef AGENT_STATUS_H
#define AGENT_STATUS_H

#define AGENT_ERROR_TEXT_MAX 512

enum agent_status {
#define AGENT_STATUS(name, text) AGENT_##name,
#include "agent_status.def"
#undef AGENT_STATUS
    AGENT_STATUS_COUNT
};

// One line for the operator: what failed, where, why, and the way out. Always terminated. Functions
// that take a `struct agent_error *` fill it on failure only; NULL is allowed.
struct agent_error {
    enum agent_status status;
    char text[AGENT_ERROR_TEXT_MAX];
};

// The text of a status; "unknown" for a number that is none. Static. Any thread.
const char *agent_status_text(enum agent_status status);

// Fills `err` (NULL is allowed) and returns `status`, so that a failure is one line.
enum agent_status agent_error_set(struct agent_error *err, enum agent_status status,
                                  const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
