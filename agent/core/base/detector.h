// How long an agent may be silent before its silence means something. A limit that is the same for
// all either takes slow agents for dead or finds dead ones late; so each agent gets, on top of the
// limits of the settings, what its own heartbeats have shown to be usual: how late they come on
// average and four times how much that varies, as TCP does for its retransmissions. Both rise fast
// and fall slowly.
#ifndef AGENT_DETECTOR_H
#define AGENT_DETECTOR_H

#include <stdint.h>

struct agent_detector {
    int64_t beat_us;   // when the last heartbeat came; 0: no gap to it is known
    int64_t late_us;   // smoothed: how much later than the interval they come
    int64_t spread_us; // smoothed: how far off that is
};

// A heartbeat came; they are sent every `interval_us`.
void agent_detector_beat(struct agent_detector *detector, int64_t now_us, int64_t interval_us);
// The next gap says nothing: the link is new, or we were asleep ourselves.
void agent_detector_skip(struct agent_detector *detector);
// It was given up after so much silence, and then turned out to be alive.
void agent_detector_wronged(struct agent_detector *detector, int64_t silence_us);
// Silence beyond the settings' limits that is usual for it; at most `max_us`.
int64_t agent_detector_slack_us(const struct agent_detector *detector, int64_t max_us);

#endif
