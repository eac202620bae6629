#include <stdio.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "text/reply.h"

static void print_latency(const cJSON *latency, const char *name)
{
    char p50[TUI_CELL_BYTES], p95[TUI_CELL_BYTES], p99[TUI_CELL_BYTES];
    const cJSON *row = tui_reply_member(latency, name);

    if (tui_reply_number(row, "count") == 0)
        return;
    printf("  %-8s p50 %s, p95 %s, p99 %s\n", name,
           tui_format_us(p50, tui_reply_number(row, "p50")),
           tui_format_us(p95, tui_reply_number(row, "p95")),
           tui_format_us(p99, tui_reply_number(row, "p99")));
}

static void print_caches(const cJSON *caches)
{
    const cJSON *cache;

    const char *separator = "";

    printf("caches    ");
    cJSON_ArrayForEach(cache, caches)
    {
        double hits = tui_reply_number(cache, "hits");
        double all = hits + tui_reply_number(cache, "misses");
        char name[TUI_CELL_BYTES];
        tui_shown(cache->string, name, sizeof(name));
        if (all > 0)
            printf("%s%s %.1f%% of %.0f hit", separator, name, 100 * hits / all, all);
        else
            printf("%s%s unused", separator, name);
        separator = ", ";
    }
    printf("\n");
}

static void print_status(const cJSON *reply)
{
    static const char *const parts[] = {"total", "queue", "load", "compute", "copy"};
    char name[TUI_CELL_BYTES], strategy[TUI_CELL_BYTES], up[TUI_CELL_BYTES], ledger[TUI_CELL_BYTES];
    const cJSON *totals = tui_reply_member(reply, "totals");
    const cJSON *rates = tui_reply_member(reply, "rates");

    printf("cluster   %s, epoch %.0f, up %s, %s placement, ledger %s\n",
           tui_shown(tui_reply_text(reply, "cluster"), name, sizeof(name)),
           tui_reply_number(reply, "epoch"),
           tui_format_age(up, tui_reply_number(reply, "uptime_ms")),
           tui_shown(tui_reply_text(reply, "strategy"), strategy, sizeof(strategy)),
           tui_shown(tui_reply_text(tui_reply_member(reply, "ledger"), "state"), ledger,
                     sizeof(ledger)));
    const char *wrong = tui_reply_text(tui_reply_member(reply, "ledger"), "error");
    if (wrong[0] != '\0') {
        char text[512];
        printf("ledger    %s\n", tui_shown(wrong, text, sizeof(text)));
    }
    printf("agents    %.0f of %.0f ready, %.0f devices\n", tui_reply_number(totals, "agents_ready"),
           tui_reply_number(totals, "agents"), tui_reply_number(totals, "devices"));
    printf("jobs      %.0f queued, %.0f assigned, %.0f running; %.0f done, %.0f failed, %.0f "
           "cancelled, %.0f expired, %.0f requeued\n",
           tui_reply_number(totals, "queued"), tui_reply_number(totals, "assigned"),
           tui_reply_number(totals, "running"), tui_reply_number(totals, "done"),
           tui_reply_number(totals, "failed"), tui_reply_number(totals, "cancelled"),
           tui_reply_number(totals, "expired"), tui_reply_number(totals, "requeued"));
    printf("rates     %.1f submitted/s, %.1f done/s\n", tui_reply_number(rates, "submitted_per_s"),
           tui_reply_number(rates, "done_per_s"));
    const cJSON *total = tui_reply_member(tui_reply_member(reply, "latency_us"), "total");
    printf("latency   %s\n", tui_reply_number(total, "count") > 0
                                 ? "of the last 10 s"
                                 : "no job ended in the last 10 s");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        print_latency(tui_reply_member(reply, "latency_us"), parts[i]);
    print_caches(tui_reply_member(reply, "caches"));
}

static enum tui_exit run(struct tui_cli *cli)
{
    cJSON *reply = NULL;
    enum tui_exit exit_code = tui_request(cli, "status", NULL, 0, &reply);

    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    if (cli->json)
        tui_print_json(reply);
    else
        print_status(reply);
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

const struct tui_command tui_command_status = {
    .examples = "  stoker status\n  stoker status --output json | jq .rates\n",
    .run = run,
};
