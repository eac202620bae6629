#include "views/guide.h"

#include <string.h>

#include "views/pen.h"

enum step { STEP_COORDINATOR, STEP_AGENT, STEP_MODEL, STEP_JOB, STEP_NONE };

static enum step step_of(const struct tui_app *app)
{
    const struct tui_fleet *fleet = app->model->fleet;

    if (app->replay.active && fleet)
        return STEP_NONE;
    if (!fleet)
        return STEP_COORDINATOR;
    if (fleet->agent_count == 0)
        return STEP_AGENT;
    if (fleet->model_count == 0)
        return STEP_MODEL;
    return fleet->totals.submitted == 0 && fleet->totals.done == 0 ? STEP_JOB : STEP_NONE;
}

bool tui_guide_wanted(const struct tui_app *app)
{
    return app->model->fleet && app->view == TUI_VIEW_OVERVIEW && step_of(app) != STEP_NONE;
}

static void say(struct tui_pen *pen, const char *text)
{
    tui_pen_print(pen, TUI_ROLE_NORMAL, "%s", text);
}

/* A line to copy, by itself. */
#define COMMAND(pen, ...) tui_pen_print(pen, TUI_ROLE_STRONG, "    " __VA_ARGS__)

static void write_coordinator(const struct tui_app *app, struct tui_pen *pen)
{
    tui_pen_print(pen, TUI_ROLE_TITLE, "Waiting for the coordinator at %s", app->address);
    say(pen, "");
    say(pen, "Is it running there? One that listens on this address is started with");
    COMMAND(pen, "stokerd coordinator --listen-control %s", app->address);
    say(pen, "A coordinator and an agent in one, to try it on this host:");
    COMMAND(pen, "stokerd");
    say(pen, "One that is elsewhere:");
    COMMAND(pen, "stoker --coordinator tcp://HOST:7411");
    say(pen, "");
    say(pen, "This screen tries again by itself; q leaves.");
}

static void write_agent(const struct tui_app *app, struct tui_pen *pen)
{
    const char *address = app->agents_address[0] ? app->agents_address : "tcp://HOST:7412";

    tui_pen_print(pen, TUI_ROLE_TITLE, "The coordinator runs; no agent has joined it yet");
    say(pen, "");
    say(pen, "On each host with a GPU, or with none, for its processor:");
    COMMAND(pen, "stokerd devices");
    COMMAND(pen, "stokerd agent --agent-coordinator %s", address);
    say(pen, "");
    say(pen, "Several on one host need a name and a folder each:");
    COMMAND(pen, "stokerd agent --agent-name ember-01 --state-dir /tmp/ember-01 \\");
    COMMAND(pen, "    --agent-coordinator %s", address);
    say(pen, "");
    say(pen, "It waits for the first one; it appears here within a second of joining.");
}

static void write_model(struct tui_pen *pen)
{
    tui_pen_print(pen, TUI_ROLE_TITLE, "Agents are ready; there is no model to serve yet");
    say(pen, "");
    say(pen, "Models are folders on the coordinator's host: NAME/VERSION/model.onnx in");
    COMMAND(pen, "stoker settings models.dir");
    say(pen, "Stoker's own small ones lie in assets/models of its source:");
    COMMAND(pen, "cp -r assets/models/digits MODELS_DIR");
    COMMAND(pen, "stoker models");
    say(pen, "");
    say(pen, "It waits for the first folder; the coordinator looks for new ones by itself.");
}

static void write_job(const struct tui_app *app, struct tui_pen *pen)
{
    const struct tui_served *model = &app->model->fleet->models[0];

    uint64_t agents = app->model->fleet->totals.agents_ready;
    size_t models = app->model->fleet->model_count;

    tui_pen_print(pen, TUI_ROLE_TITLE, "Ready: %llu agent%s, %zu model%s, and no job yet",
                  (unsigned long long)agents, agents == 1 ? "" : "s", models,
                  models == 1 ? "" : "s");
    say(pen, "");
    say(pen, "Submit a picture, from a shell or here with n:");
    COMMAND(pen, "stoker submit %s picture.png --wait", model->name);
    say(pen, "What a model takes and answers:");
    COMMAND(pen, "stoker models %s", model->name);
    say(pen, "");
    say(pen, "It waits for the first job; then throughput and latency stand here.");
}

void tui_guide_draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    struct tui_pen pen = {.canvas = canvas, .rect = {body.y + 1, 3, body.rows - 1, body.cols - 6}};

    switch (step_of(app)) {
    case STEP_COORDINATOR:
        write_coordinator(app, &pen);
        break;
    case STEP_AGENT:
        write_agent(app, &pen);
        break;
    case STEP_MODEL:
        write_model(&pen);
        break;
    case STEP_JOB:
        write_job(app, &pen);
        break;
    case STEP_NONE:
        break;
    }
}
