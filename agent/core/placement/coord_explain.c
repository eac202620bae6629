#include "coord_explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_refusal.h"

static void view_seen(const struct agent_coord *core, const struct coord_seen *seen, bool chosen,
                      struct agent_seen_view *view)
{
    *view = (struct agent_seen_view){
        .agent = agent_coord_seen_name(core, seen),
        .rule = (enum agent_rule)seen->rule,
        .chosen = chosen,
        .resident = seen->resident,
        .held = seen->held,
        .credit = seen->credit,
        .wait_us = seen->wait_us,
        .load_us = seen->load_us,
        .run_us = seen->run_us,
        .score = seen->score,
    };
    agent_coord_seen_text(seen, view->text, sizeof view->text);
}

bool agent_coord_decision_at(const struct agent_coord *core, uint64_t number,
                             struct agent_decision_view *ret_view)
{
    const struct coord_decision *decision = agent_coord_decision(core, number);
    if (decision == NULL)
        return false;
    *ret_view = (struct agent_decision_view){
        .number = number,
        .time_us = decision->time_us,
        .strategy = decision->strategy->name,
        .choice = agent_choice_name((enum agent_choice)decision->choice),
        .jobs = decision->jobs,
        .queued = decision->queued,
        .looked_at = decision->looked_at,
        .open = decision->open,
        .bound_percent = decision->bound_percent,
        .mean_wait_us = decision->mean_wait_us,
        .n_seen = decision->n_seen,
    };
    for (uint8_t i = 0; i < decision->n_seen; i++)
        view_seen(core, &decision->seen[i], i == 0, &ret_view->seen[i]);
    agent_coord_decision_text(core, number, ret_view->text, sizeof ret_view->text);
    return true;
}

// The decision behind a job's last dispatch; 0: it was never sent anywhere.
static uint64_t last_decision(const struct coord_job *job)
{
    for (uint8_t i = job->history_count; i-- > 0;) {
        if (job->history[i].decision != 0)
            return job->history[i].decision;
    }
    return 0;
}

static void say_now(const struct agent_coord *core, const struct coord_job *job,
                    const struct coord_agent *agent, struct agent_why_not_view *view)
{
    const char *name = agent_coord_chars(agent->name);
    view->rule = agent_coord_rejects(core, agent, job->model);
    if (job->where == COORD_DELAYED)
        agent_coord_add(view->text, sizeof view->text,
                        "The job waits %" PRId64 " ms before its next attempt; ",
                        (job->not_before_us - core->now_us) / 1000);
    if (view->rule != AGENT_RULE_NONE) {
        agent_coord_add(view->text, sizeof view->text, "%s %s", name, agent_rule_text(view->rule));
        agent_coord_refusal_add(agent, job->model, view->rule, view->text, sizeof view->text);
        agent_coord_refused_add(core, job->model, view->text, sizeof view->text);
        agent_coord_add(view->text, sizeof view->text, ".");
    } else if (agent_coord_killed_on(job, agent)) {
        agent_coord_add(view->text, sizeof view->text,
                        "the job has killed an executor of %s: others are tried first.", name);
    } else {
        agent_coord_add(view->text, sizeof view->text,
                        "no rule keeps it from %s: it goes there as soon as it is its turn and no "
                        "other agent is better.",
                        name);
    }
}

// A rule's words as of then: "was full", "gave work back a moment ago".
static void add_then(const struct coord_decision *decision, const struct agent_coord *core,
                     const char *name, enum agent_rule rule, struct agent_why_not_view *view)
{
    const char *text = agent_rule_text(rule);
    bool is = strncmp(text, "is ", 3) == 0;
    snprintf(view->text, sizeof view->text, "when it went to %s, %s %s%s.",
             agent_coord_seen_name(core, &decision->seen[0]), name, is ? "was " : "",
             text + (is ? 3 : 0));
}

static void say_seen(const struct agent_coord *core, const struct coord_decision *decision,
                     const struct coord_seen *seen, struct agent_why_not_view *view)
{
    const struct coord_seen *chosen = &decision->seen[0];
    const char *name = agent_coord_seen_name(core, seen);
    char here[160], there[160];
    agent_coord_seen_text(seen, here, sizeof here);
    agent_coord_seen_text(chosen, there, sizeof there);
    view->chosen = seen == chosen;
    view->rule = (enum agent_rule)seen->rule;
    if (view->chosen)
        snprintf(view->text, sizeof view->text, "it did go to %s: it %s.", name, here);
    else if (view->rule != AGENT_RULE_NONE)
        add_then(decision, core, name, view->rule, view);
    else if (seen->score == chosen->score)
        snprintf(view->text, sizeof view->text,
                 "it could have: %s and %s were the same by %s%s, and it was %s's turn. %s %s; %s "
                 "%s.",
                 name, agent_coord_seen_name(core, chosen), decision->strategy->name,
                 seen->score == 0 ? ", as nothing was measured yet" : "",
                 agent_coord_seen_name(core, chosen), name, here,
                 agent_coord_seen_name(core, chosen), there);
    else
        snprintf(view->text, sizeof view->text,
                 "it could have: %s scored %" PRId64 " against %" PRId64 " of %s (less is better, "
                 "by %s). %s %s; %s %s.",
                 name, seen->score, chosen->score, agent_coord_seen_name(core, chosen),
                 decision->strategy->name, name, here, agent_coord_seen_name(core, chosen), there);
}

// It was not among those that were looked at.
static void say_unseen(const struct agent_coord *core, const struct coord_decision *decision,
                       const struct coord_agent *agent, struct agent_why_not_view *view)
{
    const char *name = agent_coord_chars(agent->name);
    bool closed_then = agent->closed_us <= decision->time_us &&
                       (!agent->open || agent->opened_us > decision->time_us);
    if (closed_then && agent->closed_rule != AGENT_RULE_NONE) {
        view->rule = (enum agent_rule)agent->closed_rule;
        add_then(decision, core, name, view->rule, view);
    } else if (agent->connected_us > decision->time_us) {
        view->rule = AGENT_RULE_LOST;
        add_then(decision, core, name, view->rule, view);
    } else {
        snprintf(view->text, sizeof view->text,
                 "%s was not looked at: of %" PRIu32 " agents that took work the %" PRIu32
                 " that %s asks about were, and it was neither among the least loaded nor among "
                 "those drawn that have the model, or took no work at that moment.",
                 name, decision->open, decision->looked_at, decision->strategy->name);
    }
}

enum agent_reply agent_coord_why_not(const struct agent_coord *core, uint64_t id, const char *name,
                                     struct agent_why_not_view *ret_view)
{
    const struct coord_job *job = agent_coord_job_find(core, id);
    const struct coord_agent *agent = agent_coord_agent_by_name(core, name);
    memset(ret_view, 0, sizeof *ret_view);
    if (job == NULL || job->where == COORD_PENDING || agent == NULL) {
        if (agent == NULL)
            snprintf(ret_view->text, sizeof ret_view->text, "no agent named '%.64s'", name);
        else
            snprintf(ret_view->text, sizeof ret_view->text,
                     "no job %" PRIu64 ", or it ended so long ago that its reasons are gone", id);
        return AGENT_REPLY_NOT_FOUND;
    }
    if (job->where == COORD_READY || job->where == COORD_DELAYED) {
        say_now(core, job, agent, ret_view);
        return AGENT_REPLY_OK;
    }
    uint64_t number = last_decision(job);
    const struct coord_decision *decision = agent_coord_decision(core, number);
    ret_view->decision = number;
    if (decision == NULL) {
        const char *where = agent_coord_chars(job->agent_name);
        if (number == 0)
            snprintf(ret_view->text, sizeof ret_view->text,
                     "it was never sent to any agent since the coordinator started.");
        else
            snprintf(ret_view->text, sizeof ret_view->text,
                     "it went to %s; the reasons of decision %" PRIu64
                     " are gone: the last %" PRIu32 " are kept, and %" PRIu64 " were made since.",
                     where, number, core->limits.decisions_max, core->next_decision - number);
        return AGENT_REPLY_OK;
    }
    for (uint8_t i = 0; i < decision->n_seen; i++) {
        if (decision->seen[i].agent == agent->id) {
            say_seen(core, decision, &decision->seen[i], ret_view);
            return AGENT_REPLY_OK;
        }
    }
    say_unseen(core, decision, agent, ret_view);
    return AGENT_REPLY_OK;
}
