#include <stdio.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "text/reply.h"

static const struct tui_option options[] = {
    {"follow", NULL, "keep showing what happens, until Ctrl-C"},
    {"after", "SEQ", "only events after this sequence number"},
    {"before", "SEQ", "only events before this sequence number, the newest of them"},
    {"limit", "N", "at most so many at a time (1 to 1000, default 100)"},
    {NULL, NULL, NULL},
};

static void print_event(const struct tui_cli *cli, const cJSON *event)
{
    char time[TUI_CELL_BYTES], kind[64], severity[16], agent[64], text[512];

    if (cli->json) {
        char *line = cJSON_PrintUnformatted(event);
        if (line != NULL)
            puts(line);
        cJSON_free(line);
        return;
    }
    tui_shown(tui_reply_text(event, "agent"), agent, sizeof(agent));
    printf("%s  %-7s  %-18s  %s%s%s\n", tui_format_time(time, tui_reply_number(event, "time_ms")),
           tui_shown(tui_reply_text(event, "severity"), severity, sizeof(severity)),
           tui_shown(tui_reply_text(event, "kind"), kind, sizeof(kind)), agent,
           agent[0] != '\0' ? ": " : "",
           tui_shown(tui_reply_text(event, "text"), text, sizeof(text)));
}

static enum tui_exit show(struct tui_cli *cli, int64_t limit, int64_t wait_ms, int64_t before,
                          int64_t *after)
{
    cJSON *reply = NULL, *request = cJSON_CreateObject();
    const cJSON *event;

    if (*after > 0) /* without it the newest come, not the oldest */
        cJSON_AddNumberToObject(request, "after", (double)*after);
    if (before > 0)
        cJSON_AddNumberToObject(request, "before", (double)before);
    cJSON_AddNumberToObject(request, "limit", (double)limit);
    if (wait_ms > 0)
        cJSON_AddNumberToObject(request, "wait_ms", (double)wait_ms);
    enum tui_exit exit_code = tui_request(cli, "events", request, (uint32_t)wait_ms, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    cJSON_ArrayForEach(event, tui_reply_member(reply, "events")) print_event(cli, event);
    double next = tui_reply_number(reply, "next");
    *after = next > (double)*after ? (int64_t)next : *after;
    cJSON_Delete(reply);
    fflush(stdout);
    return TUI_EXIT_OK;
}

static enum tui_exit run(struct tui_cli *cli)
{
    int64_t after = 0, before = 0, limit = 100;
    bool follow = tui_option_value(cli, "follow") != NULL;

    if (!tui_option_number(cli, "after", 0, INT64_MAX, &after) ||
        !tui_option_number(cli, "before", 1, INT64_MAX, &before) ||
        !tui_option_number(cli, "limit", 1, 1000, &limit))
        return TUI_EXIT_USAGE;
    if (before > 0 && (follow || after > 0)) {
        fputs("stoker events: --before goes back, --after and --follow go forwards\n", stderr);
        return TUI_EXIT_USAGE;
    }
    enum tui_exit exit_code = show(cli, limit, 0, before, &after);
    if (follow)
        tui_interrupt_catch();
    while (follow && exit_code == TUI_EXIT_OK && !tui_interrupted())
        exit_code = show(cli, limit, TUI_WAIT_SLICE_MS, 0, &after);
    return exit_code;
}

const struct tui_command tui_command_events = {
    .options = options,
    .examples = "  stoker events --limit 20\n  stoker events --follow --output json\n"
                "  stoker events --before 912\n",
    .run = run,
};
