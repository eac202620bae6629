#include <stdio.h>

#include "cli/cli.h"
#include "text/reply.h"

/* Its own version is worth knowing when no coordinator answers. */
static enum tui_exit run(struct tui_cli *cli)
{
    char version[64], cluster[128], role[32], key[128];
    cJSON *reply = NULL;

    if (!cli->json)
        printf("stoker       %s\n", STOKER_VERSION);
    enum tui_exit exit_code = tui_request(cli, "version", NULL, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    if (cli->json) {
        cJSON_AddStringToObject(reply, "stoker", STOKER_VERSION);
        tui_print_json(reply);
    } else {
        printf("coordinator  %s, protocol %.0f, %s of cluster %s at %s\n",
               tui_shown(tui_reply_text(reply, "version"), version, sizeof(version)),
               tui_reply_number(reply, "protocol"),
               tui_shown(tui_reply_text(reply, "role"), role, sizeof(role)),
               tui_shown(tui_reply_text(reply, "cluster"), cluster, sizeof(cluster)), cli->address);
        printf("its key      %s\n",
               tui_shown(tui_reply_text(reply, "public_key"), key, sizeof(key)));
    }
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

const struct tui_command tui_command_version = {
    .examples = "  stoker version\n",
    .run = run,
};
