// What the core says about where jobs went, where they didn't, and where nobody remembers.
#include "agent/core/placement/coord_explain.h"
#include "tests/agent/coord_rig.h"

static struct rig rig;

static void begin(void)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.decisions_max = 8;
    rig_init(&rig, &limits);
    rig_hello(&rig, 1, "one", 1, 4);
    rig_hello(&rig, 2, "two", 2, 4);
}

static void finish(void)
{
    rig_finish(&rig);
}

TestSuite(coord_why, .init = begin, .fini = finish);

static void admin(enum agent_event_kind kind, const char *agent)
{
    rig_step(&rig, &(struct agent_event){.kind = kind, .token = 5, .agent = agent});
    rig_commit(&rig);
}

static struct agent_decision_view decision_of(uint64_t job)
{
    struct agent_history_view history[8];
    struct agent_decision_view view;
    size_t count = agent_coord_history(rig.core, job, history, 8);
    cr_assert_gt(count, 0);
    cr_assert(agent_coord_decision_at(rig.core, history[count - 1].decision, &view));
    return view;
}

static struct agent_why_not_view why_not(uint64_t job, const char *agent)
{
    struct agent_why_not_view view;
    cr_assert_eq(agent_coord_why_not(rig.core, job, agent, &view), AGENT_REPLY_OK, "%s", view.text);
    return view;
}

Test(coord_why, a_decision_keeps_who_was_rejected_and_by_which_rule)
{
    admin(AGENT_EVENT_CORDON, "two");
    uint64_t job = rig_submit(&rig, "");
    struct agent_decision_view view = decision_of(job);
    cr_assert_eq(view.n_seen, 2);
    cr_assert_str_eq(view.seen[0].agent, "one");
    cr_assert(view.seen[0].chosen);
    cr_assert_str_eq(view.seen[1].agent, "two");
    cr_assert_eq(view.seen[1].rule, AGENT_RULE_CORDONED);
    cr_assert_str_eq(why_not(job, "two").text, "when it went to one, two was cordoned.");
    cr_assert(why_not(job, "one").chosen);
    // What holds now is not what held then.
    admin(AGENT_EVENT_UNCORDON, "two");
    cr_assert_eq(why_not(job, "two").rule, AGENT_RULE_CORDONED);
}

Test(coord_why, one_that_could_have_is_compared_with_the_chosen_one)
{
    uint64_t first = rig_submit(&rig, "");
    const char *chosen = decision_of(first).seen[0].agent;
    const char *other = strcmp(chosen, "one") == 0 ? "two" : "one";
    struct agent_why_not_view view = why_not(first, other);
    cr_assert_eq(view.rule, AGENT_RULE_NONE);
    cr_assert_not(view.chosen);
    cr_assert_not_null(strstr(view.text, "it could have: "), "%s", view.text);
    cr_assert_not_null(strstr(view.text, chosen), "%s", view.text);
    cr_assert_not_null(strstr(view.text, "as nothing was measured yet"), "%s", view.text);
}

Test(coord_why, a_waiting_job_is_told_about_now)
{
    admin(AGENT_EVENT_CORDON, "one");
    admin(AGENT_EVENT_CORDON, "two");
    uint64_t job = rig_submit(&rig, "");
    cr_assert_str_eq(why_not(job, "one").text, "one is cordoned.");
    cr_assert_eq(why_not(job, "one").decision, 0);
    char waiting[256];
    agent_coord_waiting(rig.core, job, waiting, sizeof waiting);
    cr_assert_str_eq(waiting, "one is cordoned, two is cordoned");
}

Test(coord_why, reasons_that_the_ring_has_lost_are_said_to_be_gone)
{
    uint64_t job = rig_submit(&rig, "");
    struct agent_history_view history[4];
    cr_assert_eq(agent_coord_history(rig.core, job, history, 4), 1);
    uint64_t number = history[0].decision;
    for (int i = 0; i < 8; i++) {
        uint64_t next = rig_submit(&rig, "");
        const struct rig_action *dispatch = rig_find(&rig, AGENT_ACTION_DISPATCH, 0, next);
        rig_result(&rig, dispatch->link, next, 1, AGENT_OUTCOME_DONE);
    }
    struct agent_decision_view view;
    cr_assert_not(agent_coord_decision_at(rig.core, number, &view));
    struct agent_why_not_view answer = why_not(job, "two");
    cr_assert_not_null(strstr(answer.text, "are gone"), "%s", answer.text);
    cr_assert_not_null(strstr(answer.text, "the last 8 are kept"), "%s", answer.text);
}

Test(coord_why, who_is_not_known_is_named)
{
    struct agent_why_not_view view;
    uint64_t job = rig_submit(&rig, "");
    cr_assert_eq(agent_coord_why_not(rig.core, job, "nobody", &view), AGENT_REPLY_NOT_FOUND);
    cr_assert_not_null(strstr(view.text, "nobody"));
    cr_assert_eq(agent_coord_why_not(rig.core, 999, "one", &view), AGENT_REPLY_NOT_FOUND);
    cr_assert_not_null(strstr(view.text, "999"));
}

Test(coord_why, every_rule_has_a_name_and_words)
{
    for (int rule = AGENT_RULE_NONE + 1; rule < AGENT_RULES; rule++) {
        cr_assert_neq(agent_rule_text((enum agent_rule)rule)[0], '\0');
        cr_assert_neq(agent_rule_name((enum agent_rule)rule)[0], '\0');
    }
    cr_assert_str_eq(agent_rule_text(AGENT_RULES), "");
}
