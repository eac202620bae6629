#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/model_verb.h"
#include "cli/table.h"
#include "text/reply.h"

enum { POLL_MS = 250 };

static const struct tui_option options[] = {
    {"agent", "AGENT", "on which"},
    {"version", "N", "of the model; the newest without it"},
    {"reason", "TEXT", "why; kept in the audit log"},
    {"detach", NULL, "ask for it and return at once"},
    {NULL, NULL, NULL},
};

struct load {
    struct tui_cli *cli;
    const char *agent;
    double version;
    bool shows_progress;
    double begun_ms, loading_ms; /* since when it is loaded, not fetched any more; 0 not yet */
    double fetched_ms;           /* when bytes were first seen */
    double fetched_from, fetch_bytes;
};

static double clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static const cJSON *place_of(const cJSON *reply, const char *agent)
{
    const cJSON *place;
    cJSON_ArrayForEach(place, tui_reply_member(tui_reply_member(reply, "model"), "places"))
    {
        if (strcmp(tui_reply_text(place, "agent"), agent) == 0)
            return place;
    }
    return NULL;
}

static void show_fetch(struct load *load, const cJSON *place)
{
    char done[TUI_CELL_BYTES], of[TUI_CELL_BYTES], rate[TUI_CELL_BYTES], left[TUI_CELL_BYTES];
    double fetched = tui_reply_number(place, "fetched_bytes"), now = clock_ms();
    double bytes = tui_reply_number(place, "fetch_bytes");

    if (load->fetched_ms == 0) {
        load->fetched_ms = now;
        load->fetched_from = fetched;
    }
    load->fetch_bytes = bytes;
    fprintf(stderr, "\r\033[Kfetching  %s of %s", tui_format_bytes(done, fetched),
            tui_format_bytes(of, bytes));
    double per_ms = (fetched - load->fetched_from) / (now - load->fetched_ms + 1);
    if (per_ms > 0)
        fprintf(stderr, "  %s/s  %s left", tui_format_bytes(rate, per_ms * 1e3),
                tui_format_age(left, (bytes - fetched) / per_ms));
}

static void show_load(struct load *load, const cJSON *place)
{
    char span[TUI_CELL_BYTES], left[TUI_CELL_BYTES];
    double expected = tui_reply_number(place, "load_ms"), now = clock_ms();

    if (load->loading_ms == 0)
        load->loading_ms = now;
    fprintf(stderr, "\r\033[Kloading  %s", tui_format_age(span, now - load->loading_ms));
    if (expected > now - load->loading_ms)
        fprintf(stderr, "  about %s left",
                tui_format_age(left, expected - (now - load->loading_ms)));
}

static void show(struct load *load, const cJSON *place)
{
    if (!load->shows_progress)
        return;
    if (tui_reply_number(place, "fetch_bytes") > 0)
        show_fetch(load, place);
    else
        show_load(load, place);
    fflush(stderr);
}

static enum tui_exit outcome(const struct load *load, const cJSON *reply, const cJSON *place)
{
    char model[256], agent[64], text[512], span[TUI_CELL_BYTES], bytes[TUI_CELL_BYTES];
    const char *state = place != NULL ? tui_reply_text(place, "state") : "";

    tui_shown(load->cli->args[0], model, sizeof(model));
    tui_shown(load->agent, agent, sizeof(agent));
    if (load->shows_progress)
        fputs("\r\033[K", stderr);
    if (strcmp(state, "resident") == 0) {
        if (load->cli->json) {
            tui_print_json(reply);
            return TUI_EXIT_OK;
        }
        printf("%s is on %s after %s", model, agent,
               tui_format_age(span, clock_ms() - load->begun_ms));
        if (load->fetch_bytes > 0)
            printf("; fetched %s", tui_format_bytes(bytes, load->fetch_bytes));
        if (tui_reply_number(place, "load_ms") > 0)
            printf("; loading took %s",
                   tui_format_us(span, tui_reply_number(place, "load_ms") * 1e3));
        putchar('\n');
        return TUI_EXIT_OK;
    }
    if (strcmp(state, "failed") == 0)
        tui_complain("stoker events has more", "%s can't be loaded on %s: %s", model, agent,
                     tui_shown(tui_reply_text(place, "error"), text, sizeof(text)));
    else
        tui_complain("ask for it again: stoker load", "%s is not being loaded on %s any more",
                     model, agent);
    return TUI_EXIT_CONFLICT;
}

static enum tui_exit ask(const struct load *load, cJSON **ret_reply)
{
    cJSON *request = cJSON_CreateObject();
    cJSON_AddStringToObject(request, "name", load->cli->args[0]);
    cJSON_AddNumberToObject(request, "version", load->version);
    return tui_request(load->cli, "model", request, 0, ret_reply);
}

static enum tui_exit follow(struct load *load)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};

    tui_interrupt_catch();
    for (;;) {
        cJSON *reply = NULL;
        enum tui_exit exit_code = ask(load, &reply);
        if (exit_code != TUI_EXIT_OK)
            return exit_code;
        const cJSON *place = place_of(reply, load->agent);
        if (place == NULL || strcmp(tui_reply_text(place, "state"), "loading") != 0) {
            exit_code = outcome(load, reply, place);
            cJSON_Delete(reply);
            return exit_code;
        }
        show(load, place);
        cJSON_Delete(reply);
        if (tui_interrupted()) {
            fprintf(stderr, "\nstoker: no longer watching; %s goes on loading it\n", load->agent);
            return TUI_EXIT_INTERRUPTED;
        }
        nanosleep(&pause, NULL);
    }
}

static enum tui_exit run(struct tui_cli *cli)
{
    struct load load = {.cli = cli,
                        .agent = tui_option_value(cli, "agent"),
                        .begun_ms = clock_ms(),
                        .shows_progress = !cli->json && isatty(STDERR_FILENO)};
    cJSON *reply = NULL;

    if (load.agent == NULL || tui_option_value(cli, "detach") != NULL)
        return tui_model_verb_there(cli, "load", "being loaded");
    cJSON *request = tui_model_request(cli);
    if (request == NULL)
        return TUI_EXIT_USAGE;
    enum tui_exit exit_code = tui_request(cli, "load", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    load.version = tui_reply_number(tui_reply_member(reply, "model"), "version");
    cJSON_Delete(reply);
    return follow(&load);
}

const struct tui_command tui_command_load = {
    .options = options,
    .args_min = 1,
    .args_max = 1,
    .examples = "  stoker load digits --agent ember-03\n"
                "  stoker load llama --version 2 --agent ember-03 --detach\n",
    .run = run,
};
