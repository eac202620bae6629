/* The tour goes on when a step was really done, and keeps its hands off other clusters. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "app/tour.h"
#include "views/chrome.h"

static struct tui_app *app;
static struct tui_canvas canvas;

static void setup(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    app = tui_app_create();
    cr_assert(app);
    app->now_ms = 1000;
    app->tour.active = true;
    snprintf(app->address, sizeof(app->address), "tcp://127.0.0.1:7411");
    canvas = (struct tui_canvas){0};
    cr_assert(tui_canvas_resize(&canvas, 24, 80));
}

static void teardown(void)
{
    tui_canvas_finish(&canvas);
    tui_app_destroy(app);
}

TestSuite(tour, .init = setup, .fini = teardown);

static void agent(const char *name, const char *state)
{
    char text[256];

    app->now_ms += 250;
    snprintf(text, sizeof(text),
             "{\"seq\":%lld,\"totals\":{\"agents\":1,\"submitted\":1},"
             "\"models\":[{\"name\":\"digits\",\"version\":1}],"
             "\"agents\":[{\"name\":\"%s\",\"state\":\"%s\"}]}",
             (long long)app->now_ms, name, state);
    tui_app_update(app, tui_update_parse(TUI_UPDATE_FLEET, text, strlen(text), app->now_ms));
    tui_tour_look(app);
}

static void type(const char *keys)
{
    for (; *keys; keys++) {
        tui_app_key(app, (uint32_t)(*keys == '\r' ? TUI_KEY_ENTER : *keys));
        tui_chrome_draw(app, &canvas);
        tui_tour_look(app);
    }
}

Test(tour, steps_wait_until_they_are_done)
{
    agent("ember-01", "ready");
    cr_assert_eq(app->tour.at, TUI_STEP_agents);
    type("8");
    cr_assert_eq(app->tour.at, TUI_STEP_agents, "another view is not it");
    type("2");
    cr_assert_eq(app->tour.at, TUI_STEP_filter);
    type("/state:ready");
    cr_assert_eq(app->tour.at, TUI_STEP_filter, "not before it is applied");
    type("\r");
    cr_assert_eq(app->tour.at, TUI_STEP_all);
    type("\x1b");
    cr_assert_eq(app->tour.at, TUI_STEP_why);
    app->view = TUI_VIEW_DETAIL;
    app->detail = TUI_CONTEXT_JOB;
    tui_tour_look(app);
    cr_assert_eq(app->tour.at, TUI_STEP_drain);
    agent("ember-01", "ready");
    cr_assert_eq(app->tour.at, TUI_STEP_drain);
    agent("ember-01", "drained");
    cr_assert_eq(app->tour.at, TUI_STEP_again);
    agent("ember-01", "ready");
    cr_assert_eq(app->tour.at, TUI_STEP_rebalance);
}

Test(tour, every_step_can_be_read_on_the_smallest_screen)
{
    agent("ember-01", "ready");
    for (unsigned int step = 0; step <= TUI_STEP_COUNT; step++) {
        app->tour.at = step;
        cr_assert(tui_canvas_resize(&canvas, 16, 60));
        tui_chrome_draw(app, &canvas);
        int cut = 0;
        for (int i = 10 * 60; i < 14 * 60; i++)
            cut += canvas.cells[i].ch == L'~';
        cr_assert_eq(cut, 0, "step %u is cut", step + 1);
    }
    type("T");
    cr_assert(strstr(app->message, "is over"), "nothing waits after the last step");
}

Test(tour, it_can_be_left_and_gone_on_with)
{
    agent("ember-01", "ready");
    type("2T");
    cr_assert_not(app->tour.active);
    type("T");
    cr_assert(app->tour.active);
    cr_assert_eq(app->tour.at, TUI_STEP_filter);
}

Test(tour, another_cluster_is_left_alone)
{
    agent("prod-gpu-7", "ready");
    cr_assert_not(app->tour.active);
    app->tour = (struct tui_tour){.active = true, .anywhere = true};
    agent("prod-gpu-7", "ready");
    cr_assert(app->tour.active, "unless that is meant");
    snprintf(app->address, sizeof(app->address), "tcp://10.0.0.5:7411");
    app->tour = (struct tui_tour){.active = true};
    agent("ember-01", "ready");
    cr_assert_not(app->tour.active, "names alone don't make it the demo");
}
