#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/agent_verb.h"
#include "cli/operation.h"
#include "text/reply.h"

static const struct tui_option options[] = {
    {"watch", NULL, "follow the operation until it ends"},
    {"cancel", NULL, "cancel the operation"},
    {"reason", "TEXT", "why it is cancelled; kept in the audit log"},
    {"certificate", "FILE", "write the signed end of a drain there; stoker verify checks it"},
    {NULL, NULL, NULL},
};

static enum tui_exit certificate(struct tui_cli *cli, int64_t id, const char *path)
{
    cJSON *reply = NULL, *request = cJSON_CreateObject();

    cJSON_AddNumberToObject(request, "operation", (double)id);
    enum tui_exit exit_code = tui_request(cli, "certificate", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    FILE *file = fopen(path, "we");
    bool ok = file != NULL && fputs(tui_reply_text(reply, "certificate"), file) >= 0;
    if (file != NULL)
        ok = fclose(file) == 0 && ok;
    if (!ok) {
        tui_complain(NULL, "can't write %s: %s", path, strerror(errno));
        exit_code = TUI_EXIT_INPUT;
    } else if (cli->json) {
        tui_print_json(reply);
    } else {
        printf("wrote %s; stoker verify checks it\n", path);
    }
    cJSON_Delete(reply);
    return exit_code;
}

static enum tui_exit one(struct tui_cli *cli)
{
    int64_t id;
    cJSON *reply = NULL, *request, *last = NULL;

    if (!tui_argument_number("operation id", cli->args[0], 1, INT64_MAX, &id))
        return TUI_EXIT_USAGE;
    if (tui_option_value(cli, "watch") != NULL) {
        enum tui_exit exit_code = tui_operation_watch(cli, id, &last);
        reply = cJSON_CreateObject();
        if (last != NULL && cli->json) {
            cJSON_AddItemToObject(reply, "operation", last);
            tui_print_json(reply);
        } else {
            cJSON_Delete(last);
        }
        cJSON_Delete(reply);
        return exit_code;
    }
    if (tui_option_value(cli, "certificate") != NULL)
        return certificate(cli, id, tui_option_value(cli, "certificate"));
    request = cJSON_CreateObject();
    cJSON_AddNumberToObject(request, "id", (double)id);
    tui_request_why(cli, request);
    if (tui_option_value(cli, "cancel") != NULL)
        cJSON_AddBoolToObject(request, "cancel", true);
    enum tui_exit exit_code = tui_request(cli, "operation", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    if (cli->json)
        tui_print_json(reply);
    else
        tui_operation_print(tui_reply_member(reply, "operation"));
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

static enum tui_exit run(struct tui_cli *cli)
{
    cJSON *reply = NULL;
    const cJSON *operation;

    if (cli->n_args > 0)
        return one(cli);
    enum tui_exit exit_code = tui_request(cli, "operations", NULL, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    if (cli->json)
        tui_print_json(reply);
    else
        cJSON_ArrayForEach(operation, tui_reply_member(reply, "operations"))
            tui_operation_print(operation);
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

const struct tui_command tui_command_operations = {
    .options = options,
    .args_max = 1,
    .examples =
        "  stoker operations\n  stoker operations 7 --watch\n  stoker operations 7 --cancel\n"
        "  stoker operations 7 --certificate ember-03.cert\n",
    .run = run,
};
