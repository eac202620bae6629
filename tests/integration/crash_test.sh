#!/bin/bash
# JOBS jobs under load while agents are killed and started again at random and the coordinator is
# killed as well: every acknowledged job is done, exactly once. The driver counts.
. "$(dirname "$0")/lib.sh"

jobs=${JOBS:-100000}
coordinator_kills=${COORDINATOR_KILLS:-2}
RANDOM=${SEED:-42}
declare -A agent_pids

start_named() {
    start_agent "$1"
    agent_pids[$1]=$agent_pid
}

start_coordinator
for name in a b c; do
    start_named $name
done
wait_for 180 agents_ready 3
"$LOAD" "$control" noop 1,16 300 >/dev/null || fail "warming up"

"$LOAD" "$control" noop 1,16 "$jobs" 4096 2 128 >"$work/load.out" 2>"$work/load.err" &
load_pid=$!
pids="$pids $load_pid"
kills=0
done_share() {
    "$STOKER" status --output json --timeout 2s 2>/dev/null | tr -d ' \n\t' |
        sed -n 's/.*"done":\([0-9]*\).*/\1/p'
}
stretch=$((jobs / (coordinator_kills + 1)))
base=0
while kill -0 $load_pid 2>/dev/null; do
    name=$(printf 'a\nb\nc\n' | sed -n "$((RANDOM % 3 + 1))p")
    kill -KILL "${agent_pids[$name]}" 2>/dev/null
    wait "${agent_pids[$name]}" 2>/dev/null
    kills=$((kills + 1))
    start_named "$name"
    done=$(done_share)
    if [ "$coordinator_kills" -gt 0 ] && [ "${done:-0}" -gt $((base + stretch)) ]; then
        kill -KILL "$coordinator_pid"
        wait "$coordinator_pid" 2>/dev/null
        start_coordinator
        coordinator_kills=$((coordinator_kills - 1))
        say "killed the coordinator at $done jobs"
        base=$(done_share)
    fi
    sleep 0.$((RANDOM % 8 + 2))
done
wait $load_pid
code=$?
cat "$work/load.out" "$work/load.err"
say "killed agents $kills times"
check "the load ended well" test $code -eq 0
check "agents were killed under load" test $kills -ge 3
say "$checks passed, 0 failed"
