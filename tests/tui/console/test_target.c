/* Acting never hits another target than the one that was shown, whatever happens meanwhile. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "act_lab.h"

TestSuite(target, .init = lab_setup, .fini = lab_teardown);

Test(target, a_list_that_resorts_changes_nothing)
{
    lab_cluster(LAB_THREE);
    lab_press("j");
    lab_press("c");
    lab_cluster("ember-03:ready:cc ember-02:ready:bb ember-01:ready:aa ember-00:ready:dd");
    lab_press("\t\r");
    lab_next();
    cr_assert(lab_has("\"agent\":\"ember-02\"") && lab_has("\"instance\":\"bb\""));
}

Test(target, a_target_that_left_is_not_acted_on)
{
    lab_cluster(LAB_THREE);
    lab_press("c\t");
    lab_cluster("ember-02:ready:bb ember-03:ready:cc");
    cr_assert(lab_shows("is not in the cluster any more"));
    lab_press("\r");
    lab_expect_nothing("it has left");
    cr_assert(lab_shows("ember-01 has left the cluster; nothing was sent"));
    cr_assert_not(lab_app->dialog.open);
}

Test(target, another_process_of_the_same_name_is_not_acted_on)
{
    lab_cluster(LAB_THREE);
    lab_press("c\t");
    lab_cluster("ember-01:ready:ee ember-02:ready:bb ember-03:ready:cc");
    cr_assert(lab_shows("another one has this name now"));
    lab_press("\r");
    lab_expect_nothing("it is another process");
    cr_assert(lab_shows("ember-01 is another one now; nothing was sent: look again"));
    cr_assert(lab_shows("[ Cancel ]"));
    lab_press("\t\r");
    lab_next();
    cr_assert(lab_has("\"instance\":\"ee\""), "confirmed anew, it is the one that was shown anew");
}

Test(target, a_state_that_changed_is_looked_at_again_and_its_plan_asked_for)
{
    lab_cluster(LAB_THREE);
    lab_press("d");
    lab_next();
    lab_answer(LAB_DRAIN_PLAN);
    lab_press("\t");
    lab_cluster("ember-01:suspect:aa ember-02:ready:bb ember-03:ready:cc");
    cr_assert(lab_shows("suspect; it was ready"));
    lab_press("\r");
    lab_next();
    cr_assert(lab_has("\"plan\":true"), "a new plan");
    lab_expect_nothing("and no drain");
    cr_assert(lab_shows("ember-01 is suspect now; nothing was sent: look again"));
}

Test(target, a_coordinator_that_was_started_again_is_asked_again)
{
    lab_cluster(LAB_THREE);
    lab_press("c\t");
    lab_cluster_of(4, LAB_THREE, "");
    lab_press("\r");
    lab_expect_nothing("numbers and plans may mean something else there");
    cr_assert(lab_shows("the coordinator was started again; nothing was sent"));
}

Test(target, marked_agents_are_named_each_and_sent_as_they_were_named)
{
    lab_cluster(LAB_THREE);
    lab_press("  R"); /* the first two */
    cr_assert(lab_shows("restart 2 agents?"));
    lab_next();
    lab_answer(LAB_ROLL_PLAN);
    lab_cluster("ember-03:ready:cc ember-02:ready:bb ember-01:ready:aa ember-00:ready:dd");
    lab_press("\t\r");
    lab_expect_nothing("restarting several needs the count typed");
    lab_press("2 agents\t\t\r");
    lab_next();
    cr_assert(lab_has("\"agents\":[\"ember-01\",\"ember-02\"]"));
    cr_assert(lab_has("\"instances\":[\"aa\",\"bb\"]"));
}

Test(target, marks_of_who_has_left_are_said_with_the_way_out)
{
    lab_cluster(LAB_THREE);
    lab_press("  ");
    lab_cluster("ember-02:ready:bb ember-03:ready:cc");
    lab_press("R");
    lab_expect_nothing("one of them is not there");
    cr_assert(lab_shows("ember-01 has left the cluster; Esc clears the marks"));
}

Test(target, what_was_acted_on_is_marked_no_longer)
{
    const struct tui_marks *marks = &lab_app->lists[TUI_VIEW_AGENTS].marks;

    lab_cluster(LAB_THREE);
    lab_press("2  R");
    lab_next();
    lab_answer(LAB_ROLL_PLAN);
    lab_press("\033");
    cr_assert_eq(marks->count, 2, "what was not sent stays marked");
    lab_press("R");
    lab_next();
    lab_answer(LAB_ROLL_PLAN);
    lab_press("\t\r2 agents\t\t\r");
    lab_next();
    cr_assert(lab_has("\"agents\":[\"ember-01\",\"ember-02\"]"));
    cr_assert_eq(marks->count, 0, "the next action is about other agents");
}

Test(target, all_means_those_who_were_there_when_it_was_shown)
{
    lab_cluster("ember-01:ready:aa ember-02:ready:bb ember-03:drained:cc");
    lab_press(":drain --all --keep 80\r");
    lab_next();
    cr_assert(lab_has("\"agents\":[\"ember-01\",\"ember-02\"]") && lab_has("\"keep_percent\":80"));
    cr_assert_not(lab_has("\"all\""));
    lab_answer(LAB_ROLL_PLAN);
    lab_cluster("ember-01:ready:aa ember-02:ready:bb ember-03:drained:cc ember-04:ready:dd");
    lab_press("\t\r2 agents\t\t\r");
    lab_next();
    cr_assert(lab_has("\"agents\":[\"ember-01\",\"ember-02\"]"), "who joined since was not shown");
}

Test(target, one_of_several_that_left_is_said_and_left_out_only_when_seen)
{
    lab_cluster(LAB_THREE);
    lab_press("  ");
    lab_press("d");
    lab_next();
    lab_answer(LAB_ROLL_PLAN);
    lab_press("\t\r2 agents\t\t");
    lab_cluster("ember-02:ready:bb ember-03:ready:cc");
    lab_press("\r");
    lab_next();
    cr_assert(lab_has("\"plan\":true") && lab_has("\"agent\":\"ember-02\""),
              "the plan of who is left");
    lab_expect_nothing("nothing else");
    cr_assert(lab_shows("ember-01 has left the cluster; nothing was sent: look again"));
    cr_assert(lab_shows("drain ember-02?"));
}

Test(target, an_operation_that_ended_or_is_another_now_is_not_cancelled)
{
    lab_cluster_of(3, LAB_THREE, LAB_OPERATION("7", "ember-03"));
    lab_press("7x\t");
    cr_assert(lab_shows("stop operation 7?"));
    lab_cluster_of(3, LAB_THREE, LAB_OPERATION("8", "ember-01"));
    lab_press("\r");
    lab_expect_nothing("7 has left the list");
    cr_assert(lab_shows("7 has ended; nothing was sent"));
    lab_cluster_of(3, LAB_THREE, LAB_OPERATION("7", "ember-03"));
    lab_press(":stop 7\r");
    lab_key(TUI_KEY_TAB);
    lab_settle();
    lab_cluster_of(3, LAB_THREE,
                   "{\"id\":7,\"kind\":\"drain\",\"target\":\"ember-03\",\"state\":\"done\"}");
    lab_press("\r");
    lab_expect_nothing("7 is done");
    lab_cluster_of(3, LAB_THREE, LAB_OPERATION("7", "ember-03"));
    lab_press(":stop 7\r");
    lab_key(TUI_KEY_TAB);
    lab_settle();
    lab_cluster_of(3, LAB_THREE, LAB_OPERATION("7", "ember-01"));
    lab_press("\r");
    lab_expect_nothing("7 is another drain");
    lab_press("\t\r");
    lab_next();
    cr_assert(lab_has("\"op\":\"operation\"") && lab_has("\"id\":7") &&
              lab_has("\"cancel\":true") && lab_has("\"by\":\"eve@lab\""));
}

Test(target, a_model_stays_the_version_that_was_shown)
{
    lab_cluster(LAB_THREE);
    lab_press(":pin digits --agent ember-02\r");
    lab_next();
    cr_assert(lab_has("\"op\":\"model\"") && lab_has("\"name\":\"digits\""));
    lab_answer(LAB_MODEL("1"));
    cr_assert(lab_shows("pin digits:1 on ember-02?"));
    lab_press("\t\r");
    lab_next();
    cr_assert(lab_has("\"model\":\"digits\"") && lab_has("\"version\":1") &&
                  lab_has("\"agent\":\"ember-02\""),
              "whatever version was added since");
    lab_answer(LAB_MODEL("1"));
    lab_press(":load digits --version 2\r");
    lab_next();
    cr_assert(lab_has("\"version\":2"));
    lab_answer(LAB_MODEL("2"));
    lab_press("\t\r");
    lab_expect_nothing("no agent was named");
    cr_assert(lab_shows("load: give an agent"));
}

Test(target, unloading_what_is_in_use_needs_its_name)
{
    lab_models = "{\"name\":\"digits\",\"version\":1,\"queued\":0,\"running\":0}";
    lab_cluster(LAB_THREE);
    lab_press(":unload digits:1 --agent ember-01\r");
    lab_next();
    lab_answer(LAB_MODEL("1"));
    lab_press("\t");
    lab_models = "{\"name\":\"digits\",\"version\":1,\"queued\":3,\"running\":1}";
    lab_cluster(LAB_THREE);
    lab_press("\r");
    lab_expect_nothing("it has jobs by now");
    cr_assert(lab_shows("type 'digits:1' to confirm"));
    lab_press("digits:1\t\t\r");
    lab_next();
    cr_assert(lab_has("\"op\":\"unload\"") && lab_has("\"agent\":\"ember-01\""));
}

Test(target, unloading_several_without_versions_needs_the_words_when_one_is_in_use)
{
    lab_models = "{\"name\":\"digits\",\"version\":1,\"queued\":3,\"running\":1},"
                 "{\"name\":\"yolo\",\"version\":2,\"queued\":0,\"running\":0}";
    lab_cluster(LAB_THREE);
    lab_press(":unload yolo digits --agent ember-01\r");
    lab_press("\t\r");
    lab_expect_nothing("one of them is in use");
    cr_assert(lab_shows("type '2 models' to confirm"));
}
