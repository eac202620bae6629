#!/bin/sh
# Jobs pile up at one agent; the other one could do half of them: a plan says what moving costs and gains,
# and that very plan is carried out, or refused.
. "$(dirname "$0")/lib.sh"

image=$(ls "$IMAGES"/digit-0-*.png | head -n 1)
run_on() { # AGENT: jobs there, one after another, so that their time is known well
    for _ in $(seq 20); do
        "$STOKER" submit digits "$image" --wait --timeout 60s >/dev/null || fail "a job on $1"
    done
}
pile() { # 200 jobs that nobody begins
    set --
    for _ in $(seq 200); do set -- "$@" "$image"; done
    "$STOKER" submit digits "$@" >/dev/null || fail "submit"
}

start_coordinator --schedule-rebalance-gain 1ms --schedule-rebalance-rest 2s
start_agent one --batch-size 1
wait_for 180 agents_ready 1
run_on one
one_executor=$(sed -n 's/.*executor started.*pid=\([0-9]*\).*/\1/p' "$work/one.log" | tail -n 1)
"$STOKER" cordon one >/dev/null
start_agent two --batch-size 1
wait_for 180 agents_ready 1
run_on two
"$STOKER" rebalance --plan >"$work/empty" || fail "an empty plan: $(cat "$work/empty")"
check "with nothing to do the plan says so" grep -q 'nothing to move' "$work/empty"
check "also as JSON, where it was to be carried out" \
    sh -c "'$STOKER' rebalance --yes --output json | jq -e '.plan.moves == []'"
expect_exit 4 'not known' "$STOKER" rebalance --apply 1-99
expect_exit 2 "no plan's id" "$STOKER" rebalance --apply nonsense
expect_exit 7 'started again' "$STOKER" rebalance --apply 77-1

# One is held while a pile is given to it, as if it were slow; two comes back to work.
kill -STOP "$one_executor"
pids="$pids $one_executor"
"$STOKER" cordon two >/dev/null
"$STOKER" uncordon one >/dev/null
pile
"$STOKER" uncordon two >/dev/null
"$STOKER" rebalance --plan --output json >"$work/plan.json" || fail "plan"
say "$(jq -c '{moves: (.plan.moves | length), gain: .plan.gain_ms, before: .plan.through_ms, after: .plan.through_after_ms}' "$work/plan.json")"
check "many of them move, each with its gain" \
    jq -e '(.plan.moves | length) > 10 and (.plan.moves | all(.from == "one" and .to == "two" and .gain_ms >= 1))' "$work/plan.json"
check "all work is done sooner" jq -e '.plan.through_after_ms < .plan.through_ms' "$work/plan.json"
check "a plan changes nothing" sh -c "'$STOKER' jobs --agent two --state assigned --output json | jq -e '.total == 0'"
plan=$(jq -r .plan.id "$work/plan.json")

# The world changes: a job of the plan is cancelled, so the plan as a whole is refused.
gone=$(jq -r '.plan.moves[3].job' "$work/plan.json")
"$STOKER" cancel "$gone" >/dev/null || fail "cancel"
expect_exit 7 "1 of .* moves can't be made; job $gone has ended" "$STOKER" rebalance --apply "$plan"
"$STOKER" rebalance --yes --reason "a pile" --output json >"$work/done.json" 2>"$work/err" || fail "rebalance: $(cat "$work/err")"
say "$(jq -c '.operation | {state, moves, moved, stayed, text}' "$work/done.json")"
check "a new plan is carried out" jq -e '.operation | .state == "done" and .kind == "rebalance" and .moved > 10 and .reason == "a pile"' "$work/done.json"
check "they were done by the other agent" \
    sh -c "'$STOKER' jobs --agent two --state done --limit 500 --output json | jq -e '.total > 30'"
"$STOKER" rebalance --plan --output json >"$work/again.json"
check "then it rests" jq -e '.plan.rests_ms > 0' "$work/again.json"
kill -CONT "$one_executor"
all_done() {
    "$STOKER" jobs --state done --limit 1 --output json | jq -e '.total == 239'
}
wait_for 60 all_done
check "every job is answered, once" sh -c "'$STOKER' status --output json | jq -e '.totals.failed == 0 and .totals.done == 239'"
say "$checks passed, 0 failed"
