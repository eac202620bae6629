#!/bin/bash
# An agent in a network namespace of its own, joined by a veth pair, whose cable is pulled: no reset, no
# end of a connection, nothing. Needs the right to make namespaces; else it is skipped and says so.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../faults/lib.sh"

space=stoker-$$
unspace() {
    ip netns del "$space" 2>/dev/null
    ip link del "v$$-a" 2>/dev/null
    cleanup
}
if ! { ip netns add "$space" && ip link add "v$$-a" type veth peer name "v$$-b"; } 2>"$work/err"; then
    ip netns del "$space" 2>/dev/null
    say "skipped: no network namespaces here: $(cat "$work/err")"
    exit 77
fi
trap unspace EXIT
net=10.$((RANDOM % 200 + 20)).$((RANDOM % 250))
ip link set "v$$-b" netns "$space"
ip addr add "$net.1/24" dev "v$$-a" && ip link set "v$$-a" up || fail "the host's end"
ip netns exec "$space" ip addr add "$net.2/24" dev "v$$-b" || fail "the agent's end"
ip netns exec "$space" ip link set "v$$-b" up
ip netns exec "$space" ip link set lo up

agents=tcp://$net.1:0
start_coordinator
"$HISTORY" arm "$work/state/ledger.db" || fail "the ledger has another shape than the test knows"
start_agent near
daemon=$STOKERD
STOKERD="$work/far-stokerd"
printf '#!/bin/sh\nexec ip netns exec %s %s "$@"\n' "$space" "$daemon" >"$STOKERD"
chmod +x "$STOKERD"
start_agent far
STOKERD=$daemon
wait_for 60 agents_ready 2
"$HISTORY" run "$control" "$work/h0" 3000 300 1500 >"$work/h0.out" 2>&1 &
run_pid=$!
pids="$pids $run_pid"

at=$(now_ms)
ip link set "v$$-a" down
wait_for 10 event_after "$at" agent.lost far
took=$(event_after "$at" agent.lost far)
say "far was given up $took ms after its cable was pulled"
check "it is given up soon" test "$took" -le 1500
ip link set "v$$-a" up
wait_for 30 agents_ready 2
check "it comes back with its cable" agent_is far ready
wait $run_pid || fail "history: $(cat "$work/h0.out")"
"$HISTORY" check "$work/state/ledger.db" "$work/h0" >"$work/check" || fail "$(cat "$work/check")"
check "every acknowledged job is in the ledger, done once" grep -q 'ledger_lost 0 ' "$work/check"
say "$checks passed, 0 failed"
