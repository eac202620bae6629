// Sticky with bounded load, as consistent hashing with bounded loads: jobs go where their model is,
// for as long as that agent has no more than the bound's share of the mean, now (what waits there)
// and lately (what it was given). Beyond the bound another agent may load the model too, where that
// pays. Among those that have it, and among those that would load it: where the job would be done
// first.
#include "agent/core/strategy/strategy.h"

void agent_strategy_model_affine_gather(struct agent_pick *pick)
{
    agent_pick_gather_holders(pick);
    agent_pick_gather_heads(pick);
}

static bool is_over(const struct agent_pick *pick, const struct agent_candidate *c)
{
    int64_t percent = pick->bound_percent;
    // One job more than the bound is no imbalance yet.
    bool waits = (c->wait_us - c->run_us) * 100 > pick->mean_wait_us * percent;
    bool was_given = (c->recent_us - c->run_us) * 100 > pick->mean_recent_us * percent;
    return waits || was_given;
}

// Whether loading the model there, too, is better than one more job for the one that has it. What
// was given to the holder lately stands for what it will be given: half of that would go to the
// other.
static bool is_load_worth(const struct agent_candidate *holder, const struct agent_candidate *other)
{
    if (other->score < holder->score)
        return true;
    return other->recent_us + other->load_us + other->evict_us < holder->recent_us / 2 &&
           other->held == 0;
}

// Jobs wait where the model is while this one does nothing, and would be through sooner, load
// included: within the bound some agents would else never be given any.
static bool is_idle_sooner(const struct agent_candidate *holder,
                           const struct agent_candidate *other)
{
    return other->held == 0 && holder->held > 1 && other->score < holder->score;
}

struct agent_candidate *agent_strategy_model_affine_choose(struct agent_pick *pick)
{
    struct agent_candidate *holder = NULL, *other = NULL;
    bool holder_over = true;
    for (uint32_t i = 0; i < pick->count; i++) {
        struct agent_candidate *c = &pick->candidates[i];
        c->score = c->wait_us + c->run_us + c->evict_us;
        if (!c->resident) {
            if (other == NULL || c->score < other->score ||
                (c->score == other->score && c->turn < other->turn))
                other = c;
            continue;
        }
        bool over = is_over(pick, c);
        if (holder == NULL || (holder_over && !over) ||
            (holder_over == over &&
             (c->score < holder->score || (c->score == holder->score && c->turn < holder->turn)))) {
            holder = c;
            holder_over = over;
        }
    }
    pick->second = holder != NULL ? other : NULL;
    if (holder == NULL) {
        pick->choice = AGENT_CHOICE_FIRST;
        return other;
    }
    if (other != NULL &&
        (holder_over ? is_load_worth(holder, other) : is_idle_sooner(holder, other))) {
        pick->choice = AGENT_CHOICE_SPILL;
        pick->second = holder;
        return other;
    }
    pick->choice = AGENT_CHOICE_STICKY;
    return holder;
}
