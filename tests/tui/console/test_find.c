/* Finding in lists: filter, order, marks, places, bookmarks, by keys on the golden snapshot. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "find_lab.h"

TestSuite(find, .init = find_setup, .fini = find_teardown);

Test(find, a_filter_acts_while_it_is_typed_and_counts)
{
    find_press("/state:re");
    SHOWS("2 of 4");
    HIDES("ember-03 ");
    find_press("\r");
    SHOWS("filter: state:re (2 of 4)");
}

Test(find, a_bad_filter_says_where_and_keeps_the_rows)
{
    find_press("/lost p95:>1");
    SHOWS("at 10: p95 takes a time such as");
    SHOWS("ember-04");
    HIDES("ember-01");
    find_press("\r");
    SHOWS("at 10: p95 takes a time such as");
    tui_app_key(find_app, TUI_KEY_ESC);
    SHOWS("ember-01");
    cr_expect_str_eq(find_app->lists[TUI_VIEW_AGENTS].filter, "", "Esc puts back what was");
}

Test(find, a_filter_that_hides_the_selected_row_selects_the_first)
{
    find_press("j/ember-0[34]");
    tui_app_key(find_app, TUI_KEY_ESC);
    tui_chrome_draw(find_app, &find_canvas);
    cr_expect_str_eq(tui_app_target(find_app, TUI_CONTEXT_AGENT), "ember-02", "Esc puts it back");
    find_press("//ember-0[34]/");
    cr_expect_str_eq(tui_app_target(find_app, TUI_CONTEXT_AGENT), "ember-03");
    find_press("\b\b\b\b\b\r");
    cr_expect_str_eq(tui_app_target(find_app, TUI_CONTEXT_AGENT), "ember-02", "it is shown again");
}

Test(find, escape_restores_the_filter_that_was)
{
    find_press("/state:lost\r/");
    find_press("x");
    tui_app_key(find_app, TUI_KEY_ESC);
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
        tui_app_show(find_app, (enum tui_view_id)v);
        tui_chrome_draw(find_app, &find_canvas);
        size_t rows = find_app->row_count;
        for (size_t f = 0; ops->fields[f].name; f++) {
            cr_expect(tui_app_sort(find_app, ops->fields[f].name, &(struct tui_filter_error){0}));
            find_press("r");
            cr_expect_eq(find_app->row_count, rows);
            for (const char *c = ops->fields[f].name; *c; c++)
                cr_expect(strchr("abcdefghijklmnopqrstuvwxyz0123456789_+/-", *c), "%s",
                          ops->fields[f].name);
        }
    }
}

Test(find, the_order_can_be_stepped_both_ways_and_turned)
{
    find_press("o");
    SHOWS("sorted by state");
    cr_expect_lt(find_row("ember-04"), find_row("ember-01"), "trouble first");
    find_press("r");
    cr_expect_gt(find_row("ember-04"), find_row("ember-01"));
    find_press("OO");
    const struct tui_field *fields = tui_views[TUI_VIEW_AGENTS].ops->fields;
    cr_expect_null(fields[find_app->lists[TUI_VIEW_AGENTS].sort + 1].name,
                   "before the first, the last");
}

Test(find, what_is_not_known_sorts_last_either_way)
{
    struct tui_filter_error error;

    cr_assert(tui_app_sort(find_app, "load", &error));
    cr_expect_gt(find_row("ember-04"), find_row("ember-03"));
    find_press("r");
    cr_expect_gt(find_row("ember-04"), find_row("ember-01"));
    cr_expect_lt(find_row("ember-03"), find_row("ember-01"));
}

Test(find, marks_are_of_rows_by_name_whatever_the_list_does)
{
    find_press("  ");
    SHOWS("2 marked");
    find_press("r");
    cr_expect_eq(find_canvas.cells[find_row("ember-01") * find_canvas.cols + 1].ch, L'*');
    cr_expect_eq(find_canvas.cells[find_row("ember-03") * find_canvas.cols + 1].ch, L' ');
    find_press("/ember-01\r");
    SHOWS("2 marked (1 hidden)");
    find_fleet("{\"name\":\"ember-09\"},{\"name\":\"ember-01\"}");
    SHOWS("2 marked (1 gone)");
    SHOWS("1 of 2 marked rows has left the list");
    tui_app_key(find_app, TUI_KEY_ESC);
    HIDES("2 marked (1 gone)");
    SHOWS("filter: ember-01");
}

Test(find, all_that_pass_the_filter_can_be_marked_and_turned_round)
{
    find_press("/state:ready\r*");
    SHOWS("2 marked");
    cr_expect(tui_marks_has(&find_app->lists[TUI_VIEW_AGENTS].marks, "ember-02"));
    cr_expect_not(tui_marks_has(&find_app->lists[TUI_VIEW_AGENTS].marks, "ember-03"));
    find_press(" ");
    SHOWS("1 marked");
    find_press("!");
    cr_expect(tui_marks_has(&find_app->lists[TUI_VIEW_AGENTS].marks, "ember-01"));
    cr_expect_not(tui_marks_has(&find_app->lists[TUI_VIEW_AGENTS].marks, "ember-02"));
}

Test(find, an_act_goes_to_what_is_marked_and_not_to_where_it_stood)
{
    find_press("j ");
    find_press("/ember-04\r ");
    find_press("oor");
    find_fleet("{\"name\":\"ember-04\"},{\"name\":\"ember-09\"},{\"name\":\"ember-02\"}");
    find_press("c");
    cr_assert(find_app->dialog.open);
    const struct tui_targets *targets = &find_app->dialog.order.targets;
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
    find_press("/state:ready\ro");
    find_press("j\r");
    SHOWS("Agent ember-02");
    find_press("4");
    SHOWS("88121");
    find_press("[[");
    SHOWS("filter: state:ready (2 of 4)");
    cr_expect_str_eq(tui_app_target(find_app, TUI_CONTEXT_AGENT), "ember-02");
    find_press("]");
    SHOWS("Agent ember-02");
    find_press("]");
    SHOWS("[Jobs]");
    find_press("]");
    SHOWS("the last place");
    find_press("`");
    SHOWS("Agent ember-02");
    find_press("`");
    SHOWS("[Jobs]");
}

Test(find, who_goes_somewhere_else_has_no_way_forward_any_more)
{
    find_press("4[7]");
    SHOWS("this is the last place");
    SHOWS("[Operations]");
}

Test(find, back_restores_a_filter_that_was_changed_meanwhile)
{
    find_press("/lost\r4");
    tui_app_show(find_app, TUI_VIEW_AGENTS);
    tui_app_key(find_app, TUI_KEY_ESC);
    SHOWS("ember-01");
    find_press("[[");
    SHOWS("filter: lost (1 of 4)");
}

Test(find, a_pane_closes_to_where_it_was_opened)
{
    find_press("\r?");
    SHOWS("[Help]");
    find_press("q");
    SHOWS("Agent ember-01");
    tui_app_key(find_app, TUI_KEY_ESC);
    SHOWS("[Agents]");
    find_press("q");
    cr_expect(find_app->quit);
}

Test(find, the_oldest_place_is_forgotten)
{
    for (int i = 0; i < 3 * TUI_PLACES_MAX; i++)
        find_press(i % 2 ? "4" : "7");
    cr_expect_eq(find_app->nav.back.count, TUI_PLACES_MAX);
    for (int i = 0; i < 2 * TUI_PLACES_MAX; i++)
        find_press("[");
    SHOWS("this is where you began");
}

Test(find, a_bookmark_keeps_view_filter_order_and_selection)
{
    find_press("/ember\roojma");
    SHOWS("bookmark a: agents ember by load");
    tui_app_key(find_app, TUI_KEY_ESC);
    find_press("O4'");
    SHOWS("  a  agents ember by load");
    find_press("a");
    SHOWS("filter: ember (4 of 4)");
    cr_expect_str_eq(tui_app_target(find_app, TUI_CONTEXT_AGENT), "ember-02");
    cr_expect_eq(find_app->lists[TUI_VIEW_AGENTS].sort, 2);
    find_press("'b");
    SHOWS("there is no bookmark b");
    find_press("'1");
    SHOWS("a bookmark is a letter");
    find_press("'");
    tui_app_key(find_app, TUI_KEY_DELETE);
    find_press("a'a");
    SHOWS("there is no bookmark a");
}

Test(find, going_to_a_row_clears_the_filter_that_hides_it)
{
    find_press("/lost\r");
    tui_app_select(find_app, TUI_VIEW_AGENTS, "ember-02");
    SHOWS("ember-01");
    cr_expect_str_eq(tui_app_target(find_app, TUI_CONTEXT_AGENT), "ember-02");
}

Test(find, hints_are_of_keys_that_do_what_they_say)
{
    cr_assert(tui_canvas_resize(&find_canvas, 30, 250));
    find_press("2");
    SHOWS("n new job");
    SHOWS("d drain");
    SHOWS("Space mark");
    find_app->read_only = true;
    HIDES("n new job");
    HIDES("d drain");
    SHOWS("Space mark");
    find_app->replay.active = true;
    SHOWS("n next alert");
    SHOWS("Space play");
    SHOWS("Enter detail");
    HIDES("n new job");
    HIDES("d drain");
    HIDES("Space mark");
}

Test(find, help_begins_with_what_can_be_pressed_here_and_can_be_searched)
{
    find_press("4?");
    cr_expect_eq(find_row("On a job"), 2);
    find_press("/bookm\r");
    SHOWS("After m or");
    SHOWS("Drop the bookmark");
    HIDES("On a job");
    find_press("/zzz\r");
    SHOWS("nothing here has 'bookmzzz'");
    tui_app_key(find_app, TUI_KEY_ESC);
    SHOWS("On a job");
}

Test(find, an_error_is_not_hidden_by_what_comes_after_it)
{
    tui_app_message(find_app, TUI_ROLE_BAD, "ember-01 is not there");
    find_press("r");
    tui_app_message(find_app, TUI_ROLE_NORMAL, "sorted by load");
    SHOWS("ember-01 is not there");
    SHOWS("sorted by load");
    find_app->now_ms += TUI_MESSAGE_MS;
    HIDES("ember-01 is not there");
    HIDES("sorted by load");
}

Test(find, the_top_has_what_matters_at_every_width)
{
    const int widths[] = {60, 79, 80, 100, 200, 300};

    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        cr_assert(tui_canvas_resize(&find_canvas, 16, widths[i]));
        find_app->read_only = true;
        find_app->now_ms = 1000;
        cr_expect_eq(find_row("ALERTS!"), 0, "at %d columns", widths[i]);
        cr_expect_eq(find_row("lab-east"), 0);
        cr_expect_eq(find_row("ready"), 0);
        cr_expect_eq(find_row("read-only"), 0);
        cr_expect_eq(find_row("live"), 0);
        cr_expect_eq(find_row("[Agents]"), 1);
        find_app->now_ms += 4800;
        cr_expect_eq(find_row("data 4.8s old"), 0);
        cr_expect_eq(find_row("ALERTS!"), 0, "at %d columns", widths[i]);
    }
}

Test(find, filter_and_marks_have_room_beside_the_views)
{
    cr_assert(tui_canvas_resize(&find_canvas, 16, 60));
    find_press("/state:ready\r ");
    cr_expect_eq(find_row("1 marked  2/4 /state:ready"), 1);
}

Test(find, the_names_of_the_views_give_way_to_what_the_list_shows)
{
    cr_assert(tui_canvas_resize(&find_canvas, 16, 200));
    cr_expect_eq(find_row("4 Jobs "), 1);
    cr_expect_eq(find_row("2[Agents]"), 1);
    cr_assert(tui_canvas_resize(&find_canvas, 16, 60));
    find_press("/state:ready\r");
    cr_expect_lt(find_row("Jobs "), 0);
    cr_expect_eq(find_row("1 [Agents] "), 1);
    SHOWS("state:ready");
}

Test(find, help_is_not_cut_where_it_is_narrow)
{
    cr_assert(tui_canvas_resize(&find_canvas, 60, 60));
    find_press("4?");
    SHOWS("Cancel the job, or those that are");
    SHOWS("marked");
}
