# For tests that break things, after tests/integration/lib.sh: needs PROXY, HISTORY and LEDGER_KILL.

# A sanitizer's library has to come first.
preload=$(ldd "$STOKERD" | awk '/lib[a-z]*san\./ { print $3 }' | tr '\n' ':')$LEDGER_KILL

now_ms() {
    echo $(($(date +%s%N) / 1000000))
}

# start_proxied NAME: an agent behind a network of its own; `network NAME COMMAND…` rules it (proxy.c)
start_proxied() {
    if [ ! -p "$work/$1.network" ]; then
        "$PROXY" "${agents#tcp://}" "$work/$1.network" >"$work/$1.proxy" &
        pids="$pids $!"
        wait_for 10 grep -q 'proxy=' "$work/$1.proxy"
    fi
    direct=$agents
    agents=$(sed -n 's/^proxy=//p' "$work/$1.proxy")
    start_agent "$1"
    agents=$direct
}

network() {
    name=$1
    shift
    echo "$*" >"$work/$name.network"
}

# event_after MS KIND AGENT: when it came, by the coordinator's clock, in ms after MS; nothing: it has not
event_after() {
    "$STOKER" events --limit 1000 --output json 2>/dev/null |
        jq -r "select(.kind == \"$2\" and .agent == \"$3\" and .time_ms >= $1) | .time_ms - $1 | floor" |
        head -n 1 | grep .
}

# doomed N before|after|torn: a coordinator that dies at its Nth write of the ledger, maybe while
# it starts; it has when this returns, or nothing was written for 2 s and it is killed.
doomed() {
    LD_PRELOAD=$preload FAULT_KILL_AT=$1 FAULT_KILL_HOW=$2 "$STOKERD" coordinator \
        --listen-control "$control" --listen-agents "$agents" --listen-events "$events" \
        --state-dir "$work/state" --models "$MODELS" $doomed_flags >>"$work/doomed.log" 2>&1 &
    coordinator_pid=$!
    pids="$pids $coordinator_pid"
    doom=40
    while [ $doom -gt 0 ] && kill -0 "$coordinator_pid" 2>/dev/null; do
        sleep 0.05
        doom=$((doom - 1))
    done
    kill -KILL "$coordinator_pid" 2>/dev/null
    wait "$coordinator_pid" 2>/dev/null
}
doomed_flags=""
