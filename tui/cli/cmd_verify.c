#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/certificate.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "text/reply.h"

static const struct tui_option options[] = {
    {"key", "KEY", "the coordinator's public key, as stoker version shows it"},
    {"now", NULL, "ask the coordinator besides whether it still holds"},
    {NULL, NULL, NULL},
};

static bool read_file(const char *path, char *text, size_t size, size_t *ret_len)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        tui_complain(NULL, "can't read %s: %s", path, strerror(errno));
        return false;
    }
    *ret_len = fread(text, 1, size, file);
    bool ok = ferror(file) == 0;
    fclose(file);
    if (!ok)
        tui_complain(NULL, "can't read %s", path);
    return ok;
}

/* "" where the coordinator says that it holds, else why not. */
static enum tui_exit ask_now(struct tui_cli *cli, const struct tui_certificate *certificate,
                             char *why, size_t size)
{
    cJSON *reply = NULL, *request = cJSON_CreateObject();
    cJSON_AddNumberToObject(request, "id", (double)certificate->operation);
    enum tui_exit exit_code = tui_request(cli, "operation", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    const cJSON *operation = tui_reply_member(reply, "operation");
    why[0] = '\0';
    if (strcmp(tui_reply_text(operation, "target"), certificate->agent) != 0 ||
        strcmp(tui_reply_text(operation, "instance"), certificate->instance) != 0)
        snprintf(why, size, "that operation is about another agent here");
    else if (!tui_reply_bool(operation, "safe_to_remove"))
        tui_shown(tui_reply_text(operation, "text"), why, size);
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

static void print(const struct tui_cli *cli, const struct tui_certificate *certificate,
                  const char *wrong, bool is_trusted)
{
    char agent[64], cluster[64], statement[256], when[TUI_CELL_BYTES];
    if (cli->json) {
        cJSON *json = cJSON_CreateObject();
        cJSON_AddBoolToObject(json, "valid", wrong[0] == '\0');
        cJSON_AddStringToObject(json, "problem", wrong);
        cJSON_AddBoolToObject(json, "key_given", is_trusted);
        cJSON_AddStringToObject(json, "cluster", certificate->cluster);
        cJSON_AddNumberToObject(json, "operation", (double)certificate->operation);
        cJSON_AddNumberToObject(json, "epoch", (double)certificate->epoch);
        cJSON_AddStringToObject(json, "agent", certificate->agent);
        cJSON_AddStringToObject(json, "instance", certificate->instance);
        cJSON_AddNumberToObject(json, "finished_ms", (double)certificate->finished_ms);
        cJSON_AddStringToObject(json, "statement", certificate->statement);
        cJSON_AddStringToObject(json, "public_key", certificate->public_key);
        tui_print_json(json);
        cJSON_Delete(json);
        return;
    }
    if (wrong[0] != '\0')
        return;
    printf("valid: agent %s of cluster %s, operation %llu, epoch %llu, ended %s\n  %s\n",
           tui_shown(certificate->agent, agent, sizeof(agent)),
           tui_shown(certificate->cluster, cluster, sizeof(cluster)),
           (unsigned long long)certificate->operation, (unsigned long long)certificate->epoch,
           tui_format_time(when, (double)certificate->finished_ms),
           tui_shown(certificate->statement, statement, sizeof(statement)));
    if (!is_trusted)
        printf("  signed by key %s: whose that is, only --key can tell\n", certificate->public_key);
}

static enum tui_exit run(struct tui_cli *cli)
{
    struct tui_certificate certificate = {0};
    char text[TUI_CERTIFICATE_MAX + 1], wrong[512] = "";
    size_t len = 0;
    const char *key = tui_option_value(cli, "key");
    bool now = tui_option_value(cli, "now") != NULL;
    if (!read_file(cli->args[0], text, sizeof(text), &len))
        return TUI_EXIT_INPUT;
    const char *problem = tui_certificate_parse(text, len, &certificate);
    if (problem != NULL) {
        tui_complain(NULL, "%s is no certificate: %s", cli->args[0], problem);
        return TUI_EXIT_UNVERIFIED;
    }
    if (!tui_certificate_genuine(text, &certificate, certificate.public_key))
        snprintf(wrong, sizeof(wrong), "its signature is not that of its text: it was changed");
    else if (key != NULL && strcmp(key, certificate.public_key) != 0)
        snprintf(wrong, sizeof(wrong), "another key has signed it: %s", certificate.public_key);
    else if (now) {
        enum tui_exit exit_code = ask_now(cli, &certificate, wrong, sizeof(wrong));
        if (exit_code != TUI_EXIT_OK)
            return exit_code;
    }
    print(cli, &certificate, wrong, key != NULL);
    if (wrong[0] == '\0' && now && !cli->json)
        printf("  the coordinator says that it still holds\n");
    if (wrong[0] == '\0')
        return TUI_EXIT_OK;
    tui_complain(NULL, "%s does not hold: %s", cli->args[0], wrong);
    return TUI_EXIT_UNVERIFIED;
}

const struct tui_command tui_command_verify = {
    .options = options,
    .args_min = 1,
    .args_max = 1,
    .examples =
        "  stoker operations 7 --certificate ember-03.cert\n"
        "  stoker verify ember-03.cert --key $(stoker version --output json | jq -r .public_key)\n"
        "  stoker verify ember-03.cert --now\n",
    .run = run,
};
