#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/figure.h"
#include "views/detail.h"

#define LABELS_MAX 24
#define EVENTS_MAX 8

/* The card of the pane's model: with labels where it was asked for by name, else as in the list. */
static const struct tui_card *card_of(const struct tui_app *app)
{
    const struct tui_card_detail *detail = tui_model_card(app->model);
    const struct tui_card_page *cards = tui_model_cards(app->model);

    if (detail && strcmp(detail->card.id, app->detail_id) == 0)
        return &detail->card;
    for (size_t i = 0; cards && i < cards->count; i++) {
        if (strcmp(cards->cards[i].id, app->detail_id) == 0)
            return &cards->cards[i];
    }
    return NULL;
}

static void write_served(struct tui_sheet *sheet, const struct tui_served *served)
{
    uint64_t lookups = served->hits + served->misses;
    const uint64_t us[] = {served->total.p50_us, served->total.p95_us, served->total.p99_us};
    char text[3][TUI_FIGURE_SIZE];

    tui_figure_rate(text[0], sizeof(text[0]), served->done_per_s);
    tui_sheet_field(sheet, "throughput", TUI_ROLE_STRONG, "%s jobs/s; %llu queued, %llu running",
                    text[0], (unsigned long long)served->queued,
                    (unsigned long long)served->running);
    for (size_t i = 0; i < 3; i++)
        tui_figure_us(text[i], sizeof(text[i]), served->total.count > 0 ? (double)us[i] : NAN);
    tui_sheet_field(sheet, "latency", TUI_ROLE_NORMAL, "p50 %s, p95 %s, p99 %s (last 10 s)",
                    text[0], text[1], text[2]);
    tui_sheet_field(sheet, "since start", served->failed > 0 ? TUI_ROLE_WARN : TUI_ROLE_NORMAL,
                    "%llu done, %llu failed", (unsigned long long)served->done,
                    (unsigned long long)served->failed);
    tui_figure_percent(text[0], sizeof(text[0]),
                       lookups > 0 ? (double)served->hits / (double)lookups : NAN);
    tui_sheet_field(sheet, "was there", TUI_ROLE_NORMAL,
                    "for %s of its jobs: %llu hits, %llu misses", text[0],
                    (unsigned long long)served->hits, (unsigned long long)served->misses);
    tui_figure_us(text[0], sizeof(text[0]), served->load_ms * 1000);
    tui_sheet_field(sheet, "load", TUI_ROLE_NORMAL, "the newest took %s", text[0]);
}

static void write_residents(struct tui_sheet *sheet, const struct tui_served *served)
{
    static const struct tui_column columns[] = {
        {.title = "AGENT", .width = 20},
        {.title = "DEVICE", .width = 6, .right = true},
        {.title = "STATE", .width = 9},
        {.title = "MEMORY", .width = 9, .right = true},
        {.title = "LOADED IN", .width = 9, .priority = 1, .right = true},
        {.title = "PIN", .width = 6},
    };
    char text[TUI_FIGURE_SIZE];

    tui_sheet_title(sheet, "Where it is");
    if (served->resident_count == 0) {
        tui_sheet_text(sheet, TUI_ROLE_DIM,
                       "on no agent: the first job for it is what loads it, or `stoker load`");
        return;
    }
    tui_sheet_head(sheet, columns, sizeof(columns) / sizeof(columns[0]));
    for (size_t i = 0; i < served->resident_count; i++) {
        const struct tui_resident *resident = served->residents[i];
        tui_sheet_row(sheet, resident->agent);
        tui_sheet_link(sheet, TUI_CONTEXT_AGENT, resident->agent);
        tui_sheet_cell(sheet, 0, TUI_ROLE_STRONG, "%s", resident->agent);
        if (resident->device != TUI_NO_DEVICE)
            tui_sheet_cell(sheet, 1, TUI_ROLE_NORMAL, "%u", resident->device);
        tui_sheet_cell(sheet, 2, tui_state_role(resident->state), "%s", resident->state);
        tui_figure_bytes(text, sizeof(text), resident->bytes);
        tui_sheet_cell(sheet, 3, TUI_ROLE_NORMAL, "%s", text);
        tui_figure_us(text, sizeof(text), resident->load_ms * 1000);
        tui_sheet_cell(sheet, 4, TUI_ROLE_NORMAL, "%s", text);
        tui_sheet_cell(sheet, 5, TUI_ROLE_STRONG, "%s", resident->pinned ? "pinned" : "");
    }
}

static void write_ports(struct tui_sheet *sheet, const char *label, const struct tui_port *ports,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        tui_sheet_field(sheet, i == 0 ? label : "", TUI_ROLE_NORMAL, "%s: %s %s", ports[i].name,
                        ports[i].dtype, ports[i].shape);
    if (count == 0)
        tui_sheet_field(sheet, label, TUI_ROLE_DIM, "known when an agent has loaded it once");
}

/* Other versions of it, as far as the repository lists them. */
static void write_versions(const struct tui_app *app, struct tui_sheet *sheet,
                           const struct tui_card *card)
{
    const struct tui_card_page *cards = tui_model_cards(app->model);

    for (size_t i = 0; cards && i < cards->count; i++) {
        const struct tui_card *other = &cards->cards[i];
        if (strcmp(other->name, card->name) != 0 || other->version == card->version)
            continue;
        tui_sheet_field(sheet, "also", tui_state_role(other->state), "version %llu, %s",
                        (unsigned long long)other->version, other->state);
        tui_sheet_link(sheet, TUI_CONTEXT_MODEL, other->id);
    }
}

static void write_card(const struct tui_app *app, struct tui_sheet *sheet,
                       const struct tui_card *card)
{
    char bytes[TUI_FIGURE_SIZE];

    tui_figure_bytes(bytes, sizeof(bytes), card->bytes);
    if (card->description[0] != 0)
        tui_sheet_field(sheet, "is", TUI_ROLE_NORMAL, "%s", card->description);
    tui_sheet_field(sheet, "state", tui_state_role(card->state), "%s%s%s", card->state,
                    card->error[0] ? ": " : "", card->error);
    write_versions(app, sheet, card);
    tui_sheet_field(sheet, "file", TUI_ROLE_DIM, "%s, hash %s", bytes, card->hash);
    tui_sheet_field(sheet, "batches", TUI_ROLE_NORMAL, "up to %llu rows; equal jobs are %s",
                    (unsigned long long)card->max_batch,
                    card->cache_responses ? "answered from the response cache" : "each computed");
    if (card->preprocess.given)
        tui_sheet_field(sheet, "images", TUI_ROLE_NORMAL, "%u x %u, %u channels, %s",
                        card->preprocess.width, card->preprocess.height, card->preprocess.channels,
                        card->preprocess.layout);
    write_ports(sheet, "inputs", card->inputs, card->input_count);
    write_ports(sheet, "outputs", card->outputs, card->output_count);
}

static void write_labels(const struct tui_app *app, struct tui_sheet *sheet)
{
    const struct tui_card_detail *detail = tui_model_card(app->model);
    char text[512];
    size_t used = 0;
    size_t shown = 0;

    if (!detail || strcmp(detail->card.id, app->detail_id) != 0 || detail->count == 0)
        return;
    while (shown < detail->count && shown < LABELS_MAX && used < sizeof(text)) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", shown > 0 ? ", " : "",
                                 detail->labels[shown]);
        shown++;
    }
    tui_sheet_field(sheet, "labels", TUI_ROLE_NORMAL, "%zu: %s%s", detail->count, text,
                    shown < detail->count ? ", ..." : "");
}

static bool about(const struct tui_app *app, const struct tui_event *event)
{
    return strncmp(event->kind, "model.", 6) == 0 && strstr(event->text, app->detail_id);
}

static void write(const struct tui_app *app, struct tui_sheet *sheet)
{
    const struct tui_served *served = tui_fleet_model(app->model->fleet, app->detail_id);
    const struct tui_card *card = card_of(app);

    tui_sheet_title(sheet, "Model %s", app->detail_id);
    if (served)
        write_served(sheet, served);
    if (card)
        write_card(app, sheet, card);
    write_labels(app, sheet);
    if (!served && !card) {
        tui_sheet_field(sheet, "state", TUI_ROLE_BAD, "the coordinator does not serve it now");
        return;
    }
    if (served) {
        write_residents(sheet, served);
        tui_sheet_title(sheet, "Where its jobs' time goes (mean of the last 10 s)");
        tui_detail_split(sheet, served->mean_us);
    }
    tui_detail_events(app, sheet, EVENTS_MAX, about);
    tui_detail_acts(app, sheet, app->detail_id);
}

static void want(const struct tui_app *app, struct tui_want *ret_want)
{
    const char *colon = strrchr(app->detail_id, ':');

    ret_want->polls[TUI_POLL_MODELS] = true;
    ret_want->polls[TUI_POLL_AUDIT] = true;
    if (!colon)
        return;
    ret_want->polls[TUI_POLL_MODEL] = true;
    snprintf(ret_want->model, sizeof(ret_want->model), "%.*s", (int)(colon - app->detail_id),
             app->detail_id);
    ret_want->version = strtoull(colon + 1, NULL, 10);
}

const struct tui_detail tui_detail_model = {write, want};
