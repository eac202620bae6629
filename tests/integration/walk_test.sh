#!/bin/sh
# The operator's walk of docs/operating.md: cordon, drain --plan, drain, the coordinator is killed in the
# middle and started again, safe to remove, the certificate checked offline, and what makes it void.
. "$(dirname "$0")/lib.sh"

image=$(ls "$IMAGES"/digit-0-*.png | head -n 1)
operation_is() { # ID JQ
    "$STOKER" operations "$1" --output json | jq -e ".operation | $2"
}
job_is() { # ID STATE
    "$STOKER" job "$1" --output json | jq -e ".job.state == \"$2\""
}

start_coordinator
start_agent one
agent_one_pid=$agent_pid
start_agent two
wait_for 180 agents_ready 2

# Cordoned, two gets nothing: one runs a job, so that its time is known, and then holds one that lasts.
check "cordon" "$STOKER" cordon two --reason "dust"
check "a job runs on the other one" "$STOKER" submit digits "$image" --wait --timeout 60s
executor=$(sed -n 's/.*executor started.*pid=\([0-9]*\).*/\1/p' "$work/one.log" | tail -n 1)
kill -STOP "$executor"
pids="$pids $executor"
job=$("$STOKER" submit digits "$image" --output json | jq -r '.jobs[0].id')
wait_for 30 job_is "$job" running

# With two cordoned, one is the last: a script has to say that it means it.
expect_exit 2 "give --yes" sh -c "\"$STOKER\" drain one </dev/null 2>&1 >/dev/null | tail -n 1 >&2; exit 2"
"$STOKER" drain one --yes >"$work/out" 2>"$work/err"
code=$?
check "the last agent isn't drained by accident: exit code 7" test $code -eq 7
check "which is told before" grep -q 'WARNING: one is the last agent that takes work' "$work/err"
check "and as the reason" grep -q 'last agent' "$work/err"
# On a terminal the plan is shown and asked about; no is the answer that does nothing.
printf 'n\n' | script -qec "$STOKER drain one" "$work/terminal.out" >/dev/null
code=$?
check "no on a terminal is exit code 2" test $code -eq 2
check "the question tells of the warning" grep -q 'Drain one all the same? \[y/N\]' "$work/terminal.out"
check "and nothing was done" sh -c "'$STOKER' operations --output json | jq -e '.operations == []'"
check "uncordon" "$STOKER" uncordon two

"$STOKER" drain one --plan --output json >"$work/plan.json" || fail "plan"
check "the plan names the job that holds it, and its expected end" \
    jq -e ".operation.blockers[0].job == $job and .operation.blockers[0].left_ms != null and .plan.running == 1" "$work/plan.json"
check "nothing would be without a home" jq -e '.plan.needs_force == false and .plan.orphans == []' "$work/plan.json"
plan=$(jq -r .plan.id "$work/plan.json")
"$STOKER" drain one --confirm 00000000-00000000 --yes >"$work/out" 2>"$work/err"
code=$?
check "another plan is refused, exit code 7" test $code -eq 7
check "and it says what has changed" grep -q 'the world has changed since plan 00000000-00000000' "$work/err"
check "the plan that was shown is carried out" \
    sh -c "'$STOKER' drain one --confirm $plan --yes --detach --deadline 10m --reason 'new fan' --output json >'$work/drain.json' 2>/dev/null"
id=$(jq -r .operation.id "$work/drain.json")
check "the job holds it" operation_is "$id" ".state == \"running\" and .blockers[0].job == $job and .safe_to_remove == false"
expect_exit 7 'not safe to remove' "$STOKER" operations "$id" --certificate "$work/early.cert"

# In the middle of it the coordinator dies. The drain goes on, the job runs on two.
kill -KILL "$coordinator_pid"
wait "$coordinator_pid" 2>/dev/null
start_coordinator
wait_for 60 agents_ready 1
check "the drain is there again" operation_is "$id" '.kind == "drain" and .target == "one" and .state == "running" and .reason == "new fan"'
"$STOKER" operations "$id" --watch >"$work/watch.out" 2>&1 &
watch_pid=$!
pids="$pids $watch_pid"
check "its job runs on the other agent" "$STOKER" result "$job" --wait 60s --timeout 10s
wait_for 60 sh -c "'$STOKER' agents one --output json | jq -e '.agents[0].state == \"draining\"'"
check "the device still has the old batch: not safe" operation_is "$id" '.state == "running" and .safe_to_remove == false'
kill -CONT "$executor"
wait $watch_pid
code=$?
check "who watches hears of the end" test $code -eq 0
check "safe to remove" grep -q 'SAFE TO REMOVE' "$work/watch.out"
check "the agent has no model any more" sh -c "'$STOKER' agents one --output json | jq -e '.agents[0].models == []'"

# The certificate, without a coordinator.
check "the certificate" "$STOKER" operations "$id" --certificate "$work/one.cert"
key=$("$STOKER" version --output json | jq -r .public_key)
offline="env STOKER_COORDINATOR=tcp://127.0.0.1:1"
check "is genuine offline" sh -c "$offline '$STOKER' verify '$work/one.cert' --key $key | grep -q 'valid: agent one of cluster'"
check "and names the operation" sh -c "$offline '$STOKER' verify '$work/one.cert' --key $key --output json | jq -e '.valid and .operation == $id and .agent == \"one\" and .epoch == 2'"
sed 's/^agent: one$/agent: two/' "$work/one.cert" >"$work/forged.cert"
expect_exit 13 'it was changed' $offline "$STOKER" verify "$work/forged.cert" --key "$key"
expect_exit 13 'another key' $offline "$STOKER" verify "$work/one.cert" --key "$(echo "$key" | tr 0-9 1-90)"
expect_exit 13 'is no certificate' $offline "$STOKER" verify "$work/plan.json"
check "its key is nobody else's to read" sh -c "test \"\$(stat -c %a '$work/state/identity.pem')\" = 600"

# The machine goes; that changes nothing. Giving the agent back does.
kill -TERM "$agent_one_pid" 2>/dev/null
check "it holds now" "$STOKER" verify "$work/one.cert" --now
check "uncordon gives it back" "$STOKER" uncordon one
expect_exit 13 'no longer' "$STOKER" verify "$work/one.cert" --now
say "$checks passed, 0 failed"
