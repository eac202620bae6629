/* From an alert to what it is about. */
#include <string.h>

#include "app/do.h"

/* Where an alert about the whole cluster is looked into. */
static enum tui_view_id view_of(enum tui_alert_kind kind)
{
    switch (kind) {
    case TUI_ALERT_SLO_BURN:
        return TUI_VIEW_LATENCY;
    case TUI_ALERT_QUEUE_GROWS:
    case TUI_ALERT_FAILING:
        return TUI_VIEW_JOBS;
    case TUI_ALERT_NO_AGENT:
        return TUI_VIEW_AGENTS;
    default:
        return TUI_VIEW_EVENTS;
    }
}

/* The alert behind the one that was shown last, if that is still there; else the worst. */
static size_t next_alert(const struct tui_app *app)
{
    const struct tui_alerts *alerts = &app->model->alerts;
    const struct tui_alert *last = &app->graphs.alert;

    for (size_t i = 0; i + 1 < alerts->count && last->since_ms != 0; i++) {
        const struct tui_alert *alert = &alerts->items[i];
        if (alert->kind == last->kind && alert->device == last->device &&
            strcmp(alert->agent, last->agent) == 0)
            return i + 1;
    }
    return 0;
}

void tui_do_alert(struct tui_app *app)
{
    const struct tui_alerts *alerts = &app->model->alerts;

    if (alerts->count == 0) {
        tui_app_message(app, TUI_ROLE_OK, "there are no alerts");
        return;
    }
    const struct tui_alert *alert = &alerts->items[next_alert(app)];
    app->graphs.alert = *alert;
    if (alert->agent[0] != 0)
        tui_app_open(app, TUI_CONTEXT_AGENT, alert->agent);
    else
        tui_app_show(app, view_of(alert->kind));
    tui_app_message(app, alert->bad ? TUI_ROLE_BAD : TUI_ROLE_WARN, "%s - %s", alert->text,
                    tui_alert_next(alert));
}
