#include "views/detail_why.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"

enum column { AGENT, HOLDS, HAS, BEGINS, LOADS, RUNS, SCORE, VERDICT };

static const struct tui_column columns[] = {
    [AGENT] = {.title = "AGENT", .width = 12, .grow = 1},
    [HOLDS] = {.title = "HOLDS", .width = 7, .priority = 3, .right = true},
    [HAS] = {.title = "MODEL", .width = 5, .priority = 4},
    [BEGINS] = {.title = "BEGINS IN", .width = 9, .priority = 1, .right = true},
    [LOADS] = {.title = "LOADS FOR", .width = 9, .priority = 5, .right = true},
    [RUNS] = {.title = "RUNS FOR", .width = 8, .priority = 5, .right = true},
    [SCORE] = {.title = "SCORE", .width = 8, .priority = 2, .right = true},
    [VERDICT] = {.title = "VERDICT", .width = 20, .grow = 3},
};

static void write_spans(struct tui_sheet *sheet, const struct tui_candidate *candidate)
{
    const struct {
        enum column column;
        uint64_t us;
    } spans[] = {
        {BEGINS, candidate->wait_us}, {LOADS, candidate->load_us}, {RUNS, candidate->run_us}};
    char text[TUI_FIGURE_SIZE];

    for (size_t i = 0; i < 3; i++) {
        tui_figure_us(text, sizeof(text), (double)spans[i].us);
        if (spans[i].column == RUNS && spans[i].us == 0)
            snprintf(text, sizeof(text), "unknown");
        tui_sheet_cell(sheet, spans[i].column, TUI_ROLE_NORMAL, "%s", text);
    }
}

static void write_candidate(struct tui_sheet *sheet, const struct tui_candidate *candidate)
{
    bool rejected = candidate->rule[0] != 0;
    enum tui_role role = candidate->chosen ? TUI_ROLE_OK
                         : rejected        ? TUI_ROLE_DIM
                                           : TUI_ROLE_NORMAL;
    char text[TUI_FIGURE_SIZE];

    tui_sheet_row(sheet, candidate->agent);
    tui_sheet_link(sheet, TUI_CONTEXT_AGENT, candidate->agent);
    tui_sheet_cell(sheet, AGENT, role, "%s", candidate->agent);
    tui_sheet_cell(sheet, HOLDS, role, "%llu/%llu", (unsigned long long)candidate->held,
                   (unsigned long long)candidate->credit);
    if (!rejected) {
        tui_sheet_cell(sheet, HAS, role, "%s", candidate->resident ? "there" : "-");
        write_spans(sheet, candidate);
    }
    if (!isnan(candidate->score)) {
        /* Scores are times where the strategy goes by time: as long numbers, but comparable. */
        tui_figure_rate(text, sizeof(text), candidate->score);
        tui_sheet_cell(sheet, SCORE, role, "%s", text);
    }
    if (candidate->chosen)
        tui_sheet_cell(sheet, VERDICT, role, "chosen: %s", candidate->text);
    else if (rejected)
        tui_sheet_cell(sheet, VERDICT, TUI_ROLE_WARN, "ruled out (%s): %s", candidate->rule,
                       candidate->text);
    else
        tui_sheet_cell(sheet, VERDICT, role, "not chosen: %s", candidate->text);
}

static void write_decision(struct tui_sheet *sheet, const struct tui_decision *decision)
{
    char clock[TUI_FIGURE_SIZE];

    tui_figure_clock(clock, sizeof(clock), decision->time_ms);
    tui_sheet_title(sheet, "Why %s (attempt %llu, %s)", decision->agent,
                    (unsigned long long)decision->attempt, clock);
    tui_sheet_text(sheet, TUI_ROLE_NORMAL, "%s", decision->text);
    if (!decision->kept)
        return;
    tui_sheet_text(
        sheet, TUI_ROLE_DIM,
        "decision %llu, strategy %s, choice %s: %llu agent%s looked at, %llu could take it; "
        "%llu job%s waited, %llu went with it",
        (unsigned long long)decision->number, decision->strategy, decision->choice,
        (unsigned long long)decision->looked_at, decision->looked_at == 1 ? "" : "s",
        (unsigned long long)decision->open, (unsigned long long)decision->queued,
        decision->queued == 1 ? "" : "s", (unsigned long long)decision->jobs);
    tui_sheet_head(sheet, columns, sizeof(columns) / sizeof(columns[0]));
    for (size_t i = 0; i < decision->candidate_count; i++)
        write_candidate(sheet, &decision->candidates[i]);
}

void tui_detail_why(struct tui_sheet *sheet, const struct tui_why *why)
{
    for (size_t i = why->count; i > 0; i--)
        write_decision(sheet, &why->decisions[i - 1]);
    if (why->count > 0)
        return;
    tui_sheet_title(sheet, "Why");
    tui_sheet_text(sheet, why->waiting[0] ? TUI_ROLE_WARN : TUI_ROLE_DIM, "%s",
                   why->waiting[0] ? why->waiting : "it has been sent to no agent");
}
