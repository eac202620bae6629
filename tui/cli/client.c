#include "cli/cli.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net_client.h"
#include "text/reply.h"

/* Refusals of the coordinator, as docs/control.md lists them. */
static const struct {
    const char *code;
    enum tui_exit exit;
} refusals[] = {
    {"bad_request", TUI_EXIT_USAGE}, {"not_found", TUI_EXIT_NOT_FOUND},
    {"wrong_input", TUI_EXIT_INPUT}, {"busy", TUI_EXIT_BUSY},
    {"conflict", TUI_EXIT_CONFLICT}, {"unavailable", TUI_EXIT_UNAVAILABLE},
    {"version", TUI_EXIT_VERSION},
};

enum { REDIAL_MS = 250 };

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

void tui_interrupt_catch(void)
{
    /* The second Ctrl-C ends the program the hard way. */
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
}

void tui_interrupt_release(void)
{
    signal(SIGINT, SIG_DFL);
    interrupted = 0;
}

bool tui_interrupted(void)
{
    return interrupted != 0;
}

static bool may_pass(const struct net_error *err)
{
    return err->status != NET_ERR_NEEDS_TLS && err->status != NET_ERR_ADDRESS;
}

static enum tui_exit explain_failure(const struct tui_cli *cli, const struct net_error *err)
{
    if (err->status == NET_ERR_NEEDS_TLS) {
        tui_complain("give --tls-ca FILE or $STOKER_TLS_CA", "%s", err->text);
        return TUI_EXIT_USAGE;
    }
    if (err->status == NET_ERR_ADDRESS) {
        tui_complain("give --coordinator tcp://HOST:PORT", "%s", err->text);
        return TUI_EXIT_USAGE;
    }
    if (err->status == NET_ERR_TIMEOUT)
        tui_complain("it may be overloaded; --timeout waits longer",
                     "the coordinator at %s did not answer within %u ms", cli->address,
                     cli->timeout_ms);
    else
        tui_complain("is stokerd running? --coordinator or $STOKER_COORDINATOR names another",
                     "no coordinator: %s", err->text);
    return TUI_EXIT_UNREACHABLE;
}

static enum tui_exit refusal_exit(const cJSON *reply)
{
    const char *code = tui_reply_text(tui_reply_member(reply, "error"), "code");
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (strcmp(refusals[i].code, code) == 0)
            return refusals[i].exit;
    return TUI_EXIT_INTERNAL;
}

static enum tui_exit explain_refusal(const cJSON *reply)
{
    char message[512], hint[512];
    const cJSON *error = tui_reply_member(reply, "error");

    tui_shown(tui_reply_text(error, "message"), message, sizeof(message));
    tui_shown(tui_reply_text(error, "hint"), hint, sizeof(hint));
    tui_complain(hint, "%s",
                 message[0] != '\0' ? message : "the coordinator refused, with no reason");
    return refusal_exit(reply);
}

bool tui_tls_open(struct tui_cli *cli)
{
    struct net_error err = {0};

    if (cli->tls != NULL || !net_tls_wanted(&cli->tls_files))
        return true;
    if (net_tls_create(&cli->tls_files, &cli->tls, &err) == NET_OK)
        return true;
    tui_complain("see --tls-ca, --tls-cert and --tls-key in --help", "%s", err.text);
    return false;
}

/* One request and its parsed reply, refusal or not. TUI_EXIT_UNREACHABLE: *ret_err says why, and
 * nothing was printed. */
static enum tui_exit try_exchange(struct tui_cli *cli, const char *text, uint32_t timeout_ms,
                                  cJSON **ret_reply, struct net_error *ret_err)
{
    char *answer = NULL;
    size_t len = 0;

    if (cli->client == NULL && !tui_tls_open(cli))
        return TUI_EXIT_USAGE;
    if (cli->client == NULL &&
        net_client_open(cli->address, cli->tls, &cli->client, ret_err) != NET_OK)
        return TUI_EXIT_UNREACHABLE;
    if (net_client_request(cli->client, text, strlen(text), timeout_ms, &answer, &len, ret_err) !=
        NET_OK)
        return interrupted ? TUI_EXIT_INTERRUPTED : TUI_EXIT_UNREACHABLE;
    *ret_reply = cJSON_ParseWithLength(answer, len);
    free(answer);
    if (!cJSON_IsObject(*ret_reply)) {
        cJSON_Delete(*ret_reply);
        *ret_reply = NULL;
        tui_complain("is it a Stoker control socket?",
                     "%s answered something that is no JSON object", cli->address);
        return TUI_EXIT_VERSION;
    }
    return TUI_EXIT_OK;
}

static enum tui_exit exchange(struct tui_cli *cli, const char *text, uint32_t timeout_ms,
                              cJSON **ret_reply)
{
    struct net_error err = {0};
    enum tui_exit exit_code = try_exchange(cli, text, timeout_ms, ret_reply, &err);
    return exit_code == TUI_EXIT_UNREACHABLE ? explain_failure(cli, &err) : exit_code;
}

static char *request_text(const char *op, const cJSON *fields)
{
    cJSON *request = fields != NULL ? cJSON_Duplicate(fields, true) : cJSON_CreateObject();
    char *text;

    cJSON_AddNumberToObject(request, "v", 1);
    cJSON_AddStringToObject(request, "op", op);
    text = cJSON_PrintUnformatted(request);
    cJSON_Delete(request);
    return text;
}

bool tui_busy_wait(double retry_ms, const char *text, uint32_t patience_ms, double *waited_ms)
{
    char clean[512];

    retry_ms = retry_ms < 1 ? 50 : retry_ms;
    if (*waited_ms + retry_ms > patience_ms)
        return false;
    if (*waited_ms == 0)
        fprintf(stderr, "stoker: busy: %s; asks again for up to %.0f s\n",
                tui_shown(text, clean, sizeof(clean)), patience_ms / 1e3);
    *waited_ms += retry_ms;
    struct timespec pause = {(time_t)(retry_ms / 1000), (long)retry_ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
    return true;
}

/* Nobody answered: a little later on a new connection. False: that would be too long. */
static bool dial_again(struct tui_cli *cli, const char *why, uint32_t patience_ms,
                       double *waited_ms)
{
    char clean[512];

    if (*waited_ms + REDIAL_MS > patience_ms)
        return false;
    if (*waited_ms == 0)
        fprintf(stderr, "stoker: %s; goes on when the coordinator is back, for up to %.0f s\n",
                tui_shown(why, clean, sizeof(clean)), patience_ms / 1e3);
    net_client_close(cli->client);
    cli->client = NULL;
    *waited_ms += REDIAL_MS;
    const struct timespec pause = {.tv_nsec = REDIAL_MS * 1000000L};
    nanosleep(&pause, NULL);
    return !interrupted;
}

/* Whether a refusal may be none a little later. */
static bool waits_out(struct tui_cli *cli, const cJSON *reply, uint32_t patience_ms,
                      double *waited_ms)
{
    const cJSON *error = tui_reply_member(reply, "error");
    const char *message = tui_reply_text(error, "message");
    enum tui_exit exit_code = refusal_exit(reply);

    if (exit_code == TUI_EXIT_UNAVAILABLE)
        return dial_again(cli, message, patience_ms, waited_ms);
    return exit_code == TUI_EXIT_BUSY && tui_busy_wait(tui_reply_number(error, "retry_after_ms"),
                                                       message, patience_ms, waited_ms);
}

enum tui_exit tui_request_patiently(struct tui_cli *cli, const char *op, const cJSON *request,
                                    uint32_t extra_ms, uint32_t patience_ms, double *waited_ms,
                                    cJSON **ret_reply)
{
    char *text = request_text(op, request);
    cJSON *reply = NULL;
    enum tui_exit exit_code = TUI_EXIT_INTERNAL;

    while (text != NULL) {
        struct net_error err = {0};
        exit_code = try_exchange(cli, text, cli->timeout_ms + extra_ms, &reply, &err);
        if (exit_code == TUI_EXIT_UNREACHABLE) {
            if (may_pass(&err) && dial_again(cli, err.text, patience_ms, waited_ms))
                continue;
            exit_code = interrupted ? TUI_EXIT_INTERRUPTED : explain_failure(cli, &err);
            break;
        }
        if (exit_code != TUI_EXIT_OK || tui_reply_bool(reply, "ok"))
            break;
        exit_code = refusal_exit(reply);
        if (!waits_out(cli, reply, patience_ms, waited_ms)) {
            explain_refusal(reply);
            break;
        }
        cJSON_Delete(reply);
        reply = NULL;
        if (interrupted) {
            exit_code = TUI_EXIT_INTERRUPTED;
            break;
        }
    }
    cJSON_free(text);
    if (exit_code == TUI_EXIT_OK)
        *ret_reply = reply;
    else
        cJSON_Delete(reply);
    return exit_code;
}

enum tui_exit tui_request(struct tui_cli *cli, const char *op, cJSON *request, uint32_t extra_ms,
                          cJSON **ret_reply)
{
    char *text = request_text(op, request);
    cJSON *reply = NULL;
    enum tui_exit exit_code = TUI_EXIT_INTERNAL;

    cJSON_Delete(request);
    if (text != NULL)
        exit_code = exchange(cli, text, cli->timeout_ms + extra_ms, &reply);
    cJSON_free(text);
    if (exit_code == TUI_EXIT_OK && !tui_reply_bool(reply, "ok"))
        exit_code = explain_refusal(reply);
    if (exit_code == TUI_EXIT_OK)
        *ret_reply = reply;
    else
        cJSON_Delete(reply);
    return exit_code;
}

void tui_print_json(const cJSON *reply)
{
    cJSON *shown = cJSON_Duplicate(reply, true);
    char *text;

    cJSON_DeleteItemFromObjectCaseSensitive(shown, "v");
    cJSON_DeleteItemFromObjectCaseSensitive(shown, "ok");
    text = cJSON_Print(shown);
    cJSON_Delete(shown);
    if (text != NULL)
        puts(text);
    cJSON_free(text);
}
