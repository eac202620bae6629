#!/bin/bash
# KILLS times SIGKILL, under load: agents, executors, and a coordinator that dies at random writes of its
# ledger, before, after and in the middle of them; besides, agents and the coordinator are stopped for a
# while and networks break. Then every acknowledged job must be done, once, with its own result.
#
#   KILLS=1000 SEED=7 ninja torture
#
# Prints one line a figure. Exit 0 when nothing was lost, doubled or mixed up.
. "$(dirname "$0")/../integration/lib.sh"
. "$(dirname "$0")/lib.sh"

kills_wanted=${KILLS:-1000}
per_s=${PER_S:-300}
RANDOM=${SEED:-7}
agent_names="a b c d"
keep="--limits-jobs-kept 10000000 --limits-results 16GiB"
declare -A agent_pids
agent_kills=0 executor_kills=0 coordinator_kills=0 stops=0 breaks=0

pick() {
    printf '%s\n' $agent_names | sed -n "$((RANDOM % 4 + 1))p"
}

start_named() {
    case $1 in
    a | b) start_proxied "$1" ;;
    *) start_agent "$1" ;;
    esac
    agent_pids[$1]=$agent_pid
}

# One that dies at a write to come.
start_dying() {
    how=$(echo before after torn | cut -d' ' -f$((RANDOM % 3 + 1)))
    LD_PRELOAD=$preload FAULT_KILL_AT=$((RANDOM % 300 + 1)) FAULT_KILL_HOW=$how "$STOKERD" coordinator \
        --listen-control "$control" --listen-agents "$agents" --listen-events "$events" \
        --state-dir "$work/state" --models "$MODELS" $keep >>"$work/dying.log" 2>&1 &
    coordinator_pid=$!
}

kill_agent() {
    name=$(pick)
    kill -KILL "${agent_pids[$name]}"
    wait "${agent_pids[$name]}"
    agent_kills=$((agent_kills + 1))
    start_named "$name"
} 2>/dev/null

kill_executor() {
    name=$(pick)
    executor=$(sed -n 's/.*executor started.*pid=\([0-9]*\).*/\1/p' "$work/$name.log" | tail -n 1)
    [ -n "$executor" ] && kill -KILL "$executor" && executor_kills=$((executor_kills + 1))
} 2>/dev/null

stop_for_a_while() { # PID
    kill -STOP "$1"
    sleep 0.$((RANDOM % 9 + 1))
    [ $((RANDOM % 4)) -eq 0 ] && sleep 1
    kill -CONT "$1"
    stops=$((stops + 1))
} 2>/dev/null

break_network() {
    name=$(printf 'a\nb\n' | sed -n "$((RANDOM % 2 + 1))p")
    case $((RANDOM % 6)) in
    0) network "$name" stall ;;
    1) network "$name" stall down ;;
    2) network "$name" stall up ;;
    3) network "$name" reset ;;
    4) network "$name" delay $((RANDOM % 200)) ;;
    5) network "$name" throttle 30000 ;;
    esac
    breaks=$((breaks + 1))
}

start_coordinator $keep
"$HISTORY" arm "$work/state/ledger.db" || fail "the ledger has another shape than this knows"
for name in $agent_names; do
    start_named "$name"
done
wait_for 60 agents_ready 4
"$HISTORY" run "$control" "$work/history" 2000000 2000 "$per_s" >"$work/history.out" 2>"$work/history.err" &
run_pid=$!
pids="$pids $run_pid"
kill -KILL "$coordinator_pid"
wait "$coordinator_pid" 2>/dev/null
coordinator_kills=1
begun=$(date +%s)
start_dying
pids="$pids $coordinator_pid"
while [ $((agent_kills + executor_kills + coordinator_kills)) -lt "$kills_wanted" ]; do
    kill -0 $run_pid 2>/dev/null || fail "history ended early: $(cat "$work/history.out" "$work/history.err")"
    if ! kill -0 "$coordinator_pid" 2>/dev/null; then
        wait "$coordinator_pid" 2>/dev/null
        coordinator_kills=$((coordinator_kills + 1))
        start_dying
        pids="$pids $coordinator_pid"
    fi
    case $((RANDOM % 20)) in
    [0-7]) kill_agent ;;
    8 | 9 | 10 | 11) kill_executor ;;
    12) stop_for_a_while "${agent_pids[$(pick)]}" ;;
    13) stop_for_a_while "$coordinator_pid" ;;
    14) break_network ;;
    15) for name in a b; do network $name pass; done ;;
    esac
    sleep 0.$((RANDOM % 3))
done
seconds=$(($(date +%s) - begun))
for name in a b; do network $name pass; done
kill -KILL "$coordinator_pid" 2>/dev/null
wait "$coordinator_pid" 2>/dev/null
start_coordinator $keep
kill -USR1 $run_pid
wait $run_pid
code=$?
say "torture_kills $((agent_kills + executor_kills + coordinator_kills)) kills"
say "torture_kills_agents $agent_kills kills"
say "torture_kills_executors $executor_kills kills"
say "torture_kills_coordinator $coordinator_kills kills"
say "torture_stops $stops stops"
say "torture_networks_broken $breaks times"
say "torture_seconds $seconds s"
cat "$work/history.out" "$work/history.err"
[ $code -eq 0 ] || fail "history: exit $code"
"$HISTORY" check "$work/state/ledger.db" "$work/history" || fail "the ledger and the history differ"
"$STOKER" status --output json |
    jq -r '.totals // .status.totals | "torture_requeued \(.requeued) jobs since the last start"' 2>/dev/null
