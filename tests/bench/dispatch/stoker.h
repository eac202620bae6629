// Simulated agents for dispatch: many links of one process that speak the real protocol and have no
// device. Used by stoker.c only.
#ifndef STOKER_H
#define STOKER_H

#include "bench.h"
#include "net_msg.h"

struct stoker_agents;

// Connects them, or tries again as agents do.
struct stoker_agents *stoker_agents_create(struct bench *bench);
// How many the coordinator has admitted.
uint32_t stoker_agents_welcome(const struct stoker_agents *agents);
// Finishes jobs that are due, dials, beats and tells; returns when it must be called again.
int64_t stoker_agents_tick(struct stoker_agents *agents, int64_t now_ns);
// Forgets what was counted so far.
void stoker_agents_count(struct stoker_agents *agents);
// Figures of models and balance.
void stoker_agents_report(const struct stoker_agents *agents);

// Cuts the next frame off; 0: more bytes are needed. Ends the program when it is none.
size_t stoker_frame(const uint8_t *data, size_t len, struct net_frame *ret_frame);
// Sends the buffer's frames and empties it.
void stoker_send(struct conn *conn, struct net_buf *frames);

#endif
