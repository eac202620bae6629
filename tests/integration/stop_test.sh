#!/bin/sh
# SIGTERM drains and stops, SIGHUP reloads, an acknowledged job survives kill -9 of the coordinator.
. "$(dirname "$0")/lib.sh"

start_coordinator
id=$("$STOKER" submit digits "$IMAGES"/digit-0-*.png --output json | jq -r '.jobs[0].id')
kill -KILL "$coordinator_pid"
wait "$coordinator_pid" 2>/dev/null
start_coordinator
check "the acknowledged job is still there" sh -c "'$STOKER' job $id | grep -q queued"
start_agent one
wait_for 120 agents_ready 1
check "and is answered now" sh -c "'$STOKER' result $id --wait 120s --timeout 10s | grep -q '0 [0-9.]*%'"

kill -HUP "$coordinator_pid"
check "SIGHUP leaves it serving" "$STOKER" status
kill -TERM "$agent_pid"
wait "$agent_pid"
check "the agent stops with 0" test $? -eq 0
wait_for 10 sh -c "! '$STOKER' agents --output json | tr -d ' \n' | grep -q '\"state\":\"ready\"'"
kill -TERM "$coordinator_pid"
wait "$coordinator_pid"
check "the coordinator stops with 0" test $? -eq 0
expect_exit 3 'no coordinator' "$STOKER" status --timeout 2s
say "$checks passed, 0 failed"
