#!/bin/sh
# Cordon, drain and uncordon under load: no job is lost, and "safe to remove" is said only when true.
. "$(dirname "$0")/lib.sh"

start_coordinator
start_agent one
start_agent two
wait_for 180 agents_ready 2
"$LOAD" "$control" noop 1,16 300 >/dev/null || fail "warming up"
"$LOAD" "$control" noop 1,16 20000 2048 2 128 >"$work/load.out" 2>"$work/load.err" &
load_pid=$!
pids="$pids $load_pid"

check "a plan changes nothing" sh -c "'$STOKER' drain one --plan 2>/dev/null | grep -q 'drain one'"
check "the agent still works" agent_is one ready
check "cordon" "$STOKER" cordon two --reason "test"
check "it is cordoned" agent_is two cordoned
check "the audit tells who cordoned it and why" \
    sh -c "'$STOKER' audit --what cordon --target two | grep -q 'cordon  *two  *test'"
check "uncordon" "$STOKER" uncordon two
"$STOKER" drain one --deadline 30s --reason "new fan" --yes >"$work/drain.out" 2>&1 || fail "drain: $(cat "$work/drain.out")"
check "it ends with a certificate" grep -q 'SAFE TO REMOVE' "$work/drain.out"
check "it is drained" agent_is one drained
check "following it as JSON is the same object as asking for it" \
    sh -c "'$STOKER' operations 1 --watch --output json | jq -e '.operation | .id == 1 and .safe_to_remove'"
"$STOKER" agents one --output json | tr -d ' \n\t' | grep -q '"assigned":0,"running":0' || fail "work is left on a drained agent"
expect_exit 4 'nobody' "$STOKER" drain nobody --plan
wait $load_pid || fail "the load lost jobs: $(cat "$work/load.out" "$work/load.err")"
check "uncordon brings it back" "$STOKER" uncordon one
wait_for 30 agent_is one ready
check "a plan says which agents could never go" \
    sh -c "'$STOKER' drain --all --keep 80 --plan | grep -q \"WARNING: two can't go: without it 50% of the capacity\""
check "and says nothing of that where they can" \
    sh -c "! '$STOKER' drain --all --keep 50 --plan | grep -q \"can't go\""
say "$checks passed, 0 failed"
