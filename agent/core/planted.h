// Bugs on purpose, one at a time, for the tests that must find them (tests/sim). Only a build with
// STOKER_PLANTED defined contains any; in every other one AGENT_PLANTED is false at compile time.
#ifndef AGENT_PLANTED_H
#define AGENT_PLANTED_H

#include <stdbool.h>

#define AGENT_PLANTED_BUG(name, help) AGENT_PLANTED_##name,
enum agent_planted_bug {
    AGENT_PLANTED_NONE,
#include "agent/core/planted.def"
    AGENT_PLANTED_BUGS
};
#undef AGENT_PLANTED_BUG

#ifdef STOKER_PLANTED
extern enum agent_planted_bug agent_planted; // the one that is there; the test's
#define AGENT_PLANTED(name) (agent_planted == AGENT_PLANTED_##name)
#else
#define AGENT_PLANTED(name) ((void)AGENT_PLANTED_##name, false)
#endif

#endif
