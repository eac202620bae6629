#!/bin/sh
# Why a job went where it went, why it waits, and strategies that change while work goes on.
. "$(dirname "$0")/lib.sh"

start_coordinator
start_agent one
start_agent two
wait_for 180 agents_ready 2
"$LOAD" "$control" noop 1,16 300 >/dev/null || fail "warming up"
head -c 64 /dev/zero >"$work/zero.raw"
raw="--dtype float32 --shape 1,16"
why_is() {
    "$STOKER" why "$1" --output json | jq -e "$2" >/dev/null
}
why_not_says() {
    "$STOKER" why-not "$1" "$2" | grep -q "$3"
}

check "cordon" "$STOKER" cordon two --reason "test"
id=$("$STOKER" submit noop "$work/zero.raw" $raw --wait --output json | jq -r '.jobs[0].id // .job.id')
"$STOKER" why "$id"
"$STOKER" why-not "$id" two
"$STOKER" why-not "$id" one
check "why names the agent" why_is "$id" '.why.decisions[0].agent == "one"'
check "and who was rejected by which rule" why_is "$id" \
    '[.why.decisions[0].candidates[] | select(.agent == "two" and .rule == "cordoned")] | length == 1'
check "why-not names the rule" why_not_says "$id" two "when it went to one, two was cordoned"
check "and says where it did go" why_not_says "$id" one 'did go'
check "cordon the other" "$STOKER" cordon one --reason "test"
id=$("$STOKER" submit noop "$work/zero.raw" $raw --output json | jq -r '.jobs[0].id')
check "a waiting job says why" why_is "$id" '.why.state == "queued" and (.why.waiting | test("one is cordoned"))'
check "and why not there" why_not_says "$id" two cordoned
"$STOKER" uncordon one >/dev/null
"$STOKER" uncordon two >/dev/null
"$STOKER" result "$id" --wait 60s >/dev/null || fail "the job that waited"
"$STOKER" why-not "$id" two
expect_exit 4 'no agent' "$STOKER" why-not "$id" nobody
expect_exit 4 'no job' "$STOKER" why 999999

pinned_on() {
    "$STOKER" models noop --output json | jq -e ".. | .pinned? // empty | index(\"$1\")" >/dev/null
}
check "pin a model" "$STOKER" pin noop --agent one
check "it is pinned there" pinned_on one
check "which the model's page shows" sh -c "'$STOKER' models noop | grep -q '^pinned  *one'"
kill -KILL "$coordinator_pid"
start_coordinator
wait_for 60 agents_ready 2
check "the pin outlives the coordinator" pinned_on one
wait_for 30 sh -c "'$STOKER' models noop --output json | jq -e '.. | .resident? // empty | index(\"one\")' >/dev/null"
expect_exit 7 'pinned' "$STOKER" unload noop --agent one
check "unpin it" "$STOKER" unpin noop
check "unload it" "$STOKER" unload noop --agent one
check "the audit log has where" sh -c "'$STOKER' audit --target 'noop:1 on one' --output json | jq -e '.audit[0].what == \"unload\"'"
check "load it again, without a job" "$STOKER" load noop --agent one
wait_for 30 sh -c "'$STOKER' models noop --output json | jq -e '.. | .resident? // empty | index(\"one\")' >/dev/null"
expect_exit 7 'has it' "$STOKER" load noop --agent one
expect_exit 4 'no agent' "$STOKER" load noop --agent nobody
check "unload it again" "$STOKER" unload noop --agent one
check "a pin loads it" "$STOKER" pin noop --agent one
wait_for 30 sh -c "'$STOKER' models noop --output json | jq -e '.. | .resident? // empty | index(\"one\")' >/dev/null"
check "unpin it again" "$STOKER" unpin noop
expect_exit 7 'not pinned' "$STOKER" unpin noop
expect_exit 4 'no agent.*stoker agents lists them' "$STOKER" pin noop --agent nobody
check "pins are among the events" sh -c "'$STOKER' events --output json | grep -q model.pinned"
check "status counts jobs that met their model" sh -c \
    "'$STOKER' status --output json | jq -e '[.. | .sticky? // empty][0].hits >= 0' >/dev/null"

"$LOAD" "$control" noop 1,16 6000 512 2 128 >"$work/load.out" 2>"$work/load.err" &
load_pid=$!
pids="$pids $load_pid"
for strategy in $("$STOKER" strategy --output json | jq -r '.strategies[].name'); do
    "$STOKER" strategy "$strategy" | grep -q "^$strategy" || fail "strategy $strategy"
    id=$("$STOKER" submit noop "$work/zero.raw" $raw --wait --output json | jq -r '.jobs[0].id // .job.id')
    check "live switch to $strategy" why_is "$id" ".why.decisions[0].strategy == \"$strategy\""
done
wait $load_pid || fail "the load lost jobs: $(cat "$work/load.out" "$work/load.err")"
say "$checks passed, 0 failed"
