#include "app/tour.h"

#include <stdio.h>
#include <string.h>

#include "app/do.h"
#include "app/ex.h"
#include "app/parts.h"

typedef bool step_fn(struct tui_app *app);

static bool any_agent(const struct tui_app *app, const char *const states[])
{
    const struct tui_fleet *fleet = app->model->fleet;

    for (size_t i = 0; fleet && i < fleet->agent_count; i++) {
        for (size_t k = 0; states[k]; k++) {
            if (strcmp(fleet->agents[i].state, states[k]) == 0)
                return true;
        }
    }
    return false;
}

static bool tui_step_agents(struct tui_app *app)
{
    return app->view == TUI_VIEW_AGENTS;
}

static bool tui_step_filter(struct tui_app *app)
{
    return app->view == TUI_VIEW_AGENTS && app->lists[TUI_VIEW_AGENTS].filter[0] != 0 &&
           !app->prompt.open;
}

static bool tui_step_all(struct tui_app *app)
{
    return app->lists[TUI_VIEW_AGENTS].filter[0] == 0 && !app->prompt.open;
}

static bool tui_step_why(struct tui_app *app)
{
    return app->view == TUI_VIEW_DETAIL && app->detail == TUI_CONTEXT_JOB;
}

static bool tui_step_drain(struct tui_app *app)
{
    static const char *const states[] = {"draining", "drained", NULL};

    return any_agent(app, states);
}

static bool tui_step_again(struct tui_app *app)
{
    static const char *const states[] = {"draining", "drained", "cordoned", NULL};

    return !any_agent(app, states);
}

static bool tui_step_rebalance(struct tui_app *app)
{
    app->tour.met =
        app->tour.met || (app->dialog.open && app->dialog.order.verb == TUI_VERB_REBALANCE);
    return app->tour.met && !app->dialog.open;
}

static bool tui_step_save(struct tui_app *app)
{
    return app->save.count > 0;
}

static const struct {
    step_fn *done;
} checks[TUI_STEP_COUNT] = {
#define TUI_STEP(name, title, text) {tui_step_##name},
#include "app/tour.def"
#undef TUI_STEP
};

const struct tui_step_row tui_steps[TUI_STEP_COUNT] = {
#define TUI_STEP(name, title, text) {title, text},
#include "app/tour.def"
#undef TUI_STEP
};

/* The one that ./bootstrap.sh run starts: on this host, with agents of these names. */
static bool is_demo(const struct tui_app *app)
{
    const struct tui_fleet *fleet = app->model->fleet;

    if (!strstr(app->address, "://127.") && !strstr(app->address, "://localhost"))
        return false;
    for (size_t i = 0; i < fleet->agent_count; i++) {
        if (strncmp(fleet->agents[i].name, "ember-0", 7) != 0)
            return false;
    }
    return true;
}

void tui_tour_look(struct tui_app *app)
{
    struct tui_tour *tour = &app->tour;

    if (!tour->active || !app->model->fleet)
        return;
    if (!tour->checked && !tour->anywhere && !is_demo(app)) {
        tour->active = false;
        tui_app_message(app, TUI_ROLE_BAD,
                        "the tour drains an agent, and this is not the demo cluster of "
                        "./bootstrap.sh run: stoker tour --anywhere if that is meant");
        return;
    }
    tour->checked = true;
    if (tour->at == TUI_STEP_save && !tour->met) {
        app->save.count = 0;
        tour->met = true;
    }
    if (tour->at < TUI_STEP_COUNT && checks[tour->at].done(app)) {
        tour->at++;
        tour->met = false;
    }
}

void tui_do_tour(struct tui_app *app)
{
    struct tui_tour *tour = &app->tour;

    if (app->replay.active) {
        tui_app_message(app, TUI_ROLE_WARN, "the tour needs a cluster, not a recording");
        return;
    }
    tour->active = !tour->active;
    if (tour->active && tour->at == TUI_STEP_COUNT)
        tour->at = 0;
    if (!tour->active && tour->at == TUI_STEP_COUNT)
        tui_app_message(app, TUI_ROLE_NORMAL, "the tour is over; T begins it again");
    else if (!tour->active)
        tui_app_message(app, TUI_ROLE_NORMAL, "the tour waits at step %u; T goes on with it",
                        tour->at + 1);
}

bool tui_ex_tour(struct tui_app *app, const char *arguments, char ret_why[TUI_TEXT_SIZE])
{
    (void)arguments, (void)ret_why;
    tui_do_tour(app);
    return true;
}
