#!/bin/sh
# A model is tuned through the cluster: jobs go elsewhere or wait, what was found is kept and in force.
. "$(dirname "$0")/lib.sh"

image=$(ls "$IMAGES"/digit-*.png | head -n 1)
choices() {
    cat "$work/cache-$1"/programs/choices/* 2>/dev/null
}
device_is() {
    "$STOKER" agents "$1" --output json | jq -e ".agents[0].devices[0].state == \"$2\""
}
tuning_of() { # STATE
    "$STOKER" operations --output json | jq -e "[.operations[] | select(.kind == \"tune\" and .state == \"$1\")] | length > 0"
}

start_coordinator
expect_exit 8 'no connected agent' "$STOKER" tune digits --budget 2s
start_agent one
start_agent two
wait_for 180 agents_ready 2
expect_exit 4 'digitz' "$STOKER" tune digitz
expect_exit 4 'nobody' "$STOKER" tune digits --agent nobody
expect_exit 4 'no device' "$STOKER" tune digits --agent one --device 77
expect_exit 2 'batch' "$STOKER" tune digits --batch 0

# Nobody has the model: the first device that can run it, named in the plan.
"$STOKER" tune digits --plan --output json >"$work/plan.json" || fail "plan"
check "the plan names one device that would load it" \
    jq -e '(.targets | length) == 1 and (.targets[0].loaded | not)' "$work/plan.json"
check "a plan starts nothing" sh -c "'$STOKER' operations --output json | jq -e '.operations == []'"

"$STOKER" tune digits --agent one --budget 4s --reason "first" >"$work/tune.out" 2>"$work/tune.err" ||
    fail "tune: $(cat "$work/tune.out" "$work/tune.err")"
say "$(cat "$work/tune.err" "$work/tune.out")"
check "the plan line names model and device" grep -q '^tune digits:1, batch 1.* one device 0' "$work/tune.err"
check "the result has both medians or says that nothing is faster" \
    grep -q 'digits:1 on one device 0, batch 1: .*\(kept\|nothing faster found\); [0-9]* of [0-9]* candidates measured' "$work/tune.out"
"$STOKER" operations --output json | jq '.operations[0]' >"$work/operation.json"
check "the operation has the figures" \
    jq -e '.state == "done" and .tune.measured > 0 and .tune.candidates > 0 and .tune.elapsed_ms > 0' "$work/operation.json"
check "the agent has the model loaded again" \
    sh -c "'$STOKER' models digits --output json | jq -e '.model.resident == [\"one\"]'"
if jq -e '.tune.kept' "$work/operation.json" >/dev/null; then
    check "what was found is in the cache folder of its executor" sh -c "test -n '$(choices one)'"
fi
check "the console's events have its start and its end" sh -c "'$STOKER' events | grep -q 'tune 1 of digits:1 on one device 0 is done'"

# While a device measures its agent's jobs go to another agent; Ctrl-C ends it and keeps what it learnt.
# A shell without job control lets what it starts in the background ignore SIGINT: env gives it back.
env --default-signal=INT "$STOKER" tune digits --agent one --batch 4096 --budget 60s >"$work/long.out" 2>&1 &
long_pid=$!
pids="$pids $long_pid"
wait_for 30 device_is one tuning
check "jobs go to another agent" "$STOKER" submit digits "$image" --wait --timeout 60s
check "which is the other one" sh -c "'$STOKER' jobs --state done --output json | jq -e '.jobs[0].agent == \"two\"'"
"$STOKER" tune digits --agent one --device 0 --budget 2s >"$work/out" 2>"$work/err"
code=$?
check "a second one is a conflict, exit code 7" test $code -eq 7
check "that is told" grep -q 'tuned already' "$work/err"
kill -INT $long_pid
wait $long_pid
code=$?
check "Ctrl-C is exit code 130" test $code -eq 130
check "and says what was learnt until then" grep -q 'stopped early' "$work/long.out"
check "the operation was cancelled" tuning_of cancelled
wait_for 30 device_is one ready

# Every device that has it, one after another.
check "both agents have it now" sh -c "'$STOKER' tune digits --plan --output json | jq -e '.targets | length == 2'"
"$STOKER" tune digits --budget 1s --output json >"$work/both.json" 2>"$work/both.err" || fail "both: $(cat "$work/both.err")"
check "both were tuned" jq -e '([.operations[].tune.agent] | sort) == ["one", "two"]' "$work/both.json"

# The executor dies: the tuning has failed, and the device works again.
"$STOKER" tune digits --agent one --batch 4096 --budget 60s >"$work/died.out" 2>&1 &
died_pid=$!
pids="$pids $died_pid"
wait_for 30 device_is one tuning
executor=$(sed -n 's/.*executor started.*pid=\([0-9]*\).*/\1/p' "$work/one.log" | tail -n 1)
kill -KILL "$executor"
wait $died_pid
code=$?
check "an executor's death is a failure, exit code 10" test $code -eq 10
check "that is told" grep -q 'failed: ' "$work/died.out"
"$STOKER" cordon two >/dev/null
check "the device answers again" "$STOKER" submit digits "$image" --wait --timeout 60s

# The coordinator dies and is started again: the tuning goes on, and is followed and ended from elsewhere.
"$STOKER" tune digits --agent one --batch 4096 --budget 60s >"$work/lost.out" 2>&1 &
lost_pid=$!
pids="$pids $lost_pid"
wait_for 30 device_is one tuning
id=$("$STOKER" operations --output json | jq -r '.operations[0].id')
kill -KILL "$coordinator_pid"
wait $lost_pid
start_coordinator
goes_on() {
    "$STOKER" operations "$id" --output json | jq -e '.operation | .state == "running" and .tune.state == "measuring" and .tune.elapsed_ms > 0'
}
wait_for 30 goes_on
check "the tuning goes on" device_is one tuning
check "it is cancelled" "$STOKER" operations "$id" --cancel
check "what was learnt is told" sh -c "'$STOKER' operations $id --watch; '$STOKER' operations $id --output json | jq -e '.operation.state == \"cancelled\" and .operation.tune.measured >= 0'"
check "the agent serves" "$STOKER" submit digits "$image" --wait --timeout 60s
say "$checks passed, 0 failed"
