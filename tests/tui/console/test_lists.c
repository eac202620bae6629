/* Lists and detail panes: what an operator reads there, at every size, of any data. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "views/chrome.h"
#include "views/detail.h"
#include "views/table.h"

static struct tui_canvas canvas;
static struct tui_app *app;

static void setup(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    canvas = (struct tui_canvas){0};
    cr_assert(tui_canvas_resize(&canvas, 40, 120));
    app = tui_app_create();
    app->now_ms = 1000;
    app->clock_ms = 1780000030000;
}

static void teardown(void)
{
    tui_canvas_finish(&canvas);
    tui_app_destroy(app);
}

TestSuite(lists, .init = setup, .fini = teardown);

static void fold(enum tui_update_kind kind, const char *text)
{
    struct tui_update *update = tui_update_parse(kind, text, strlen(text), app->now_ms);

    cr_assert_neq(update->kind, TUI_UPDATE_MALFORMED, "%s", update->refusal.message);
    update->asked = tui_app_want(app);
    tui_app_update(app, update);
}

static void load(enum tui_update_kind kind, const char *name)
{
    static char text[65536];
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s", GOLDEN_DIR, name);
    FILE *file = fopen(path, "r");
    cr_assert(file);
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = 0;
    fold(kind, text);
}

static void load_all(void)
{
    load(TUI_UPDATE_FLEET, "snapshot.json");
    load(TUI_UPDATE_EVENTS, "events.json");
    load(TUI_UPDATE_JOBS, "jobs.json");
    load(TUI_UPDATE_MODELS, "models.json");
    load(TUI_UPDATE_MODEL, "model.json");
    load(TUI_UPDATE_AUDIT, "audit.json");
    load(TUI_UPDATE_WHY, "why.json");
    load(TUI_UPDATE_HISTORY, "history.json");
}

static void type(const char *keys)
{
    for (; *keys; keys++) {
        tui_chrome_draw(app, &canvas);
        tui_app_key(app, (uint32_t)(*keys == '\r' ? TUI_KEY_ENTER : *keys));
    }
    tui_chrome_draw(app, &canvas);
}

static void line_text(int y, char ret_line[TUI_CANVAS_COLS_MAX + 1])
{
    for (int x = 0; x < canvas.cols; x++) {
        wchar_t ch = canvas.cells[y * canvas.cols + x].ch;
        ret_line[x] = ch > 0 && ch < 0x7f ? (char)ch : '~';
    }
    ret_line[canvas.cols] = 0;
}

/* The row that has the (ASCII) text, and the column where it begins; -1 if there is none. */
static int find(const char *text, int *ret_x)
{
    tui_chrome_draw(app, &canvas);
    for (int y = 0; y < canvas.rows; y++) {
        char line[TUI_CANVAS_COLS_MAX + 1];
        line_text(y, line);
        char *at = strstr(line, text);
        if (at) {
            *ret_x = (int)(at - line);
            return y;
        }
    }
    return -1;
}

static int row_of(const char *text)
{
    int x;

    return find(text, &x);
}

static enum tui_role role_of(const char *text)
{
    int x;
    int y = find(text, &x);

    cr_assert_geq(y, 0, "not shown: %s", text);
    return (enum tui_role)tui_canvas_at(&canvas, y, x)->role;
}

/* Whether both stand in one row, in that order. */
static bool in_row(const char *first, const char *second)
{
    char line[TUI_CANVAS_COLS_MAX + 1];

    tui_chrome_draw(app, &canvas);
    for (int y = 0; y < canvas.rows; y++) {
        line_text(y, line);
        const char *at = strstr(line, first);
        if (at && strstr(at + strlen(first), second))
            return true;
    }
    return false;
}

#define SENTINEL L'\u2603'

/* Wide characters are whole, and nothing stands outside of the body or could move the cursor. */
static void check(const char *what, struct tui_rect body)
{
    for (int y = 0; y < canvas.rows; y++) {
        for (int x = 0; x < canvas.cols; x++) {
            wchar_t ch = tui_canvas_at(&canvas, y, x)->ch;
            bool inside = y >= body.y && y < body.y + body.rows && x < body.cols;
            cr_assert(inside || ch == SENTINEL, "%s, %dx%d: %d,%d is outside", what, body.rows,
                      body.cols, y, x);
            cr_assert(ch == 0 || (ch >= 0x20 && !(ch >= 0x7f && ch < 0xa0)), "%s: control", what);
            if (ch != 0 && wcwidth(ch) == 2)
                cr_assert_eq(tui_canvas_at(&canvas, y, x + 1)->ch, 0, "%s, %dx%d: half a character",
                             what, body.rows, body.cols);
            if (ch == 0)
                cr_assert(x > 0 && wcwidth(tui_canvas_at(&canvas, y, x - 1)->ch) == 2,
                          "%s, %dx%d: the right half alone", what, body.rows, body.cols);
        }
    }
}

static void draw_body(const char *what, int rows, int cols)
{
    struct tui_rect body = {2, 0, rows - 4, cols};

    tui_canvas_resize(&canvas, rows, cols + 3);
    for (int i = 0; i < canvas.rows * canvas.cols; i++)
        canvas.cells[i].ch = SENTINEL;
    tui_canvas_fill(&canvas, body, TUI_ROLE_NORMAL);
    tui_app_arrange(app, body);
    tui_views[app->view].ops->draw(app, &canvas, body);
    check(what, body);
}

static void every_size(const char *what)
{
    const int rows[] = {16, 17, 24, 37, 50, 100};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int cols = 60; cols <= 300; cols += cols < 130 ? 7 : 34)
            draw_body(what, rows[i], cols);
    }
}

static void every_list_and_pane(const char *data)
{
    for (size_t i = 0; i < TUI_VIEW_COUNT; i++) {
        char what[TUI_TEXT_SIZE];
        if (tui_views[i].key == 0 || !tui_views[i].ops->count)
            continue;
        snprintf(what, sizeof(what), "%s, %s", tui_views[i].name, data);
        tui_app_show(app, (enum tui_view_id)i);
        every_size(what);
        size_t rows = app->row_count;
        for (size_t row = 0; row < rows && row < 4; row++) {
            for (size_t k = 0; k < row; k++)
                tui_app_key(app, 'j');
            tui_app_key(app, TUI_KEY_ENTER);
            if (app->view == TUI_VIEW_DETAIL)
                every_size(what);
            tui_app_show(app, (enum tui_view_id)i);
            tui_app_arrange(app, (struct tui_rect){2, 0, 20, 80});
        }
    }
}

Test(lists, stay_in_their_place_with_a_fleet)
{
    load_all();
    every_list_and_pane("a fleet");
}

Test(lists, stay_in_their_place_with_nothing)
{
    fold(TUI_UPDATE_FLEET, "{\"totals\":{},\"agents\":[]}");
    every_list_and_pane("nothing");
}

/* Names as long as they get, wide characters, numbers beyond anything, what moves cursors. */
Test(lists, stay_in_their_place_with_hostile_data)
{
#define WIDE "\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c"
#define EVIL "\\u001b[2J\\u202egnp\\r\\n\\u009b1m" WIDE
    fold(TUI_UPDATE_FLEET,
         "{\"totals\":{\"agents\":1e300},\"version\":\"" EVIL "\",\"time_ms\":9e15,"
         "\"models\":[{\"name\":\"" EVIL "\",\"version\":9e15,\"queued\":9e15,\"done_per_s\":9e11,"
         "\"latency_us\":{\"count\":1,\"p95\":9e15},\"mean_us\":{\"queue\":9e15,\"compute\":1}}],"
         "\"agents\":[{\"name\":\"" EVIL "\",\"state\":\"" EVIL "\",\"reason\":\"" EVIL EVIL "\","
         "\"seen_ms_ago\":9e15,\"rtt_us\":9e15,\"done_per_s\":9e11,\"p95_us\":9e15,"
         "\"last_error\":{\"time_ms\":1,\"text\":\"" EVIL "\"},"
         "\"resident\":[{\"model\":\"" EVIL "\",\"device\":0,\"state\":\"" EVIL "\"}],"
         "\"devices\":[{\"index\":4294967295,\"name\":\"" EVIL "\",\"busy\":1e11,"
         "\"memory_bytes\":1,\"memory_used_bytes\":9e15,\"temperature_c\":1e11,\"power_w\":1e11,"
         "\"copy\":1e11,\"kernels_per_s\":1e11,\"restarts\":9e15}]}],"
         "\"operations\":[{\"id\":9e15,\"kind\":\"" EVIL "\",\"target\":\"" EVIL "\",\"by\":\"" EVIL
         "\",\"moves\":9e15,\"moved\":9e15,\"expected_end_ms\":9e15,\"deadline_ms\":9e15,"
         "\"blockers\":[{\"job\":9e15,\"model\":\"" EVIL "\",\"left_ms\":9e15}],"
         "\"agents\":[{\"agent\":\"" EVIL "\",\"step\":\"" EVIL "\"}]}]}");
    fold(TUI_UPDATE_EVENTS, "{\"ok\":true,\"next\":1,\"events\":[{\"seq\":9e15,\"time_ms\":9e15,"
                            "\"kind\":\"" EVIL "\",\"severity\":\"" EVIL "\",\"agent\":\"" EVIL
                            "\",\"job\":9e15,\"text\":\"" EVIL EVIL "\"}]}");
    fold(TUI_UPDATE_JOBS, "{\"ok\":true,\"total\":9e15,\"jobs\":[{\"id\":9e15,\"state\":\"" EVIL
                          "\",\"model\":\"" EVIL "\",\"version\":9e15,\"agent\":\"" EVIL
                          "\",\"tenant\":\"" EVIL "\",\"deadline_ms\":9e15,\"submitted_ms\":9e15,"
                          "\"error\":{\"code\":\"" EVIL "\",\"message\":\"" EVIL "\"}}]}");
    every_list_and_pane("hostile data");
}

Test(lists, columns_never_overlap_and_leave_by_their_worth)
{
    const struct tui_column columns[] = {
        {.title = "A", .width = 10, .fit = 30},
        {.title = "B", .width = 6, .priority = 3},
        {.title = "C", .width = 8, .priority = 1, .grow = 1},
        {.title = "D", .width = 7, .priority = 2, .grow = 3},
    };
    const int need[] = {22, 90, 0, 0};
    struct tui_grid grid;

    for (int cols = 10; cols < 200; cols++) {
        int end = 2;
        tui_grid_layout(&grid, columns, 4, 4, need, 2, cols);
        for (size_t i = 0; i < 4; i++) {
            if (grid.width[i] == 0)
                continue;
            cr_assert_geq(grid.x[i], end, "%d columns: %zu overlaps", cols, i);
            end = grid.x[i] + grid.width[i] + 1;
        }
        cr_assert_leq(end - 1, 2 + cols, "%d columns: too wide", cols);
    }
    tui_grid_layout(&grid, columns, 4, 4, need, 0, 33);
    cr_assert_eq(grid.hidden, 1);
    cr_assert_eq(grid.width[1], 0, "the least wanted goes first");
    tui_grid_layout(&grid, columns, 4, 1, need, 0, 33);
    cr_assert_gt(grid.width[1], 0, "what the list is sorted by stays");
    tui_grid_layout(&grid, columns, 4, 4, need, 0, 120);
    cr_assert_eq(grid.width[0], 22, "a name gets the room that its longest one needs");
    cr_assert_eq(grid.hidden, 0);
}

Test(lists, a_narrow_screen_says_how_many_columns_it_leaves_out)
{
    load_all();
    cr_assert(tui_canvas_resize(&canvas, 24, 60));
    type("2");
    cr_assert(in_row("AGENT", "+"), "columns are left out, and it says so");
    cr_assert(in_row("STATE", "SEEN"));
    cr_assert(tui_canvas_resize(&canvas, 24, 250));
    tui_chrome_draw(app, &canvas);
    cr_assert(in_row("AGENT", "VERSION"));
    cr_assert_not(in_row("AGENT", "+"), "all have room");
}

Test(lists, an_agent_says_what_is_wrong_with_it)
{
    load_all();
    cr_assert(tui_canvas_resize(&canvas, 24, 200));
    type("2");
    cr_assert(in_row("ember-02", "device 0 suspect: stopped answering"));
    cr_assert(in_row("ember-03", "3 left"));
    cr_assert(in_row("ember-04", "silent for 4.8 s"));
    cr_assert_eq(role_of("silent for 4.8 s"), TUI_ROLE_BAD);
    cr_assert_eq(role_of("4.8s"), TUI_ROLE_WARN, "old words are marked by their age");
    cr_assert(in_row("1 lost", "2 ready"), "what needs the operator is counted first");
}

Test(lists, an_agent_of_another_version_stands_out)
{
    fold(TUI_UPDATE_FLEET, "{\"totals\":{},\"version\":\"2.0\",\"agents\":["
                           "{\"name\":\"new\",\"state\":\"ready\",\"version\":\"2.0\"},"
                           "{\"name\":\"old\",\"state\":\"ready\",\"version\":\"stokerd 1.9\"},"
                           "{\"name\":\"real\",\"state\":\"ready\",\"version\":\"stokerd 2.0\"},"
                           "{\"name\":\"void\",\"state\":\"lost\"}]}");
    cr_assert(tui_canvas_resize(&canvas, 24, 200));
    type("2");
    cr_assert_eq(role_of("1.9"), TUI_ROLE_WARN);
    cr_assert_eq(role_of("2.0"), TUI_ROLE_NORMAL);
    cr_assert_lt(row_of("stokerd"), 0, "an agent says its program's name, too");
    type("j\r");
    cr_assert_geq(row_of("1.9; the coordinator is 2.0"), 0);
    type("\x1bj\r");
    cr_assert_geq(row_of("Agent real"), 0);
    cr_assert_lt(row_of("they differ"), 0);
    type("\x1bj\r");
    cr_assert_geq(row_of("Agent void"), 0);
    cr_assert_lt(row_of("they differ"), 0, "what isn't known doesn't differ");
    cr_assert_lt(row_of("process"), 0, "nor does it take no memory");
    cr_assert(in_row("link", "none; it was seen"));
}

Test(lists, devices_show_what_the_driver_tells_and_nothing_else)
{
    load_all();
    cr_assert(tui_canvas_resize(&canvas, 24, 200));
    type("3");
    cr_assert(in_row("ember-01/0", "1.0/8.0G"));
    cr_assert(in_row("ember-01/0", "67 C"));
    cr_assert(in_row("ember-01/0", "132 W"));
    cr_assert(in_row("ember-01/0", "4,121"));
    cr_assert_eq(role_of("91 C"), TUI_ROLE_WARN, "hot");
    cr_assert(in_row("ember-02/0", "stopped answering"));
    cr_assert_not(in_row("ember-04/0", "0%"), "a lost agent's last load is not its load");
    cr_assert(in_row("ember-04/0", "agent lost"));
}

Test(lists, models_say_where_they_are_and_why_one_is_not_served)
{
    load_all();
    cr_assert(tui_canvas_resize(&canvas, 24, 220));
    type("5");
    cr_assert(in_row("digits:1", "ember-01*, ember-02"), "a star where it is pinned");
    cr_assert(in_row("resnet50:2", "ember-02 (fetching)"));
    cr_assert(in_row("whisper-tiny:3", "operator If is not support"));
    cr_assert_eq(role_of("invalid"), TUI_ROLE_BAD);
}

/* Moves the cursor down to the line with the text. */
static void go_to(const char *text)
{
    int y = row_of(text);

    cr_assert_geq(y, 0, "not shown: %s", text);
    while (tui_canvas_at(&canvas, y, 0)->ch != L'>') {
        cr_assert_lt(app->lists[app->view].at + 1, app->row_count, "no way to: %s", text);
        type("j");
    }
}

Test(lists, a_job_leads_to_its_agent_and_on_to_a_model_and_back)
{
    load_all();
    type("4j\r");
    cr_assert_eq(app->view, TUI_VIEW_DETAIL);
    fold(TUI_UPDATE_JOB,
         "{\"ok\":true,\"job\":{\"id\":88122,\"state\":\"done\",\"model\":\"digits\",\"version\":1,"
         "\"agent\":\"ember-01\",\"finished_ms\":1,\"history\":[]}}");
    go_to("ember-01, device 0");
    type("\r");
    cr_assert_geq(row_of("Agent ember-01"), 0);
    go_to("digits:1");
    type("\r");
    cr_assert_geq(row_of("Model digits:1"), 0);
    type("q");
    cr_assert_geq(row_of("Agent ember-01"), 0);
    type("q");
    cr_assert_geq(row_of("Job 88122"), 0);
}

Test(lists, a_job_says_which_rule_kept_each_agent_from_it)
{
    load_all();
    cr_assert(tui_canvas_resize(&canvas, 60, 140));
    type("4j\r");
    fold(TUI_UPDATE_JOB,
         "{\"ok\":true,\"job\":{\"id\":88122,\"state\":\"done\",\"model\":\"digits\","
         "\"timing_us\":{\"total\":3100,\"queue\":500,\"compute\":2400,\"copy\":200},"
         "\"history\":[]}}");
    load(TUI_UPDATE_WHY, "why.json");
    load(TUI_UPDATE_HISTORY, "history.json");
    cr_assert(in_row("ember-01", "chosen: holds 2 of 32"));
    cr_assert(in_row("ember-02", "not chosen: holds 5 of 32"));
    cr_assert(in_row("ember-03", "ruled out (draining): is draining"));
    cr_assert(in_row("compute", "2.4 ms   77%"));
    cr_assert(in_row("failed", "its executor died"), "each attempt says how it ended");
    cr_assert(in_row("submitted", "") && row_of("ledger") >= 0, "and where its bytes are");
}

Test(lists, the_cursor_stays_on_its_line_while_the_pane_changes)
{
    load_all();
    type("2j\r");
    type("jjj");
    cr_assert(in_row(">", "throughput"));
    int y = row_of("throughput");
    fold(TUI_UPDATE_FLEET,
         "{\"totals\":{},\"agents\":[{\"name\":\"ember-02\",\"state\":\"draining\"}],"
         "\"operations\":[{\"id\":9,\"kind\":\"drain\",\"target\":\"ember-02\",\"state\":"
         "\"running\"},{\"id\":8,\"kind\":\"drain\",\"target\":\"ember-02\"}]}");
    cr_assert_gt(row_of("throughput"), y, "the line moved");
    cr_assert(in_row(">", "throughput"), "and the cursor with it");
}

Test(lists, every_column_shows_a_field_and_every_field_sorts)
{
    load_all();
    for (size_t i = 0; i < TUI_VIEW_COUNT; i++) {
        const struct tui_view_ops *ops = tui_views[i].ops;
        if (!ops->fields || tui_views[i].key == 0)
            continue;
        tui_app_show(app, (enum tui_view_id)i);
        for (size_t field = 0; ops->fields[field].name; field++) {
            struct tui_filter_error error;
            cr_assert(tui_app_sort(app, ops->fields[field].name, &error));
            tui_chrome_draw(app, &canvas);
            cr_assert_eq(app->lists[i].sort, field);
        }
    }
}

Test(lists, operations_show_progress_what_holds_them_and_when_they_end)
{
    fold(TUI_UPDATE_FLEET,
         "{\"totals\":{},\"time_ms\":1780000000000,\"agents\":[],\"operations\":["
         "{\"id\":9,\"kind\":\"restart\",\"target\":\"all\",\"state\":\"running\",\"agents_total\":"
         "12,"
         "\"agents_done\":3},"
         "{\"id\":8,\"kind\":\"drain\",\"target\":\"ember-03\",\"state\":\"running\",\"remaining\":"
         "3,"
         "\"expected_end_ms\":1780000014000,\"blockers\":["
         "{\"job\":1,\"model\":\"yolo\",\"left_ms\":9000},{\"job\":3,\"model\":\"digits\"},"
         "{\"job\":2,\"model\":\"yolo\",\"left_ms\":14000}]},"
         "{\"id\":7,\"kind\":\"drain\",\"target\":\"ember-09\",\"state\":\"done\","
         "\"safe_to_remove\":true}]}");
    cr_assert(tui_canvas_resize(&canvas, 40, 280));
    type("7");
    cr_assert(in_row("restart", "25%"));
    cr_assert(in_row("restart", "3 of 12 agents"));
    cr_assert(in_row("ember-03", "14s"));
    cr_assert(in_row("ember-03", "yolo: 2 jobs, the last ends in about 14s; digits: job 3"));
    cr_assert(in_row("ember-09", "SAFE"));
    cr_assert_eq(role_of("ember-09"), TUI_ROLE_DIM, "what has ended doesn't call");
    char line[TUI_CANVAS_COLS_MAX + 1];
    int y = row_of("ember-09");
    line_text(y, line);
    cr_assert_eq(tui_canvas_at(&canvas, y, (int)(strstr(line, "SAFE") - line))->role, TUI_ROLE_OK);
    type("j");
    cr_assert(in_row("removable", "not safe to remove"));
    type("\r");
    cr_assert_geq(row_of("Operation 8"), 0);
    go_to("3 digits");
    type("\r");
    cr_assert_geq(row_of("Job 3"), 0, "what holds it can be looked at");
}

Test(lists, events_and_what_people_did_stand_in_one_order)
{
    load_all();
    cr_assert(tui_canvas_resize(&canvas, 40, 160));
    type("8");
    load(TUI_UPDATE_AUDIT, "audit.json");
    cr_assert(in_row("@  pin", "ada@desk"));
    cr_assert(in_row("ada@desk", "digits:1 on ember-01, because demo today"));
    cr_assert_lt(row_of("agent.lost"), row_of("demo today"), "the newest first");
    type("/who:ada\r");
    cr_assert_lt(row_of("agent.lost"), 0);
    cr_assert(in_row("cancel", "job 88101"));
}

static void more_events(unsigned int first, unsigned int count)
{
    static char text[65536];
    int used = snprintf(text, sizeof(text), "{\"ok\":true,\"next\":1,\"events\":[");

    for (unsigned int i = first; i < first + count; i++)
        used +=
            snprintf(text + used, sizeof(text) - (size_t)used,
                     "%s{\"seq\":%u,\"time_ms\":%llu,\"kind\":\"agent.joined\",\"text\":\"no %u\"}",
                     i > first ? "," : "", i, 1780000000000ull + i, i);
    snprintf(text + used, sizeof(text) - (size_t)used, "]}");
    fold(TUI_UPDATE_EVENTS, text);
}

Test(lists, a_time_is_marked_as_time_goes_not_as_age_does)
{
    load_all();
    app->glyphs = TUI_GLYPHS_ASCII;
    type("8");
    cr_assert_geq(row_of("TIMEv"), 0, "the newest, which is the largest time, stands first");
    type("r");
    cr_assert_geq(row_of("TIME^"), 0);
}

Test(lists, enter_without_a_row_says_so)
{
    load_all();
    type("2");
    app->lists[TUI_VIEW_AGENTS].at = 0;
    snprintf(app->lists[TUI_VIEW_AGENTS].selected, TUI_NAME_SIZE, "who-has-left");
    type("\r");
    cr_assert_geq(row_of("no row is selected"), 0);
    tui_app_message(app, TUI_ROLE_OK, "drain ember-02: accepted as operation 8");
    type("\r");
    cr_assert_geq(row_of("accepted as operation 8"), 0, "but not over what came of an action");
}

Test(lists, events_follow_until_one_is_looked_at)
{
    fold(TUI_UPDATE_FLEET, "{\"totals\":{},\"time_ms\":1780000000000,\"agents\":[]}");
    more_events(1, 60);
    type("8");
    more_events(61, 1);
    cr_assert(in_row(">", "no 61"), "the newest stays selected");
    cr_assert(in_row("lines", "following"));
    type("jjj");
    cr_assert(in_row(">", "no 58"));
    int y = row_of("no 58");
    more_events(62, 5);
    cr_assert(in_row(">", "no 58"));
    cr_assert_eq(row_of("no 58"), y, "what is read stays where it is");
    cr_assert(in_row("lines", "5 newer above, g follows"));
    type("g");
    cr_assert(in_row(">", "no 66"));
    cr_assert(in_row("lines", "following"));
}

Test(lists, events_go_back_as_far_as_they_are_kept)
{
    fold(TUI_UPDATE_FLEET, "{\"totals\":{},\"time_ms\":1780090000000,\"agents\":[]}");
    for (unsigned int i = 0; i < 10; i++)
        more_events(1 + i * 420, 420);
    type("8");
    cr_assert(in_row("2,048 lines", "following   back to May 28 20:26:42"), "of another day");
    type("G");
    cr_assert(in_row(">", "no 2153"));
    type("/text:no\\ 3234\r");
    cr_assert(in_row("May 28 20:26:43", "no 3234"), "a filter looks through all of them");
    cr_assert(in_row("line of 2048", "back to May 28"), "and says how far back that was");
}

Test(lists, a_filter_of_jobs_is_asked_of_the_coordinator_where_it_can_look_itself)
{
    load_all();
    type("4/state:failed model:yolo agent:ember-03 tenant:=vision\r");
    struct tui_want want = tui_app_want(app);
    cr_assert_str_eq(want.jobs.state, "failed");
    cr_assert_str_eq(want.jobs.model, "yolo");
    cr_assert_str_eq(want.jobs.agent, "ember-03");
    cr_assert_str_eq(want.jobs.tenant, "vision");
    type("/");
    tui_app_key(app, 21);
    type("agent:ember state:fail !model:yolo\r");
    want = tui_app_want(app);
    cr_assert_str_eq(want.jobs.agent, "", "several agents are meant");
    cr_assert_str_eq(want.jobs.state, "");
    cr_assert_str_eq(want.jobs.model, "", "not that one");
}

Test(lists, every_device_of_a_large_cluster_has_its_row)
{
    enum { AGENTS = 2100, DEVICES = 2 };
    size_t size = (size_t)AGENTS * 200;
    char *text = malloc(size);
    int used = snprintf(text, size, "{\"totals\":{},\"time_ms\":1780000000000,\"agents\":[");

    for (int i = 0; i < AGENTS; i++)
        used += snprintf(text + used, size - (size_t)used,
                         "%s{\"name\":\"a%04d\",\"state\":\"ready\",\"devices\":[{\"index\":0},"
                         "{\"index\":1}]}",
                         i > 0 ? "," : "", i);
    snprintf(text + used, size - (size_t)used, "]}");
    fold(TUI_UPDATE_FLEET, text);
    free(text);
    type("3G");
    cr_assert_eq(app->row_count, AGENTS * DEVICES);
    cr_assert(in_row(">", "a2099"), "the last of them can be selected");
    type("g");
    cr_assert(in_row(">", "a0000"));
}
