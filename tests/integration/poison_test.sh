#!/bin/bash
# A job that kills executors wherever it goes ends in quarantine, the agents are not blamed for it, and
# an operator can try it again. The executors are doubles: real ones, with a driver that dies of 666.
. "$(dirname "$0")/lib.sh"

floats() {
    for _ in $(seq 16); do
        printf "$1"
    done
}
floats '\000\200\046\104' >"$work/deadly.raw" # 666.0
floats '\000\000\200\077' >"$work/good.raw" # 1.0
raw="--dtype float32 --shape 1,16"

start_coordinator
for name in one two three; do
    start_agent $name --executor-path "$EXECUTOR_DOUBLE"
    eval "$name=$agent_pid"
done
wait_for 60 agents_ready 3
check "they work" "$STOKER" submit noop "$work/good.raw" $raw --wait
"$STOKER" submit noop "$work/deadly.raw" $raw --wait --timeout 60s >"$work/out" 2>"$work/err"
code=$?
check "the job has failed" test $code -eq 10
"$STOKER" jobs --state failed --output json | jq '.jobs[0]' >"$work/job.json"
say "$(jq -r '.error.message' "$work/job.json")"
check "as poisoned" jq -e '.error.code == "poisoned" and .attempt == 3' "$work/job.json"
for name in one two three; do
    check "$name was killed by it" jq -e ".error.message | contains(\"$name\")" "$work/job.json"
done
check "no agent is to blame" agents_ready 3
check "they work still" "$STOKER" submit noop "$work/good.raw" $raw --wait --timeout 60s

first=$(jq '.id' "$work/job.json")
expect_exit 7 "job $first had the same input" "$STOKER" submit noop "$work/deadly.raw" $raw
kill -KILL "$coordinator_pid"
start_coordinator
wait_for 60 agents_ready 3
expect_exit 7 "stoker retry $first" "$STOKER" submit noop "$work/deadly.raw" $raw
check "another input goes" "$STOKER" submit noop "$work/good.raw" $raw --wait --timeout 60s

# On other drivers it may be fine: agents with the real executor take over.
id=$(jq '.id' "$work/job.json")
for name in one two three; do
    eval "kill -KILL \$$name"
done
start_agent four
wait_for 60 agents_ready 1
expect_exit 7 'not kept' "$STOKER" retry 1
expect_exit 4 '424242' "$STOKER" retry 424242
check "it is tried again" sh -c "'$STOKER' retry $id --reason 'new driver' >'$work/retry'"
again=$(sed -n 's/.*as job //p' "$work/retry")
"$STOKER" audit --output json >"$work/audit"
check "who did so is known" jq -e ".audit[0].what == \"retry\" and .audit[0].target == \"job $id\"" "$work/audit"
check "and why" jq -e ".audit[0].who != \"\" and .audit[0].why == \"as job $again: new driver\"" "$work/audit"
check "and done" "$STOKER" result "$again" --wait 60s
check "the old one has failed all the same" sh -c "'$STOKER' job $id --output json | jq -e '.job.state == \"failed\"'"
say "$checks passed, 0 failed"
