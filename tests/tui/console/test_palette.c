/* The palette, and what is kept from one start to the next, by keys on the golden snapshot. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "app/ex.h"
#include "app/fuzzy.h"
#include "app/state.h"
#include "find_lab.h"

TestSuite(palette, .init = find_setup, .fini = find_teardown);

Test(palette, some_letters_find_the_better_name_first)
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

Test(palette, the_palette_goes_to_a_view_with_a_filter)
{
    find_press(":jobs state:failed\r");
    SHOWS("[Jobs]");
    SHOWS("filter: state:failed (1 of 3)");
    find_press("[");
    SHOWS("[Agents]");
    find_press(":jobs p99:1\r");
    SHOWS("no column 'p99'");
    cr_expect(find_app->palette.open, "the line stays to be corrected");
}

Test(palette, the_palette_goes_to_what_has_a_name)
{
    find_press(":ember-03\r");
    SHOWS("Agent ember-03");
    find_press(":88121\r");
    SHOWS("Job 88121");
    find_press(":em4\r");
    SHOWS("Agent ember-04");
    find_press(":digits\r");
    SHOWS("digits:1");
    cr_expect_eq(find_app->detail, TUI_CONTEXT_MODEL);
    find_press(":model nosuch\r");
    SHOWS("no model is named 'nosuch'");
    tui_app_key(find_app, TUI_KEY_ESC);
    find_press(":operation 7\r");
    SHOWS("[Operations]");
    cr_expect_str_eq(find_app->lists[TUI_VIEW_OPERATIONS].selected, "7");
}

Test(palette, the_palette_says_what_is_wrong)
{
    find_press(":nosuchthing\r");
    SHOWS("no command, view, agent, model or job is named 'nosuchthing'");
    tui_app_key(find_app, TUI_KEY_ESC);
    find_press(":verify\r");
    SHOWS("that is done in a shell: stoker verify FILE");
    tui_app_key(find_app, TUI_KEY_ESC);
    find_press(":sort nosuch\r");
    SHOWS("no column 'nosuch'; there are agent, state");
    tui_app_key(find_app, TUI_KEY_ESC);
    find_press(":agent nosuch\r");
    SHOWS("no agent is named 'nosuch'");
    tui_app_key(find_app, TUI_KEY_ESC);
    find_press(":job x\r");
    SHOWS("a job is a number");
    tui_app_key(find_app, TUI_KEY_ESC);
    find_press(":job\r");
    SHOWS("usage: job JOB");
    tui_app_key(find_app, TUI_KEY_ESC);
    find_press("1:sort x\r");
    SHOWS("this view has no list to sort");
}

Test(palette, the_palette_sorts_and_filters_the_list)
{
    find_press(":sort -state\r");
    cr_expect_gt(find_row("ember-04"), find_row("ember-01"));
    find_press(":filter lost\r");
    SHOWS("(1 of 4)");
}

Test(palette, every_command_of_the_shell_is_known)
{
    for (const struct tui_shell_command *shell = tui_shell_commands; shell->name; shell++)
        cr_expect(tui_ex_known(find_app, shell->name), "%s", shell->name);
}

Test(palette, tab_completes_and_steps_through_choices)
{
    find_press(":unc\t");
    cr_expect_str_eq(find_app->palette.text, "uncordon ", "one choice is whole");
    find_press("\t");
    cr_expect_str_eq(find_app->palette.text, "uncordon ember-01");
    find_press("\t");
    cr_expect_str_eq(find_app->palette.text, "uncordon ember-02");
    tui_app_key(find_app, TUI_KEY_SHIFT_TAB);
    tui_app_key(find_app, TUI_KEY_SHIFT_TAB);
    cr_expect_str_eq(find_app->palette.text, "uncordon ember-04");
    find_press("\x15jobs sta\t");
    cr_expect_str_eq(find_app->palette.text, "jobs state:");
    find_press("\t");
    cr_expect(strncmp(find_app->palette.text, "jobs state:", 11) == 0 &&
              find_app->palette.text[11] != 0);
    find_press("\x17\x17");
    cr_expect_str_eq(find_app->palette.text, "");
}

Test(palette, what_a_line_could_name_is_asked_for_while_it_is_typed)
{
    cr_expect_not(tui_app_want(find_app).polls[TUI_POLL_JOBS]);
    find_press(":");
    cr_expect(tui_app_want(find_app).polls[TUI_POLL_JOBS]);
    tui_app_key(find_app, TUI_KEY_ESC);
    cr_expect_not(tui_app_want(find_app).polls[TUI_POLL_JOBS]);
}

Test(palette, choices_stand_above_the_line_with_their_kind)
{
    find_press(":drai");
    int y = find_row("> drain");
    cr_expect_geq(y, 0);
    SHOWS("act");
    find_press("n ");
    SHOWS("ember-01");
    SHOWS("ready, 1 devices, 2 running");
}

Test(palette, tab_completes_a_filter)
{
    find_press("/sta\t");
    cr_expect_str_eq(find_app->prompt.text, "state:");
    find_press("\t");
    cr_expect_str_eq(find_app->prompt.text, "state:ready");
    SHOWS("2 of 4");
    find_press(" !ag\t");
    cr_expect_str_eq(find_app->prompt.text, "state:ready !agent:");
}

Test(palette, what_was_typed_comes_back_once_and_newest_first)
{
    find_press(":jobs\r:agents\r:jobs\r:x");
    tui_app_key(find_app, TUI_KEY_UP);
    cr_expect_str_eq(find_app->palette.text, "jobs");
    tui_app_key(find_app, TUI_KEY_UP);
    cr_expect_str_eq(find_app->palette.text, "agents");
    tui_app_key(find_app, TUI_KEY_UP);
    cr_expect_str_eq(find_app->palette.text, "agents");
    tui_app_key(find_app, TUI_KEY_DOWN);
    tui_app_key(find_app, TUI_KEY_DOWN);
    cr_expect_str_eq(find_app->palette.text, "x");
    for (int i = 0; i < 2 * TUI_TYPED_MAX; i++) {
        char line[16];
        snprintf(line, sizeof(line), "%d", i);
        tui_palette_remember(&find_app->palette, line);
    }
    cr_expect_eq(find_app->palette.history_count, TUI_TYPED_MAX);
    cr_expect_str_eq(find_app->palette.history[TUI_TYPED_MAX - 1], "127");
}

Test(palette, what_is_kept_comes_back_at_the_next_start)
{
    find_press(":jobs state:failed\r");
    find_press(":sort -model\rma:agents\roo/ember\r");
    char *text = tui_state_write(find_app);
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

Test(palette, a_kept_line_is_cleaned_before_it_is_shown)
{
    tui_state_read(find_app, "stoker console 1\ntyped\tjobs \x1b[2J\x7f\xff\n");
    find_press(":");
    tui_app_key(find_app, TUI_KEY_UP);
    cr_expect_str_eq(find_app->palette.text, "jobs ?[2J??");
}

Test(palette, a_kept_state_that_is_not_understood_does_no_harm)
{
    tui_state_read(find_app, "stoker console 1\nlist\tnosuch\nlist\tagents\t\t\t\tnosuch\t\tp99:1\n"
                             "bookmark ?\tagents\nhere\tdetail\n\t\t\t\nbookmark");
    cr_expect_eq(find_app->view, TUI_VIEW_AGENTS);
    cr_expect_str_eq(find_app->lists[TUI_VIEW_AGENTS].filter, "");
    tui_state_read(find_app, "another program's file\nhere\tjobs\n");
    cr_expect_eq(find_app->view, TUI_VIEW_AGENTS);
}
