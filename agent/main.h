/* The commands of stokerd, one row each in main.c. */
#ifndef AGENT_MAIN_H
#define AGENT_MAIN_H

#include "agent_config.h"

/* Exit codes, as docs/operating.md lists them. */
enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_CONFIG = 3,
    EXIT_NO_DEVICES = 4,
    EXIT_IN_USE = 5, /* an address or the state folder is another process's */
    EXIT_AGAIN = -1, /* of agent_serve: start this program again */
    EXIT_LEDGER = 6, /* the ledger is damaged or of a newer version */
};

struct main_args {
    struct agent_config_sources sources; /* the settings' flags, sorted out */
    bool as_json;
    bool is_show, is_sample;
    const char *const *rest; /* what is not a setting */
    int n_rest;
    const char *program; /* the file of this program as it was found at start; "" unknown */
};

/* Runs the coordinator, the agent or both until a signal ends them. Returns the exit code. */
int agent_serve(const struct main_args *args, bool with_coordinator, bool with_worker);

#endif
