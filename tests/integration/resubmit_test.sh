#!/bin/sh
# stoker submit goes on when its coordinator dies and comes back: no job is lost, none is made twice. If it
# does not come back it says how far it got.
. "$(dirname "$0")/lib.sh"

jobs=12000
start_coordinator
start_agent one --agent-credit 1024
wait_for 180 agents_ready 1
head -c 64 /dev/zero >"$work/zero.raw"
raw="--dtype float32 --shape 1,16"
check "warm up" "$STOKER" submit noop "$work/zero.raw" $raw --wait --timeout 60s
taken() {
    [ "$("$STOKER" jobs --limit 1 --output json | jq '.jobs[0].id')" -gt "$1" ]
}

"$STOKER" submit noop "$work/zero.raw" $raw --repeat $jobs --wait --output json >"$work/many" 2>"$work/many.err" &
submit_pid=$!
pids="$pids $submit_pid"
wait_for 30 taken 2000
kill -KILL "$coordinator_pid"
sleep 0.5
start_coordinator
wait "$submit_pid" || fail "submit ended with $?: $(tail -n 3 "$work/many.err")"
check "it said that it waits" grep -q 'goes on when the coordinator is back' "$work/many.err"
check "every job is there" jq -e ".jobs | length == $jobs and all(.state == \"done\")" "$work/many"
check "each once" jq -e "[.jobs[].id] | unique | length == $jobs" "$work/many"
check "and none besides" jq -e "[.jobs[].id] | max - min + 1 == $jobs" "$work/many"

"$STOKER" submit noop "$work/zero.raw" $raw --repeat $((20 * jobs)) --patience 1s >"$work/many" 2>"$work/many.err" &
submit_pid=$!
pids="$pids $submit_pid"
wait_for 30 taken $((jobs + 3000))
kill -KILL "$coordinator_pid"
wait "$submit_pid"
code=$?
check "without a coordinator it gives up" test $code -eq 3
check "and says how many were taken" grep -q "^stoker: [0-9]* of $((20 * jobs)) jobs were taken and go on" "$work/many.err"
say "$checks passed, 0 failed"
