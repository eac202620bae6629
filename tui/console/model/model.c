#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/backlog.h"

struct tui_model *tui_model_create(void)
{
    struct tui_model *model = calloc(1, sizeof(*model));
    if (!model)
        return NULL;
    if (!tui_history_init(&model->history)) {
        free(model);
        return NULL;
    }
    return model;
}

void tui_model_destroy(struct tui_model *model)
{
    if (!model)
        return;
    tui_fleet_destroy(model->fleet);
    for (size_t i = 0; i < TUI_POLL_COUNT; i++)
        free(model->polled[i].record);
    tui_history_finish(&model->history);
    free(model);
}

/* How many samples should have come since the last one, this one included. 0: nothing is new. */
static uint64_t samples_due(const struct tui_model *model, const struct tui_update *update)
{
    const struct tui_fleet *fleet = update->fleet;
    int64_t elapsed = update->at_ms - model->fleet_at_ms;
    uint64_t by_time = elapsed > 0 ? (uint64_t)elapsed / TUI_SAMPLE_MS : 0;
    uint64_t due = 1;

    if (!model->fleet)
        return 1;
    if (fleet->epoch == model->fleet->epoch && fleet->seq == model->fleet->seq &&
        fleet->time_ms == model->fleet->time_ms)
        return 0;
    if (update->published && model->fleet_published && fleet->epoch == model->fleet->epoch &&
        fleet->seq > model->fleet->seq)
        due = fleet->seq - model->fleet->seq;
    /* Arrivals jitter: time says something only when it's clearly more than one sample. */
    if (by_time > due && by_time >= 3)
        due = by_time;
    return due;
}

static void apply_fleet(struct tui_model *model, struct tui_update *update)
{
    struct tui_fleet *fleet = update->fleet;
    uint64_t due = samples_due(model, update);

    if (model->fleet && fleet->epoch != model->fleet->epoch)
        model->restarts++;
    if (due > 1) {
        model->snapshots_lost += due - 1;
        model->lost_last = due - 1;
        model->lost_at_ms = update->at_ms;
    }
    if (due > 0)
        tui_history_fold(&model->history, fleet, update->at_ms, due > 1);
    tui_alerts_fold(&model->alerts, fleet, &model->history, update->at_ms);
    tui_fleet_destroy(model->fleet);
    model->fleet = fleet;
    model->fleet_at_ms = update->at_ms;
    model->fleet_published = update->published;
    model->snapshots++;
    update->fleet = NULL;
}

/* Says nothing without the snapshot that it goes on from: that is asked for. */
static void apply_delta(struct tui_model *model, struct tui_update *update)
{
    if (!model->fleet || model->fleet->epoch != update->fleet->epoch)
        return;
    tui_fleet_complete(update->fleet, model->fleet);
    tui_fleet_link_models(update->fleet); /* without memory the models are nowhere */
    apply_fleet(model, update);
}

static bool has_event(const struct tui_model *model, const struct tui_event *event)
{
    size_t count = tui_model_event_count(model);

    for (size_t i = 0; i < count; i++) {
        const struct tui_event *kept = tui_model_event(model, i);
        if (kept->seq == event->seq && kept->time_ms == event->time_ms)
            return true;
    }
    return false;
}

static void apply_events(struct tui_model *model, const struct tui_event_page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct tui_event *event = &page->events[i];
        if (!has_event(model, event)) {
            model->events[model->events_pushed % TUI_EVENTS_MAX] = *event;
            model->events_pushed++;
        }
    }
}

static void apply_poll(struct tui_model *model, struct tui_update *update)
{
    struct tui_polled *polled = &model->polled[update->kind - TUI_UPDATE_POLL];

    if (update->kind == TUI_UPDATE_JOBS)
        tui_backlog_newest(polled, model->jobs_keep, update);
    else if (update->kind == TUI_UPDATE_JOBS_OLDER)
        tui_backlog_older(&model->polled[TUI_POLL_JOBS], update);
    free(polled->record);
    polled->record = update->record;
    polled->asked = update->asked;
    polled->refusal = update->refusal;
    polled->at_ms = update->at_ms;
    update->record = NULL;
}

void tui_model_apply(struct tui_model *model, struct tui_update *update)
{
    switch (update->kind) {
    case TUI_UPDATE_FLEET:
        apply_fleet(model, update);
        break;
    case TUI_UPDATE_DELTA:
        apply_delta(model, update);
        break;
    case TUI_UPDATE_EVENTS:
        apply_events(model, update->events);
        break;
    case TUI_UPDATE_ANSWER:
        break;
    case TUI_UPDATE_SILENCE:
        if (model->silent_ms == 0)
            model->silent_ms = update->at_ms;
        memcpy(model->silence, update->refusal.message, sizeof(model->silence));
        break;
    case TUI_UPDATE_MALFORMED:
        model->malformed++;
        model->malformed_at_ms = update->at_ms;
        memcpy(model->malformed_text, update->refusal.message, sizeof(model->malformed_text));
        break;
    default:
        apply_poll(model, update);
        break;
    }
    if (update->kind != TUI_UPDATE_SILENCE) {
        model->heard_ms = update->at_ms;
        model->silent_ms = 0;
    }
    tui_update_destroy(update);
}

size_t tui_model_event_count(const struct tui_model *model)
{
    return model->events_pushed < TUI_EVENTS_MAX ? (size_t)model->events_pushed : TUI_EVENTS_MAX;
}

const struct tui_event *tui_model_event(const struct tui_model *model, size_t i)
{
    return &model->events[(model->events_pushed - 1 - i) % TUI_EVENTS_MAX];
}

int64_t tui_model_age_ms(const struct tui_model *model, int64_t now_ms)
{
    if (!model->fleet)
        return -1;
    return now_ms > model->fleet_at_ms ? now_ms - model->fleet_at_ms : 0;
}

uint64_t tui_model_clock_ms(const struct tui_model *model, int64_t now_ms)
{
    int64_t age = tui_model_age_ms(model, now_ms);

    return age < 0 ? 0 : model->fleet->time_ms + (uint64_t)age;
}

int64_t tui_model_silent_ms(const struct tui_model *model, int64_t now_ms)
{
    if (model->silent_ms == 0)
        return 0;
    int64_t since = model->heard_ms > 0 ? model->heard_ms : model->silent_ms;
    return now_ms > since ? now_ms - since : 1;
}
