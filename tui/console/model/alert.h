/* What needs the operator: what, since when, and what to do about it. */
#ifndef TUI_CONSOLE_MODEL_ALERT_H
#define TUI_CONSOLE_MODEL_ALERT_H

#include "model/history.h"

#define TUI_ALERTS_MAX 32
#define TUI_ALERT_HOT_C 85.0 /* consumer cards throttle at 90 to 95 */

enum tui_alert_kind {
#define TUI_ALERT(name, bad, next) TUI_ALERT_##name,
#include "model/alerts.def"
#undef TUI_ALERT
    TUI_ALERT_KIND_COUNT
};

struct tui_alert {
    enum tui_alert_kind kind;
    bool bad;
    int64_t since_ms;          /* when the console first saw it, on the clock of updates */
    char agent[TUI_NAME_SIZE]; /* whom it is about; "" the cluster */
    uint32_t device;           /* of the agent, where it is about one */
    char text[160];
};

struct tui_alerts {
    struct tui_alert items[TUI_ALERTS_MAX]; /* the worst first */
    size_t count;
    size_t total; /* of which `count` are kept */
};

/* Old data is an alert from so long on; the top line says its age before. */
#define TUI_ALERT_STALE_MS 5000

/* The alert about data that came at `fleet_at_ms`; false while it is fresh. */
bool tui_alert_stale(int64_t fleet_at_ms, int64_t now_ms, struct tui_alert *ret_alert);

/* What to do about it. */
const char *tui_alert_next(const struct tui_alert *alert);

/*
 * Looks at the newest snapshot, which the history holds already. What was there before keeps its
 * time. Stale data is not in it, being a matter of now: tui_alert_stale.
 */
void tui_alerts_fold(struct tui_alerts *alerts, const struct tui_fleet *fleet,
                     const struct tui_history *history, int64_t at_ms);

#endif
