# Shared by the integration tests: real daemons on ports of the kernel's choosing, in a folder of
# their own. Source it; it needs STOKER, STOKERD and MODELS (the model repository) in the environment.
set -u

work=$(mktemp -d "${TMPDIR:-/tmp}/stoker-test-XXXXXX")
export XDG_STATE_HOME="$work/xdg-state" XDG_CONFIG_HOME="$work/xdg-config"
pids=""
control="" agents="" events=""
checks=0

say() {
    printf '%s\n' "$*"
}

fail() {
    say "FAILED: $*"
    for log in "$work"/*.log; do
        say "--- ${log##*/}"
        tail -n 25 "$log"
    done
    exit 1
}

# stop everything, whatever way the test ends
cleanup() {
    for pid in $pids; do
        kill -CONT "$pid" 2>/dev/null
        kill -KILL "$pid" 2>/dev/null
    done
    wait 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# wait_for SECONDS COMMAND…: until the command succeeds
wait_for() {
    limit=$1
    shift
    end=$(($(date +%s) + limit))
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$end" ] || fail "waited $limit s in vain for: $*"
        sleep 0.05
    done
}

# check DESCRIPTION COMMAND…: must succeed
check() {
    description=$1
    shift
    "$@" || fail "$description: $*"
    checks=$((checks + 1))
    say "ok $checks - $description"
}

# expect_exit CODE PATTERN COMMAND…: exit code, and one line on stderr that matches
expect_exit() {
    code=$1 pattern=$2
    shift 2
    "$@" >"$work/out" 2>"$work/err"
    got=$?
    [ "$got" -eq "$code" ] || fail "exit $got instead of $code: $* ($(cat "$work/err"))"
    [ "$(wc -l <"$work/err")" -eq 1 ] || fail "not one line on stderr: $* ($(cat "$work/err"))"
    grep -q -e "$pattern" "$work/err" || fail "stderr does not match '$pattern': $(cat "$work/err")"
    checks=$((checks + 1))
    say "ok $checks - exit $code: $(cat "$work/err")"
}

address_in_log() {
    sed -n "s/.*[ \"]$2=\"\{0,1\}\([a-z+]*:\/\/[^ \"]*\).*/\1/p" "$1" | tail -n 1
}

# A port that nobody listens on, below those that the kernel gives to outgoing connections: one of
# these could be taken between a coordinator's end and its restart.
next_port=$((10000 + $$ % 6000 * 3))
free_port() {
    while grep -q ":$(printf '%04X' "$next_port") 00000000:0000 0A" /proc/net/tcp; do
        next_port=$((next_port + 1))
    done
    port=$next_port
    next_port=$((next_port + 1))
}

# start_coordinator [FLAGS…]: sets control, agents, events and coordinator_pid. Started again it takes
# the ports that it had.
start_coordinator() {
    : >"$work/coordinator.log.new"
    if [ -z "$control" ]; then
        free_port && control=tcp://127.0.0.1:$port
        free_port && agents=${agents:-tcp://127.0.0.1:$port}
        free_port && events=tcp://127.0.0.1:$port
    fi
    "$STOKERD" coordinator --listen-control "$control" --listen-agents "$agents" \
        --listen-events "$events" \
        --state-dir "$work/state" --models "$MODELS" "$@" >"$work/coordinator.log.new" 2>&1 &
    coordinator_pid=$!
    pids="$pids $coordinator_pid"
    wait_for 30 grep -q 'control=' "$work/coordinator.log.new"
    control=$(address_in_log "$work/coordinator.log.new" control)
    agents=$(address_in_log "$work/coordinator.log.new" agents)
    events=$(address_in_log "$work/coordinator.log.new" events)
    cat "$work/coordinator.log.new" >>"$work/coordinator.start.log"
    export STOKER_COORDINATOR="$control"
    wait_for 30 "$STOKER" version
}

# start_agent NAME [FLAGS…]: sets agent_pid
start_agent() {
    name=$1
    shift
    "$STOKERD" agent --name "$name" --coordinator "$agents" --state-dir "$work/$name" \
        --cache-dir "$work/cache-$name" "$@" >>"$work/$name.log" 2>&1 &
    agent_pid=$!
    pids="$pids $agent_pid"
}

agent_is() {
    "$STOKER" agents --output json | tr -d ' \n\t' |
        grep -q "\"name\":\"$1\",[^}]*\"state\":\"$2\""
}

agents_ready() {
    "$STOKER" status --output json | tr -d ' \n\t' | grep -q "\"agents_ready\":$1[,}]"
}
