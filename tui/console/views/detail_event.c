#include <stdio.h>
#include <string.h>

#include "views/detail.h"

#define AROUND_MS 10000
#define AROUND_MAX 16

static const struct tui_event *find(const struct tui_app *app)
{
    char id[TUI_NAME_SIZE];

    for (size_t i = 0; i < tui_model_event_count(app->model); i++) {
        tui_event_id(id, tui_model_event(app->model, i));
        if (strcmp(id, app->detail_id) == 0)
            return tui_model_event(app->model, i);
    }
    return NULL;
}

/* What happened in the same seconds is often its cause, or what it caused. */
static bool about(const struct tui_app *app, const struct tui_event *event)
{
    const struct tui_event *this = find(app);

    return this && event != this && event->time_ms + AROUND_MS >= this->time_ms &&
           event->time_ms <= this->time_ms + AROUND_MS;
}

static void write(const struct tui_app *app, struct tui_sheet *sheet)
{
    const struct tui_event *event = find(app);
    char text[TUI_TEXT_SIZE];

    if (!event) {
        tui_sheet_title(sheet, "Event %s", app->detail_id);
        tui_sheet_text(sheet, TUI_ROLE_DIM, "it is not kept here any more");
        return;
    }
    tui_sheet_title(sheet, "Event %llu", (unsigned long long)event->seq);
    tui_sheet_field(sheet, "kind", tui_severity_role(event->severity), "%s, %s", event->kind,
                    event->severity);
    tui_detail_time(app, text, sizeof(text), event->time_ms);
    tui_sheet_field(sheet, "time", TUI_ROLE_NORMAL, "%s", text);
    if (event->agent[0] != 0) {
        tui_sheet_field(sheet, "agent", TUI_ROLE_STRONG, "%s", event->agent);
        tui_sheet_link(sheet, TUI_CONTEXT_AGENT, event->agent);
    }
    if (event->job != 0) {
        snprintf(text, sizeof(text), "%llu", (unsigned long long)event->job);
        tui_sheet_field(sheet, "job", TUI_ROLE_STRONG, "%s", text);
        tui_sheet_link(sheet, TUI_CONTEXT_JOB, text);
    }
    tui_sheet_field(sheet, "text", TUI_ROLE_NORMAL, "%s", event->text);
    tui_detail_events(app, sheet, AROUND_MAX, about);
}

const struct tui_detail tui_detail_event = {write, NULL};
