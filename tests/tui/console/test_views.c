/* The views made of graphs, at every size, in every set of glyphs, with rich, no and bad data. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "fleets.h"
#include "theme/zone.h"
#include "views/chrome.h"
#include "views/plot.h"

#define MARGIN 3
#define OUTSIDE L'\x01'
#define START_MS 5000000

static struct tui_app *app;
static struct tui_canvas canvas;

static const enum tui_view_id graph_views[] = {TUI_VIEW_OVERVIEW, TUI_VIEW_LATENCY,
                                               TUI_VIEW_CACHES};
#define GRAPH_VIEWS (sizeof(graph_views) / sizeof(graph_views[0]))

static void setup(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    app = tui_app_create();
    canvas = (struct tui_canvas){0};
}

static void teardown(void)
{
    tui_app_destroy(app);
    tui_canvas_finish(&canvas);
}

TestSuite(views, .init = setup, .fini = teardown);

static void feed(const struct fleet_recipe *recipe, unsigned int seconds)
{
    for (uint64_t i = 0; i < (uint64_t)seconds * 4; i++) {
        app->now_ms = START_MS + (int64_t)i * 250;
        app->clock_ms = 1780000000000 + i * 250;
        tui_app_update(app, fleet_update(recipe, i, app->now_ms));
    }
    if (recipe->agents > 0)
        tui_app_update(app, fleet_events(40, app->clock_ms, recipe->hostile));
}

/* Draws the view into a body inside of a larger canvas that must stay as it is around it. */
static void draw_inside(enum tui_view_id view, int rows, int cols)
{
    struct tui_rect body = {MARGIN, MARGIN, rows, cols};

    cr_assert(tui_canvas_resize(&canvas, rows + 2 * MARGIN, cols + 2 * MARGIN));
    for (int y = 0; y < canvas.rows; y++) {
        for (int x = 0; x < canvas.cols; x++) {
            bool inside = y >= MARGIN && y < MARGIN + rows && x >= MARGIN && x < MARGIN + cols;
            if (!inside)
                tui_canvas_put(&canvas, y, x, OUTSIDE, TUI_ROLE_NORMAL);
        }
    }
    app->view = view;
    tui_app_arrange(app, body);
    tui_views[view].ops->draw(app, &canvas, body);
}

static void check_cells(const char *what, int rows, int cols)
{
    for (int y = 0; y < canvas.rows; y++) {
        for (int x = 0; x < canvas.cols; x++) {
            wchar_t ch = tui_canvas_at(&canvas, y, x)->ch;
            bool inside = y >= MARGIN && y < MARGIN + rows && x >= MARGIN && x < MARGIN + cols;
            if (!inside)
                cr_assert_eq(ch, OUTSIDE, "%s at %dx%d writes outside, at %d,%d", what, cols, rows,
                             y - MARGIN, x - MARGIN);
            else if (ch == 0)
                cr_assert_eq(wcwidth(tui_canvas_at(&canvas, y, x - 1)->ch), 2);
            else
                cr_assert(ch >= 0x20 && (ch < 0x7f || (ch >= 0xa0 && !canvas.ascii)),
                          "%s at %dx%d: %x", what, cols, rows, (unsigned int)ch);
        }
    }
}

static void draw_all(const char *what, int rows, int cols)
{
    for (size_t v = 0; v < GRAPH_VIEWS; v++) {
        for (int glyphs = TUI_GLYPHS_ASCII; glyphs <= (int)TUI_GLYPHS_BRAILLE; glyphs++) {
            app->glyphs = (enum tui_glyphs)glyphs;
            canvas.ascii = app->glyphs == TUI_GLYPHS_ASCII;
            draw_inside(graph_views[v], rows, cols);
            check_cells(what, rows, cols);
        }
    }
}

/* The body is what chrome leaves of 60x16 to 300x100; one less while a message takes a row. */
static void every_size(const char *what)
{
    for (int cols = 60; cols <= 300; cols++)
        draw_all(what, 11 + cols % 86, cols);
    for (int rows = 11; rows <= 96; rows++) {
        draw_all(what, rows, 60);
        draw_all(what, rows, 60 + rows * 7 % 240);
    }
}

Test(views, stay_inside_with_everything_there_is, .timeout = 60)
{
    feed(&(struct fleet_recipe){.agents = 12, .models = 6}, 300);
    every_size("rich");
    app->view = TUI_VIEW_OVERVIEW;
    app->graphs.span = 4;
    tui_graphs_point(app, tui_graphs_newest(app) - 700);
    every_size("paused");
}

Test(views, stay_inside_with_nothing, .timeout = 60)
{
    feed(&(struct fleet_recipe){.agents = 0}, 1);
    every_size("empty");
}

Test(views, stay_inside_with_hostile_data, .timeout = 60)
{
    feed(&(struct fleet_recipe){.agents = 9, .models = 40, .hostile = true}, 100);
    every_size("hostile");
}

static bool shows(const char *text)
{
    for (int y = 0; y < canvas.rows; y++) {
        char line[TUI_CANVAS_COLS_MAX + 1];
        for (int x = 0; x < canvas.cols; x++) {
            wchar_t ch = tui_canvas_at(&canvas, y, x)->ch;
            line[x] = ch > 0 && ch < 0x7f ? (char)ch : '~';
        }
        line[canvas.cols] = 0;
        if (strstr(line, text))
            return true;
    }
    return false;
}

static void draw(int rows, int cols)
{
    cr_assert(tui_canvas_resize(&canvas, rows, cols));
    tui_chrome_draw(app, &canvas);
}

Test(views, the_overview_keeps_what_decisions_need_at_every_size, .timeout = 60)
{
    feed(&(struct fleet_recipe){.agents = 12, .models = 6}, 300);
    for (int cols = 60; cols <= 300; cols += 3) {
        for (int rows = 16; rows <= 100; rows += 5) {
            draw(rows, cols);
            static const char *const always[] = {
                "Throughput 1,517 jobs/s", "p99 85 ms!", "alerts",    "ember-04 is lost", "news",
                "drain ember-03: 3 left",  "queued 115", "queue 39%", "model 99%"};
            for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
                cr_assert(shows(always[i]), "%s is not shown at %dx%d", always[i], cols, rows);
        }
    }
}

Test(views, the_overview_says_more_where_there_is_room)
{
    feed(&(struct fleet_recipe){.agents = 12, .models = 6}, 300);
    draw(30, 100);
    cr_assert(shows("25 ms"), "the SLO");
    cr_assert(shows("movers"));
    cr_assert(shows("AGENT"));
    cr_assert(shows("resnet50:2"));
    cr_assert(shows("SLO 91."), "the share of jobs within it");
    draw(100, 300);
    cr_assert(shows("ember-12"));
    cr_assert(shows("Within the SLO"));
    cr_assert(shows("its jobs go elsewhere: look at the host"), "what to do next");
}

Test(views, latency_shows_all_jobs_and_each_model)
{
    feed(&(struct fleet_recipe){.agents = 12, .models = 4}, 300);
    app->view = TUI_VIEW_LATENCY;
    draw(30, 100);
    cr_assert(shows("Latency of all jobs"));
    cr_assert(shows("Histogram  263k jobs"));
    cr_assert(shows("p99 SLO"), "which bar is the 99th percentile, and which is the SLO");
    cr_assert(shows("resnet50:2     5.6 ms  16 ms  44 ms"));
    cr_assert(shows("digits:1  p50 2.7 ms"), "the selected model's history");
    tui_app_key(app, 'j');
    draw(30, 100);
    cr_assert(shows("resnet50:2  p50 5.6 ms"));
    tui_app_key(app, 'j');
    draw(30, 100);
    cr_assert(shows("whisper-tiny:4: no job of it has ended"));
    app->now_ms += 250;
    tui_app_key(app, TUI_KEY_LEFT);
    draw(30, 100);
    cr_assert(shows("At the cursor  20.2k jobs"));
}

Test(views, enter_leads_from_a_latency_to_its_model)
{
    feed(&(struct fleet_recipe){.agents = 12, .models = 4}, 10);
    app->view = TUI_VIEW_LATENCY;
    draw(30, 100);
    tui_app_key(app, 'j');
    tui_app_key(app, TUI_KEY_ENTER);
    cr_assert_eq(app->view, TUI_VIEW_DETAIL);
    cr_assert_eq(app->detail, TUI_CONTEXT_MODEL);
    cr_assert_str_eq(app->detail_id, "resnet50:2");
}

Test(views, caches_say_what_they_are_and_how_they_do)
{
    feed(&(struct fleet_recipe){.agents = 12, .models = 4}, 300);
    app->view = TUI_VIEW_CACHES;
    draw(30, 200);
    cr_assert(shows("model: models in device memory"), "the selected one's help");
    cr_assert(shows("Hit rate 99%"));
    cr_assert(shows("Lookups 81/s  evictions (line) 0.4/s"));
    cr_assert(shows("Bytes "));
    cr_assert(shows("answers to the same input"), "a column of help where there is room");
    tui_app_key(app, 'j');
    draw(30, 200);
    cr_assert(shows("Hit rate 95%"));
    draw(16, 60);
    cr_assert(shows("capability #####    89%") || shows("89%"));
}

Test(views, a_paused_graph_reads_out_the_past_and_says_so)
{
    feed(&(struct fleet_recipe){.agents = 12, .models = 4}, 300);
    draw(30, 100);
    cr_assert(shows("-1m"));
    cr_assert(shows("Throughput 1,517 jobs/s"));
    for (int i = 0; i < 7; i++)
        tui_app_key(app, TUI_KEY_LEFT);
    draw(30, 100);
    cr_assert(shows("graphs paused at "));
    cr_assert(shows(", 21s ago"));
    cr_assert_not(shows("Throughput 1,517 jobs/s"));
    cr_assert_not(shows("-1m"), "clock times while paused");
    app->now_ms += 60000;
    draw(30, 100);
    cr_assert(shows(", 81s ago"), "it falls behind");
    tui_app_key(app, '0');
    draw(30, 100);
    cr_assert_not(shows("paused"));
    cr_assert(shows("-1m"));
}

/* The rows of the first graph that its column shows something in. */
static int filled(int x)
{
    int rows = 0;

    for (int y = 3; y < 8; y++)
        rows += tui_canvas_at(&canvas, y, x)->ch != L' ';
    return rows;
}

Test(views, silence_is_a_gap_that_moves_on_with_time)
{
    feed(&(struct fleet_recipe){.agents = 2, .models = 1}, 300);
    draw(30, 100);
    int last =
        tui_views[TUI_VIEW_OVERVIEW].ops->graph_cols(app, app->body) + TUI_PLOT_AXIS_COLS - 1;
    cr_assert_gt(filled(last), 0);
    app->now_ms += 30000;
    draw(30, 100);
    cr_assert_eq(filled(last), 0, "of the last half minute nothing is known");
    cr_assert_eq(filled(last - 5), 0);
    cr_assert_gt(filled(last - 20), 0, "what was before has moved to the left");
    cr_assert(shows(" 30s no news of the cluster"));
    cr_assert(shows("Throughput 1,"), "the last known rate stays, with its age in the top line");
}

Test(views, the_cursor_goes_back_an_hour_and_no_further)
{
    feed(&(struct fleet_recipe){.agents = 2, .models = 1}, 70 * 60);
    draw(30, 100);
    for (int i = 0; i < 100; i++)
        tui_app_key(app, 'H');
    cr_assert_not(tui_graphs_live(app));
    cr_assert_eq(app->graphs.cursor, tui_graphs_newest(app) - TUI_HISTORY_SLOTS);
    draw(30, 100);
    cr_assert(shows(", 59m ago"));
    cr_assert_not(shows("Throughput - jobs/s"), "it is kept");
    for (int i = 0; i < 100; i++)
        tui_app_key(app, 'L');
    cr_assert(tui_graphs_live(app), "forward to the end is live again");
}

Test(views, zooming_keeps_the_cursor_in_sight)
{
    feed(&(struct fleet_recipe){.agents = 2, .models = 1}, 600);
    draw(30, 100);
    for (int i = 0; i < 5; i++)
        tui_app_key(app, '-');
    cr_assert_eq(app->graphs.span, TUI_SPANS - 1);
    for (int i = 0; i < 4; i++)
        tui_app_key(app, TUI_KEY_LEFT);
    uint64_t cursor = app->graphs.cursor;
    for (int i = 0; i < 5; i++) {
        tui_app_key(app, '+');
        struct tui_timeline time = tui_graphs_time(app, 41);
        cr_assert_geq(tui_timeline_column(&time, cursor), 0);
        cr_assert_eq(app->graphs.cursor, cursor);
    }
    cr_assert_eq(app->graphs.span, 0);
}

/* The view's body as text, a line a row, without blanks at the ends. */
static void body_text(int rows, int cols, FILE *out)
{
    for (int y = MARGIN; y < MARGIN + rows; y++) {
        int last = cols - 1;
        while (last >= 0 && tui_canvas_at(&canvas, y, MARGIN + last)->ch == L' ')
            last--;
        for (int x = 0; x <= last; x++) {
            if (tui_canvas_at(&canvas, y, MARGIN + x)->ch != 0)
                fprintf(out, "%lc", (wint_t)tui_canvas_at(&canvas, y, MARGIN + x)->ch);
        }
        fputc('\n', out);
    }
}

/* Pictures that an eye approved. With UPDATE_GOLDEN set in the environment they are written anew:
 *   UPDATE_GOLDEN=1 build/tests/tui/console/test_tui_console_views --filter views/pictures */
Test(views, pictures)
{
    static const struct {
        const char *name;
        enum tui_view_id view;
        int rows, cols;
        enum tui_glyphs glyphs;
    } pictures[] = {{"overview-100x26", TUI_VIEW_OVERVIEW, 26, 100, TUI_GLYPHS_BRAILLE},
                    {"overview-60x12-ascii", TUI_VIEW_OVERVIEW, 12, 60, TUI_GLYPHS_ASCII},
                    {"latency-100x26-block", TUI_VIEW_LATENCY, 26, 100, TUI_GLYPHS_BLOCK},
                    {"caches-100x20", TUI_VIEW_CACHES, 20, 100, TUI_GLYPHS_BRAILLE}};

    setenv("TZ", "UTC", 1);
    tzset();
    feed(&(struct fleet_recipe){.agents = 12, .models = 4}, 300);
    for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
        static char is[65536];
        static char should[65536];
        char path[1024];
        app->glyphs = pictures[i].glyphs;
        canvas.ascii = app->glyphs == TUI_GLYPHS_ASCII;
        draw_inside(pictures[i].view, pictures[i].rows, pictures[i].cols);
        FILE *out = fmemopen(is, sizeof(is), "w");
        body_text(pictures[i].rows, pictures[i].cols, out);
        fclose(out);
        snprintf(path, sizeof(path), "%s/%s.txt", PICTURES_DIR, pictures[i].name);
        FILE *file = fopen(path, getenv("UPDATE_GOLDEN") ? "w" : "r");
        cr_assert(file, "can't open %s", path);
        if (getenv("UPDATE_GOLDEN")) {
            fputs(is, file);
        } else {
            should[fread(should, 1, sizeof(should) - 1, file)] = 0;
            cr_expect_str_eq(is, should, "%s is drawn otherwise:\n%s", path, is);
        }
        fclose(file);
    }
}

Test(views, a_key_leads_from_alert_to_alert)
{
    feed(&(struct fleet_recipe){.agents = 12, .models = 4}, 300);
    draw(30, 100);
    tui_app_key(app, 'a');
    cr_assert_eq(app->view, TUI_VIEW_DETAIL);
    cr_assert_str_eq(app->detail_id, "ember-04");
    draw(30, 100);
    cr_assert(shows("ember-04 is lost, last seen 8.3s ago - its jobs go elsewhere"));
    tui_app_key(app, 'a');
    cr_assert_str_eq(app->detail_id, "ember-02");
    tui_app_key(app, 'a');
    cr_assert_eq(app->view, TUI_VIEW_LATENCY, "the SLO is looked into there");
    for (size_t i = 3; i < app->model->alerts.count; i++)
        tui_app_key(app, 'a');
    tui_app_key(app, 'a');
    cr_assert_str_eq(app->detail_id, "ember-04", "round again");
}

Test(views, a_press_in_a_graph_puts_the_cursor_there_and_the_wheel_zooms)
{
    static struct tui_zones zones;
    struct tui_pointer pointer = {TUI_POINTER_PRESS, 5, 30};

    feed(&(struct fleet_recipe){.agents = 2, .models = 1}, 300);
    canvas.zones = &zones;
    draw(30, 100);
    struct tui_timeline time = tui_graphs_time(app, 41);
    tui_app_pointer(app, &pointer, &canvas);
    cr_assert_not(tui_graphs_live(app));
    cr_assert_eq(tui_timeline_column(&time, app->graphs.cursor), 30 - TUI_PLOT_AXIS_COLS);
    draw(30, 100);
    cr_assert(tui_canvas_at(&canvas, 6, 30)->selected, "the column under the mouse is marked");
    pointer = (struct tui_pointer){TUI_POINTER_DRAG, 5, 20};
    tui_app_pointer(app, &pointer, &canvas);
    cr_assert_eq(tui_timeline_column(&time, app->graphs.cursor), 20 - TUI_PLOT_AXIS_COLS);
    pointer.kind = TUI_POINTER_WHEEL_DOWN;
    unsigned int span = app->graphs.span;
    tui_app_pointer(app, &pointer, &canvas);
    cr_assert_eq(app->graphs.span, span + 1);
    /* What isn't a graph takes no cursor. */
    tui_app_key(app, '0');
    pointer = (struct tui_pointer){TUI_POINTER_PRESS, 5, 2};
    tui_app_pointer(app, &pointer, &canvas);
    cr_assert(tui_graphs_live(app));
}

Test(views, before_the_first_snapshot_keys_do_nothing)
{
    app->now_ms = 1000;
    draw(24, 80);
    tui_app_key(app, TUI_KEY_LEFT);
    tui_app_key(app, 'L');
    tui_app_key(app, '+');
    cr_assert(tui_graphs_live(app));
    draw(24, 80);
    cr_assert(shows("Waiting for"));
}
