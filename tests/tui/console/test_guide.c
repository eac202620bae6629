/* A cluster that has nothing to show says what comes next, with what to type. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "export/export.h"
#include "views/chrome.h"

static struct tui_app *app;
static struct tui_canvas canvas;

static void setup(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    app = tui_app_create();
    cr_assert(app);
    app->now_ms = 1000;
    snprintf(app->address, sizeof(app->address), "tcp://10.0.0.5:7411");
    snprintf(app->agents_address, sizeof(app->agents_address), "tcp://10.0.0.5:7412");
    canvas = (struct tui_canvas){0};
    cr_assert(tui_canvas_resize(&canvas, 24, 80));
}

static void teardown(void)
{
    tui_canvas_finish(&canvas);
    tui_app_destroy(app);
}

TestSuite(guide, .init = setup, .fini = teardown);

static bool shows(const char *text)
{
    size_t len;

    tui_chrome_draw(app, &canvas);
    char *screen = tui_export(TUI_FORMAT_TEXT, app, &canvas, NULL, &len);
    bool found = strstr(screen, text) != NULL;
    free(screen);
    return found;
}

static void snapshot(const char *text)
{
    app->now_ms += 250;
    tui_app_update(app, tui_update_parse(TUI_UPDATE_FLEET, text, strlen(text), app->now_ms));
}

Test(guide, without_a_coordinator_it_says_what_to_start)
{
    cr_assert(shows("Waiting for the coordinator at tcp://10.0.0.5:7411"));
    cr_assert(shows("    stokerd coordinator --listen-control tcp://10.0.0.5:7411"));
}

Test(guide, each_step_leads_to_the_next)
{
    snapshot("{\"seq\":1,\"totals\":{},\"agents\":[]}");
    cr_assert(shows("no agent has joined"));
    cr_assert(shows("    stokerd agent --agent-coordinator tcp://10.0.0.5:7412"));
    snapshot(
        "{\"seq\":2,\"totals\":{\"agents\":1},\"agents\":[{\"name\":\"a\",\"state\":\"ready\"}]}");
    cr_assert(shows("there is no model"));
    cr_assert(shows("    stoker settings models.dir"));
    snapshot("{\"seq\":3,\"totals\":{\"agents\":1,\"agents_ready\":1},"
             "\"agents\":[{\"name\":\"a\",\"state\":\"ready\"}],"
             "\"models\":[{\"name\":\"digits\",\"version\":1}]}");
    cr_assert(shows("Ready: 1 agent, 1 model, and no job yet"));
    cr_assert(shows("    stoker submit digits picture.png --wait"));
    snapshot("{\"seq\":4,\"totals\":{\"agents\":1,\"submitted\":1},"
             "\"agents\":[{\"name\":\"a\",\"state\":\"ready\"}],"
             "\"models\":[{\"name\":\"digits\",\"version\":1}]}");
    cr_assert(shows("Throughput"), "with the first job it is the overview");
}

Test(guide, other_views_are_what_they_are)
{
    snapshot("{\"seq\":1,\"totals\":{},\"agents\":[]}");
    tui_app_key(app, '8');
    cr_assert_not(shows("no agent has joined"));
}
