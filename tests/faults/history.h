/* The parts of fault_history: see history.c. */
#ifndef HISTORY_H
#define HISTORY_H

#include <sys/types.h>

#include <cjson/cJSON.h>

#include "net_client.h"

double history_now_s(void);
void history_pause_ms(long ms);
/* Asks until there is an answer that is not "later", for at most `patience_s`. NULL: none, or it
 * was refused. */
cJSON *history_ask(struct net_client *client, const char *text, double patience_s);

/* history_ledger.c: return exit codes. */
int history_arm(const char *ledger);
int history_check(const char *ledger, const char *file);

/* history_redispatch.c */
int history_redispatch(const char *address, const char *agent, pid_t pid);

#endif
