#!/bin/sh
# Agents are started again one after another under load, from a program that was replaced meanwhile, and
# so is the coordinator: no job is lost.
. "$(dirname "$0")/lib.sh"

operation_is() { # ID JQ
    "$STOKER" operations "$1" --output json | jq -e ".operation | $2"
}
instance_of() {
    "$STOKER" restart "$1" --plan --output json | jq -r '.agents[0].instance'
}

# As after an upgrade: what is on the disk is another file than the one that runs.
cp "$STOKERD" "$work/stokerd"
daemon="$STOKERD"
STOKERD="$work/stokerd"
start_coordinator
start_agent one
one_pid=$agent_pid
start_agent two
wait_for 180 agents_ready 2
before_one=$(instance_of one)
before_two=$(instance_of two)
mv "$work/stokerd" "$work/stokerd.old"
cp "$daemon" "$work/stokerd"
"$LOAD" "$control" noop 1,16 300 >/dev/null || fail "warming up"

"$LOAD" "$control" noop 1,16 20000 2048 2 128 >"$work/load.out" 2>"$work/load.err" &
load_pid=$!
pids="$pids $load_pid"
expect_exit 2 'name agents' "$STOKER" restart
expect_exit 4 'nobody' "$STOKER" restart nobody --yes
check "the plan says that both can do it" \
    sh -c "'$STOKER' restart --all --plan --output json | jq -e '[.agents[].can_restart] == [true, true]'"
"$STOKER" restart --all --reason "new version" --deadline 30s --yes >"$work/restart.out" 2>&1 ||
    fail "restart: $(cat "$work/restart.out")"
check "both are through" grep -q '2 of 2 agents through' "$work/restart.out"
check "one is another process now" test "$(instance_of one)" != "$before_one"
check "and two" test "$(instance_of two)" != "$before_two"
check "under the same pid, as a service manager knows it" test "$(readlink /proc/"$one_pid"/exe)" = "$work/stokerd"
check "both work" agents_ready 2
wait $load_pid || fail "the load lost jobs: $(cat "$work/load.out" "$work/load.err")"
check "no job was lost" true

# One that does not come back ends it, and nothing else is touched.
rm "$work/stokerd"
"$STOKER" restart one two --back 2s --yes >"$work/gone.out" 2>&1
code=$?
check "a program that is gone is a failure, exit code 7" test $code -eq 7
check "that names the agent" grep -q 'one has not come back within 2 s' "$work/gone.out"
check "which still runs, drained" agent_is one drained
check "the other one was not touched" agent_is two ready
cp "$daemon" "$work/stokerd"
check "uncordon gives it back" "$STOKER" uncordon one

# The coordinator is upgraded: SIGTERM, then a start. What was acknowledged is answered.
image=$(ls "$IMAGES"/digit-0-*.png | head -n 1)
set --
for _ in $(seq 40); do set -- "$@" "$image"; done
"$STOKER" submit digits "$@" >/dev/null || fail "submit"
kill -TERM "$coordinator_pid"
wait "$coordinator_pid"
check "the coordinator stops in order" test $? -eq 0
start_coordinator
all_done() {
    "$STOKER" jobs --state done --model digits --limit 1 --output json | jq -e '.total == 40'
}
wait_for 30 all_done
wait_for 30 agents_ready 2
check "a restart of the coordinator loses no job" all_done

# drain --all keeps half of it at work, and waits for the operator.
"$STOKER" drain --all --yes --detach --output json >"$work/all.json" 2>"$work/err" || fail "drain --all: $(cat "$work/err")"
id=$(jq -r .operation.id "$work/all.json")
wait_for 60 agent_is one drained
wait_for 10 operation_is "$id" '.text | test("last agent that takes work")'
check "the last one works on" agent_is two ready
kill -KILL "$coordinator_pid"
wait "$coordinator_pid" 2>/dev/null
start_coordinator
wait_for 60 agents_ready 1
check "it waits on after a restart of the coordinator" operation_is "$id" '.state == "running" and .agents[0].step == "done"'
check "one is given back" "$STOKER" uncordon one
wait_for 60 agent_is two drained
wait_for 10 operation_is "$id" '.state == "done"'
check "then the other one goes" agent_is one ready
say "$checks passed, 0 failed"
