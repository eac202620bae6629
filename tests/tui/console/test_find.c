/* Finding: filter, order, marks, palette, history, by keys on the golden snapshot. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "app/ex.h"
#include "app/fuzzy.h"
#include "app/state.h"
#include "views/chrome.h"

static struct tui_canvas canvas;
static struct tui_app *app;

static void load(enum tui_update_kind kind, const char *name)
{
    static char text[65536];
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s", GOLDEN_DIR, name);
    FILE *file = fopen(path, "r");
    cr_assert(file);
    size_t len = fread(text, 1, sizeof(text), file);
    fclose(file);
    tui_app_update(app, tui_update_parse(kind, text, len, app->now_ms));
}

static void setup(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    canvas = (struct tui_canvas){0};
    cr_assert(tui_canvas_resize(&canvas, 24, 100));
    app = tui_app_create();
    app->now_ms = 1000;
    app->clock_ms = 1780000060000;
    load(TUI_UPDATE_FLEET, "snapshot.json");
    load(TUI_UPDATE_EVENTS, "events.json");
    load(TUI_UPDATE_JOBS, "jobs.json");
    tui_app_show(app, TUI_VIEW_AGENTS);
    tui_chrome_draw(app, &canvas);
}

static void teardown(void)
{
    tui_canvas_finish(&canvas);
    tui_app_destroy(app);
}

TestSuite(find, .init = setup, .fini = teardown);

static void press(const char *keys)
{
    for (; *keys; keys++) {
        uint32_t key = *keys == '\r'   ? TUI_KEY_ENTER
                       : *keys == '\b' ? TUI_KEY_BACKSPACE
                                       : (uint32_t)*keys;
        tui_app_key(app, key);
        tui_chrome_draw(app, &canvas);
    }
}

/* Whether a row of the canvas contains the (ASCII) text; the row's number, or -1. */
static int row_of(const char *text)
{
    tui_chrome_draw(app, &canvas);
    for (int y = 0; y < canvas.rows; y++) {
        char line[TUI_CANVAS_COLS_MAX + 1];
        for (int x = 0; x < canvas.cols; x++) {
            wchar_t ch = canvas.cells[y * canvas.cols + x].ch;
            line[x] = ch > 0 && ch < 0x7f ? (char)ch : '~';
        }
        line[canvas.cols] = 0;
        if (strstr(line, text))
            return y;
    }
    return -1;
}

#define SHOWS(text) cr_expect_geq(row_of(text), 0, "not on the screen: %s", text)
#define HIDES(text) cr_expect_lt(row_of(text), 0, "on the screen: %s", text)

static void fleet(const char *agents)
{
    char text[1024];

    snprintf(text, sizeof(text), "{\"totals\":{},\"agents\":[%s]}", agents);
    tui_app_update(app, tui_update_parse(TUI_UPDATE_FLEET, text, strlen(text), app->now_ms));
    tui_chrome_draw(app, &canvas);
}

Test(find, a_filter_acts_while_it_is_typed_and_counts)
{
    press("/state:re");
    SHOWS("2 of 4");
    HIDES("ember-03 ");
    press("\r");
    SHOWS("filter: state:re (2 of 4)");
}

Test(find, a_bad_filter_says_where_and_keeps_the_rows)
{
    press("/lost p95:>1");
    SHOWS("at 10: p95 takes a time such as");
    SHOWS("ember-04");
    HIDES("ember-01");
    press("\r");
    SHOWS("at 10: p95 takes a time such as");
    tui_app_key(app, TUI_KEY_ESC);
    SHOWS("ember-01");
    cr_expect_str_eq(app->lists[TUI_VIEW_AGENTS].filter, "", "Esc puts back what was");
}

Test(find, a_filter_that_hides_the_selected_row_selects_the_first)
{
    press("j/ember-0[34]");
    tui_app_key(app, TUI_KEY_ESC);
    tui_chrome_draw(app, &canvas);
    cr_expect_str_eq(tui_app_target(app, TUI_CONTEXT_AGENT), "ember-02", "Esc puts it back");
    press("//ember-0[34]/");
    cr_expect_str_eq(tui_app_target(app, TUI_CONTEXT_AGENT), "ember-03");
    press("\b\b\b\b\b\r");
    cr_expect_str_eq(tui_app_target(app, TUI_CONTEXT_AGENT), "ember-02", "it is shown again");
}

Test(find, escape_restores_the_filter_that_was)
{
    press("/state:lost\r/");
    press("x");
    tui_app_key(app, TUI_KEY_ESC);
    SHOWS("filter: state:lost (1 of 4)");
}

Test(find, every_list_sorts_by_each_of_its_fields)
{
    for (size_t v = 0; v < TUI_VIEW_COUNT; v++) {
        const struct tui_view_ops *ops = tui_views[v].ops;
        if (!ops->count)
            continue;
        cr_assert(ops->id && ops->value && ops->fields && ops->fields[0].name, "%s",
                  tui_views[v].name);
        tui_app_show(app, (enum tui_view_id)v);
        tui_chrome_draw(app, &canvas);
        size_t rows = app->row_count;
        for (size_t f = 0; ops->fields[f].name; f++) {
            cr_expect(tui_app_sort(app, ops->fields[f].name, &(struct tui_filter_error){0}));
            press("r");
            cr_expect_eq(app->row_count, rows);
            for (const char *c = ops->fields[f].name; *c; c++)
                cr_expect(strchr("abcdefghijklmnopqrstuvwxyz0123456789_+/-", *c), "%s",
                          ops->fields[f].name);
        }
    }
}

Test(find, the_order_can_be_stepped_both_ways_and_turned)
{
    press("o");
    SHOWS("sorted by state");
    cr_expect_lt(row_of("ember-04"), row_of("ember-01"), "trouble first");
    press("r");
    cr_expect_gt(row_of("ember-04"), row_of("ember-01"));
    press("OO");
    const struct tui_field *fields = tui_views[TUI_VIEW_AGENTS].ops->fields;
    cr_expect_null(fields[app->lists[TUI_VIEW_AGENTS].sort + 1].name, "before the first, the last");
}

Test(find, what_is_not_known_sorts_last_either_way)
{
    struct tui_filter_error error;

    cr_assert(tui_app_sort(app, "load", &error));
    cr_expect_gt(row_of("ember-04"), row_of("ember-03"));
    press("r");
    cr_expect_gt(row_of("ember-04"), row_of("ember-01"));
    cr_expect_lt(row_of("ember-03"), row_of("ember-01"));
}

Test(find, marks_are_of_rows_by_name_whatever_the_list_does)
{
    press("  ");
    SHOWS("2 marked");
    press("r");
    cr_expect_eq(canvas.cells[row_of("ember-01") * canvas.cols + 1].ch, L'*');
    cr_expect_eq(canvas.cells[row_of("ember-03") * canvas.cols + 1].ch, L' ');
    press("/ember-01\r");
    SHOWS("2 marked (1 hidden)");
    fleet("{\"name\":\"ember-09\"},{\"name\":\"ember-01\"}");
    SHOWS("2 marked (1 gone)");
    SHOWS("1 of 2 marked rows has left the list");
    tui_app_key(app, TUI_KEY_ESC);
    HIDES("2 marked (1 gone)");
    SHOWS("filter: ember-01");
}

Test(find, all_that_pass_the_filter_can_be_marked_and_turned_round)
{
    press("/state:ready\r*");
    SHOWS("2 marked");
    cr_expect(tui_marks_has(&app->lists[TUI_VIEW_AGENTS].marks, "ember-02"));
    cr_expect_not(tui_marks_has(&app->lists[TUI_VIEW_AGENTS].marks, "ember-03"));
    press(" ");
    SHOWS("1 marked");
    press("!");
    cr_expect(tui_marks_has(&app->lists[TUI_VIEW_AGENTS].marks, "ember-01"));
    cr_expect_not(tui_marks_has(&app->lists[TUI_VIEW_AGENTS].marks, "ember-02"));
}

Test(find, an_act_goes_to_what_is_marked_and_not_to_where_it_stood)
{
    press("j ");
    press("/ember-04\r ");
    press("oor");
    fleet("{\"name\":\"ember-04\"},{\"name\":\"ember-09\"},{\"name\":\"ember-02\"}");
    press("c");
    cr_assert(app->dialog.open);
    const struct tui_targets *targets = &app->dialog.order.targets;
    cr_assert_eq(targets->count, 2);
    cr_expect(tui_targets_has(targets, "ember-02"));
    cr_expect(tui_targets_has(targets, "ember-04"));
}

Test(find, marks_end_at_their_limit)
{
    struct tui_marks marks = {0};
    char id[TUI_NAME_SIZE];

    for (int i = 0; i < TUI_MARKS_MAX; i++) {
        snprintf(id, sizeof(id), "%d", (i * 7919) % 10007);
        cr_assert(tui_marks_add(&marks, id));
    }
    cr_assert_not(tui_marks_add(&marks, "one more"));
    cr_assert(tui_marks_add(&marks, id), "it is there already");
    tui_marks_remove(&marks, id);
    cr_assert_not(tui_marks_has(&marks, id));
    cr_assert(tui_marks_has(&marks, "7919"));
    tui_marks_finish(&marks);
}

Test(find, back_shows_what_was_seen)
{
    press("/state:ready\ro");
    press("j\r");
    SHOWS("Agent ember-02");
    press("4");
    SHOWS("88121");
    press("[[");
    SHOWS("filter: state:ready (2 of 4)");
    cr_expect_str_eq(tui_app_target(app, TUI_CONTEXT_AGENT), "ember-02");
    press("]");
    SHOWS("Agent ember-02");
    press("]");
    SHOWS("[Jobs]");
    press("]");
    SHOWS("the last place");
    press("`");
    SHOWS("Agent ember-02");
    press("`");
    SHOWS("[Jobs]");
}

Test(find, who_goes_somewhere_else_has_no_way_forward_any_more)
{
    press("4[7]");
    SHOWS("this is the last place");
    SHOWS("[Operations]");
}

Test(find, back_restores_a_filter_that_was_changed_meanwhile)
{
    press("/lost\r4");
    tui_app_show(app, TUI_VIEW_AGENTS);
    tui_app_key(app, TUI_KEY_ESC);
    SHOWS("ember-01");
    press("[[");
    SHOWS("filter: lost (1 of 4)");
}

Test(find, a_pane_closes_to_where_it_was_opened)
{
    press("\r?");
    SHOWS("[Help]");
    press("q");
    SHOWS("Agent ember-01");
    tui_app_key(app, TUI_KEY_ESC);
    SHOWS("[Agents]");
    press("q");
    cr_expect(app->quit);
}

Test(find, the_oldest_place_is_forgotten)
{
    for (int i = 0; i < 3 * TUI_PLACES_MAX; i++)
        press(i % 2 ? "4" : "7");
    cr_expect_eq(app->nav.back.count, TUI_PLACES_MAX);
    for (int i = 0; i < 2 * TUI_PLACES_MAX; i++)
        press("[");
    SHOWS("this is where you began");
}

Test(find, a_bookmark_keeps_view_filter_order_and_selection)
{
    press("/ember\roojma");
    SHOWS("bookmark a: agents ember by load");
    tui_app_key(app, TUI_KEY_ESC);
    press("O4'");
    SHOWS("  a  agents ember by load");
    press("a");
    SHOWS("filter: ember (4 of 4)");
    cr_expect_str_eq(tui_app_target(app, TUI_CONTEXT_AGENT), "ember-02");
    cr_expect_eq(app->lists[TUI_VIEW_AGENTS].sort, 2);
    press("'b");
    SHOWS("there is no bookmark b");
    press("'1");
    SHOWS("a bookmark is a letter");
    press("'");
    tui_app_key(app, TUI_KEY_DELETE);
    press("a'a");
    SHOWS("there is no bookmark a");
}

Test(find, going_to_a_row_clears_the_filter_that_hides_it)
{
    press("/lost\r");
    tui_app_select(app, TUI_VIEW_AGENTS, "ember-02");
    SHOWS("ember-01");
    cr_expect_str_eq(tui_app_target(app, TUI_CONTEXT_AGENT), "ember-02");
}

Test(find, help_begins_with_what_can_be_pressed_here_and_can_be_searched)
{
    press("4?");
    cr_expect_eq(row_of("On a job"), 2);
    press("/bookm\r");
    SHOWS("After m or");
    SHOWS("Drop the bookmark");
    HIDES("On a job");
    press("/zzz\r");
    SHOWS("nothing here has 'bookmzzz'");
    tui_app_key(app, TUI_KEY_ESC);
    SHOWS("On a job");
}

Test(find, some_letters_find_the_better_name_first)
{
    cr_expect_eq(tui_fuzzy("drian", "drain"), 0);
    cr_expect_eq(tui_fuzzy("", "anything"), 1);
    const char *const better[][3] = {
        {"drain", "drain", "drained"},
        {"em", "ember", "them"},
        {"03", "ember-03", "ember-103"},
        {"e3", "ember-03", "embers-of-2023"},
        {"job", "jobs", "a-job"},
        {"ret", "retry", "aretry"},
        {"ARES", "ares", "cares-a-lot-now"},
    };
    for (size_t i = 0; i < sizeof(better) / sizeof(better[0]); i++)
        cr_expect_gt(tui_fuzzy(better[i][0], better[i][1]), tui_fuzzy(better[i][0], better[i][2]),
                     "%s: %s before %s", better[i][0], better[i][1], better[i][2]);
}

Test(find, the_palette_goes_to_a_view_with_a_filter)
{
    press(":jobs state:failed\r");
    SHOWS("[Jobs]");
    SHOWS("filter: state:failed (1 of 3)");
    press("[");
    SHOWS("[Agents]");
    press(":jobs p99:1\r");
    SHOWS("no column 'p99'");
    cr_expect(app->palette.open, "the line stays to be corrected");
}

Test(find, the_palette_goes_to_what_has_a_name)
{
    press(":ember-03\r");
    SHOWS("Agent ember-03");
    press(":88121\r");
    SHOWS("Job 88121");
    press(":em4\r");
    SHOWS("Agent ember-04");
    press(":digits\r");
    SHOWS("digits:1");
    cr_expect_eq(app->detail, TUI_CONTEXT_MODEL);
    press(":model nosuch\r");
    SHOWS("no model is named 'nosuch'");
    tui_app_key(app, TUI_KEY_ESC);
    press(":operation 7\r");
    SHOWS("[Operations]");
    cr_expect_str_eq(app->lists[TUI_VIEW_OPERATIONS].selected, "7");
}

Test(find, the_palette_says_what_is_wrong)
{
    press(":nosuchthing\r");
    SHOWS("no command, view, agent, model or job is named 'nosuchthing'");
    tui_app_key(app, TUI_KEY_ESC);
    press(":verify\r");
    SHOWS("that is done in a shell: stoker verify FILE");
    tui_app_key(app, TUI_KEY_ESC);
    press(":sort nosuch\r");
    SHOWS("no column 'nosuch'; there are agent, state");
    tui_app_key(app, TUI_KEY_ESC);
    press(":agent nosuch\r");
    SHOWS("no agent is named 'nosuch'");
    tui_app_key(app, TUI_KEY_ESC);
    press(":job x\r");
    SHOWS("a job is a number");
    tui_app_key(app, TUI_KEY_ESC);
    press(":job\r");
    SHOWS("usage: job JOB");
    tui_app_key(app, TUI_KEY_ESC);
    press("1:sort x\r");
    SHOWS("this view has no list to sort");
}

Test(find, the_palette_sorts_and_filters_the_list)
{
    press(":sort -state\r");
    cr_expect_gt(row_of("ember-04"), row_of("ember-01"));
    press(":filter lost\r");
    SHOWS("(1 of 4)");
}

Test(find, an_error_is_not_hidden_by_what_comes_after_it)
{
    tui_app_message(app, TUI_ROLE_BAD, "ember-01 is not there");
    press("r");
    tui_app_message(app, TUI_ROLE_NORMAL, "sorted by load");
    SHOWS("ember-01 is not there");
    SHOWS("sorted by load");
    app->now_ms += TUI_MESSAGE_MS;
    HIDES("ember-01 is not there");
    HIDES("sorted by load");
}

Test(find, the_top_has_what_matters_at_every_width)
{
    const int widths[] = {60, 79, 80, 100, 200, 300};

    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        cr_assert(tui_canvas_resize(&canvas, 16, widths[i]));
        app->read_only = true;
        app->now_ms = 1000;
        cr_expect_eq(row_of("ALERTS!"), 0, "at %d columns", widths[i]);
        cr_expect_eq(row_of("lab-east"), 0);
        cr_expect_eq(row_of("ready"), 0);
        cr_expect_eq(row_of("read-only"), 0);
        cr_expect_eq(row_of("live"), 0);
        cr_expect_eq(row_of("[Agents]"), 1);
        app->now_ms += 4800;
        cr_expect_eq(row_of("data 4.8s old"), 0);
        cr_expect_eq(row_of("ALERTS!"), 0, "at %d columns", widths[i]);
    }
}

Test(find, filter_and_marks_have_room_beside_the_views)
{
    cr_assert(tui_canvas_resize(&canvas, 16, 60));
    press("/state:ready\r ");
    cr_expect_eq(row_of("1 marked  2/4 /state:ready"), 1);
}

Test(find, the_names_of_the_views_give_way_to_what_the_list_shows)
{
    cr_assert(tui_canvas_resize(&canvas, 16, 200));
    cr_expect_eq(row_of("4 Jobs "), 1);
    cr_expect_eq(row_of("2[Agents]"), 1);
    cr_assert(tui_canvas_resize(&canvas, 16, 60));
    press("/state:ready\r");
    cr_expect_lt(row_of("Jobs "), 0);
    cr_expect_eq(row_of("1 [Agents] "), 1);
    SHOWS("state:ready");
}

Test(find, help_is_not_cut_where_it_is_narrow)
{
    cr_assert(tui_canvas_resize(&canvas, 60, 60));
    press("4?");
    SHOWS("Cancel the job, or those that are");
    SHOWS("marked");
}

Test(find, every_command_of_the_shell_is_known)
{
    for (const struct tui_shell_command *shell = tui_shell_commands; shell->name; shell++)
        cr_expect(tui_ex_known(app, shell->name), "%s", shell->name);
}

Test(find, tab_completes_and_steps_through_choices)
{
    press(":unc\t");
    cr_expect_str_eq(app->palette.text, "uncordon ", "one choice is whole");
    press("\t");
    cr_expect_str_eq(app->palette.text, "uncordon ember-01");
    press("\t");
    cr_expect_str_eq(app->palette.text, "uncordon ember-02");
    tui_app_key(app, TUI_KEY_SHIFT_TAB);
    tui_app_key(app, TUI_KEY_SHIFT_TAB);
    cr_expect_str_eq(app->palette.text, "uncordon ember-04");
    press("\x15jobs sta\t");
    cr_expect_str_eq(app->palette.text, "jobs state:");
    press("\t");
    cr_expect(strncmp(app->palette.text, "jobs state:", 11) == 0 && app->palette.text[11] != 0);
    press("\x17\x17");
    cr_expect_str_eq(app->palette.text, "");
}

Test(find, what_a_line_could_name_is_asked_for_while_it_is_typed)
{
    cr_expect_not(tui_app_want(app).polls[TUI_POLL_JOBS]);
    press(":");
    cr_expect(tui_app_want(app).polls[TUI_POLL_JOBS]);
    tui_app_key(app, TUI_KEY_ESC);
    cr_expect_not(tui_app_want(app).polls[TUI_POLL_JOBS]);
}

Test(find, choices_stand_above_the_line_with_their_kind)
{
    press(":drai");
    int y = row_of("> drain");
    cr_expect_geq(y, 0);
    SHOWS("act");
    press("n ");
    SHOWS("ember-01");
    SHOWS("ready, 1 devices, 2 running");
}

Test(find, tab_completes_a_filter)
{
    press("/sta\t");
    cr_expect_str_eq(app->prompt.text, "state:");
    press("\t");
    cr_expect_str_eq(app->prompt.text, "state:ready");
    SHOWS("2 of 4");
    press(" !ag\t");
    cr_expect_str_eq(app->prompt.text, "state:ready !agent:");
}

Test(find, what_was_typed_comes_back_once_and_newest_first)
{
    press(":jobs\r:agents\r:jobs\r:x");
    tui_app_key(app, TUI_KEY_UP);
    cr_expect_str_eq(app->palette.text, "jobs");
    tui_app_key(app, TUI_KEY_UP);
    cr_expect_str_eq(app->palette.text, "agents");
    tui_app_key(app, TUI_KEY_UP);
    cr_expect_str_eq(app->palette.text, "agents");
    tui_app_key(app, TUI_KEY_DOWN);
    tui_app_key(app, TUI_KEY_DOWN);
    cr_expect_str_eq(app->palette.text, "x");
    for (int i = 0; i < 2 * TUI_TYPED_MAX; i++) {
        char line[16];
        snprintf(line, sizeof(line), "%d", i);
        tui_palette_remember(&app->palette, line);
    }
    cr_expect_eq(app->palette.history_count, TUI_TYPED_MAX);
    cr_expect_str_eq(app->palette.history[TUI_TYPED_MAX - 1], "127");
}

Test(find, what_is_kept_comes_back_at_the_next_start)
{
    press(":jobs state:failed\r");
    press(":sort -model\rma:agents\roo/ember\r");
    char *text = tui_state_write(app);
    struct tui_app *next = tui_app_create();
    tui_state_read(next, text);
    cr_expect_eq(next->view, TUI_VIEW_AGENTS);
    cr_expect_str_eq(next->lists[TUI_VIEW_AGENTS].filter, "ember");
    cr_expect_eq(next->lists[TUI_VIEW_AGENTS].sort, 2);
    cr_expect_str_eq(next->lists[TUI_VIEW_JOBS].filter, "state:failed");
    cr_expect(next->lists[TUI_VIEW_JOBS].compiled);
    cr_expect(next->lists[TUI_VIEW_JOBS].reverse);
    cr_expect(next->bookmarks.all[0].used);
    cr_expect_eq(next->bookmarks.all[0].place.view, TUI_VIEW_JOBS);
    cr_expect_eq(next->palette.history_count, 3);
    char *again = tui_state_write(next);
    cr_expect_str_eq(again, text);
    free(again);
    free(text);
    tui_app_destroy(next);
}

Test(find, a_kept_state_that_is_not_understood_does_no_harm)
{
    tui_state_read(app, "stoker console 1\nlist\tnosuch\nlist\tagents\t\t\t\tnosuch\t\tp99:1\n"
                        "bookmark ?\tagents\nhere\tdetail\n\t\t\t\nbookmark");
    cr_expect_eq(app->view, TUI_VIEW_AGENTS);
    cr_expect_str_eq(app->lists[TUI_VIEW_AGENTS].filter, "");
    tui_state_read(app, "another program's file\nhere\tjobs\n");
    cr_expect_eq(app->view, TUI_VIEW_AGENTS);
}
