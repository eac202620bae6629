/* What the commands that steer an agent share. */
#ifndef TUI_CLI_AGENT_VERB_H
#define TUI_CLI_AGENT_VERB_H

#include "cli/cli.h"

/* Who asks, USER@HOST, added to a request as `by`. */
void tui_request_by(cJSON *request);
/* The same, and --reason where it is given, as `reason`; for commands with that option. */
void tui_request_why(const struct tui_cli *cli, cJSON *request);
/* A request about the agent of the first argument, with who asks (user@host) and --reason. */
cJSON *tui_agent_request(const struct tui_cli *cli);
/* Sends it as `op`; prints "NAME DONE", or the reply as JSON. */
enum tui_exit tui_agent_verb(struct tui_cli *cli, const char *op, const char *done);

#endif
