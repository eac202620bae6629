// An agent that is a double: it takes jobs on a real link and gives back their inputs.
#ifndef AGENT_DOUBLE_H
#define AGENT_DOUBLE_H

#include "net_link.h"

// The events of a dialer that greets as `name`, which must outlive it. Aborts when out of memory.
struct net_link_events agent_double_events(char *name);
// One that sends with each answer, just before it, a wrong one of an earlier coordinator's epoch.
struct net_link_events agent_double_stale_events(char *name);

#endif
