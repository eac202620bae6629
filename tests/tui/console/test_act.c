/* Acting: what an operator sees before, what is sent then, and what came of it. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "act_lab.h"
#include "theme/zone.h"

TestSuite(act, .init = lab_setup, .fini = lab_teardown);

/* ---- nothing by accident */

Test(act, enter_enter_does_nothing)
{
    lab_cluster(LAB_THREE);
    lab_press("c");
    cr_assert(lab_shows("cordon ember-01?"));
    lab_press("\r\r");
    lab_expect_nothing("Enter, Enter must not cordon");
    lab_press("c\t");
    cr_assert(lab_shows("[ cordon ember-01 ]"));
    lab_press("\r");
    lab_next();
    cr_assert(lab_has("\"op\":\"cordon\"") && lab_has("\"agent\":\"ember-01\"") &&
              lab_has("\"by\":\"eve@lab\"") && lab_has("\"instance\":\"aa\""));
}

Test(act, keys_that_were_typed_before_the_dialog_was_there_are_not_for_it)
{
    lab_cluster(LAB_THREE);
    lab_burst("c\t\r");
    lab_expect_nothing("it was not on the screen yet");
    cr_assert(lab_shows("[ Cancel ]"), "and it is still there");
    lab_burst("\t\r");
    lab_expect_nothing("it was on the screen for no time at all");
    cr_assert(lab_shows("only just come up"));
    lab_settle();
    lab_burst("\r");
    lab_next();
    cr_assert(lab_has("\"op\":\"cordon\""));
}

Test(act, a_plan_that_arrives_under_the_finger_is_not_confirmed_by_it)
{
    lab_cluster(LAB_THREE);
    lab_press("d");
    lab_next();
    lab_press("\t");
    lab_answer_unseen(LAB_DRAIN_PLAN);
    lab_burst("\r");
    lab_expect_nothing("the plan was not on the screen yet");
    lab_draw();
    lab_burst("\r");
    lab_expect_nothing("nor long enough to be read");
}

Test(act, read_only_refuses_all_of_it_in_one_place)
{
    lab_app->read_only = true;
    lab_cluster(LAB_THREE);
    for (int i = 0; i < TUI_VERB_COUNT; i++) {
        lab_app->message[0] = 0;
        tui_act(lab_app, (enum tui_verb)i, "x");
        cr_assert_not(lab_app->dialog.open, "%s", tui_verb_rows[i].word);
        cr_assert(lab_shows("started read-only (stoker console --read-only)"));
        lab_expect_nothing("read-only");
    }
}

Test(act, esc_leaves_whatever_the_coordinator_does)
{
    lab_cluster(LAB_THREE);
    lab_press("d");
    cr_assert(lab_shows("has not answered yet"));
    lab_press("\t\r");
    lab_next();
    lab_expect_nothing("nothing is sent before the plan is known");
    cr_assert(lab_shows("has not said yet"));
    lab_key(TUI_KEY_ESC);
    cr_assert_not(lab_app->dialog.open);
    lab_answer(LAB_DRAIN_PLAN);
    cr_assert_not(lab_app->dialog.open, "a plan that comes later opens nothing");
    lab_expect_nothing("and does nothing");
}

Test(act, help_tells_what_the_verb_does_and_leads_back)
{
    lab_cluster(LAB_THREE);
    lab_press("d");
    lab_next();
    lab_answer(LAB_DRAIN_PLAN);
    lab_press("?");
    cr_assert(lab_shows(":drain AGENT... [--deadline SPAN]"));
    cr_assert(lab_shows("audit log"));
    lab_press("\t\r");
    lab_expect_nothing("there is nothing to confirm about a help text");
    cr_assert(lab_shows("drain ember-01?"));
}

/* ---- plans */

Test(act, what_is_typed_into_a_field_is_seen_however_long_it_is)
{
    lab_cluster(LAB_THREE);
    lab_press(":cordon ember-01\r");
    lab_press("\t\t");
    for (int i = 0; i < 100; i++)
        lab_press("x");
    lab_press("the end");
    cr_assert(lab_shows("xxxthe end_"));
}

/* The zone of a command on the last frame. */
static struct tui_pointer press_on(const struct tui_zones *zones, enum tui_command command)
{
    for (size_t i = zones->count; i > 0; i--) {
        const struct tui_zone *zone = &zones->zones[i - 1];
        if (zone->kind == TUI_ZONE_COMMAND && zone->value == (int)command)
            return (struct tui_pointer){TUI_POINTER_PRESS, zone->rect.y, zone->rect.x};
    }
    cr_assert_fail("no such button");
    return (struct tui_pointer){0};
}

Test(act, a_button_of_a_dialog_that_is_closed_does_nothing)
{
    static struct tui_zones zones;

    lab_canvas.zones = &zones;
    lab_cluster(LAB_THREE);
    lab_press(":cordon ember-01\r");
    struct tui_pointer button = press_on(&zones, TUI_COMMAND_DIALOG_SWITCH);
    tui_app_pointer(lab_app, &button, &lab_canvas);
    lab_settle();
    button = press_on(&zones, TUI_COMMAND_DIALOG_ACCEPT);
    tui_app_pointer(lab_app, &button, &lab_canvas);
    cr_assert_not(lab_app->dialog.open);
    lab_next();
    cr_assert(lab_has("\"op\":\"cordon\""));
    lab_answer_unseen(LAB_DONE);
    /* The second half of a double click, before the next frame. */
    tui_app_pointer(lab_app, &button, &lab_canvas);
    lab_expect_nothing("the dialog is not there any more");
    cr_assert_not(lab_shows("this has only just come up"));
}

Test(act, a_press_on_a_heading_of_the_view_before_does_not_sort_this_one)
{
    static struct tui_zones zones;
    struct tui_pointer heading = {.kind = TUI_POINTER_PRESS};

    lab_canvas.zones = &zones;
    lab_cluster(LAB_THREE);
    lab_press("2");
    lab_draw();
    for (size_t i = 0; i < zones.count; i++) {
        if (zones.zones[i].kind == TUI_ZONE_SORT && zones.zones[i].value > 0) {
            heading.y = zones.zones[i].rect.y;
            heading.x = zones.zones[i].rect.x;
        }
    }
    tui_app_key(lab_app, '1');
    tui_app_pointer(lab_app, &heading, &lab_canvas);
    cr_assert_eq(lab_app->lists[lab_app->view].sort, 0);
}

Test(act, a_refusal_in_wide_characters_is_shown_whole)
{
    char text[512] = "{\"ok\":false,\"error\":{\"code\":\"refused\",\"message\":\"";
    size_t used = strlen(text);

    for (int i = 0; i < 60; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "\u6f22");
    snprintf(text + used, sizeof(text) - used, " the end\"}}");
    lab_cluster(LAB_THREE);
    lab_press("d");
    lab_next();
    lab_answer(text);
    cr_assert(lab_shows("the end"));
    int wide = 0;
    for (int i = 0; i < lab_canvas.rows * lab_canvas.cols; i++)
        wide += lab_canvas.cells[i].ch == 0x6f22;
    cr_assert_eq(wide, 60, "%d of 60", wide);
}

Test(act, a_refused_plan_cant_be_confirmed)
{
    lab_cluster(LAB_THREE);
    lab_press("d");
    lab_next();
    cr_assert(lab_has("\"op\":\"drain\"") && lab_has("\"plan\":true") &&
              lab_has("\"deadline_ms\":60000"));
    lab_answer("{\"ok\":false,\"error\":{\"code\":\"conflict\",\"message\":\"ember-01 is drained\","
               "\"hint\":\"uncordon it\"}}");
    cr_assert(lab_shows("ember-01 is drained"));
    cr_assert(lab_shows("uncordon it"));
    lab_press("\t\t\t\r");
    lab_expect_nothing("the plan was refused");
}

Test(act, a_drain_confirms_the_plan_that_was_shown)
{
    lab_cluster(LAB_THREE);
    lab_press(":drain ember-01 --deadline 90s --reason 'new fan'\r");
    lab_next();
    cr_assert(lab_has("\"deadline_ms\":90000") && lab_has("\"plan\":true"));
    lab_answer(LAB_DRAIN_PLAN);
    cr_assert(lab_shows("7 waiting go elsewhere at once, 2 running may finish, expected in 14s"));
    cr_assert(lab_shows("88130     yolo"));
    lab_press("\t\r");
    lab_next();
    cr_assert(lab_has("\"confirm\":\"5d7d-1b9e\"") && lab_has("\"reason\":\"new fan\"") &&
              lab_has("\"deadline_ms\":90000"));
    cr_assert_not(lab_has("\"plan\"") || lab_has("force"));
}

Test(act, a_plan_that_needs_force_needs_the_name)
{
    lab_cluster("ember-01:ready:aa");
    lab_press("d");
    lab_next();
    lab_answer(LAB_FORCE_PLAN);
    cr_assert(lab_shows("ember-01 is the last? one"));
    lab_press("\t\r");
    lab_expect_nothing("the name was not typed");
    cr_assert(lab_shows("type 'ember-01' to confirm"));
    lab_press("ember-02\r");
    lab_key(TUI_KEY_TAB);
    lab_settle();
    lab_press("\r");
    lab_expect_nothing("another name was typed");
    cr_assert(lab_app->dialog.open);
    lab_key(21); /* Ctrl-U */
    lab_press("ember-01\t\t\r");
    lab_next();
    cr_assert(lab_has("\"force\":true") && lab_has("\"confirm\":\"5d7d-ffff\""));
}

Test(act, a_field_that_changes_the_plan_has_it_asked_for_again)
{
    lab_cluster(LAB_THREE);
    lab_press("d");
    lab_next();
    lab_answer(LAB_DRAIN_PLAN);
    lab_press("\t\t"); /* past the button, around to the first field */
    cr_assert_eq(lab_app->dialog.focus, TUI_ARGUMENT_DEADLINE);
    lab_key(21);
    lab_press("5m");
    lab_expect_nothing("it is still being typed");
    lab_press("\r");
    lab_next();
    cr_assert(lab_has("\"plan\":true") && lab_has("\"deadline_ms\":300000"));
    lab_press("more power"); /* the reason is no part of the plan */
    lab_answer(LAB_DRAIN_PLAN);
    lab_key(TUI_KEY_SHIFT_TAB);
    lab_settle();
    lab_expect_nothing("a reason changes no plan");
    lab_press("\t\t\t\r");
    lab_next();
    cr_assert(lab_has("\"deadline_ms\":300000") && lab_has("\"reason\":\"more power\"") &&
              lab_has("\"confirm\""));
}

Test(act, what_cant_be_is_said_and_not_sent)
{
    lab_cluster(LAB_THREE);
    lab_press(":drain ember-01 --deadline soon\r");
    cr_assert(lab_shows("deadline is a span such as"));
    lab_press(":pin digits --agent tow\r");
    cr_assert(lab_shows("no agent is named 'tow'"));
    lab_expect_nothing("no span");
    lab_press(":drain ember-01 --dedline 5s\r");
    cr_assert(lab_shows("drain has no option --dedline"));
    lab_press(":drain ember-09\r");
    cr_assert(lab_shows("no agent is named 'ember-09'"));
    lab_press(":drain ember-01 --reason 'open\r");
    cr_assert(lab_shows("a quote is not closed"));
    lab_press(":cancel seven\r");
    cr_assert(lab_shows("cancel takes the number of a job, not 'seven'"));
    lab_press(":drain --all ember-01\r");
    cr_assert(lab_shows("either names, or --all"));
    lab_press(":unload digits:old --agent ember-01\r");
    cr_assert(lab_shows("'digits:old': behind the colon stands a version"));
    lab_press(":unload digits:0 --agent ember-01\r");
    cr_assert(lab_shows("'digits:0': behind the colon stands a version"));
    lab_press(":settings limits.jobs_live 1 2\r");
    cr_assert(lab_shows("one word too many"));
    lab_press(":tenant set\r");
    cr_assert(lab_shows("usage: tenant set TENANT"));
    cr_assert_not(lab_app->dialog.open);
    lab_expect_nothing("none of it can be");
}

Test(act, a_rebalance_applies_what_was_shown_or_nothing)
{
    lab_cluster(LAB_THREE);
    lab_press("B");
    lab_next();
    cr_assert(lab_has("\"op\":\"rebalance\"") && lab_has("\"plan\":true"));
    lab_answer("{\"ok\":true,\"plan\":{\"id\":\"3-1\",\"moves\":[{\"job\":88,\"model\":\"yolo\","
               "\"from\":\"ember-01\",\"to\":\"ember-02\",\"loads\":true,\"cost_ms\":900,"
               "\"gain_ms\":4200}],\"gain_ms\":31000,\"cost_ms\":900,\"through_ms\":12000,"
               "\"through_after_ms\":7000}}");
    cr_assert(lab_shows("1 job moves; all work is done in 7.0s, not in 12s"));
    cr_assert(lab_shows("0.9s of loading models"));
    cr_assert(lab_shows("4.2s"));
    lab_press("\t\r");
    lab_next();
    cr_assert(lab_has("\"apply\":\"3-1\""));
    lab_answer(
        "{\"ok\":true,\"operation\":{\"id\":9,\"kind\":\"rebalance\",\"state\":\"running\"}}");
    lab_press("B");
    lab_next();
    lab_answer("{\"ok\":true,\"plan\":{\"id\":\"3-2\",\"moves\":[],\"through_ms\":12000}}");
    cr_assert(lab_shows("nothing to move"));
    lab_press("\t\t\r");
    lab_expect_nothing("there is nothing to apply");
}

Test(act, a_rebalance_shows_the_models_that_come_and_go)
{
    lab_cluster(LAB_THREE);
    lab_press(":rebalance\r");
    lab_next();
    lab_answer("{\"ok\":true,\"plan\":{\"id\":\"3-1\",\"moves\":[],\"loads\":[{\"model\":\"yolo\","
               "\"version\":1,\"to\":\"ember-02\",\"evicts\":1,\"cost_ms\":900,\"lost_ms\":400,"
               "\"gain_ms_per_min\":9000}],\"through_ms\":12000,\"rests_ms\":0}}");
    cr_assert(lab_shows("no job to move; all work is done in 12s"));
    cr_assert(lab_shows("1 model comes to one more agent"));
    cr_assert(lab_shows("1 model goes for that, and may be loaded again for 0.4s"));
    cr_assert(lab_shows("ember-02"));
    lab_press("\t\r");
    lab_next();
    cr_assert(lab_has("\"apply\":\"3-1\""));
}

Test(act, a_tuning_needs_its_device_named)
{
    lab_cluster(LAB_THREE);
    lab_press(":tune digits:1\r");
    lab_next();
    lab_answer(
        "{\"ok\":true,\"targets\":[{\"agent\":\"ember-01\",\"device\":0,\"name\":\"RX 580\"},"
        "{\"agent\":\"ember-02\",\"device\":0,\"name\":\"RX 580\"}]}");
    cr_assert(lab_shows("2 devices could: say which"));
    lab_press("\t");
    cr_assert_eq(lab_app->dialog.focus, TUI_ARGUMENT_AGENT, "there is no button to confirm it");
    lab_key(TUI_KEY_DOWN);
    lab_key(TUI_KEY_DOWN);
    lab_settle();
    lab_press("\r");
    lab_next();
    cr_assert(lab_has("\"agent\":\"ember-02\"") && lab_has("\"plan\":true") &&
              lab_has("\"version\":1"));
}

/* ---- several */

#define JOB(id, state) "{\"id\":" id ",\"state\":\"" state "\",\"model\":\"yolo\"}"

Test(act, several_are_answered_for_each)
{
    lab_cluster(LAB_THREE);
    lab_press("4");
    lab_jobs(JOB("12", "queued") "," JOB("11", "running") "," JOB("10", "queued"));
    lab_press("*x");
    cr_assert(lab_shows("cancel 3 jobs?"));
    lab_jobs(JOB("19", "queued") "," JOB("12", "running") "," JOB("10", "done"));
    lab_press("\t\r");
    lab_expect_nothing("cancelling several needs the count typed");
    lab_press("3 jobs\t\t\r");
    lab_next();
    cr_assert(lab_has("\"op\":\"cancel\"") && lab_has("\"id\":10"), "%s", lab_sent);
    lab_answer("{\"ok\":false,\"error\":{\"code\":\"conflict\",\"message\":\"job 10 is done\"}}");
    lab_next();
    cr_assert(lab_has("\"id\":11"));
    lab_answer(LAB_DONE);
    lab_next();
    cr_assert(lab_has("\"id\":12"));
    lab_answer(LAB_DONE);
    lab_expect_nothing("19 was not shown");
    cr_assert(lab_shows("refused: job 10 is done"));
    cr_assert(lab_shows("cancel 3 jobs: 2 done, 1 refused; 10: job 10 is done"));
    lab_key(TUI_KEY_ESC);
    cr_assert_not(lab_app->dialog.open);
}

Test(act, who_does_not_answer_is_not_sent_the_rest)
{
    lab_cluster(LAB_THREE);
    lab_press("*c\t\r");
    lab_next();
    cr_assert(lab_has("\"agent\":\"ember-01\""));
    lab_answer("{\"ok\":false,\"error\":{\"code\":\"no_answer\",\"message\":\"timed out\"}}");
    lab_expect_nothing("nobody would know what became of it");
    cr_assert(lab_shows("cordon 3 agents: 0 done, 1 refused, 2 not sent; ember-01: timed out"));
    cr_assert(lab_shows("not sent"));
}

/* ---- followed to the end */

Test(act, a_long_one_is_followed)
{
    lab_cluster(LAB_THREE);
    lab_press("d");
    lab_next();
    lab_answer(LAB_DRAIN_PLAN);
    lab_press("\t\r");
    lab_next();
    lab_answer("{\"ok\":true,\"operation\":{\"id\":8,\"kind\":\"drain\",\"target\":\"ember-01\","
               "\"state\":\"running\"}}");
    cr_assert_eq(lab_app->view, TUI_VIEW_OPERATIONS);
    lab_cluster_of(
        3, LAB_THREE,
        "{\"id\":8,\"kind\":\"drain\",\"target\":\"ember-01\",\"state\":\"running\","
        "\"remaining\":3,\"blockers\":[{\"job\":88121,\"model\":\"yolo\",\"left_ms\":9000}]"
        "}," LAB_OPERATION("7", "ember-03"));
    lab_draw();
    cr_assert_str_eq(tui_app_target(lab_app, TUI_CONTEXT_OPERATION), "8");
    cr_assert(lab_shows(
        "operation 8, drain ember-01: 3 jobs left, held by job 88121 (yolo), about 9.0s"));
    lab_cluster_of(3, LAB_THREE,
                   "{\"id\":8,\"kind\":\"drain\",\"target\":\"ember-01\",\"state\":\"done\","
                   "\"safe_to_remove\":true}");
    cr_assert(lab_shows("operation 8, drain ember-01: done; safe to remove"));
    lab_app->action.operation = 8;
    lab_cluster_of(3, LAB_THREE,
                   "{\"id\":8,\"kind\":\"drain\",\"target\":\"ember-01\",\"state\":\"done\","
                   "\"safe_to_remove\":true,\"text\":\"safe to remove\"}");
    cr_assert(lab_shows("operation 8, drain ember-01: done: safe to remove"), "once is enough");
    lab_app->action.operation = 8;
    lab_cluster_of(3, LAB_THREE,
                   "{\"id\":8,\"kind\":\"drain\",\"target\":\"ember-01\",\"state\":\"done\","
                   "\"text\":\"no longer: the agent was given back to work\"}");
    cr_assert(lab_shows("operation 8, drain ember-01: done; not safe to remove: no longer: the"));
    lab_app->now_ms += 60000;
    cr_assert_not(lab_shows("operation 8, drain"), "and nothing is followed any more");
}

Test(act, a_second_one_waits_for_the_answer_to_the_first)
{
    lab_cluster(LAB_THREE);
    lab_press("c\t\r");
    lab_next();
    lab_press("jc\t\r");
    lab_expect_nothing("the first is not answered");
    cr_assert(lab_shows("has not answered to cordon ember-01 yet"));
    lab_answer(LAB_DONE);
    lab_press("\r");
    lab_next();
    cr_assert(lab_has("\"agent\":\"ember-02\""));
}

Test(act, settings_strategy_and_tenants_are_shown_before_they_are_changed)
{
    lab_cluster(LAB_THREE);
    lab_press(":settings limits.jobs_live 500000 --reason 'memory is short'\r");
    lab_next();
    cr_assert(lab_has("\"op\":\"settings\"") && lab_has("\"name\":\"limits.jobs_live\""));
    cr_assert_not(lab_has("500000"), "asking changes nothing");
    lab_answer("{\"ok\":true,\"settings\":[{\"name\":\"limits.jobs_live\",\"value\":\"1000000\","
               "\"from\":\"default\",\"allowed\":\"1 to 10000000 jobs\",\"live\":true}]}");
    cr_assert(lab_shows("1 to 10000000 jobs"));
    lab_press("\t\r");
    lab_next();
    cr_assert(lab_has("\"value\":\"500000\"") && lab_has("\"reason\":\"memory is short\""));
    lab_answer(LAB_DONE);
    lab_press("A");
    lab_next();
    cr_assert(lab_has("\"op\":\"strategy\""));
    lab_answer(
        "{\"ok\":true,\"strategy\":\"model-affine\",\"strategies\":[{\"name\":\"model-affine\","
        "\"help\":\"where it is loaded\"},{\"name\":\"round-robin\",\"help\":\"in turn\"}]}");
    cr_assert(lab_shows("model-affine  (now) where it is loaded"), "what it would be changed from");
    lab_press("\t\t");
    lab_key(TUI_KEY_DOWN);
    lab_key(TUI_KEY_DOWN);
    lab_settle();
    lab_press("\t\t\t\r");
    lab_next();
    cr_assert(lab_has("\"name\":\"round-robin\""));
    lab_answer(LAB_DONE);
    lab_press(":tenant set batch --rate 0.5 --weight 300\r");
    lab_next();
    cr_assert(lab_has("\"op\":\"tenants\"") && lab_has("\"tenant\":\"batch\""));
    lab_answer("{\"ok\":true,\"tenants\":[{\"name\":\"batch\",\"weight\":100}]}");
    lab_press("\t\r");
    lab_next();
    cr_assert(lab_has("\"op\":\"tenant\"") && lab_has("\"rate_per_s\":0.5") &&
              lab_has("\"weight\":300"));
    cr_assert_not(lab_has("burst"));
}

/* ---- how it looks */

Test(act, the_dialog_fits_every_size)
{
    static char agents[40000];
    const int sizes[][2] = {{16, 60}, {24, 80}, {50, 200}, {100, 300}};
    size_t used = 0;

    for (int i = 0; i < 1000; i++)
        used += (size_t)snprintf(agents + used, sizeof(agents) - used, "agent-%04d:ready:aa ", i);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        cr_assert(tui_canvas_resize(&lab_canvas, sizes[i][0], sizes[i][1]));
        lab_cluster(agents);
        lab_press(":drain --all --reason 'all of it'\r");
        lab_next();
        lab_answer(LAB_ROLL_PLAN);
        cr_assert(lab_shows("drain 1000 agents?"));
        cr_assert(lab_shows("[ Cancel ]"));
        cr_assert(lab_shows("type 1000 agents here"));
        cr_assert(lab_shows("all of it"));
        cr_assert(lab_shows("one after another"), "what it comes to is in sight");
        for (int k = 0; k < 400; k++)
            lab_key(TUI_KEY_PAGE_DOWN);
        lab_settle();
        cr_assert(lab_shows("ember-02"), "and the plan's last line can be reached");
        cr_assert(lab_shows("[ Cancel ]"));
        lab_key(TUI_KEY_ESC);
    }
}

Test(act, names_that_are_cut_say_so)
{
    char line[200];
    char name[64];

    memset(name, 'x', 60);
    name[60] = 0;
    snprintf(line, sizeof(line), "%s:ready:aa", name);
    cr_assert(tui_canvas_resize(&lab_canvas, 16, 60));
    lab_cluster(line);
    lab_press("c");
    cr_assert(lab_shows("xxxxxxxx~"));
}
