/* Showing and watching a durable operation (a drain, say). */
#ifndef TUI_CLI_OPERATION_H
#define TUI_CLI_OPERATION_H

#include "cli/cli.h"

/* One line, and one more for each blocker. */
void tui_operation_print(const cJSON *operation);
/* Waits until the operation has ended, printing each change. Ctrl-C leaves it running and says how
 * to watch it again. On TUI_EXIT_OK *ret_operation is the caller's. TUI_EXIT_CONFLICT: it ended
 * without being done. */
enum tui_exit tui_operation_watch(struct tui_cli *cli, int64_t id, cJSON **ret_operation);

/* Follows the operation of a reply to its end, or with --detach only shows it; prints the reply as
 * JSON where that is wanted. */
enum tui_exit tui_operation_follow(struct tui_cli *cli, cJSON *reply);

#endif
