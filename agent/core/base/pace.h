// How often something happens, as measured: a moving mean over a few windows. What is asked for in
// advance is promised, so that two who ask one after the other are not told the same.
#ifndef AGENT_PACE_H
#define AGENT_PACE_H

#include <stdint.h>

#define AGENT_PACE_WAIT_US_MAX 60000000 // nobody is told to wait for longer

// Zero-initialised has seen nothing.
struct agent_pace {
    int64_t since_us; // of the window that is open; 0 none yet
    uint64_t count;   // in it
    uint64_t milli;   // a thousandth of one a second; 0 unknown
    uint64_t promised;
    uint64_t asker; // of the last promise
};

void agent_pace_add(struct agent_pace *pace, int64_t now_us, uint64_t count);
// In thousandths of one a second.
uint64_t agent_pace_milli(const struct agent_pace *pace, int64_t now_us);
// How long it takes until `count` more have happened than were promised already, and promises them.
// An asker who asks again is told the same. Where nothing is known, `fallback_us`.
int64_t agent_pace_wait_us(struct agent_pace *pace, int64_t now_us, uint64_t count, uint64_t asker,
                           int64_t fallback_us);

#endif
