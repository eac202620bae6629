#!/bin/bash
# Real processes are killed and stopped, and their network breaks, under load: what is noticed how
# soon, and that every acknowledged job is done exactly once with its own result.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../faults/lib.sh"

lost_within() { # LIMIT_MS SINCE_MS AGENT
    wait_for 10 event_after "$2" agent.lost "$3"
    took=$(event_after "$2" agent.lost "$3")
    say "$3 was given up after $took ms"
    test "$took" -le "$1"
}

start_coordinator --limits-jobs-kept 1000000
"$HISTORY" arm "$work/state/ledger.db" || fail "the ledger has another shape than the test knows"
start_proxied one
one=$agent_pid
start_agent two
two=$agent_pid
wait_for 60 agents_ready 2

# A process dies: its connection tells.
"$LOAD" "$control" noop 1,16 150000 8192 2 256 >"$work/load.out" 2>&1 &
load_pid=$!
pids="$pids $load_pid"
"$HISTORY" redispatch "$control" one $one >"$work/redispatch" || fail "redispatch: $(cat "$work/redispatch")"
wait $one 2>/dev/null
say "$(cat "$work/redispatch")"
check "a killed agent's jobs are dispatched again at once" \
    awk '/redispatch_max/ { exit !($2 < 500) }' "$work/redispatch"
start_proxied one
one=$agent_pid
wait $load_pid || fail "the load lost jobs: $(cat "$work/load.out")"
wait_for 30 agents_ready 2

# Hosts that go silent: stopped, and cut off half-open. Both come back as the same process.
at=$(now_ms)
kill -STOP $two
check "a stopped agent is given up soon" lost_within 1500 "$at" two
kill -CONT $two
wait_for 30 agents_ready 2
at=$(now_ms)
network one stall
check "an agent behind a dead cable is given up soon" lost_within 1500 "$at" one
check "the other one works on" "$HISTORY" run "$control" "$work/h0" 200 100 10000
network one pass
wait_for 30 agents_ready 2

# The coordinator sleeps: nobody is dead for that.
at=$(now_ms)
kill -STOP "$coordinator_pid"
sleep 2
kill -CONT "$coordinator_pid"
check "jobs run again at once" "$HISTORY" run "$control" "$work/h1" 200 100 10000
check "no agent was given up" sh -c "! '$STOKER' events --limit 1000 --output json |
    jq -e 'select(.kind == \"agent.lost\" and .time_ms >= $at)'"

# A bad network, and a coordinator that dies at writes of its ledger, while jobs come and go.
"$HISTORY" run "$control" "$work/h2" 2000 300 600 >"$work/h2.out" 2>&1 &
run_pid=$!
pids="$pids $run_pid"
network one delay 30
for at in 2 5 9 14 20 27 35 44; do
    how=$(echo before after torn | cut -d' ' -f$((at % 3 + 1)))
    kill -KILL "$coordinator_pid" 2>/dev/null
    wait "$coordinator_pid" 2>/dev/null
    doomed $at $how
    case $at in
    5) network one throttle 20000 ;;
    14) network one reset ;;
    20) network one pass ;;
    27) network one stall down ;;
    35) network one pass ;;
    esac
done
network one pass
start_coordinator
wait $run_pid || fail "history: $(cat "$work/h2.out")"
say "$(cat "$work/h2.out")"
for h in h0 h1 h2; do
    "$HISTORY" check "$work/state/ledger.db" "$work/$h" >"$work/check" || fail "$h: $(cat "$work/check")"
done
check "every acknowledged job is in the ledger, done once" grep -q 'ledger_lost 0 ' "$work/check"
say "$checks passed, 0 failed"
